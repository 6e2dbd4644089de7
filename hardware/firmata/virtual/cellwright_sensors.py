"""Encoders, HX711s and timed inputs of a virtual Arduino with CellwrightFirmata."""

from __future__ import annotations

from dataclasses import dataclass

from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.cellwright_pins import CellwrightPins
from cellwright.hardware.firmata.virtual.encoder_i2c_scheduler import VirtualEncoders
from cellwright.hardware.firmata.virtual.session import CellwrightSession

NEEDS_ATTACHED = (features.REPORT_ENCODER, features.ZERO_ENCODER, features.DETACH_ENCODER)
CONVERSION_S = 1 / 80
"""The higher rate of an HX711; the model does not know how its RATE pin is wired (status: assumed)."""
GAINS = (1, 2, 3)


class CellwrightEncoders(VirtualEncoders):
    """Encoders whose pins are in use while they are attached, and free again afterwards."""

    session: CellwrightSession
    pins: CellwrightPins

    def reset(self) -> None:
        """Detach all."""
        super().reset()
        self._pins: dict[int, tuple[int, int]] = {}

    def handle(self, data: bytes) -> bool:
        """Handle an encoder sysex; refuses an unknown one."""
        command = data[0] if data else -1
        needs_encoder = command not in (features.REPORT_ENCODERS, features.AUTO_REPORT)
        if len(data) > 1 and needs_encoder and data[1] >= self.capacity:
            self.session.refuse("encoder message is not known")
        elif len(data) > 1 and command in NEEDS_ATTACHED and data[1] not in self._pins:
            self.session.refuse("encoder is not attached")
        elif not super().handle(data):
            self.session.refuse("encoder message is not known")
        elif command == features.DETACH_ENCODER:
            self._release(data[1])
        return True

    def _attach(self, number: int, pin_a: int, pin_b: int) -> None:
        self._encoders.pop(number, None)
        self._release(number)
        for pin in (pin_a, pin_b):
            if not self.pins.is_free(pin) or PinMode.ENCODER not in self.pins.capabilities[pin] or pin_a == pin_b:
                self.pins.refuse(pin, "cannot be an encoder's")
                return
        self._pins[number] = pin_a, pin_b
        super()._attach(number, pin_a, pin_b)

    def _release(self, number: int) -> None:
        for pin in self._pins.pop(number, ()):
            self.pins.release_pin(pin)


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
        are_free = data_pin != clock_pin and self.pins.is_free(data_pin) and self.pins.is_free(clock_pin)
        if not are_free or gain not in GAINS:
            self.pins.refuse(data_pin, "cannot be an HX711's")
            return
        for pin in (data_pin, clock_pin):
            self.pins.claim(pin, PinMode.INPUT)
            self.pins.reserved.add(pin)
        self._attached[number] = data_pin, clock_pin
        self._schedule(number)

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
        if not is_whole or not (self.pins.can_be_watched(pin) or pin == self.session.stop_pin):
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
