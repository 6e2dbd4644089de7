"""An Arduino's real firmware on an emulated chip, in lock step with virtual time.

The chip is a small library over libsimavr, built by ``hardware/emulator/build.sh``; it is not part of the package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import simpy
from simpy.events import NORMAL, Event, EventPriority

from cellwright.errors import DescriptionError
from cellwright.hardware.emulator.chip import BAUD_RATE, CLOCK_HZ, ChipEvent, EmulatedChip, EventKind, Mcu, ResetCause
from cellwright.hardware.emulator.pin_ports import Pin, analog_channel, port_and_bit
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.event_loop import has_due_event
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel
from cellwright.hardware.model.session import I2cDevice
from cellwright.hardware.transport.link import Link

SUPPLY_V = 5.0
MCUS: dict[ArduinoModel, Mcu] = {"uno": "atmega328p", "nano": "atmega328p", "mega": "atmega2560"}
PINS: dict[ArduinoModel, int] = {"uno": 20, "nano": 20, "mega": 70}
"""The number of digital pins of each."""
BUS_READ_BYTES = 16
"""The bytes requested from a device on the I2C bus as a read begins; the length of the read is not yet known then."""

_LAST_PRIORITY = EventPriority(NORMAL + 1)
"""An exchange comes after all other events of the same time."""


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
    """An event at which a chip and its environment exchange events."""

    _value = None
    _ok = True


class EmulatedArduino:
    """An Uno, Nano or Mega with real firmware, powered up now, in the time of ``env``.

    When nothing is due in ``env`` the chip runs ahead, but never past the next event, nor past its own next output, nor
    further than ``exchange_s``. So bytes and pin changes cross both ways at their exact time, and the same run gives
    the same cycles. With several emulated Arduinos in one environment, bytes that the host sends to one because of
    another may come up to ``exchange_s`` late. There is no boot loader and no USB: a real board starts about a second
    later, and its bytes take about a millisecond longer.

    It keeps ``env`` busy until it is closed: use ``env.run(until=...)``.

    hex_path: its firmware, or an application and a boot loader (see EmulatedChip). watched: the pins whose changes are
    reported and kept; None: all. Each change takes computing time, so a cell's run watches few. link: the host's end of
    its line, at ``baud_rate``. chip: the emulated chip. i2c_devices: the devices on the I2C bus, by address, added with
    ``put_on_bus``.

    Raises InputError if the chip is not built or the firmware cannot be loaded.
    """

    def __init__(
        self,
        env: simpy.Environment,
        hex_path: Path | Sequence[Path],
        library: Path | None = None,
        *,
        kind: ArduinoModel = "uno",
        baud_rate: float = BAUD_RATE,
        exchange_s: float = 1e-3,
        watched: Iterable[int] | None = None,
    ) -> None:
        self.env = env
        self.exchange_s = exchange_s
        self.powered_at_s = env.now
        self.kind: ArduinoModel = kind
        self.chip = EmulatedChip(library or find_library(), hex_path, baud_rate, MCUS[kind])
        self.link = EmulatedLink(self.chip)
        self.i2c_devices: dict[int, I2cDevice] = {}
        self.on_restart: Callable[[ResetCause], None] = lambda _: None
        """Called when the firmware's own watchdog has restarted it."""
        self._converters: dict[int, Callable[[], int | None]] = {}
        self._edges: dict[Pin, list[tuple[float, bool]]] = {}
        self._actions: dict[Pin, list[Callable[[bool], None]]] = {}
        self._pending_events: list[ChipEvent] = []
        self._is_running = True
        for pin in range(PINS[kind]) if watched is None else watched:
            self.watch(pin)
        self._schedule_exchange(env.now)

    # ---- pins and what is wired to them ----

    def pin(self, number: int) -> Pin:
        """The port and bit of a pin. Raises DescriptionError for one that the board does not have."""
        return port_and_bit(number, self.kind)

    def watch(self, pin: int) -> None:
        """Record the changes of a pin from now on."""
        self.chip.watch(*self.pin(pin))

    def set_input(self, pin: int, level: bool) -> None:
        """Hold a pin at a level, as a switch or a pull-up does, wherever the firmware does not drive it."""
        self.chip.set_input(*self.pin(pin), level)
        self._dispatch_pin_changes()

    def set_analog(self, channel: int, volts: float) -> None:
        """Put 0 to 5 V on an analog channel; its pin's number does as well (see ``analog_channel``)."""
        number = analog_channel(channel, self.kind)
        if not 0.0 <= volts <= SUPPLY_V:
            raise DescriptionError(f"An analog input takes 0 to 5 V, not {volts:g} V.")
        self.chip.set_analog(number, volts)

    def level(self, pin: int) -> bool:
        """The level on a pin; one that neither the firmware nor the wiring drives keeps its last level."""
        return self.chip.level(*self.pin(pin))

    def edges(self, pin: int) -> list[tuple[float, bool]]:
        """Every change of a watched pin so far, from inside or outside: time (s, exact to the cycle) and new level."""
        return list(self._edges.get(self.pin(pin), ()))

    def on_output(self, pin: int, action: Callable[[bool], None]) -> None:
        """Call ``action(level)`` whenever a pin changes; it is watched from now on."""
        self.watch(pin)
        self._actions.setdefault(self.pin(pin), []).append(action)

    def put_on_bus(self, address: int, device: I2cDevice) -> None:
        """Put a device on the I2C bus. Each read requests 16 bytes from it, however many the firmware then reads."""
        self.i2c_devices[address] = device
        self.chip.put_on_bus(address)

    def take_off_bus(self, address: int) -> None:
        """Remove a device from the I2C bus: it no longer answers."""
        self.i2c_devices.pop(address, None)
        self.chip.put_on_bus(address, False)

    def add_hx711(self, data: int, clock: int, convert: Callable[[], int | None], per_s: float = 10.0) -> int:
        """Put an HX711 on two pins, which calls ``convert`` at each conversion; None: it sends no sample."""
        number = self.chip.add_hx711(self.pin(data), self.pin(clock), per_s)
        self._converters[number] = convert
        return number

    # ---- resets and losses ----

    def reset(self, cause: ResetCause = ResetCause.BUTTON) -> None:
        """Restart the firmware, as the button does, or a host that opens the port, or another ``cause``."""
        self.chip.reset(cause)
        self._dispatch_pin_changes()

    def pull_cable(self) -> None:
        """Cut the line to the host; the firmware keeps running, as on a board with its own supply."""
        self.link.lose("the cable was pulled")

    def cut_power(self) -> None:
        """Stop the firmware for good: every pin is released, and the line is lost."""
        self.chip.reset()
        self._dispatch_pin_changes()
        self._is_running = False
        self.link.lose("the board lost its power")

    def close(self) -> None:
        """Stop it, so that ``env`` may run out of events. May be called twice."""
        self._is_running = False
        self.link.close()

    # ---- lock step ----

    def _time_of(self, cycle: int) -> float:
        return self.powered_at_s + cycle / CLOCK_HZ

    def _schedule_exchange(self, at_s: float) -> None:
        exchange = _Exchange(self.env)
        exchange.callbacks = [self._exchange_events]
        self.env.schedule(exchange, _LAST_PRIORITY, max(0.0, at_s - self.env.now))

    def _exchange_events(self, _: Event) -> None:
        """Dispatch the chip's events, which are of this moment; then run it up to the next exchange."""
        self._dispatch_events()
        if not self._is_running:
            return
        if self._has_due_events():
            self._schedule_exchange(self.env.now)
            return
        next_s = self.env.peek()
        if next_s <= self.env.now:  # another chip's exchange: if each waited for the other, time would not advance
            next_s = math.inf
        until_s = min(next_s, self.env.now + self.exchange_s)
        self._pending_events = self.chip.run(int((until_s - self.powered_at_s) * CLOCK_HZ))
        self._schedule_exchange(self._time_of(self.chip.cycle) if self._pending_events else until_s)

    def _has_due_events(self) -> bool:
        """Whether any event other than an exchange is due now."""
        return has_due_event(self.env, _LAST_PRIORITY)

    def _dispatch_pin_changes(self) -> None:
        """Dispatch at once the pin changes that an outside change has caused."""
        self._pending_events += self.chip.run(self.chip.cycle)
        self._dispatch_events()

    def _dispatch_events(self) -> None:
        events, self._pending_events = self._pending_events, []
        for event in events:
            self._dispatch(event)

    def _dispatch(self, event: ChipEvent) -> None:
        match event.kind:
            case EventKind.BYTE:
                if self.link.is_open:
                    self.link.on_bytes(bytes([event.value]))
            case EventKind.PIN:
                assert event.pin is not None
                self._edges.setdefault(event.pin, []).append((self._time_of(event.cycle), bool(event.value)))
                for action in self._actions.get(event.pin, ()):
                    action(bool(event.value))
            case EventKind.CONVERSION:
                counts = self._converters[event.value]()
                if counts is None:
                    self.chip.skip_conversion(event.value)
                else:
                    self.chip.give_conversion(event.value, counts)
            case EventKind.BUS_WRITE:
                self.i2c_devices[event.value].write(self.chip.bus_written())
            case EventKind.BUS_READ:
                self.chip.give_bus(self.i2c_devices[event.value].read(BUS_READ_BYTES))
            case EventKind.RESTART:
                self.on_restart(ResetCause(event.value))
