"""ModelBoard: a board that answers from kinematics and a plant, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from heapq import heappush
from typing import Any, NoReturn

import simpy
from simpy.events import NORMAL, Event, Timeout

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
from cellwright.hardware.waits import Named, Wait, cancel

OutputAction = Callable[[bool], None]


@dataclass(frozen=True, slots=True)
class TripPoint:
    """A switch on an axis: ``pin`` reads ``level`` while the axis stands at or below ``at`` (true steps)."""

    pin: int
    at: int
    level: bool


# Moves and pulses are most of what a simulation makes. Like SimPy's own Timeout they are in its queue from the
# start, with their value, and set the attributes of an event without a chain of constructors.


class Move(Wait):
    """A move under way, as it was when the board last looked: the axis's state then, for ``axis_key``."""

    _value = None
    verb = "did not arrive"
    passings: Sequence[Event] = ()
    """The moments, still to come, at which it passes switches."""

    def __init__(self, stepper: ModelStepper, key: AxisKey, duration_s: float, arrive: Callable[[Any], None]) -> None:
        self.env = stepper.board.env
        self.callbacks = [arrive]
        self.subject = stepper.device
        self.limit_s = 1.5 * duration_s + 5.0
        self.stepper = stepper
        self.key = key


class Pulse(Wait):
    """A pulse and the rest after it; the wait ends with the rest. ``back_s`` is when the output goes back."""

    _value = None
    verb = "did not fire"

    def __init__(self, env: simpy.Environment, device: Named, level_after: bool, back_s: float, limit_s: float) -> None:
        self.env = env
        self.callbacks = []
        self.subject = device
        self.level_after = level_after
        self.back_s = back_s
        self.limit_s = limit_s


class ModelStepper:
    """A stepper driver and its axis. ``true_position`` is where the axis really stands, in steps.

    The board counts from wherever it was zeroed; the plant places the axis and sees its true position.
    """

    def __init__(self, board: ModelBoard, device: Named) -> None:
        self.board = board
        self.device = device
        self.trip_points: list[TripPoint] = []
        self.move: Move | None = None
        self._zero_at = 0
        self.rest_at = 0  # true steps; where it stands while not moving
        self._done = Wait(board.env, device, "did not move", 0.0)
        self._done.complete()

    @property
    def true_position(self) -> int:
        """Where the axis stands now, in steps from its physical origin."""
        return self.rest_at if self.move is None else self.board.position_now(self.move)

    @property
    def position(self) -> int:
        """Where the board thinks the axis stands, in steps from where it was zeroed."""
        return self.true_position - self._zero_at

    def place(self, true_position: int) -> None:
        """Put the axis somewhere by hand: what a plant does before power-up."""
        self.rest_at = true_position
        self.show_trip_points(true_position)

    def zero(self) -> None:
        """Call the present position 0."""
        self._zero_at = self.true_position

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move to ``target`` steps; takes what the firmware's recurrence says."""
        if self.move is not None:
            raise CellFault(f"{self.device.name} was told to move while it was moving; wait for its move first.")
        true_target = target + self._zero_at
        start = self.rest_at
        if true_target == start:
            return self._done
        return self.board.start_move(self, start, true_target, max_speed, acceleration)

    def halt(self) -> None:
        """Stop at once; the move that was under way never completes."""
        if self.move is not None:
            self.board.halt(self.move)

    def come_to_rest(self, true_position: int) -> None:
        """End the move under way at ``true_position``."""
        self.move = None
        self.rest_at = true_position

    def show_trip_points(self, true_position: int) -> None:
        """Set the inputs of the switches on the axis as they are with the axis at ``true_position``."""
        for point in self.trip_points:
            self.board.set_input(point.pin, point.level if true_position <= point.at else not point.level)


class ModelBoard(Board):
    """A board in SimPy time. Moves take what ``timing`` says; inputs are what the plant makes them."""

    def __init__(self, env: simpy.Environment, timing: StepTiming = CONFIGURABLE_FIRMATA) -> None:
        self.env = env
        self.timing = timing
        self.inputs: dict[int, bool] = {}
        self.steppers: dict[int, ModelStepper] = {}
        self.locked = False
        self._safe: dict[int, bool] = {}
        self._levels: dict[int, bool] = {}  # of the outputs, but for pulses that are over and not yet taken back
        self._actions_at: tuple[dict[int, OutputAction], dict[int, OutputAction]] = ({}, {})  # low, high
        self._input_actions: dict[int, Callable[[bool], None]] = {}
        self._pulses: dict[int, Pulse] = {}
        self._edges: dict[int, list[tuple[bool, Wait, float]]] = {}  # level, wait, when its limit is over
        # Every move under way; their keys hold as of _looked_s.
        self._moving: list[Move] = []
        self._looked_s = 0.0
        self._time_alone = lru_cache(maxsize=4096)(partial(move_time, timing))

    # ---- declaring ----

    def declare_output(self, pin: int, safe: bool) -> None:
        self._safe[pin] = safe
        self._levels[pin] = safe

    def declare_input(self, pin: int, at_rest: bool) -> None:
        self.inputs[pin] = at_rest

    def declare_stepper(
        self,
        device: Named,
        step: int,
        dir: int,  # noqa: ARG002  # the model's motors are wired as the description says
        enable: int | None,
        inverted: bool,  # noqa: ARG002
    ) -> ModelStepper:
        if enable is not None:
            self.declare_output(enable, safe=True)  # drivers' enable pins are active-low: high is off
        self.steppers[step] = ModelStepper(self, device)
        return self.steppers[step]

    # ---- outputs ----

    @property
    def outputs(self) -> dict[int, bool]:
        """The level of each output."""
        self._take_back()
        return self._levels

    @property
    def is_safe(self) -> bool:
        """Whether no axis moves and every output is at its safe level."""
        return not self._moving and self.outputs == self._safe

    def write(self, pin: int, level: bool) -> None:
        if self.locked or pin not in self._safe:
            self._refuse(pin)
        self._take_back()
        self._drive(pin, level)

    def _refuse(self, pin: int) -> NoReturn:
        if self.locked:
            raise CellFault(f"pin {pin} cannot be driven: the board has been made safe; reset the cell first.")
        raise DescriptionError(f"pin {pin} cannot be driven before it is declared as an output.")

    def pulse(self, device: Named, pin: int, level: bool, seconds: float, rest_s: float) -> Wait:
        if self.locked or pin not in self._safe:
            self._refuse(pin)
        env, levels, pulses = self.env, self._levels, self._pulses
        now_s = env._now
        if pin in pulses:
            last = pulses[pin]
            if last.back_s <= now_s:
                levels[pin] = last.level_after
            else:
                cancel(env, last)
        back_s = now_s + seconds
        pulses[pin] = pulse = Pulse(env, device, not level, back_s, seconds + rest_s + 5.0)
        # An output goes back without an event of its own, unless somebody watches for that.
        if pin in self._actions_at[not level]:
            Timeout(env, seconds).callbacks.append(self._take_back)
        heappush(env._queue, (back_s + rest_s, NORMAL, next(env._eid), pulse))
        if levels[pin] != level:
            levels[pin] = level
            actions = self._actions_at[level]
            if pin in actions:
                actions[pin](level)
        return pulse

    def _take_back(self, _: Event | None = None) -> None:
        """Bring outputs up to date: those whose pulses are over go back."""
        now_s = self.env.now
        for pin, pulse in list(self._pulses.items()):
            if pulse.back_s <= now_s:
                del self._pulses[pin]
                self._drive(pin, pulse.level_after)

    def _drive(self, pin: int, level: bool) -> None:
        if self._levels[pin] != level:
            self._levels[pin] = level
            actions = self._actions_at[level]
            if pin in actions:
                actions[pin](level)

    def make_safe(self) -> None:
        self.locked = True
        for move in list(self._moving):
            self.halt(move)
        self._take_back()
        cancel(self.env, *self._pulses.values())
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
        # Waits that somebody gave up on (a fault, another event) are dropped here once their limit is over;
        # until then they may be waits that somebody made and will yield later.
        now_s = self.env.now
        kept = [each for each in self._edges.get(pin, ()) if each[1].callbacks or each[2] > now_s]
        self._edges[pin] = [*kept, (level, wait, now_s + within_s)]
        return wait

    def on_input(self, pin: int, action: Callable[[bool], None]) -> None:
        self._input_actions[pin] = action

    # ---- what a plant does ----

    def on_output(self, pin: int, action: OutputAction, levels: Iterable[bool] = (False, True)) -> None:
        """Call ``action(level)`` whenever output ``pin`` changes to one of ``levels``."""
        for level in levels:
            self._actions_at[level][pin] = action

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
        due = [wait for wanted, wait, _ in waiting if wanted == level]
        self._edges[pin] = [each for each in waiting if each[0] != level] + self._edges.get(pin, [])
        for wait in due:
            wait.complete()

    # ---- axes ----

    def start_move(self, stepper: ModelStepper, start: int, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move of one axis; those on their way already go on, at the rate that all together allow."""
        if self.locked:
            raise CellFault(f"{stepper.device.name} cannot move: the board has been made safe; reset the cell first.")
        moving = self._moving
        # The zeros: an axis at rest, whose recurrence begins anew.
        key = (start, target, max_speed, acceleration, 0.0, 0.0, 0, 0)
        if moving:
            self._look()
            stepper.move = move = Move(stepper, key, 0.0, self._arrive)
            moving.append(move)
            self._plan_anew()
            return move
        duration_s = self._time_alone(abs(target - start), max_speed, acceleration)
        stepper.move = move = Move(stepper, key, duration_s, self._arrive)
        moving.append(move)
        env = self.env
        self._looked_s = now_s = env._now
        for point in stepper.trip_points:
            if start > point.at >= target or start <= point.at < target:
                self._foresee_trip(move, point, duration_s)
        heappush(env._queue, (now_s + duration_s, NORMAL, next(env._eid), move))
        return move

    def _arrive(self, move: Move) -> None:
        moving = self._moving
        stepper = move.stepper
        if len(moving) == 1:
            moving.clear()
            stepper.move = None
            stepper.rest_at = move.key[1]
        else:
            self._look()
            moving.remove(move)
            stepper.come_to_rest(move.key[1])
            self._plan_anew()

    def halt(self, move: Move) -> None:
        """Stop an axis dead; its move never completes."""
        self._look()
        cancel(self.env, move, *move.passings)
        self._moving.remove(move)
        move.stepper.come_to_rest(move.key[0])
        self._plan_anew()

    def position_now(self, move: Move) -> int:
        """Where a moving axis is at this moment, in true steps."""
        return self._loop_now().axes[self._moving.index(move)].position

    def _keys(self) -> tuple[AxisKey, ...]:
        return tuple(move.key for move in self._moving)

    def _loop_now(self) -> StepLoop:
        """The firmware's loop with all axes on their way, at this moment."""
        loop = StepLoop(self.timing, [MovingAxis(*key) for key in self._keys()])
        loop.run(until_s=self.env.now - self._looked_s)
        return loop

    def _look(self) -> None:
        """Bring the record of all moving axes up to this moment."""
        elapsed_s = self.env.now - self._looked_s
        for move, axis in zip(self._moving, self._loop_now().axes, strict=True):
            axis.due_s -= elapsed_s
            move.key = axis_key(axis)
        self._looked_s = self.env.now

    def _plan_anew(self) -> None:
        """Plan anew when each axis arrives, for all that are on their way."""
        moving = self._moving
        if not moving:
            return
        cancel(self.env, *moving, *(passing for move in moving for passing in move.passings))
        for move, duration_s in zip(moving, finish_times(self.timing, self._keys()), strict=True):
            move.passings = ()
            move.limit_s = max(move.limit_s, 1.5 * duration_s + 5.0)
            start, target = move.key[0], move.key[1]
            for point in move.stepper.trip_points:
                if start > point.at >= target or start <= point.at < target:
                    self._foresee_trip(move, point, duration_s)
            self.env.schedule(move, NORMAL, duration_s)

    def _foresee_trip(self, move: Move, point: TripPoint, duration_s: float) -> None:
        """Schedule the moment at which a moving axis passes a switch; if it stops there, just before its arrival."""
        position = point.at if move.key[0] > move.key[1] else point.at + 1
        at_s = passing_time(self.timing, self._keys(), self._moving.index(move), position)
        passing = Timeout(self.env, min(at_s, duration_s), (move, position))
        passing.callbacks.append(self._pass)
        move.passings = (*move.passings, passing)

    def _pass(self, passing: Event) -> None:
        move, position = passing._value
        move.stepper.show_trip_points(position)
