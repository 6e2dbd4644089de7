"""Whether the line or the board became slower or faster in mid-run, from the times of moves and pulses.

A change is looked for by cumulative sums: of how much longer each move took than the mean of its distance, in units of
the noise between one such move and the next. Where the line stays as it is, the largest of these sums, divided by the
square root of their number, exceeds 1.628 in 1 run of 100 (Kolmogorov's distribution). Source: Brown, Durbin and Evans
1975, Journal of the Royal Statistical Society B 37, 149-192; for a change of mean, Csörgő and Horváth 1997, Limit
Theorems in Change-Point Analysis, section 2.1. Both sides of a change are searched again (binary segmentation; Scott
and Knott 1974, Biometrics 30, 507-512).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from cellwright.benchmarks.calibration.run_log_reader import TimedAction

KOLMOGOROV_99 = 1.628
"""The 99 % quantile of Kolmogorov's distribution."""
MIN_ACTIONS = 10
"""Distances made more rarely, and parts of a run that are shorter, show no change."""
MIN_CHANGE_S = 0.001
"""A smaller change is none that matters: a move's time is hardly ever known more closely."""
CLOCK_S = 1e-4
"""The least noise that is believed: the resolution of the log's times, s."""


@dataclass(frozen=True, slots=True)
class LineChange:
    """A change: when, s from the start of the run, and how much longer a move takes than at the start, s."""

    since_s: float
    longer_s: float


def line_changes(actions: Sequence[TimedAction]) -> list[LineChange]:
    """The changes of the time that a move or a pulse takes, in the order of the run; none where it stays the same."""
    comparable = _comparable(actions)
    if not comparable:
        return []
    excess_s, noise_s = (np.array(column) for column in list(zip(*comparable, strict=True))[1:])
    starts = [0, *_change_points(excess_s / noise_s, 0), len(excess_s)]
    means_s = [float(excess_s[at:end].mean()) for at, end in pairwise(starts)]
    return [
        LineChange(comparable[at][0].ended_s, mean_s - means_s[0])
        for at, mean_s, before_s in zip(starts[1:-1], means_s[1:], means_s, strict=False)
        if abs(mean_s - before_s) >= MIN_CHANGE_S
    ]


def change_sentence(changes: Sequence[LineChange]) -> str:
    """What changed when, and what it means for the fit; empty if nothing changed."""
    if not changes:
        return ""
    parts = [
        f"from {_clock(each.since_s)} on a move or pulse took {1000 * abs(each.longer_s):.1f} ms "
        f"{'longer' if each.longer_s > 0 else 'less'} than at the start"
        for each in changes
    ]
    return (
        f"The line or the board changed its speed in mid-run: {'; '.join(parts)}. Accelerations, rests and the line's "
        "time are means over the whole run; fit a run without such a change."
    )


def _comparable(actions: Sequence[TimedAction]) -> list[tuple[TimedAction, float, float]]:
    """Each action, how much longer than the mean of its kind it took, s, and the noise of its kind, s."""
    kinds: dict[tuple[str, float | None], list[int]] = defaultdict(list)
    for number, each in enumerate(actions):
        kinds[each.what, each.mm].append(number)
    found = {}
    for numbers in kinds.values():
        if len(numbers) < MIN_ACTIONS:
            continue
        taken_s = np.array([actions[number].taken_s for number in numbers])
        # From one to the next, a change of level enters the noise only once.
        noise_s = max(CLOCK_S, float(np.sqrt(np.mean(np.diff(taken_s) ** 2) / 2)))
        for number, excess_s in zip(numbers, taken_s - taken_s.mean(), strict=True):
            found[number] = (actions[number], float(excess_s), noise_s)
    return [found[number] for number in sorted(found)]


def _change_points(values: np.ndarray, offset: int) -> list[int]:
    """Where the mean of the values changes, rising; ``offset`` is added to each."""
    count = len(values)
    if count < 2 * MIN_ACTIONS:
        return []
    sums = np.abs(np.cumsum(values - values.mean()))[MIN_ACTIONS - 1 : count - MIN_ACTIONS]
    at = int(np.argmax(sums)) + MIN_ACTIONS
    if sums[at - MIN_ACTIONS] / np.sqrt(count) < KOLMOGOROV_99:
        return []
    return [*_change_points(values[:at], offset), offset + at, *_change_points(values[at:], offset + at)]


def _clock(seconds: float) -> str:
    return f"{int(seconds // 3600)}:{int(seconds // 60 % 60):02}:{int(seconds % 60):02}"
