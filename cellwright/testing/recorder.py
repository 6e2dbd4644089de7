"""Watching a model board: every edge of its pins and every move of its axes, as they really were."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import simpy

from cellwright.hardware import Input, ModelBoard, ModelStepper, Timing, Wait
from cellwright.hardware.model.axes import Motion
from cellwright.hardware.model.board import ModelOutput
from cellwright.testing.spans import Span


class Edge(NamedTuple):
    """A change: when (s), and to what."""

    at_s: float
    on: bool


class Move(NamedTuple):
    """A move of an axis: when it began and ended (s; ended is None while it goes on), from where to where (mm)."""

    began_s: float
    ended_s: float | None
    from_mm: float
    to_mm: float


class PinHistory:
    """What an output or a contact did. An output is on when it is not at its safe level, a contact when it is closed.

    edges: every change since the cell was put together.
    """

    def __init__(self, env: simpy.Environment, name: str, pin: int, off_level: bool, words: tuple[str, str]) -> None:
        self.env = env
        self.name = name
        self.pin = pin
        self.edges: list[Edge] = []
        self.words = words
        self._off_level = off_level

    def note(self, level: bool) -> None:
        """Its level is now this."""
        on = level != self._off_level
        if on != self.is_on:
            self.edges.append(Edge(self.env.now, on))

    @property
    def is_on(self) -> bool:
        """Whether it is on, or closed, now."""
        return bool(self.edges) and self.edges[-1].on

    @property
    def pulses(self) -> int:
        """How often it has gone on."""
        return sum(edge.on for edge in self.edges)

    def spans(self) -> list[Span]:
        """When it was on, or closed."""
        ends_s = [edge.at_s for edge in self.edges[1:]] + [self.env.now]
        return [Span(edge.at_s, end_s) for edge, end_s in zip(self.edges, ends_s, strict=False) if edge.on]

    def __repr__(self) -> str:
        return f"<{self.name}: {self.pulses} times {self.words[0]}>"


class AxisHistory:
    """What an axis did. Positions are mm from its home switch, whatever the board believes."""

    def __init__(self, stepper: ModelStepper, name: str, steps_per_mm: float) -> None:
        self.name = name
        self._stepper = stepper
        self._per_mm = steps_per_mm
        self._over: list[Move] = []
        self._latest: tuple[float, int] | None = None  # when it began, from where, in true steps

    def note_start(self) -> None:
        """A move begins; the one before is over, so that is how it was."""
        self._over = self.moves
        self._latest = (self._stepper.env.now, self._stepper.true_position)

    @property
    def moves(self) -> list[Move]:
        """Every move since the cell was put together; what stopped one early shows in where it ended."""
        if self._latest is None:
            return self._over
        began_s, start = self._latest
        ended_s = None if self.moving else self._stepper.due_s
        return [*self._over, Move(began_s, ended_s, start / self._per_mm, self._stepper.rest_at / self._per_mm)]

    def spans(self) -> list[Span]:
        """When it moved."""
        now_s = self._stepper.env.now
        return [Span(move.began_s, now_s if move.ended_s is None else move.ended_s) for move in self.moves]

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        return self._stepper.moving

    @property
    def position_mm(self) -> float:
        """Where it stands now."""
        return self._stepper.true_position / self._per_mm

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self.moves)} moves, at {self.position_mm:g} mm>"


class Census(ModelBoard):
    """Learns what a cell declares: the safe level of each output, and how each input reads at rest, by pin."""

    def __init__(self) -> None:
        super().__init__(simpy.Environment())
        self.safe_levels: dict[int, bool] = {}
        self.levels_at_rest: dict[int, bool] = {}

    def declare_output(
        self, pin: int, safe: bool, most_on_s: float | None = None, most_duty: float = 1.0
    ) -> ModelOutput:
        self.safe_levels[pin] = safe
        return super().declare_output(pin, safe, most_on_s, most_duty)

    def declare_input(self, pin: int, at_rest: bool) -> Input:
        self.levels_at_rest[pin] = at_rest
        return super().declare_input(pin, at_rest)


class WatchedMotion(Motion):
    """Axes that tell when a move begins; ``on_start`` is called just before."""

    def __init__(self, board: ModelBoard, timing: Timing) -> None:
        super().__init__(board, timing)
        self.on_start: dict[ModelStepper, Callable[[], None]] = {}

    def start(self, stepper: ModelStepper, start: int, target: int, max_speed: float, acceleration: float) -> Wait:
        if stepper in self.on_start and not self.board.locked:
            self.on_start[stepper]()
        return super().start(stepper, start, target, max_speed, acceleration)


class WatchedBoard(ModelBoard):
    """A model board that tells what acts on it: contacts that change, moves that begin."""

    motion: WatchedMotion

    def __init__(self, env: simpy.Environment, timing: Timing) -> None:
        super().__init__(env, timing)
        self.motion = WatchedMotion(self, timing)
        self.on_contact: dict[int, Callable[[bool], None]] = {}

    def set_input(self, pin: int, level: bool) -> None:
        if pin in self.on_contact:
            self.on_contact[pin](level)
        super().set_input(pin, level)
