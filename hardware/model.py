"""ModelBoard: a board that answers from kinematics and a plant, in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import simpy
from simpy.events import Event

from cellwright.errors import CellFault, DescriptionError
from cellwright.hardware.board import Board
from cellwright.hardware.stepping import (
    CONFIGURABLE_FIRMATA,
    AxisKey,
    MovingAxis,
    StepLoop,
    StepTiming,
    axis_key,
    finish_times,
    move_time,
    passing_time,
)
from cellwright.hardware.waits import Named, Wait

OutputAction = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class TripPoint:
    """A switch on an axis: ``pin`` reads ``level`` while the axis stands at or below ``at`` (true steps)."""

    pin: int
    at: int
    level: bool


class Pulse(Wait):
    """An output driven for a while, then back."""

    pin: int
    level_after: bool


class ModelStepper:
    """A stepper driver and its axis. ``true_position`` is where the axis really stands, in steps.

    The board counts from wherever it was zeroed; the plant places the axis and sees its true position.
    """

    def __init__(self, board: ModelBoard, device: Named) -> None:
        self.board = board
        self.device = device
        self.trip_points: list[TripPoint] = []
        self._zero_at = 0
        self._rest_at = 0  # true steps, while not moving
        self._motion: MovingAxis | None = None
        self._wait: Wait | None = None
        self._done = Wait(board.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def true_position(self) -> int:
        """Where the axis stands now, in steps from its physical origin."""
        return self._rest_at if self._motion is None else self.board._motion_now(self).position

    @property
    def position(self) -> int:
        """Where the board thinks the axis stands, in steps from where it was zeroed."""
        return self.true_position - self._zero_at

    def place(self, true_position: int) -> None:
        """Put the axis somewhere by hand: what a plant does before power-up."""
        self._rest_at = true_position
        self._show_trip_points(true_position)

    def zero(self) -> None:
        """Call the present position 0."""
        self._zero_at = self.true_position

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move to ``target`` steps; takes what the firmware's recurrence says."""
        if self._motion is not None:
            raise CellFault(f"{self.device.name} was told to move while it was moving; wait for its move first.")
        true_target = target + self._zero_at
        if true_target == self._rest_at:
            return self._done
        return self.board._start_move(self, MovingAxis(self._rest_at, true_target, max_speed, acceleration))

    def halt(self) -> None:
        """Stop at once; the move that was under way never completes."""
        if self._motion is not None:
            self.board._halt(self)

    def _show_trip_points(self, position: int) -> None:
        for point in self.trip_points:
            self.board.set_input(point.pin, point.level if position <= point.at else not point.level)


class ModelBoard(Board):
    """A board in SimPy time. Moves take what ``timing`` says; inputs are what the plant makes them."""

    def __init__(self, env: simpy.Environment, timing: StepTiming = CONFIGURABLE_FIRMATA) -> None:
        self.env = env
        self.timing = timing
        self.outputs: dict[int, bool] = {}
        self.inputs: dict[int, bool] = {}
        self.steppers: dict[int, ModelStepper] = {}
        self.locked = False
        self._safe: dict[int, bool] = {}
        self._output_actions: dict[int, OutputAction] = {}
        self._input_actions: dict[int, Callable[[bool], None]] = {}
        self._pulses: dict[int, Pulse] = {}
        self._edges: dict[int, list[tuple[bool, Wait]]] = {}
        # All axes on their way, as they were at _since_s; one schedule holds for them together.
        self._moving: list[ModelStepper] = []
        self._since_s = 0.0
        self._schedule = 0

    # ---- declaring ----

    def declare_output(self, pin: int, safe: bool) -> None:
        self._safe[pin] = safe
        self.outputs[pin] = safe

    def declare_input(self, pin: int, at_rest: bool) -> None:
        self.inputs[pin] = at_rest

    def declare_stepper(self, device: Named, step: int, dir: int, enable: int | None, inverted: bool) -> ModelStepper:
        if enable is not None:
            self.declare_output(enable, safe=True)  # drivers' enable pins are active-low: high is off
        self.steppers[step] = ModelStepper(self, device)
        return self.steppers[step]

    # ---- outputs ----

    @property
    def is_safe(self) -> bool:
        """Whether no axis moves and every output is at its safe level."""
        return not self._moving and self.outputs == self._safe

    def write(self, pin: int, level: bool) -> None:
        if self.locked:
            raise CellFault(f"pin {pin} cannot be driven: the board has been made safe; reset the cell first.")
        if pin not in self._safe:
            raise DescriptionError(f"pin {pin} cannot be driven before it is declared as an output.")
        self._drive(pin, level)

    def pulse(self, device: Named, pin: int, level: bool, seconds: float) -> Wait:
        self.write(pin, level)
        pulse = Pulse(self.env, device, "did not finish its pulse", seconds + 1.0)
        pulse.pin, pulse.level_after = pin, not level
        self._pulses[pin] = pulse
        pulse.callbacks.append(self._end_pulse)
        pulse.complete_in(seconds)
        return pulse

    def _end_pulse(self, pulse: Event) -> None:
        assert isinstance(pulse, Pulse)
        if self._pulses.get(pulse.pin) is pulse:
            del self._pulses[pulse.pin]
            self._drive(pulse.pin, pulse.level_after)

    def _drive(self, pin: int, level: bool) -> None:
        if self.outputs[pin] != level:
            self.outputs[pin] = level
            action = self._output_actions.get(pin)
            if action is not None:
                action(level)

    def make_safe(self) -> None:
        self.locked = True
        for stepper in list(self._moving):
            stepper.halt()
        self._pulses.clear()
        for pin, safe in self._safe.items():
            self._drive(pin, safe)

    def release(self) -> None:
        self.locked = False

    # ---- inputs ----

    def read(self, pin: int) -> bool:
        return self.inputs[pin]

    def level(self, device: Named, pin: int, level: bool, verb: str, within_s: float) -> Wait:
        if self.inputs[pin] == level:
            wait = Wait(self.env, device, verb, within_s)
            wait.complete()
            return wait
        return self.edge(device, pin, level, verb, within_s)

    def edge(self, device: Named, pin: int, level: bool, verb: str, within_s: float) -> Wait:
        wait = Wait(self.env, device, verb, within_s)
        # Waits that somebody gave up on (a fault, a time limit) are dropped here.
        kept = [each for each in self._edges.get(pin, ()) if each[1].callbacks]
        self._edges[pin] = [*kept, (level, wait)]
        return wait

    def on_input(self, pin: int, action: Callable[[bool], None]) -> None:
        self._input_actions[pin] = action

    # ---- what a plant does ----

    def on_output(self, pin: int, action: OutputAction) -> None:
        """Call ``action(level)`` whenever output ``pin`` changes."""
        self._output_actions[pin] = action

    def set_input(self, pin: int, level: bool) -> None:
        """Make input ``pin`` read ``level``."""
        if self.inputs[pin] == level:
            return
        self.inputs[pin] = level
        action = self._input_actions.get(pin)
        if action is not None:
            action(level)
        waiting = self._edges.pop(pin, None)
        if waiting is None:
            return
        due = [wait for wanted, wait in waiting if wanted == level]
        self._edges[pin] = [each for each in waiting if each[0] != level] + self._edges.get(pin, [])
        for wait in due:
            wait.complete()

    # ---- axes ----

    def _start_move(self, stepper: ModelStepper, motion: MovingAxis) -> Wait:
        if self.locked:
            raise CellFault(f"{stepper.device.name} cannot move: the board has been made safe; reset the cell first.")
        others = self._moving
        if not others:
            steps = abs(motion.target - motion.position)
            duration_s = move_time(self.timing, steps, motion.max_speed, motion.acceleration)
            self._since_s = self.env.now
            stepper._motion = motion
            self._moving = [stepper]
            self._schedule += 1
            self._finish_in(stepper, duration_s)
        else:
            self._refresh()
            stepper._motion = motion
            others.append(stepper)
            duration_s = self._reschedule()[-1]
        wait = Wait(self.env, stepper.device, "did not arrive", 1.5 * duration_s + 5.0)
        stepper._wait = wait
        return wait

    def _reschedule(self) -> tuple[float, ...]:
        """Plan anew when each axis arrives, for all that are on their way; seconds from now."""
        self._schedule += 1
        if not self._moving:
            return ()
        durations_s = finish_times(self.timing, self._keys())
        for stepper, duration_s in zip(self._moving, durations_s, strict=True):
            self._finish_in(stepper, duration_s)
        return durations_s

    def _finish_in(self, stepper: ModelStepper, seconds: float) -> None:
        schedule = self._schedule
        tick = self.env.timeout(seconds)
        tick.callbacks.append(lambda _: self._arrive(stepper, schedule))
        if stepper.trip_points:
            self._foresee_trips(stepper, schedule)

    def _arrive(self, stepper: ModelStepper, schedule: int) -> None:
        motion, wait = stepper._motion, stepper._wait
        if schedule != self._schedule or motion is None or wait is None:
            return  # the plan was changed since: another tick will come
        if len(self._moving) > 1:
            self._refresh()
            self._schedule += 1
            self._drop(stepper, motion.target)
            self._reschedule()
        else:
            self._drop(stepper, motion.target)
        wait.complete()

    def _halt(self, stepper: ModelStepper) -> None:
        self._refresh()
        assert stepper._motion is not None
        self._drop(stepper, stepper._motion.position)
        self._reschedule()

    def _drop(self, stepper: ModelStepper, rest_at: int) -> None:
        self._moving.remove(stepper)
        stepper._rest_at = rest_at
        stepper._motion = None
        stepper._wait = None

    def _motion_now(self, stepper: ModelStepper) -> MovingAxis:
        """The state of a moving axis at this moment."""
        return self._loop_now().axes[self._moving.index(stepper)]

    def _loop_now(self) -> StepLoop:
        loop = StepLoop(self.timing, [MovingAxis(*key) for key in self._keys()])
        loop.run(until_s=self.env.now - self._since_s)
        return loop

    def _keys(self) -> tuple[AxisKey, ...]:
        return tuple(axis_key(stepper._motion) for stepper in self._moving if stepper._motion is not None)

    def _refresh(self) -> None:
        """Bring the record of all moving axes up to this moment."""
        elapsed_s = self.env.now - self._since_s
        for stepper, motion in zip(self._moving, self._loop_now().axes, strict=True):
            motion.due_s -= elapsed_s
            stepper._motion = motion
        self._since_s = self.env.now

    def _foresee_trips(self, stepper: ModelStepper, schedule: int) -> None:
        """Schedule the moments at which a moving axis passes its switches."""
        motion = stepper._motion
        assert motion is not None
        for point in stepper.trip_points:
            downwards = motion.position > point.at >= motion.target
            upwards = motion.position <= point.at < motion.target
            if downwards or upwards:
                crossing = point.at if downwards else point.at + 1
                at_s = passing_time(self.timing, self._keys(), self._moving.index(stepper), crossing)
                tick = self.env.timeout(at_s)
                tick.callbacks.append(lambda _, where=crossing: self._trip(stepper, schedule, where))

    def _trip(self, stepper: ModelStepper, schedule: int, position: int) -> None:
        if schedule == self._schedule and stepper._motion is not None:
            stepper._show_trip_points(position)
