"""Times far from the others of their element: found, named, and what the study is without them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from cellwright.benchmarks.time_study.stopwatch_csv import Reading, StopwatchStudy, occurrences
from cellwright.sim import Element

OUTLIER_SCORE = 3.5
"""Above this modified z-score a time is an outlier (Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers)."""


@dataclass(frozen=True, slots=True)
class Outlier:
    """An outlier among the times of its element: seconds, modified z-score, and the note on it."""

    element: str
    cycle: int
    seconds: float
    score: float
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The figures by name, units in the names."""
        return {"cycle": self.cycle, "time_s": self.seconds, "modified_z_score": self.score, "note": self.note}


def modified_z_scores(values: Sequence[float]) -> list[float]:
    """How far each value is from the median: 0.6745 (x - median) / MAD, MAD the median absolute deviation.

    Where more than half of the values are equal, MAD is 0, and the mean absolute deviation times 1.253314 takes the
    place of MAD / 0.6745. Median and MAD, unlike mean and standard deviation, are robust against outliers.
    Source: Iglewicz and Hoaglin 1993, as in the NIST/SEMATECH e-Handbook, 1.3.5.17; for MAD = 0, IBM Cognos.
    """
    median = statistics.median(values)
    deviations = [abs(value - median) for value in values]
    scale = statistics.median(deviations) / 0.6745 or 1.253314 * statistics.fmean(deviations)
    return [(value - median) / scale if scale else 0.0 for value in values]


def element_outliers(name: str, readings: Sequence[Reading]) -> tuple[Outlier, ...]:
    """The outliers among the occurrences of one element. readings: those of the whole study."""
    found = occurrences([reading for reading in readings if reading.element == name])
    scores = modified_z_scores([seconds for _, seconds, _ in found])
    return tuple(
        Outlier(name, cycle, seconds, score, note)
        for (cycle, seconds, note), score in zip(found, scores, strict=True)
        if abs(score) > OUTLIER_SCORE
    )


def study_outliers(study: StopwatchStudy) -> tuple[Outlier, ...]:
    """The outliers of all elements of a study, in the order of its elements."""
    return tuple(each for element in study.elements for each in element_outliers(element.name, study.readings))


def without_outliers(study: StopwatchStudy) -> tuple[Element, ...]:
    """The study's elements with the mean of its other times in the place of each outlier.

    How often the work occurs stays as it was timed: it was done, only its time is doubted. Nor does the number of times
    change, so that the same random numbers draw the same times but for the outliers.
    """
    outliers = study_outliers(study)
    return tuple(
        _without(each, [outlier for outlier in outliers if outlier.element == each.name], study.cycles)
        for each in study.elements
    )


def _without(element: Element, outliers: Sequence[Outlier], cycles: Sequence[int]) -> Element:
    if not outliers:
        return element
    kept_s = list(element.observed_s)
    for outlier in outliers:
        kept_s.remove(outlier.seconds)
    mean_s = statistics.fmean(kept_s)
    doubted_s = {outlier.seconds for outlier in outliers}
    sums_s = dict(zip(cycles, element.cycle_sums_s, strict=True))
    for outlier in outliers:
        sums_s[outlier.cycle] += mean_s - outlier.seconds
    return replace(
        element,
        mean_s=mean_s,
        observed_s=tuple(mean_s if seconds in doubted_s else seconds for seconds in element.observed_s),
        cycle_sums_s=tuple(sums_s.values()),
    )
