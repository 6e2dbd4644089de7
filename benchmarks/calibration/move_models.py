"""The duration of each firmware's moves, as a fit needs it: which speeds it distinguishes, and how closely.

ConfigurableFirmata polls its axes once per turn of its loop, so a move's time is a staircase in speed: whole ranges of
speeds give the same time. CellwrightFirmata's moves are exact trapezoids, whose time distinguishes every speed that a
move reaches, to within one step.
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

MIN_SPEED_SHARE = 1 / 8
"""The lower end of the search range for speed, as a share of the described one."""
RECURRENCE_LEAD = 4.0
"""Turns by which a move's time is uncertain beyond the ceiling, where the recurrence runs ahead of the steps."""
SHARES_ABOVE_CEILING = (1.05, 1.6, 2.4, 3.6)
"""Speeds a polling firmware cannot reach, as shares of its ceiling: they differ in where it begins to decelerate."""
SPLIT_IN_ROUND = 1
"""The round of a polling firmware's search that also tries speeds between the kept ones."""
COARSE_RATIO, FINER_SPEEDS = 1.06, 61
"""For trapezoids: the ratio between speeds in the first round, and the number of speeds in each later round."""


class MoveModel(Protocol):
    """What a fit needs of a firmware's moves. Speeds are steps/s, times s."""

    @property
    def timing(self) -> Timing:
        """The duration of its moves."""
        ...

    @property
    def method(self) -> str:
        """How its parameters are found, in words."""
        ...

    def granularity_s(self, steps: int, speed: float, ratio: float) -> float:
        """The uncertainty of a move's time at up to ``speed``, where the next speed is ``ratio`` times it.

        A step more or less where ramps meet that speed is random.
        """
        ...

    def speeds(self, described: float) -> np.ndarray:
        """The speeds to try first, including the described one."""
        ...

    def finer(self, kept: np.ndarray, described: float, round_number: int) -> np.ndarray:
        """The speeds to try in a later round, between the first and the last of the kept ones."""
        ...

    def equivalent_speeds(self, speeds: np.ndarray, index: int) -> tuple[float, float]:
        """The range of speeds indistinguishable from ``speeds[index]``; to infinity where no move gets faster."""
        ...

    def speed_above_bound(self, low: float, best: float) -> float:
        """The speed to use where only a lower bound is known; ``best`` is the lowest that fits best."""
        ...


@dataclass(frozen=True, slots=True)
class PollingMoves:
    """AccelStepper's recurrence, polled once per turn of the firmware's loop."""

    timing: StepTiming
    method: str = "least squares over the firmware's step recurrence, profile likelihood"

    def granularity_s(self, steps: int, speed: float, ratio: float) -> float:  # noqa: ARG002
        turn_s = self.timing.poll_s + self.timing.step_s
        return RECURRENCE_LEAD * turn_s if speed > self.timing.ceiling() else max(turn_s, 1 / speed)

    def speeds(self, described: float) -> np.ndarray:
        """One speed of each range that the firmware does not distinguish; the described one in its range.

        At full speed a step comes with the first poll after its interval is over (see StepLoop), so all speeds
        between two whole numbers of polls are equivalent.
        """
        ceiling = self.timing.ceiling()
        slowest = MIN_SPEED_SHARE * min(described, ceiling)
        speeds = [share * ceiling for share in SHARES_ABOVE_CEILING]
        polls = 2
        while (edge := self._edge(polls)) > slowest:
            fastest = self._edge(polls - 1)
            speeds.append(described if edge < described <= fastest else math.sqrt(edge * fastest))
            polls += 1
        if described > ceiling:
            speeds.append(described)
        return np.unique(speeds)

    def finer(self, kept: np.ndarray, described: float, round_number: int) -> np.ndarray:  # noqa: ARG002
        """The kept speeds, and in one round others between them: nearly equivalent speeds still differ."""
        if round_number != SPLIT_IN_ROUND:
            return kept
        ranges = map(self._range_of, kept)
        more = [np.geomspace(slowest, fastest, 7)[1:-1] for slowest, fastest in ranges if fastest < math.inf]
        above = kept[kept > self.timing.ceiling()]
        return np.unique(np.concatenate([kept, *more, np.sqrt(above[1:] * above[:-1])]))

    def equivalent_speeds(self, speeds: np.ndarray, index: int) -> tuple[float, float]:
        return self._range_of(float(speeds[index]))

    def speed_above_bound(self, low: float, best: float) -> float:  # noqa: ARG002
        """The firmware's ceiling, above which it steps no faster."""
        return max(low, self.timing.ceiling())

    def _edge(self, polls: int) -> float:
        """The speed whose interval is exactly this many polls."""
        return 1 / (self.timing.step_s + polls * self.timing.poll_s)

    def _range_of(self, speed: float) -> tuple[float, float]:
        polls = math.ceil((1 / speed - self.timing.step_s) / self.timing.poll_s - 1e-9)
        return (self._edge(1), math.inf) if polls <= 1 else (self._edge(polls), self._edge(polls - 1))


@dataclass(frozen=True, slots=True)
class TrapezoidMoves:
    """Exact trapezoids: acceleration, cruise, deceleration. The firmware refuses speeds above its ceiling."""

    timing: TrapezoidTiming
    method: str = "least squares over the firmware's trapezoid, profile likelihood"

    def granularity_s(self, steps: int, speed: float, ratio: float) -> float:
        """One step, and half the distance between two speeds, so that a true speed between them is not lost."""
        return math.hypot(1 / speed, steps / speed * (ratio - 1) / 2)

    def speeds(self, described: float) -> np.ndarray:
        ceiling = self.timing.ceiling()
        slowest = MIN_SPEED_SHARE * min(described, ceiling)
        count = math.ceil(math.log(ceiling / slowest) / math.log(COARSE_RATIO)) + 1
        return self._with_described(np.geomspace(slowest, ceiling, count), described)

    def finer(self, kept: np.ndarray, described: float, round_number: int) -> np.ndarray:  # noqa: ARG002
        return self._with_described(np.geomspace(kept[0], kept[-1], FINER_SPEEDS), described)

    def equivalent_speeds(self, speeds: np.ndarray, index: int) -> tuple[float, float]:
        """As far as the next speeds that were tried."""
        is_last = index % len(speeds) == len(speeds) - 1
        low = float(speeds[max(0, index % len(speeds) - 1)])
        if is_last:
            is_open = speeds[-1] > self.timing.ceiling() / COARSE_RATIO
            return low, math.inf if is_open else float(speeds[-1])
        return low, float(speeds[index % len(speeds) + 1])

    def speed_above_bound(self, low: float, best: float) -> float:
        """The lowest that fits best: no move needs more."""
        return max(low, best)

    @staticmethod
    def _with_described(speeds: np.ndarray, described: float) -> np.ndarray:
        """The described speed in place of the one nearest to it, if it lies among them."""
        if speeds[0] < described < speeds[-1]:
            speeds[1 + int(np.argmin(abs(np.log(speeds[1:-1] / described))))] = described
        return np.unique(speeds)


MOVE_MODELS: dict[SteppingFirmware, MoveModel] = {
    "cellwright": TrapezoidMoves(CELLWRIGHT_FIRMATA),
    "configurable": PollingMoves(CONFIGURABLE_FIRMATA),
}
