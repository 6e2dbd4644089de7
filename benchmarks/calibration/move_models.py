"""How long the moves of each firmware take, as a fit needs it: which speeds it tells apart, and how closely.

ConfigurableFirmata looks at its axes once a turn of its loop, so that a move's time is a staircase in speed: whole
ranges of speeds are one and the same to it. CellwrightFirmata's moves are exact trapezoids, whose time tells every
speed that a move reaches from every other, as closely as one step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cellwright.hardware.firmware_profiles import SteppingFirmware
from cellwright.hardware.model.accelstepper_timing import CONFIGURABLE_FIRMATA, StepTiming
from cellwright.hardware.model.timing import Timing
from cellwright.hardware.model.trapezoid_timing import CELLWRIGHT_FIRMATA, TrapezoidTiming

SLOWEST_SHARE = 1 / 8
"""The slowest speed that is looked for, as a share of the described one."""
RUNS_AHEAD = 4.0
"""Turns by which a move's time is uncertain beyond the ceiling, where the recurrence runs ahead of the steps."""
ABOVE_THE_CEILING = (1.05, 1.6, 2.4, 3.6)
"""Speeds a polling firmware cannot reach, as shares of its ceiling: they differ in when it begins to slow down."""
SPLIT_IN_ROUND = 1
"""In which round of a polling firmware's search speeds between those kept are looked at too."""
COARSE_RATIO, FINER_SPEEDS = 1.06, 61
"""For trapezoids: from one speed to the next in the first round, and how many speeds each later round looks at."""


class MoveModel(Protocol):
    """What a fit must know of a firmware's moves. Speeds are steps/s, times s."""

    @property
    def timing(self) -> Timing:
        """How long its moves take."""
        ...

    @property
    def method(self) -> str:
        """How its parameters are found, in words."""
        ...

    def granularity_s(self, steps: int, speed: float, ratio: float) -> float:
        """How closely the time of a move at up to ``speed`` can be told where the next speed is ``ratio`` times it.

        A step more or less where ramps meet that speed is chance.
        """
        ...

    def speeds(self, described: float) -> np.ndarray:
        """The speeds to look at first; the described one is among them."""
        ...

    def finer(self, kept: np.ndarray, described: float, round_number: int) -> np.ndarray:
        """The speeds to look at in a later round, between the first and the last of those that were kept."""
        ...

    def same_as(self, speeds: np.ndarray, index: int) -> tuple[float, float]:
        """The range of speeds that cannot be told from ``speeds[index]``; to infinity where no move is any faster."""
        ...

    def where_open(self, low: float, best: float) -> float:
        """What to take for a speed of which only a lower bound is known; ``best`` is the least that fits best."""
        ...


@dataclass(frozen=True, slots=True)
class PollingMoves:
    """AccelStepper's recurrence, looked at once a turn of the firmware's loop."""

    timing: StepTiming
    method: str = "least squares over the firmware's step recurrence, profile likelihood"

    def granularity_s(self, steps: int, speed: float, ratio: float) -> float:  # noqa: ARG002
        turn_s = self.timing.poll_s + self.timing.step_s
        return RUNS_AHEAD * turn_s if speed > self.timing.ceiling() else max(turn_s, 1 / speed)

    def speeds(self, described: float) -> np.ndarray:
        """One of each range that is the same to the firmware; in a range with the described one, that one.

        At full speed a step comes with the first look after its interval is over (see StepLoop), so every speed
        between two whole numbers of looks is the same.
        """
        ceiling = self.timing.ceiling()
        slowest = SLOWEST_SHARE * min(described, ceiling)
        speeds = [share * ceiling for share in ABOVE_THE_CEILING]
        looks = 2
        while (edge := self._edge(looks)) > slowest:
            fastest = self._edge(looks - 1)
            speeds.append(described if edge < described <= fastest else math.sqrt(edge * fastest))
            looks += 1
        if described > ceiling:
            speeds.append(described)
        return np.unique(speeds)

    def finer(self, kept: np.ndarray, described: float, round_number: int) -> np.ndarray:  # noqa: ARG002
        """The speeds that are kept, and once others between: what is almost the same to it is not quite so."""
        if round_number != SPLIT_IN_ROUND:
            return kept
        ranges = map(self._range_of, kept)
        more = [np.geomspace(slowest, fastest, 7)[1:-1] for slowest, fastest in ranges if fastest < math.inf]
        above = kept[kept > self.timing.ceiling()]
        return np.unique(np.concatenate([kept, *more, np.sqrt(above[1:] * above[:-1])]))

    def same_as(self, speeds: np.ndarray, index: int) -> tuple[float, float]:
        return self._range_of(float(speeds[index]))

    def where_open(self, low: float, best: float) -> float:  # noqa: ARG002
        """Its ceiling, above which it steps no faster."""
        return max(low, self.timing.ceiling())

    def _edge(self, looks: int) -> float:
        """The speed whose interval is just this many looks."""
        return 1 / (self.timing.step_s + looks * self.timing.poll_s)

    def _range_of(self, speed: float) -> tuple[float, float]:
        looks = math.ceil((1 / speed - self.timing.step_s) / self.timing.poll_s - 1e-9)
        return (self._edge(1), math.inf) if looks <= 1 else (self._edge(looks), self._edge(looks - 1))


@dataclass(frozen=True, slots=True)
class TrapezoidMoves:
    """Exact trapezoids: up to the speed, along at it, and down. The firmware refuses speeds above its ceiling."""

    timing: TrapezoidTiming
    method: str = "least squares over the firmware's trapezoid, profile likelihood"

    def granularity_s(self, steps: int, speed: float, ratio: float) -> float:
        """One step; and half of what lies between two speeds, lest the true one fall between while they are few."""
        return math.hypot(1 / speed, steps / speed * (ratio - 1) / 2)

    def speeds(self, described: float) -> np.ndarray:
        ceiling = self.timing.ceiling()
        slowest = SLOWEST_SHARE * min(described, ceiling)
        count = math.ceil(math.log(ceiling / slowest) / math.log(COARSE_RATIO)) + 1
        return self._with(np.geomspace(slowest, ceiling, count), described)

    def finer(self, kept: np.ndarray, described: float, round_number: int) -> np.ndarray:  # noqa: ARG002
        return self._with(np.geomspace(kept[0], kept[-1], FINER_SPEEDS), described)

    def same_as(self, speeds: np.ndarray, index: int) -> tuple[float, float]:
        """As far as the next speeds that were looked at."""
        is_last = index % len(speeds) == len(speeds) - 1
        low = float(speeds[max(0, index % len(speeds) - 1)])
        if is_last:
            is_open = speeds[-1] > self.timing.ceiling() / COARSE_RATIO
            return low, math.inf if is_open else float(speeds[-1])
        return low, float(speeds[index % len(speeds) + 1])

    def where_open(self, low: float, best: float) -> float:
        """The least that fits best: no move is known to need more, and a speed that others share is not wasted."""
        return max(low, best)

    @staticmethod
    def _with(speeds: np.ndarray, described: float) -> np.ndarray:
        """The described speed in place of the one nearest to it, if it lies among them."""
        if speeds[0] < described < speeds[-1]:
            speeds[1 + int(np.argmin(abs(np.log(speeds[1:-1] / described))))] = described
        return np.unique(speeds)


MOVE_MODELS: dict[SteppingFirmware, MoveModel] = {
    "cellwright": TrapezoidMoves(CELLWRIGHT_FIRMATA),
    "configurable": PollingMoves(CONFIGURABLE_FIRMATA),
}
