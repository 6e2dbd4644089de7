"""GuardedPins: a virtual Arduino's pins with CellwrightFirmata, which drives none before it is declared."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.cellwright_output import VirtualOutput
from cellwright.hardware.firmata.virtual.pins import VirtualPins

if TYPE_CHECKING:
    from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
    from cellwright.hardware.firmata.virtual.cellwright import VirtualCellwright

SET_BY_OTHERS = (PinMode.STEPPER, PinMode.ENCODER)
"""Modes that a pin gets by the messages of what is on it."""
STOPPED = "stopped: release first"


class GuardedPins(VirtualPins):
    """Pins whose outputs have safe levels and limits. taken: pins of HX711s and of the emergency stop."""

    def __init__(self, arduino: VirtualArduino, program: VirtualCellwright) -> None:
        super().__init__(arduino)
        self.program = program
        self.taken: set[int] = set()
        self.outputs: dict[int, VirtualOutput] = {}
        self._guarded: set[int] = set()
        self._watchers: defaultdict[int, dict[str, Callable[[bool], None]]] = defaultdict(dict)

    def refuse(self, pin: int, why: str) -> None:
        """Say why a pin cannot be what the host wants."""
        self.program.refuse(f"pin {pin} {why}")

    # ---- modes ----

    def is_digital(self, pin: int) -> bool:
        """Whether there is such a pin, and it is digital."""
        return pin in self.pin_map.digital

    def is_in_use(self, pin: int) -> bool:
        """Whether a device of the firmware's own is on it."""
        return self.modes.get(pin) in SET_BY_OTHERS or pin in self.taken

    def is_output(self, pin: int) -> bool:
        """Whether it was declared an output."""
        return self.modes.get(pin) == PinMode.OUTPUT

    def set_mode(self, pin: int, mode: int) -> None:
        if pin >= self.pin_map.pins or mode not in self.capabilities[pin]:
            self.refuse(pin, "has no such mode")
        elif mode in SET_BY_OTHERS or mode == self.modes.get(pin):
            if mode == PinMode.OUTPUT:
                self.outputs[pin].declare()
        elif self.is_in_use(pin):
            self.refuse(pin, "is in use")
        elif self.program.stopped and self.is_output(pin):
            self.refuse(pin, "is kept safe")
        else:
            self.claim(pin, mode)
            self._report_port(pin // 8)

    def claim(self, pin: int, mode: int) -> None:
        if mode == PinMode.OUTPUT:
            self.declare_output(own.Output(pin, self._output(pin).limits.safe))
        else:
            self._forget_output(pin)
            self._take_mode(pin, mode)

    def let_go(self, pin: int) -> None:
        """A device is no longer on a pin: it is an input, and floats."""
        self.taken.discard(pin)
        if self.modes.pop(pin, None) is not None:
            self.let_float(pin)

    def _forget_output(self, pin: int) -> None:
        if self.is_output(pin):
            self.outputs[pin].forget()

    # ---- outputs ----

    def _output(self, pin: int) -> VirtualOutput:
        if pin not in self.outputs:
            self.outputs[pin] = VirtualOutput(
                self.arduino.env,
                self.board.output(pin),
                lambda how: self.program.send_pulse_over(pin, how),
                lambda: self.refuse(pin, "was on too long"),
            )
        return self.outputs[pin]

    def has_guard(self, pin: int) -> bool:
        """Have one of the guards for a pin; false if none is left."""
        if pin not in self._guarded and len(self._guarded) < self.program.has.outputs:
            self._guarded.add(pin)
        return pin in self._guarded

    def declare_output(self, limits: own.Output) -> None:
        """Make a pin an output at its safe level, with its limits."""
        pin = limits.pin
        output = self._output(pin)
        if not self.is_output(pin):
            self._take_mode(pin, PinMode.OUTPUT)
        is_wanted = limits.most_on_ms or 0 < limits.duty < own.NO_DUTY or pin in self._guarded
        output.declare(limits if is_wanted else limits._replace(most_on_ms=0, duty=0))

    def drive(self, pin: int, level: bool) -> None:
        """The base's way to drive an output at first; here its safe level is known."""
        if pin not in self.outputs:
            super().drive(pin, level)

    def write_pin(self, pin: int, level: bool) -> None:
        if pin >= self.pin_map.pins or not self.is_output(pin):
            return
        output = self.outputs[pin]
        if level != output.limits.safe and self.program.stopped:
            self.program.refuse(STOPPED)
        elif level != output.limits.safe and output.is_full():
            self.refuse(pin, "must rest first")
        else:
            self.states[pin] = int(level)
            output.drive(level)

    def write_port(self, port: int, levels: int) -> None:
        for pin in range(port * 8, port * 8 + 8):
            self.write_pin(pin, bool(levels >> pin % 8 & 1))

    def write_level(self, data: bytes) -> bool:
        if len(data) < 2 or self.modes.get(data[0]) not in (PinMode.PWM, PinMode.SERVO):
            return True
        if not self.program.stopped:
            return super().write_level(data[:3])
        if any(data[1:3]):
            self.program.refuse(STOPPED)
        return True

    def configure_servo(self, data: bytes) -> bool:
        pin = data[0] if data else 0
        is_possible = len(data) >= 5 and pin < self.pin_map.pins and PinMode.SERVO in self.capabilities[pin]
        if not is_possible or self.is_in_use(pin) or (self.program.stopped and self.is_output(pin)):
            self.refuse(pin, "cannot be a servo's")
            return True
        return super().configure_servo(data)

    def take_safe_levels(self) -> list[int]:
        """All outputs to their safe levels, duties to 0; the pins whose pulses were cut short."""
        cut = [pin for pin, output in self.outputs.items() if self.is_output(pin) and output.make_safe()]
        for level in self.board.levels.values():
            level.value = level.safe
        return cut

    def forget_events(self) -> None:
        """Before a reset: nothing of what was begun is to happen."""
        for output in self.outputs.values():
            output.forget()

    def take_first_modes(self) -> None:
        """After FF: what is no output and not the emergency stop's is an input again."""
        for pin in list(self.modes):
            if not self.is_output(pin) and pin != self.program.stop_pin:
                self._inputs.discard(pin)
                self.board.levels.pop(pin, None)
                self.let_go(pin)
        self.forget_reports()

    # ---- inputs ----

    def watch(self, pin: int, who: str, action: Callable[[bool], None]) -> None:
        """Call ``action(level)`` at every change of an input, before it is reported."""
        self._watchers[pin][who] = action

    def watch_no_more(self, who: str) -> None:
        """End what ``watch`` began, on whatever pins."""
        for actions in self._watchers.values():
            actions.pop(who, None)

    def listen(self, pin: int, pull_up: bool) -> None:
        """Make a pin an input for what watches it."""
        mode = PinMode.PULLUP if pull_up else PinMode.INPUT
        if self.modes.get(pin) != mode:
            self.claim(pin, mode)

    def level(self, pin: int) -> bool:
        """What an input reads."""
        return self.board.declare_input(pin, at_rest=self.modes.get(pin) == PinMode.PULLUP).level

    def _contact_changed(self, pin: int, level: bool) -> None:
        for action in tuple(self._watchers[pin].values()):
            action(level)
        super()._contact_changed(pin, level)
