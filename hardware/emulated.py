"""An Arduino's real firmware on an emulated ATmega328P, in lock step with virtual time.

The chip is a small library over libsimavr, built by ``tests/emulator/build.sh`` and no part of the package.
"""

from __future__ import annotations

import ctypes
import functools
import math
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import simpy
from simpy.events import NORMAL, Event, EventPriority

from cellwright.errors import CellFault, DescriptionError, InputError
from cellwright.hardware.link import Link

CLOCK_HZ = 16_000_000
"""Of an Uno and a Nano."""
BAUD_RATE = 57_600
"""Of StandardFirmata."""
FLASH_BYTES = 32 * 1024
SUPPLY_V = 5.0
BUILD_SCRIPT = "tests/emulator/build.sh"

_BYTE = 0
_EVENTS_AT_ONCE = 64
_AFTER_THE_REST = EventPriority(NORMAL + 1)
"""An exchange comes after all else that happens at its time."""


def find_library() -> Path:
    """The emulated chip, as built in this checkout.

    Raises InputError where it is not built.
    """
    for folder in Path(__file__).resolve().parents:
        path = folder / "build" / "emulator" / "chip.so"
        if path.exists():
            return path
    raise InputError(f"The emulated chip is not built; run 'sh {BUILD_SCRIPT}' in a checkout of Cellwright.")


def read_hex(path: Path) -> bytes:
    """Firmware from an Intel hex file, as it lies in the chip from address 0; gaps are FF, as when erased.

    Raises InputError where it is not such a file, or does not fit an Uno.
    """
    try:
        lines = path.read_text(encoding="ascii").split()
    except OSError as error:
        raise InputError(f"The firmware {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not firmware in Intel hex.") from error
    firmware, base = bytearray(), 0
    for number, line in enumerate(lines, start=1):
        address, kind, data = _hex_record(path, number, line)
        if kind == _DATA:
            start, end = base + address, base + address + len(data)
            if end > FLASH_BYTES:
                raise InputError(f"{path} is not for an Uno or a Nano: it needs more than their 32 KiB.")
            firmware.extend(b"\xff" * (end - len(firmware)))
            firmware[start:end] = data
        elif kind in _BASES:
            base = int.from_bytes(data) * _BASES[kind]
    if not firmware:
        raise InputError(f"{path} holds no firmware.")
    return bytes(firmware)


_DATA = 0
_BASES = {2: 16, 4: 65_536}
"""Kinds of record that move the base address, and the unit in which each gives it."""


def _hex_record(path: Path, number: int, line: str) -> tuple[int, int, bytes]:
    """Address, kind and data of one line of an Intel hex file: count, address, kind, data, checksum."""
    try:
        record = bytes.fromhex(line.removeprefix(":"))
    except ValueError:
        record = b""
    if not line.startswith(":") or len(record) < 5 or len(record) != record[0] + 5 or sum(record) % 256:
        raise InputError(f"{path} is not firmware in Intel hex: its line {number} is damaged.")
    return int.from_bytes(record[1:3]), record[3], record[4:-1]


class ChipEvent(NamedTuple):
    """What a chip said: a byte that has left its UART (``pin`` is None), or the new level of a pin (port, bit)."""

    cycle: int
    value: int
    pin: tuple[str, int] | None


class _Event(ctypes.Structure):
    """An event as the library lays it out."""

    _fields_ = [
        ("cycle", ctypes.c_uint64),
        ("kind", ctypes.c_uint8),
        ("value", ctypes.c_uint8),
        ("port", ctypes.c_uint8),
        ("bit", ctypes.c_uint8),
    ]


@functools.cache
def _load(library: Path) -> ctypes.CDLL:
    """The library with its functions declared."""
    try:
        loaded = ctypes.CDLL(str(library))
    except OSError as error:
        raise InputError(f"{library} cannot be loaded ({error}); run 'sh {BUILD_SCRIPT}' again.") from error
    chip, number = ctypes.c_void_p, ctypes.c_int
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "chip_new": (chip, [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_double]),
        "chip_free": (None, [chip]),
        "chip_reset": (None, [chip]),
        "chip_cycle": (ctypes.c_uint64, [chip]),
        "chip_feed": (None, [chip, ctypes.c_char_p, ctypes.c_size_t]),
        "chip_run": (number, [chip, ctypes.c_uint64, ctypes.POINTER(_Event), number]),
        "chip_set_input": (None, [chip, number, number, number]),
        "chip_set_adc": (None, [chip, number, number]),
        "chip_pin_level": (number, [chip, number, number]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded


class EmulatedChip:
    """An ATmega328P with firmware in it, powered at cycle 0. It moves only when told to run.

    Ports are "B", "C", "D". ``host_baud_rate`` is the pace at which the bytes fed to it arrive.

    Raises InputError where the library or the firmware cannot be loaded.
    """

    def __init__(self, library: Path, hex_path: Path, host_baud_rate: float = BAUD_RATE) -> None:
        firmware = read_hex(hex_path)
        self.name = hex_path.name
        self._library = _load(library)
        self._chip = self._library.chip_new(firmware, len(firmware), host_baud_rate)
        self.close = weakref.finalize(self, self._library.chip_free, self._chip)
        self._events = (_Event * _EVENTS_AT_ONCE)()

    @property
    def cycle(self) -> int:
        """How many cycles it has run, resets included."""
        return int(self._library.chip_cycle(self._chip))

    def run(self, until_cycle: int) -> list[ChipEvent]:
        """Run to a cycle, or to the first moment at which it says something; give what it said."""
        count = self._library.chip_run(self._chip, until_cycle, self._events, _EVENTS_AT_ONCE)
        if count < 0:
            raise CellFault(f"{self.name} stopped the emulated chip: it crashed, or sleeps with interrupts off.")
        return [self._event(event) for event in self._events[:count]] if count else []

    @staticmethod
    def _event(event: _Event) -> ChipEvent:
        pin = None if event.kind == _BYTE else ("BCD"[event.port], event.bit)
        return ChipEvent(event.cycle, event.value, pin)

    def feed(self, data: bytes) -> None:
        """Send bytes to its UART, one after the other at the host's baud rate, after those on their way."""
        self._library.chip_feed(self._chip, data, len(data))

    def set_input(self, port: str, bit: int, level: bool) -> None:
        """Hold a pin at a level, as wiring does, wherever the chip does not drive it."""
        self._library.chip_set_input(self._chip, "BCD".index(port), bit, level)

    def set_analog(self, channel: int, millivolts: int) -> None:
        """Put a voltage on a channel of its converter; 5000 mV is full scale."""
        self._library.chip_set_adc(self._chip, channel, millivolts)

    def level(self, port: str, bit: int) -> bool:
        """The level on a pin; one that nobody holds keeps its last."""
        return bool(self._library.chip_pin_level(self._chip, "BCD".index(port), bit))

    def reset(self) -> None:
        """Start the firmware anew, as the reset button does. The pins are let go of; the world stays as it is."""
        self._library.chip_reset(self._chip)


def port_and_bit(pin: int) -> tuple[str, int]:
    """Where an Uno's or a Nano's pin is on the chip: 0 to 13 digital, 14 to 19 A0 to A5."""
    if 0 <= pin < 8:
        return "D", pin
    if 8 <= pin < 14:
        return "B", pin - 8
    if 14 <= pin < 20:
        return "C", pin - 14
    raise DescriptionError(f"Pin {pin} is not a digital pin of an Uno; those are 0 to 19, of which 14 is A0.")


class EmulatedLink(Link):
    """The host's end of an emulated Arduino's line."""

    def __init__(self, chip: EmulatedChip) -> None:
        super().__init__("the emulated Arduino")
        self.is_open = True
        self._chip = chip

    def write(self, data: bytes) -> None:
        if self.is_open:
            self._chip.feed(data)

    def close(self) -> None:
        self.is_open = False

    def lose(self, reason: str) -> None:
        """End the line from the board's side."""
        if self.is_open:
            self.is_open = False
            self.on_lost(reason)


class _Exchange(Event):
    """A moment at which a chip and its environment meet."""

    _value = None
    _ok = True


class EmulatedArduino:
    """An Uno or Nano with real firmware, powered up now, in the time of ``env``.

    Where nothing else is due in ``env`` the chip runs ahead, though never past the next event, nor past the moment
    at which it says something itself, nor further than ``exchange_s``: so bytes and pin changes cross both ways at
    their very time, and the same run gives the same cycles. With several emulated Arduinos in one environment what
    one makes the host say to another may come up to ``exchange_s`` late. There is no boot loader and no USB: a real
    board starts about a second later, and its bytes take about a millisecond longer.

    It keeps ``env`` busy until it is closed: use ``env.run(until=...)``.

    link: the host's end of its line, at ``baud_rate``.

    Raises InputError where the chip is not built or the firmware cannot be loaded.
    """

    def __init__(
        self,
        env: simpy.Environment,
        hex_path: Path,
        library: Path | None = None,
        *,
        baud_rate: float = BAUD_RATE,
        exchange_s: float = 1e-3,
    ) -> None:
        self.env = env
        self.exchange_s = exchange_s
        self.powered_at_s = env.now
        self._chip = EmulatedChip(library or find_library(), hex_path, baud_rate)
        self.link = EmulatedLink(self._chip)
        self._edges: dict[tuple[str, int], list[tuple[float, bool]]] = {}
        self._actions: dict[tuple[str, int], Callable[[bool], None]] = {}
        self._said: list[ChipEvent] = []
        self._is_running = True
        self._meet_at(env.now)

    # ---- the world round it ----

    def set_input(self, pin: int, level: bool) -> None:
        """Hold a pin at a level, as a switch or a pull-up does, wherever the firmware does not drive it."""
        self._chip.set_input(*port_and_bit(pin), level)
        self._tell_what_changed()

    def set_analog(self, channel: int, volts: float) -> None:
        """Put 0 to 5 V on an analog channel, 0 to 7; its pin's number, 14 to 21, does as well."""
        number = channel - 14 if channel >= 14 else channel
        if not 0 <= number < 8:
            raise DescriptionError(f"Channel {channel} is not an analog input of an Uno or a Nano; those are 0 to 7.")
        if not 0.0 <= volts <= SUPPLY_V:
            raise DescriptionError(f"An analog input takes 0 to 5 V, not {volts:g} V.")
        self._chip.set_analog(number, round(1000 * volts))

    def level(self, pin: int) -> bool:
        """The level on a pin now; one that neither the firmware nor the wiring holds keeps its last."""
        return self._chip.level(*port_and_bit(pin))

    def edges(self, pin: int) -> list[tuple[float, bool]]:
        """Every change of a pin so far, whoever made it: when (s, to the cycle) and its new level."""
        return list(self._edges.get(port_and_bit(pin), ()))

    def on_output(self, pin: int, action: Callable[[bool], None]) -> None:
        """Call ``action(level)`` whenever a pin changes."""
        self._actions[port_and_bit(pin)] = action

    # ---- what may befall it ----

    def reset(self) -> None:
        """Start the firmware anew, as the button does, or a host that opens the port."""
        self._chip.reset()
        self._tell_what_changed()

    def pull_cable(self) -> None:
        """Take the line away from the host; the firmware goes on, as on a board with its own supply."""
        self.link.lose("the cable was pulled")

    def cut_power(self) -> None:
        """Let the firmware stop for good: every pin is let go of, and the line is lost."""
        self._chip.reset()
        self._tell_what_changed()
        self._is_running = False
        self.link.lose("the board lost its power")

    def close(self) -> None:
        """End it, so that ``env`` may run out of events. May be called twice."""
        self._is_running = False
        self.link.close()

    # ---- lock step ----

    def _time_of(self, cycle: int) -> float:
        return self.powered_at_s + cycle / CLOCK_HZ

    def _meet_at(self, at_s: float) -> None:
        exchange = _Exchange(self.env)
        exchange.callbacks = [self._exchange]
        self.env.schedule(exchange, _AFTER_THE_REST, max(0.0, at_s - self.env.now))

    def _exchange(self, _: Event) -> None:
        """Hand out what the chip said, which was just now; then run it on to when there is more to exchange."""
        self._hand_out()
        if not self._is_running:
            return
        if self._something_is_due():
            self._meet_at(self.env.now)
            return
        next_s = self.env.peek()
        if next_s <= self.env.now:  # another chip's exchange: were each to wait for the other, time would stand still
            next_s = math.inf
        until_s = min(next_s, self.env.now + self.exchange_s)
        self._said = self._chip.run(int((until_s - self.powered_at_s) * CLOCK_HZ))
        self._meet_at(self._time_of(self._chip.cycle) if self._said else until_s)

    def _something_is_due(self) -> bool:
        """Whether anything but exchanges is still to happen at this moment."""
        queue = self.env._queue
        return bool(queue) and queue[0][0] <= self.env.now and queue[0][1] < _AFTER_THE_REST

    def _tell_what_changed(self) -> None:
        """Hand out what a touch from outside has changed on the pins, at once."""
        self._said += self._chip.run(self._chip.cycle)
        self._hand_out()

    def _hand_out(self) -> None:
        said, self._said = self._said, []
        for event in said:
            if event.pin is not None:
                self._edges.setdefault(event.pin, []).append((self._time_of(event.cycle), bool(event.value)))
                if event.pin in self._actions:
                    self._actions[event.pin](bool(event.value))
            elif self.link.is_open:
                self.link.on_bytes(bytes([event.value]))
