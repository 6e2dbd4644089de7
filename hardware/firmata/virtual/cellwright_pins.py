"""CellwrightPins: a virtual Arduino's pins with CellwrightFirmata, which drives no pin before it is declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.servo import cellwright_servos
from cellwright.hardware.firmata.virtual.cellwright_output import VirtualOutput
from cellwright.hardware.firmata.virtual.pins import VirtualPins
from cellwright.hardware.firmata.virtual.session import CellwrightSession

DEVICE_MODES = (PinMode.STEPPER, PinMode.ENCODER)
"""Modes that a pin gets from the configuration of a device."""
DRIVEN_MODES = (PinMode.OUTPUT, PinMode.PWM, PinMode.SERVO)
STOPPED_ERROR = "stopped: release first"
NO_ROOM_ERROR = "no room for another servo"


class CellwrightPins(VirtualPins):
    """Pins whose outputs have safe levels and limits. reserved: pins of HX711s and of the emergency stop.

    A pin that is watched (a limit, a timed input) is in use too, but may be watched for more than one purpose.
    on_pulse_result: called with a pin and the result of its pulse.
    """

    def __init__(self, session: CellwrightSession, on_pulse_result: Callable[[int, int], None]) -> None:
        super().__init__(session)
        self.session: CellwrightSession = session
        self.max_servos = cellwright_servos(self.pin_map.pins)
        self._on_pulse_result = on_pulse_result
        self.reserved: set[int] = set()
        self.outputs: dict[int, VirtualOutput] = {}
        self._limited_pins: set[int] = set()
        self._refused: set[int] = set()
        self._watchers: defaultdict[int, dict[str, Callable[[bool], None]]] = defaultdict(dict)

    def refuse(self, pin: int, reason: str) -> None:
        """Send the reason of a refusal that concerns a pin."""
        self.session.refuse(f"pin {pin} {reason}")

    def refuse_once(self, pin: int) -> None:
        """Say that a pin is in use or an input, once until ``forget_refusals``; nothing of an output, PWM or servo."""
        if not self.is_driven(pin) and pin not in self._refused:
            self._refused.add(pin)
            self.refuse(pin, "is in use" if self.is_in_use(pin) else "is an input")

    def forget_refusals(self) -> None:
        """A new host: say each again."""
        self._refused.clear()

    # ---- modes ----

    def is_digital(self, pin: int) -> bool:
        """Whether there is such a pin, and it is digital."""
        return pin in self.pin_map.digital

    def is_in_use(self, pin: int) -> bool:
        """Whether a device uses it or it is watched, or it is an output with limits."""
        return self._is_claimed(pin) or bool(self._watchers.get(pin))

    def is_free(self, pin: int) -> bool:
        """Whether a device may have it: digital, not in use and not driven."""
        return self.can_be_watched(pin) and not self.is_in_use(pin)

    def can_be_watched(self, pin: int) -> bool:
        """Whether it may be a limit, a timed input or the emergency stop: it may be another of these already."""
        return self.is_digital(pin) and not self._is_claimed(pin) and not self.is_driven(pin)

    def _is_claimed(self, pin: int) -> bool:
        limited = pin in self.outputs and self.outputs[pin].is_limited
        return self.modes.get(pin) in (*DEVICE_MODES, PinMode.I2C) or pin in self.reserved or limited

    def is_driven(self, pin: int) -> bool:
        """Whether it is an output, PWM or servo."""
        return self.modes.get(pin) in DRIVEN_MODES

    def is_output(self, pin: int) -> bool:
        """Whether it was declared an output."""
        return self.modes.get(pin) == PinMode.OUTPUT

    def set_mode(self, pin: int, mode: int) -> None:
        if pin >= self.pin_map.pins or mode not in self.capabilities[pin]:
            self.refuse(pin, "has no such mode")
        elif mode in DEVICE_MODES or mode == self.modes.get(pin):
            if mode == PinMode.OUTPUT:
                self.outputs[pin].declare()
        elif self.is_in_use(pin) and self.modes.get(pin) != PinMode.I2C:
            if self.is_output(pin):
                self.refuse(pin, "is in use")
            self.refuse_once(pin)
        elif self.session.is_stopped and self.is_output(pin):
            self.refuse(pin, "is kept safe")
        elif mode == PinMode.SERVO and not self.has_room_for_servo(pin):
            self.session.refuse(NO_ROOM_ERROR)
        else:
            self.claim(pin, mode)
            self._report_port(pin // 8)
        if pin in self.pin_map.analog and self.modes.get(pin) == mode:
            self.enable_analog_reporting(pin - self.pin_map.analog.start, mode == PinMode.ANALOG)

    def claim(self, pin: int, mode: int) -> None:
        if mode == PinMode.OUTPUT:
            self.declare_output(own.OutputLimits(pin, self._output(pin).limits.safe))
        else:
            self._release_output(pin)
            self._apply_mode(pin, mode)

    def release_pin(self, pin: int) -> None:
        """Release a pin from a device: it is an input and floats."""
        self.reserved.discard(pin)
        if self.modes.pop(pin, None) is not None:
            self.float_pin(pin)

    def _release_output(self, pin: int) -> None:
        if self.is_output(pin):
            self.outputs[pin].release()

    # ---- outputs ----

    def _output(self, pin: int) -> VirtualOutput:
        if pin not in self.outputs:
            self.outputs[pin] = VirtualOutput(
                self.session.env,
                self.board.output(pin),
                lambda result: self._on_pulse_result(pin, result),
                lambda: self.refuse(pin, "was on too long"),
            )
        return self.outputs[pin]

    def reserve_limiter(self, pin: int) -> bool:
        """Reserve a limiter for a pin; false if none is left."""
        if pin not in self._limited_pins and len(self._limited_pins) < self.session.features.outputs:
            self._limited_pins.add(pin)
        return pin in self._limited_pins

    def declare_output(self, limits: own.OutputLimits) -> None:
        """Make a pin an output at its safe level, with its limits."""
        pin = limits.pin
        output = self._output(pin)
        if not self.is_output(pin):
            self._apply_mode(pin, PinMode.OUTPUT)
        is_wanted = limits.max_on_ms or 0 < limits.duty < own.NO_DUTY_LIMIT or pin in self._limited_pins
        output.declare(limits if is_wanted else limits._replace(max_on_ms=0, duty=0))

    def drive(self, pin: int, level: bool) -> None:
        """Drive a new output, unless its safe level is known already."""
        if pin not in self.outputs:
            super().drive(pin, level)

    def write_pin(self, pin: int, level: bool) -> None:
        if pin >= self.pin_map.pins:
            return
        if not self.is_output(pin):
            self.refuse_once(pin)
            return
        output = self.outputs[pin]
        if level != output.limits.safe and self.session.is_stopped:
            self.session.refuse(STOPPED_ERROR)
        elif level != output.limits.safe and output.is_full():
            self.refuse(pin, "must rest first")
        else:
            self.states[pin] = int(level)
            output.drive(level)

    def write_port(self, port: int, levels: int) -> None:
        pins = range(port * 8, port * 8 + 8)
        for pin in sorted(pins, key=self.is_output, reverse=True):  # as the firmware does
            level = bool(levels >> pin % 8 & 1)
            # The host gives a level for every pin of the port: low says nothing of an input.
            if level or self.is_output(pin):
                self.write_pin(pin, level)

    def write_level(self, data: bytes) -> bool:
        if len(data) < 2 or data[0] >= self.pin_map.pins:
            return True
        if self.modes.get(data[0]) not in (PinMode.PWM, PinMode.SERVO):
            self.refuse_once(data[0])
            return True
        if not self.session.is_stopped:
            return super().write_level(data[:3])
        if any(data[1:3]):
            self.session.refuse(STOPPED_ERROR)
        return True

    def configure_servo(self, data: bytes) -> bool:
        pin = data[0] if data else 0
        is_possible = len(data) >= 5 and pin < self.pin_map.pins and PinMode.SERVO in self.capabilities[pin]
        if not is_possible or self.is_in_use(pin) or (self.session.is_stopped and self.is_output(pin)):
            self.refuse(pin, "cannot be a servo's")
            return True
        if not self.has_room_for_servo(pin):
            self.session.refuse(NO_ROOM_ERROR)
            return True
        return super().configure_servo(data)

    def _attach_servo(self, pin: int) -> None:
        """A new servo gets no pulses until it is written to."""

    def _turn_servo(self, pin: int, degrees: float) -> None:
        if pin in self.board.levels:
            super()._turn_servo(pin, degrees)
        else:
            self.board.declare_servo(pin, degrees)

    def apply_safe_levels(self) -> list[int]:
        """Drive all outputs to their safe levels; the pins whose pulses were cut short. Servos get no more pulses."""
        cut_short = [pin for pin, output in self.outputs.items() if self.is_output(pin) and output.make_safe()]
        for level in self.board.levels.values():
            level.make_safe()
        return cut_short

    def cancel_events(self) -> None:
        """Before a reset: cancel all pulses."""
        for output in self.outputs.values():
            output.release()

    def set_default_modes(self) -> None:
        """After FF: every pin except outputs and the emergency stop input is an input again."""
        for pin in list(self.modes):
            if not self.is_output(pin) and pin != self.session.stop_pin:
                self._inputs.discard(pin)
                self.board.levels.pop(pin, None)
                self.release_pin(pin)
        self.clear_reports()

    # ---- inputs ----

    def enable_analog_reporting(self, channel: int, on: bool) -> None:
        """Switch reports of an analog channel on, from the next sampling, or off."""
        if channel < len(self.pin_map.analog):
            self._reported_channels.discard(channel)
            if on:
                self._reported_channels.add(channel)
                self.session.sampling.keep()

    def watch(self, pin: int, who: str, action: Callable[[bool], None]) -> None:
        """Call ``action(level)`` at every change of an input, before it is reported."""
        self._watchers[pin][who] = action

    def unwatch(self, who: str) -> None:
        """End what ``watch`` began, on all pins."""
        for actions in self._watchers.values():
            actions.pop(who, None)

    def make_input(self, pin: int, pull_up: bool) -> None:
        """Make a pin an input for a device."""
        mode = PinMode.PULLUP if pull_up else PinMode.INPUT
        if self.modes.get(pin) != mode:
            self.claim(pin, mode)

    def level(self, pin: int) -> bool:
        """The level of an input."""
        return self.board.declare_input(pin, at_rest=self.modes.get(pin) == PinMode.PULLUP).level

    def sample(self) -> bool:
        """Report the enabled analog channels, whatever the modes of their pins; whether there are any."""
        for channel in sorted(self._reported_channels):
            self._report_channel(channel)
        return bool(self._reported_channels)

    def _on_input_change(self, pin: int, level: bool) -> None:
        for action in tuple(self._watchers[pin].values()):
            action(level)
        super()._on_input_change(pin, level)
