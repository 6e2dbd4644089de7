"""An Arduino's chip with real firmware in it, emulated: an ATmega328P (Uno, Nano) or an ATmega2560 (Mega).

The chip is a small library over libsimavr, built by ``hardware/emulator/build.sh``; it is not part of the package.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Literal, NamedTuple

from cellwright.errors import CellFault, DescriptionError, InputError
from cellwright.hardware.emulator.pin_ports import PORTS, Pin
from cellwright.hardware.emulator.simavr import RawAxis, RawEvent, RawStep, load_library
from cellwright.hardware.intel_hex import ERASED, read_hex

CLOCK_HZ = 16_000_000
"""The clock of an Uno, a Nano and a Mega."""
BAUD_RATE = 57_600
"""The baud rate of StandardFirmata and of CellwrightFirmata."""
BUS_BUFFER = 64
"""The most bytes of one transfer on the I2C bus."""

Mcu = Literal["atmega328p", "atmega2560"]

_EVENTS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class _FlashLayout:
    """A chip's flash: its size, the start of the largest boot loader, and the boards that have it, for messages."""

    size: int
    boot: int
    boards: str


_FLASHES: dict[Mcu, _FlashLayout] = {
    "atmega328p": _FlashLayout(0x8000, 0x7000, "an Uno or a Nano"),
    "atmega2560": _FlashLayout(0x40000, 0x3E000, "a Mega"),
}


class EventKind(IntEnum):
    """Kinds of events of a chip. See ChipEvent."""

    BYTE = 0
    PIN = 1
    CONVERSION = 2
    BUS_WRITE = 3
    BUS_READ = 4
    RESTART = 5


class ResetCause(IntEnum):
    """Causes of a reset, as the firmware reads them (MCUSR)."""

    POWER_ON = 1
    BUTTON = 2
    BROWN_OUT = 4
    WATCHDOG = 8


class ChipEvent(NamedTuple):
    """An event of a chip, and its cycle.

    value: a byte that has left its UART; the new level of a watched ``pin``; the number of an HX711 that converts now
    (answer with ``give_conversion`` or ``skip_conversion``); the address on the I2C bus of a device that was written to
    (``bus_written``) or is about to be read (answer with ``give_bus``); the cause of a reset by the chip itself.
    """

    cycle: int
    kind: EventKind
    value: int
    pin: Pin | None = None


class AxisView(NamedTuple):
    """What a stepper driver has seen. The least times are in cycles, since it was added; None if there was none."""

    position: int
    steps: int
    last_step: int
    min_high: int | None
    min_low: int | None
    min_set_up: int | None
    min_interval: int | None


class PulseTimes(NamedTuple):
    """The cycle of a pin's last rise, and the cycles of its last complete pulse and period."""

    rose: int
    width: int
    period: int


class EmulatedChip:
    """A chip with firmware in it, powered at cycle 0. It runs only when called.

    hex_path: one Intel hex file, or several that lie in different places (an application and a boot loader). One that
    begins where boot loaders do is where the chip starts, as with the fuse BOOTRST; else it starts at 0. The bytes fed
    to it arrive at ``host_baud_rate``. Pins are ports "A" to "L" with a bit; watched pins make events.

    Raises InputError if the library or the firmware cannot be loaded.
    """

    def __init__(
        self,
        library: Path,
        hex_path: Path | Sequence[Path],
        host_baud_rate: float = BAUD_RATE,
        mcu: Mcu = "atmega328p",
    ) -> None:
        paths = [hex_path] if isinstance(hex_path, Path) else list(hex_path)
        flash = _FLASHES[mcu]
        images = [read_hex(path, flash.size, flash.boards) for path in paths]
        self.mcu: Mcu = mcu
        self.name = " and ".join(path.name for path in paths)
        self.starts_at = next((_start(image) for image in images if _start(image) >= flash.boot), 0)
        self._library = load_library(library)
        content = _merge_images(images)
        self._chip = self._library.chip_new(mcu.encode(), content, len(content), self.starts_at, host_baud_rate)
        if not self._chip:
            raise InputError(f"The emulator's library knows no {mcu}; install libsimavr 1.6 and build the chip anew.")
        self.close = weakref.finalize(self, self._library.chip_free, self._chip)
        self._events = (RawEvent * _EVENTS_AT_ONCE)()

    # ---- time ----

    @property
    def cycle(self) -> int:
        """The cycles run so far; a reset does not set it back."""
        return int(self._library.chip_cycle(self._chip))

    def run(self, until_cycle: int) -> list[ChipEvent]:
        """Run to a cycle, or to the first event; return the events."""
        count = self._library.chip_run(self._chip, until_cycle, self._events, _EVENTS_AT_ONCE)
        if count < 0:
            raise CellFault(f"{self.name} stopped the emulated chip: it crashed, or sleeps with interrupts off.")
        return [_event(event) for event in self._events[:count]] if count else []

    def reset(self, cause: ResetCause = ResetCause.BUTTON) -> None:
        """Restart the firmware. The pins are released; what is wired to them stays as it is.

        Memory is kept as on a real chip, except at power-on, when its contents are arbitrary (the same each time).
        """
        self._library.chip_reset(self._chip, cause)

    # ---- memory ----

    def flash(self, start: int, length: int) -> bytes:
        """Contents of the flash; firmware may program itself."""
        content = ctypes.create_string_buffer(length)
        self._library.chip_flash(self._chip, start, length, content)
        return content.raw

    def memory(self, start: int, length: int) -> bytes:
        """Contents of the memory; registers are below 100 hex (ATmega328P) or 200 hex (ATmega2560)."""
        content = ctypes.create_string_buffer(length)
        self._library.chip_memory(self._chip, start, length, content)
        return content.raw

    def set_memory(self, start: int, data: bytes) -> None:
        """Change memory, as a brown-out may."""
        self._library.chip_set_memory(self._chip, start, len(data), data)

    # ---- line ----

    def feed(self, data: bytes) -> None:
        """Send bytes to its UART, one after the other at the host's baud rate, after those in transit."""
        self._library.chip_feed(self._chip, data, len(data))

    # ---- pins ----

    def watch(self, port: str, bit: int, watched: bool = True) -> None:
        """Report a pin's changes, or no longer."""
        self._library.chip_watch(self._chip, PORTS.index(port), bit, watched)

    def set_input(self, port: str, bit: int, level: bool) -> None:
        """Hold a pin at a level, as wiring does, wherever the chip does not drive it."""
        self._library.chip_set_input(self._chip, PORTS.index(port), bit, level)

    def freeze(self, port: str, bit: int) -> None:
        """Fix a pin at its present outside level, whatever is set later."""
        self._library.chip_freeze(self._chip, PORTS.index(port), bit)

    def set_analog(self, channel: int, volts: float) -> None:
        """Put 0 to 5 V on a channel of its converter."""
        self._library.chip_set_adc(self._chip, channel, volts)

    def level(self, port: str, bit: int) -> bool:
        """The level on a pin; one that nothing drives keeps its last level."""
        return bool(self._library.chip_pin_level(self._chip, PORTS.index(port), bit))

    def is_held(self, port: str, bit: int) -> bool:
        """Whether a pin is driven from outside."""
        return bool(self._library.chip_is_held(self._chip, PORTS.index(port), bit))

    def drives(self, port: str, bit: int) -> bool:
        """Whether the chip drives a pin."""
        return bool(self._library.chip_drives(self._chip, PORTS.index(port), bit))

    def pulses(self, port: str, bit: int) -> PulseTimes:
        """The durations of a pin's last pulse and period: a servo's, for example."""
        figures = (ctypes.c_uint64 * 3)()
        self._library.chip_pulses(self._chip, PORTS.index(port), bit, figures)
        return PulseTimes(*figures)

    def servo_pulse_us(self, port: str, bit: int) -> float:
        """The pulse that a servo on a pin follows, µs, to the cycle; 0 if none came since the last reset.

        It is the last one that another followed within 40 ms, so one that a stop cuts short does not count.
        """
        return 1e6 * int(self._library.chip_servo_pulse(self._chip, PORTS.index(port), bit)) / CLOCK_HZ

    def duty(self, port: str, bit: int) -> float:
        """The duty of a pin where a timer makes 8-bit PWM; else 0 or 1, its level."""
        return float(self._library.chip_duty(self._chip, PORTS.index(port), bit))

    # ---- stepper drivers ----

    def add_axis(self, step: Pin, dir: Pin, forward: bool = True, active: bool = True) -> int:
        """Put a driver on two pins; returns its number.

        forward: the level of ``dir`` at which it counts up. active: what ``step`` changes to as a step is made.
        Raises DescriptionError beyond ten.
        """
        ports = PORTS.index(step[0]), step[1], PORTS.index(dir[0]), dir[1]
        return _checked_number(self._library.axis_new(self._chip, *ports, forward, active), "stepper drivers")

    def axis(self, number: int) -> AxisView:
        """What a driver has seen so far."""
        raw = RawAxis()
        self._library.axis_see(self._chip, number, ctypes.byref(raw))
        figures = [int(getattr(raw, name)) for name in RawAxis.NAMES]
        return AxisView(*figures[:3], *(None if least == 2**64 - 1 else least for least in figures[3:]))

    def place_axis(self, number: int, position: int) -> None:
        """Set the position of an axis."""
        self._library.axis_place(self._chip, number, position)

    def add_trip_point(self, number: int, at: int, pin: Pin, level: bool) -> None:
        """Have ``pin`` at ``level`` while the axis is at or below ``at``, exact to the step.

        Raises DescriptionError beyond eight.
        """
        _checked_number(
            self._library.axis_trip(self._chip, number, at, PORTS.index(pin[0]), pin[1], level), "trip points"
        )

    def log_steps(self, number: int, room: int) -> None:
        """Log the next ``room`` steps of an axis, and drop those logged before."""
        self._library.axis_log(self._chip, number, room)

    def logged_steps(self, number: int) -> list[tuple[int, int]]:
        """The logged steps: cycle and position reached."""
        steps = (RawStep * self._library.axis_logged(self._chip, number))()
        self._library.axis_read_log(self._chip, number, steps)
        return [(step.cycle, step.position) for step in steps]

    # ---- sensors ----

    def add_encoder(self, a: Pin, b: Pin) -> int:
        """Put a quadrature encoder on two pins, at count 0; its number. Raises DescriptionError beyond eight."""
        ports = PORTS.index(a[0]), a[1], PORTS.index(b[0]), b[1]
        return _checked_number(self._library.encoder_new(self._chip, *ports), "encoders")

    def turn(self, number: int, count: int, edges_per_s: float) -> None:
        """Turn an encoder to a count, edge by edge."""
        self._library.encoder_turn(self._chip, number, count, edges_per_s)

    def encoder_count(self, number: int) -> int:
        """The present count of an encoder."""
        return int(self._library.encoder_count(self._chip, number))

    def add_hx711(self, data: Pin, clock: Pin, per_s: float = 10.0) -> int:
        """Put an HX711 on two pins that converts so often a second; its number. Raises DescriptionError beyond four."""
        ports = PORTS.index(data[0]), data[1], PORTS.index(clock[0]), clock[1]
        return _checked_number(self._library.converter_new(self._chip, *ports, per_s), "HX711s")

    def give_conversion(self, number: int, counts: int) -> None:
        """Set the sample of an HX711, signed 24 bits: the answer to a CONVERSION."""
        self._library.converter_give(self._chip, number, counts)

    def skip_conversion(self, number: int) -> None:
        """Let an HX711 send no sample this time: the other answer to a CONVERSION."""
        self._library.converter_skip(self._chip, number)

    def hx711_pulses(self, number: int) -> int:
        """How many pulses the last read-out had: 25 is channel A at gain 128, 26 B at 32, 27 A at 64."""
        return int(self._library.converter_gain(self._chip, number))

    def hx711_longest_high(self, number: int) -> int:
        """The longest that an HX711's clock was high, in cycles; beyond 60 µs it powers down."""
        return int(self._library.converter_longest_high(self._chip, number))

    # ---- I2C bus ----

    def put_on_bus(self, address: int, answers: bool = True) -> None:
        """Put a device on the bus, or take it off."""
        self._library.bus_put(self._chip, address, answers)

    def bus_written(self) -> bytes:
        """The bytes of the last BUS_WRITE."""
        content = ctypes.create_string_buffer(BUS_BUFFER)
        count = self._library.bus_take(self._chip, content)
        return content.raw[:count]

    def give_bus(self, data: bytes) -> None:
        """Set the bytes that a device returns, as many as may be read: the answer to a BUS_READ."""
        self._library.bus_give(self._chip, data, len(data))


def _start(image: bytes) -> int:
    """The address at which firmware begins in the flash."""
    return len(image) - len(image.lstrip(bytes([ERASED])))


def _merge_images(images: Sequence[bytes]) -> bytes:
    """Merge several firmware images into one flash; a later one overwrites an earlier."""
    flash = bytearray([ERASED]) * max(map(len, images))
    for image in images:
        flash[_start(image) : len(image)] = image[_start(image) :]
    return bytes(flash)


def _event(event: RawEvent) -> ChipEvent:
    kind = EventKind(event.kind)
    return ChipEvent(event.cycle, kind, event.value, (PORTS[event.port], event.bit) if kind is EventKind.PIN else None)


def _checked_number(number: int, what: str) -> int:
    if number < 0:
        raise DescriptionError(f"An emulated chip has no room for so many {what}.")
    return number
