"""An instrumented model board: records every edge of its pins and every true move of its axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import simpy

from cellwright.hardware import DigitalInput, ModelBoard, ModelStepper, Timing, Wait
from cellwright.hardware.model.axes import MotionPlanner
from cellwright.hardware.model.board import ModelOutput
from cellwright.hardware.model.session import ModelSession
from cellwright.testing.intervals import Interval


class PinEdge(NamedTuple):
    """A change of a pin: its time (s), and the new state."""

    at_s: float
    on: bool


class AxisMove(NamedTuple):
    """A move of an axis: its start and end time (s; the end is None while it moves) and positions (mm)."""

    began_s: float
    ended_s: float | None
    from_mm: float
    to_mm: float


class PinHistory:
    """The history of an output or a contact. An output is on if it is not at its safe level, a contact if it is closed.

    edges: every change since the cell was created.
    """

    def __init__(self, env: simpy.Environment, name: str, pin: int, off_level: bool, words: tuple[str, str]) -> None:
        self.env = env
        self.name = name
        self.pin = pin
        self.edges: list[PinEdge] = []
        self.words = words
        self.off_level = off_level

    def record(self, level: bool) -> None:
        """Record its new level."""
        on = level != self.off_level
        if on != self.is_on:
            self.edges.append(PinEdge(self.env.now, on))

    @property
    def is_on(self) -> bool:
        """Whether it is on, or closed, now."""
        return bool(self.edges) and self.edges[-1].on

    @property
    def pulses(self) -> int:
        """How many times it was switched on."""
        return sum(edge.on for edge in self.edges)

    def intervals(self) -> list[Interval]:
        """When it was on, or closed."""
        ends_s = [edge.at_s for edge in self.edges[1:]] + [self.env.now]
        return [Interval(edge.at_s, end_s) for edge, end_s in zip(self.edges, ends_s, strict=False) if edge.on]

    def __repr__(self) -> str:
        return f"<{self.name}: {self.pulses} times {self.words[0]}>"


class AxisHistory:
    """The history of an axis. Positions are true ones, in mm from the home switch, not those the board assumes."""

    def __init__(self, stepper: ModelStepper, name: str, steps_per_mm: float) -> None:
        self.name = name
        self._stepper = stepper
        self._per_mm = steps_per_mm
        self._finished_moves: list[AxisMove] = []
        self._last_start: tuple[float, int] | None = None  # its time, and the true position in steps

    def record_start(self) -> None:
        """Record the start of a move; the move before it is final now."""
        self._finished_moves = self.moves
        self._last_start = (self._stepper.env.now, self._stepper.true_position)

    @property
    def moves(self) -> list[AxisMove]:
        """Every move since the cell was created; one that was stopped early ends where it stopped."""
        if self._last_start is None:
            return self._finished_moves
        began_s, start = self._last_start
        ended_s = None if self.moving else self._stepper.due_s
        return [
            *self._finished_moves,
            AxisMove(began_s, ended_s, start / self._per_mm, self._stepper.rest_at / self._per_mm),
        ]

    def intervals(self) -> list[Interval]:
        """When it moved."""
        now_s = self._stepper.env.now
        return [Interval(move.began_s, now_s if move.ended_s is None else move.ended_s) for move in self.moves]

    @property
    def moving(self) -> bool:
        """Whether it moves now."""
        return self._stepper.is_moving

    @property
    def position_mm(self) -> float:
        """Its true position now, mm."""
        return self._stepper.true_position / self._per_mm

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self.moves)} moves, at {self.position_mm:g} mm>"


class DeclarationRecorder(ModelBoard):
    """Records what a cell declares, by pin: the safe level of each output, and the level at rest of each input."""

    def __init__(self) -> None:
        super().__init__(simpy.Environment())
        self.safe_levels: dict[int, bool] = {}
        self.rest_levels: dict[int, bool] = {}

    def declare_output(self, pin: int, safe: bool, max_on_s: float | None = None, max_duty: float = 1.0) -> ModelOutput:
        self.safe_levels[pin] = safe
        return super().declare_output(pin, safe, max_on_s, max_duty)

    def declare_input(self, pin: int, at_rest: bool) -> DigitalInput:
        self.rest_levels[pin] = at_rest
        return super().declare_input(pin, at_rest)


class InstrumentedMotion(MotionPlanner):
    """Motion that calls ``on_start`` of an axis just before it moves."""

    def __init__(self, session: ModelSession, timing: Timing) -> None:
        super().__init__(session, timing)
        self.on_start: dict[ModelStepper, Callable[[], None]] = {}

    def start(self, stepper: ModelStepper, start: int, target: int, max_speed: float, acceleration: float) -> Wait:
        if stepper in self.on_start and not self.session.is_locked:
            self.on_start[stepper]()
        return super().start(stepper, start, target, max_speed, acceleration)


class InstrumentedSession(ModelSession):
    """A model board's session that calls ``on_contact`` of an input just before it is set."""

    def __init__(self, env: simpy.Environment) -> None:
        super().__init__(env)
        self.on_contact: dict[int, Callable[[bool], None]] = {}

    def set_input(self, pin: int, level: bool) -> None:
        if pin in self.on_contact:
            self.on_contact[pin](level)
        super().set_input(pin, level)


class InstrumentedBoard(ModelBoard):
    """A model board with callbacks for changes of contacts and starts of moves."""

    motion: InstrumentedMotion

    def __init__(self, env: simpy.Environment, timing: Timing) -> None:
        session = InstrumentedSession(env)
        super().__init__(env, timing, session)
        self.motion = InstrumentedMotion(session, timing)
        self.on_contact = session.on_contact
