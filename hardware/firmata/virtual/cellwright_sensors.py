"""What a virtual Arduino with CellwrightFirmata does with HX711s and with inputs that it settles and times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simpy.events import Event, Timeout

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.waits import cancel

if TYPE_CHECKING:
    from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
    from cellwright.hardware.firmata.virtual.cellwright import VirtualCellwright
    from cellwright.hardware.firmata.virtual.cellwright_pins import GuardedPins

CONVERSION_S = 1 / 80
"""An HX711's quicker rate: a model of one does not say how its RATE pin is wired (status: assumed)."""
GAINS = (1, 2, 3)


class VirtualConverters:
    """HX711s: each conversion is reported as it comes."""

    def __init__(self, arduino: VirtualArduino, program: VirtualCellwright, pins: GuardedPins) -> None:
        self.arduino = arduino
        self.program = program
        self.pins = pins
        self._attached: dict[int, tuple[int, int]] = {}
        self._next: dict[int, Event] = {}

    def reset(self) -> None:
        """Detach all."""
        for number in tuple(self._attached):
            self._detach(number)

    def handle(self, data: bytes) -> None:
        """Attach one, or detach it."""
        attaches = data[:1] == bytes((own.ATTACH,))
        if (
            len(data) < 2
            or data[0] > own.DETACH
            or data[1] >= self.program.has.converters
            or (attaches and len(data) < 5)
        ):
            self.program.refuse("converter is not known")
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
            self.pins.taken.add(pin)
        self._attached[number] = data_pin, clock_pin
        self._await(number)

    def _is_free(self, pin: int) -> bool:
        return self.pins.is_digital(pin) and not self.pins.is_in_use(pin) and not self.pins.is_output(pin)

    def _detach(self, number: int) -> None:
        for pin in self._attached.pop(number, ()):
            self.pins.let_go(pin)
        if number in self._next:
            cancel(self.arduino.env, self._next.pop(number))

    def _await(self, number: int) -> None:
        self._next[number] = Timeout(self.arduino.env, CONVERSION_S)
        self._next[number].callbacks.append(lambda _: self._report(number))

    def _report(self, number: int) -> None:
        convert = self.arduino.board.declare_hx711(*self._attached[number]).convert
        if convert is not None:
            self.arduino.send(own.conversion(number, convert(), self.program.now_us))
        self._await(number)


@dataclass(slots=True)
class _Timed:
    """An input: the level that was told, and the edge away from it that has not settled."""

    settle_s: float
    told: bool | None
    edge_us: int = 0
    settling: Event | None = None


class VirtualTimedInputs:
    """Inputs that are told once they have stood still. What an input reads at first is told too."""

    def __init__(self, arduino: VirtualArduino, program: VirtualCellwright, pins: GuardedPins) -> None:
        self.arduino = arduino
        self.program = program
        self.pins = pins
        self._inputs: dict[int, _Timed] = {}

    def reset(self) -> None:
        """Watch none."""
        for pin in tuple(self._inputs):
            self._forget(pin)

    def handle(self, data: bytes) -> None:
        """Watch a pin, or forget it."""
        pin = data[1] if len(data) > 1 else 0
        is_whole = len(data) >= 2 and (data[0] == own.FORGET or (data[0] == own.WATCH and len(data) >= 4))
        is_input = self.pins.modes.get(pin) in (None, PinMode.INPUT, PinMode.PULLUP)
        if not is_whole or not self.pins.is_digital(pin) or self.pins.is_output(pin) or not is_input:
            self.pins.refuse(pin, "cannot be timed")
        elif data[0] == own.FORGET:
            self._forget(pin)
        elif pin not in self._inputs and len(self._inputs) == self.program.has.inputs:
            self.program.refuse("no room for a timed input")
        else:
            self._watch(pin, data[2] != 0, data[3] / 1000)

    def _watch(self, pin: int, pull_up: bool, settle_s: float) -> None:
        self._forget(pin)
        self.pins.listen(pin, pull_up)
        self._inputs[pin] = _Timed(settle_s, None)
        self.pins.watch(pin, f"timed {pin}", lambda level: self._hear(pin, level))
        self._hear(pin, self.pins.level(pin))

    def _forget(self, pin: int) -> None:
        timed = self._inputs.pop(pin, None)
        if timed is not None:
            self.pins.watch_no_more(f"timed {pin}")
            if timed.settling is not None:
                cancel(self.arduino.env, timed.settling)

    def _hear(self, pin: int, level: bool) -> None:
        timed = self._inputs[pin]
        if timed.settling is not None:
            cancel(self.arduino.env, timed.settling)
        elif level != timed.told:
            timed.edge_us = self.program.now_us
        timed.settling = Timeout(self.arduino.env, timed.settle_s)
        timed.settling.callbacks.append(lambda _: self._settle(pin, level))

    def _settle(self, pin: int, level: bool) -> None:
        timed = self._inputs[pin]
        timed.settling = None
        if level != timed.told:
            timed.told = level
            self.arduino.send(own.edge(pin, level, timed.edge_us))
