"""HX711s and timed inputs of a virtual Arduino with CellwrightFirmata."""

from __future__ import annotations

from dataclasses import dataclass

from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.cellwright_pins import CellwrightPins
from cellwright.hardware.firmata.virtual.session import CellwrightSession

CONVERSION_S = 1 / 80
"""The higher rate of an HX711; the model does not know how its RATE pin is wired (status: assumed)."""
GAINS = (1, 2, 3)


class VirtualConverters:
    """HX711s: each conversion is reported as it comes."""

    def __init__(self, session: CellwrightSession, pins: CellwrightPins) -> None:
        self.session = session
        self.pins = pins
        self._attached: dict[int, tuple[int, int]] = {}
        self._next: dict[int, Event] = {}

    def reset(self) -> None:
        """Detach all."""
        for number in tuple(self._attached):
            self._detach(number)

    def handle(self, data: bytes) -> None:
        """Attach or detach a converter."""
        attaches = data[:1] == bytes((own.ATTACH,))
        if (
            len(data) < 2
            or data[0] > own.DETACH
            or data[1] >= self.session.features.converters
            or (attaches and len(data) < 5)
        ):
            self.session.refuse("converter is not known")
        else:
            self._detach(data[1])
            if attaches:
                self._attach(data[1], data[2], data[3], data[4])

    def _attach(self, number: int, data_pin: int, clock_pin: int, gain: int) -> None:
        if data_pin == clock_pin or not self._is_free(data_pin) or not self._is_free(clock_pin) or gain not in GAINS:
            self.pins.refuse(data_pin, "cannot be an HX711's")
            return
        for pin in (data_pin, clock_pin):
            self.pins.claim(pin, PinMode.INPUT)
            self.pins.reserved.add(pin)
        self._attached[number] = data_pin, clock_pin
        self._schedule(number)

    def _is_free(self, pin: int) -> bool:
        return self.pins.is_digital(pin) and not self.pins.is_in_use(pin) and not self.pins.is_output(pin)

    def _detach(self, number: int) -> None:
        for pin in self._attached.pop(number, ()):
            self.pins.release_pin(pin)
        if number in self._next:
            cancel(self.session.env, self._next.pop(number))

    def _schedule(self, number: int) -> None:
        self._next[number] = Timeout(self.session.env, CONVERSION_S)
        self._next[number].callbacks.append(lambda _: self._report(number))

    def _report(self, number: int) -> None:
        convert = self.session.board.declare_hx711(*self._attached[number]).convert
        if convert is not None:
            self.session.send(own.conversion(number, convert(), self.session.now_us))
        self._schedule(number)


@dataclass(slots=True)
class _TimedInput:
    """An input: the level last reported, and the edge away from it that is not stable yet."""

    settle_s: float
    reported: bool | None
    edge_us: int = 0
    settling: Event | None = None


class VirtualTimedInputs:
    """Inputs that are reported once they are stable. The first level is reported too."""

    def __init__(self, session: CellwrightSession, pins: CellwrightPins) -> None:
        self.session = session
        self.pins = pins
        self._inputs: dict[int, _TimedInput] = {}

    def reset(self) -> None:
        """End all timed inputs."""
        for pin in tuple(self._inputs):
            self._unwatch(pin)

    def handle(self, data: bytes) -> None:
        """Watch a pin, or end that."""
        pin = data[1] if len(data) > 1 else 0
        is_whole = len(data) >= 2 and (data[0] == own.UNWATCH or (data[0] == own.WATCH and len(data) >= 4))
        is_input = self.pins.modes.get(pin) in (None, PinMode.INPUT, PinMode.PULLUP)
        if not is_whole or not self.pins.is_digital(pin) or self.pins.is_output(pin) or not is_input:
            self.pins.refuse(pin, "cannot be timed")
        elif data[0] == own.UNWATCH:
            self._unwatch(pin)
        elif pin not in self._inputs and len(self._inputs) == self.session.features.inputs:
            self.session.refuse("no room for a timed input")
        else:
            self._watch(pin, data[2] != 0, data[3] / 1000)

    def _watch(self, pin: int, pull_up: bool, settle_s: float) -> None:
        self._unwatch(pin)
        self.pins.make_input(pin, pull_up)
        self._inputs[pin] = _TimedInput(settle_s, None)
        self.pins.watch(pin, f"timed {pin}", lambda level: self._on_change(pin, level))
        self._on_change(pin, self.pins.level(pin))

    def _unwatch(self, pin: int) -> None:
        timed = self._inputs.pop(pin, None)
        if timed is not None:
            self.pins.unwatch(f"timed {pin}")
            if timed.settling is not None:
                cancel(self.session.env, timed.settling)

    def _on_change(self, pin: int, level: bool) -> None:
        timed = self._inputs[pin]
        if timed.settling is not None:
            cancel(self.session.env, timed.settling)
        elif level != timed.reported:
            timed.edge_us = self.session.now_us
        timed.settling = Timeout(self.session.env, timed.settle_s)
        timed.settling.callbacks.append(lambda _: self._settle(pin, level))

    def _settle(self, pin: int, level: bool) -> None:
        timed = self._inputs[pin]
        timed.settling = None
        if level != timed.reported:
            timed.reported = level
            self.session.send(own.edge(pin, level, timed.edge_us))
