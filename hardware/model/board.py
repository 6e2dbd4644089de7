"""ModelBoard: a board that answers from kinematics and a plant, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import simpy
from simpy.events import Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.board import Board
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, STEP_TIMINGS
from cellwright.hardware.model.axes import MODEL_TIMEOUT_MARGIN_S, ModelStepper, MotionPlanner
from cellwright.hardware.model.ports import ModelAnalog, ModelEncoder, ModelHx711, ModelI2c, ModelLevel
from cellwright.hardware.model.session import ModelSession
from cellwright.hardware.model.timing import Timing
from cellwright.hardware.waits import LONG_AGO_S, Named, ScheduledWait, Wait

OutputAction = Callable[[bool], None]


class ModelOutput:
    """A digital output of a model board. Until it is declared it floats at ``safe``."""

    def __init__(self, session: ModelSession, pin: int) -> None:
        self.session = session
        self.env = session.env
        self.pin = pin
        self.safe = False
        self.declared = False
        self._level = False  # a pulse that is over may not have been ended yet
        self._pulse: ScheduledWait | None = None
        self._back_s = 0.0  # when the pulse is over
        self._level_after_pulse = False
        self._watchers: dict[bool, list[OutputAction]] = {False: [], True: []}

    @property
    def level(self) -> bool:
        """Its level now."""
        self._end_finished_pulse()
        return self._level

    @property
    def is_at_rest(self) -> bool:
        """Whether no pulse is in progress."""
        self._end_finished_pulse()
        return self._pulse is None

    @property
    def watchers(self) -> tuple[OutputAction, ...]:
        """What is called when it changes."""
        return (*self._watchers[False], *self._watchers[True])

    def snapshot(self) -> tuple[bool, bool]:
        """Its state at rest, for ``restore``."""
        return self.level, self.declared

    def restore(self, state: tuple[bool, bool]) -> None:
        """Take the state of a snapshot; nobody who watches is called."""
        self._level, self.declared = state
        self._pulse, self._back_s = None, LONG_AGO_S

    def declare(self, safe: bool) -> None:
        """Make it an output at its safe level."""
        self.declared = True
        self.safe = safe
        self.make_safe()

    def watch(self, action: OutputAction, levels: Iterable[bool]) -> None:
        """Call ``action(level)`` whenever it changes to one of ``levels``."""
        for level in levels:
            self._watchers[level].append(action)

    def disconnect(self) -> None:
        """Break its wire: what it drives notices nothing from now on."""
        self._watchers = {False: [], True: []}

    def write(self, level: bool) -> None:
        """Drive it."""
        if self.session.is_locked:
            self._refuse()
        self._end_finished_pulse()
        self._drive(level)

    def pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive it to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that."""
        if self.session.is_locked:
            self._refuse()
        env = self.env
        now_s = env.now
        last = self._pulse
        if last is not None:
            if self._back_s <= now_s:
                self._level = self._level_after_pulse
            else:
                cancel(env, last)
        self._back_s = back_s = now_s + seconds
        self._level_after_pulse = not level
        # The end of a pulse has no event of its own, unless something watches that level.
        if self._watchers[not level]:
            Timeout(env, seconds).callbacks.append(self._end_finished_pulse)
        self._pulse = pulse = ScheduledWait(
            env, subject, "did not fire", back_s + rest_s, seconds + rest_s + MODEL_TIMEOUT_MARGIN_S
        )
        if self._level != level:
            self._level = level
            for action in self._watchers[level]:
                action(level)
        return pulse

    def make_safe(self) -> None:
        """End a pulse in progress and take the safe level, locked or not."""
        self._end_finished_pulse()
        if self._pulse is not None:
            cancel(self.env, self._pulse)
            self._pulse = None
        self._drive(self.safe)

    def _refuse(self) -> NoReturn:
        raise CellFault(f"pin {self.pin} cannot be driven: the board has been made safe; reset the cell first.")

    def _end_finished_pulse(self, _: Event | None = None) -> None:
        """Return to the level after the pulse, if the pulse is over."""
        if self._pulse is not None and self._back_s <= self.env.now:
            self._pulse = None
            self._drive(self._level_after_pulse)

    def _drive(self, level: bool) -> None:
        if self._level != level:
            self._level = level
            for action in self._watchers[level]:
                action(level)


class ModelBoard(Board):
    """A board in SimPy time. ``timing`` sets how long moves take; the plant sets the inputs."""

    def __init__(
        self,
        env: simpy.Environment,
        timing: Timing = STEP_TIMINGS[DEFAULT_FIRMWARE],
        session: ModelSession | None = None,
    ) -> None:
        self.env = env
        self.session = session or ModelSession(env)
        self.motion = MotionPlanner(self.session, timing)
        self.steppers: dict[int, ModelStepper] = {}
        """Axes by step pin."""
        self.analog_inputs: dict[int, ModelAnalog] = {}
        self.levels: dict[int, ModelLevel] = {}
        """Duties (0 to 1) and angles (degrees) by pin."""
        self.encoders: dict[tuple[int, int], ModelEncoder] = {}
        self.hx711s: dict[tuple[int, int], ModelHx711] = {}
        self.i2c_devices = self.session.i2c_devices
        """What is on the I2C bus, by address; for a plant to fill."""
        self._outputs: dict[int, ModelOutput] = {}

    # ---- declaring ----

    def declare_output(
        self,
        pin: int,
        safe: bool,
        max_on_s: float | None = None,  # noqa: ARG002  # the device that drives it keeps to them
        max_duty: float = 1.0,  # noqa: ARG002
    ) -> ModelOutput:
        output = self.output(pin)
        output.declare(safe)
        return output

    def declare_input(self, pin: int, at_rest: bool) -> DigitalInput:
        return self.session.inputs.setdefault(pin, DigitalInput(self.env, at_rest))

    def declare_stepper(
        self,
        device: Named,
        step: int,
        dir: int,  # noqa: ARG002  # the model's motors always turn the right way
        inverted: bool,  # noqa: ARG002
    ) -> ModelStepper:
        stepper = self.axis(step)
        stepper.device = device
        stepper.zero()
        return stepper

    def declare_analog(self, pin: int) -> ModelAnalog:
        return self.analog_inputs.setdefault(pin, ModelAnalog(self.env))

    def declare_pwm(self, pin: int, safe: float = 0.0) -> ModelLevel:
        self.levels[pin] = ModelLevel(self.session, pin, safe)
        return self.levels[pin]

    def declare_servo(self, pin: int, safe: float) -> ModelLevel:
        self.levels[pin] = ModelLevel(self.session, pin, safe, holds=True)
        return self.levels[pin]

    def declare_encoder(self, pin_a: int, pin_b: int) -> ModelEncoder:
        return self.encoders.setdefault((pin_a, pin_b), ModelEncoder())

    def declare_i2c(self, address: int) -> ModelI2c:
        return ModelI2c(self.session, address)

    def declare_hx711(self, data: int, clock: int) -> ModelHx711:
        return self.hx711s.setdefault((data, clock), ModelHx711(self.env))

    # ---- stopping ----

    @property
    def outputs(self) -> dict[int, bool]:
        """The level of each declared output."""
        return {pin: output.level for pin, output in self._outputs.items() if output.declared}

    @property
    def declared_pins(self) -> set[int]:
        """The pins that are declared or that a plant has used; of a stepper driver the step pin alone."""
        pairs = {pin for pair in (*self.encoders, *self.hx711s) for pin in pair}
        pairs |= {axis.limit_pin for axis in self.steppers.values() if axis.limit_pin is not None}
        return {*self.outputs, *self.session.inputs, *self.steppers, *self.levels, *self.analog_inputs, *pairs}

    @property
    def is_safe(self) -> bool:
        """Whether no axis moves and every output is at its safe level."""
        self.motion.settle()
        at_rest = not self.motion.moving and all(level.is_safe for level in self.levels.values())
        return at_rest and all(output.level == output.safe for output in self._outputs.values())

    def make_safe(self) -> None:
        self.session.is_locked = True
        self.motion.stop_all_abruptly()
        for output in self._outputs.values():
            output.make_safe()
        for level in self.levels.values():
            level.make_safe()

    def release(self) -> None:
        self.session.is_locked = False
        for level in self.levels.values():
            level.release()

    def on_failure(self, action: Callable[[str], None]) -> None:
        pass  # a model is never lost

    def power_cycle(self) -> None:
        """Reset it: axes stop where they are, and every pin is as before it was declared."""
        self.motion.stop_all_abruptly()
        for output in self._outputs.values():
            output.make_safe()
            output.declared = False
        self.levels.clear()
        self.session.is_locked = False

    # ---- snapshots ----

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing moves, no pulse is in progress and nobody waits. Call it between two steps only."""
        self.motion.settle()
        if self.motion.moving or any(each.is_moving for each in self.steppers.values()):
            return False
        inputs, outputs = self.session.inputs.values(), self._outputs.values()
        return all(each.is_at_rest for each in inputs) and all(each.is_at_rest for each in outputs)

    def snapshot(self) -> tuple[Any, ...]:
        """The state of all ports at rest, for ``restore``; encoders, converters and the I2C bus are no part of it."""
        return (self.session.is_locked, *(tuple([port.snapshot() for port in ports]) for ports in self._kept_ports()))

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take the state of a snapshot of this board, or of one with the same ports."""
        self.session.is_locked, *kept = state
        for ports, states in zip(self._kept_ports(), kept, strict=True):
            for port, each in zip(ports, states, strict=True):
                port.restore(each)
        self.motion.moving.clear()

    def _kept_ports(self) -> tuple[Iterable[Any], ...]:
        ports = (self._outputs, self.session.inputs, self.steppers, self.levels)
        return tuple(each.values() for each in ports)

    def ports(self) -> list[Any]:
        """The outputs, inputs, axes and levels."""
        return [port for ports in self._kept_ports() for port in ports]

    @property
    def output_ports(self) -> list[ModelOutput]:
        """The digital outputs, declared or not."""
        return list(self._outputs.values())

    # ---- for a plant ----

    def axis(self, step: int) -> ModelStepper:
        """The axis whose driver's step pin is ``step``; declared or not."""
        if step not in self.steppers:
            self.steppers[step] = ModelStepper(self.session, self.motion, _Undeclared(f"the axis on pin {step}"))
        return self.steppers[step]

    def output(self, pin: int) -> ModelOutput:
        """The output on ``pin``, declared or not."""
        if pin not in self._outputs:
            self._outputs[pin] = ModelOutput(self.session, pin)
        return self._outputs[pin]

    def on_output(self, pin: int, action: OutputAction, levels: Iterable[bool] = (False, True)) -> None:
        """Call ``action(level)`` whenever output ``pin`` changes to one of ``levels``."""
        self.output(pin).watch(action, levels)

    def input(self, pin: int) -> DigitalInput:
        """The input on ``pin``, declared or not; its pull-up makes it high."""
        return self.session.input(pin)

    def set_input(self, pin: int, level: bool) -> None:
        """Make input ``pin`` read ``level``."""
        self.session.set_input(pin, level)


class _Undeclared:
    """Stands for a device that no cell has declared."""

    def __init__(self, name: str) -> None:
        self.name = name
