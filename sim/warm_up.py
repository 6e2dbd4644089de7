"""Checks whether the warm-up that was left out was long enough: MSER-5 on the counted cycle times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellwright.sim.run_length import WARM_UP_CYCLES
from cellwright.sim.statistics import Estimate

BATCH = 5
"""The 5 of MSER-5: so many values are averaged, which takes out the noise from one to the next."""
IGNORED_BATCHES = 5
"""Truncation points that leave fewer batches are not considered: a few that happen to be alike would always win."""
MIN_CYCLES = 50
"""Of fewer cycles MSER-5 says nothing here: they make under ten batches, five of which are ignored. Our own choice."""
NOTICEABLE = 0.001
"""A mean that moves by a smaller share than this is the same to any reader. Our own choice."""


def mser(values: Sequence[float] | np.ndarray, batch: int = BATCH) -> np.ndarray:
    """The marginal standard error, squared, of the mean of batches d, d + 1, …, k - 1 for each d from 0.

    MSER(d) = sum((y_j - mean)² for j >= d) / (k - d)², y_j the means of k batches of ``batch`` values each, in the
    square of the values' unit; values that do not fill the last batch are left out. Source: White 1997, An effective
    truncation heuristic for bias reduction in simulation output, Simulation 69(6), 323-334; in batches: White, Cobb
    and Spratt 2000, A comparison of five steady-state truncation heuristics for simulation, Winter Simulation
    Conference, 755-760.
    """
    count = len(values) // batch
    means = np.asarray(values, dtype=float)[: count * batch].reshape(count, batch).mean(axis=1)
    statistic = np.array([np.square(means[d:] - means[d:].mean()).sum() / (count - d) ** 2 for d in range(count)])
    statistic[statistic < np.square(1e-12 * means).max(initial=0)] = 0  # rounding, of batches that are all alike
    return statistic


def truncation_point(values: Sequence[float] | np.ndarray) -> int | None:
    """How many values at the start MSER-5 would leave out; None where there are too few to tell.

    There are too few where the smallest MSER lies past half of them, as the method's authors have it. The last five
    batches are not considered: Hoad, Robinson and Davies 2010, Automating warm-up length estimation, Journal of the
    Operational Research Society 61(9), 1389-1403.
    """
    if len(values) < MIN_CYCLES:
        return None
    point = int(np.argmin(mser(values)[:-IGNORED_BATCHES])) * BATCH
    return point if point <= len(values) // BATCH * BATCH / 2 else None


@dataclass(frozen=True, slots=True)
class WarmUp:
    """The check of the warm-up by the counted cycles of all replications.

    cycles: how many of each replication were examined, after the ``left_out`` ones. further_cycles: how many more
    MSER-5 would leave out; None where it cannot tell. was_enough: False where leaving out more moves the mean out of
    its 95 % interval; None where there were too few cycles, or replications, to tell. mean_s: the mean without them,
    in s.
    """

    cycles: int
    further_cycles: int | None = None
    was_enough: bool | None = None
    mean_s: float | None = None
    left_out: int = WARM_UP_CYCLES

    def as_json(self) -> dict[str, int | bool | None]:
        """The result by name."""
        return {
            "cycles_left_out": self.left_out,
            "further_cycles_mser5": self.further_cycles,
            "was_enough": self.was_enough,
        }


def check_warm_up(replications: Sequence[np.ndarray], cycle_time_s: Estimate) -> WarmUp:
    """Apply MSER-5 to the mean over all replications of the first cycle, the second, and so on.

    MSER-5 alone would raise false alarms: of cycle times that never change it leaves out some in four runs of ten.
    So it only warns where the mean without them lies outside ``cycle_time_s``, the 95 % interval of the mean with
    them; of such cycle times that happens in about two runs of a hundred.
    """
    cycles = min((len(each) for each in replications), default=0)
    if cycles < MIN_CYCLES or cycle_time_s.ci95_low is None or cycle_time_s.ci95_high is None:
        return WarmUp(cycles)
    averaged = np.mean([each[:cycles] for each in replications], axis=0)
    further = truncation_point(averaged)
    # What never settles shows all the same once half is left out.
    mean_s = float(averaged[cycles // 2 if further is None else further :].mean())
    moved_s = abs(mean_s - float(averaged.mean()))
    half_width_s = (cycle_time_s.ci95_high - cycle_time_s.ci95_low) / 2
    return WarmUp(cycles, further, moved_s <= max(half_width_s, NOTICEABLE * cycle_time_s.mean), mean_s)
