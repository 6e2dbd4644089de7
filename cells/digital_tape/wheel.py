"""A measuring wheel on a log, and the sources of its error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cellwright.provenance import assumed, published


@dataclass(kw_only=True)
class WheelParameters:
    """The error budget of a measuring wheel. Calibration removes steady slip together with the error of its diameter.

    reference_error_mm: half-width of the error of the length used for calibration. reference_mm: that length.
    calibration_walks: 1 if the calibration was one run with random slip, 0 if it was the mean of many.
    expansion_ppm_per_c: of the wheel. wood_ppm_per_c: along the grain. temperature_off_c: half-width of the difference
    between the temperature of wheel and log and ``wheel.celsius``, for which the scale is corrected (if that is not
    set, the temperature of the calibration). slip_ppm: standard deviation of slip from log to log, wet or dry.
    walk_mm: standard deviation of the random walk of slip over one metre; over n metres √n times as much.
    """

    reference_error_mm: float = assumed(0.2, "a 10 m tape with a certificate, its corrections applied")
    reference_mm: float = assumed(10_000, "the longest that a certified tape of the usual kind reaches")
    calibration_walks: float = assumed(0, "calibrated by the mean of several runs")
    expansion_ppm_per_c: float = published(12, "carbon steel up to 100 °C: EN 1993-1-1, 3.2.6")
    wood_ppm_per_c: float = published(4, "softwood along the grain, 3 to 5: USDA Wood Handbook, FPL-GTR-190, chapter 4")
    temperature_off_c: float = assumed(0.5, "a thermometer beside the wheel, its reading set as wheel.celsius")
    slip_ppm: float = assumed(15, "planed log timber, spring-loaded wheel; nobody has measured it")
    walk_mm: float = assumed(0.05, "planed log timber, spring-loaded wheel; nobody has measured it")

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0:
                raise ValueError(f"{name} must be at least 0.")
        if self.reference_mm < 100:
            raise ValueError("reference_mm must be at least 100.")


class Wheel:
    """A wheel that rolls on logs. counts: the reading of its encoder.

    counts_per_mm: the scale from the calibration.
    """

    def __init__(self, parameters: WheelParameters, counts_per_mm: float, random: np.random.Generator) -> None:
        self._random = random
        p = parameters
        self._walk_mm = float(p.walk_mm)
        self._slip_ppm = float(p.slip_ppm)
        reference_error_mm = random.uniform(-1, 1) * p.reference_error_mm
        reference_error_mm += (
            p.calibration_walks * self._walk_mm * math.sqrt(p.reference_mm / 1000) * random.standard_normal()
        )
        warmer_c = random.uniform(-1, 1) * p.temperature_off_c
        # An expanded wheel counts less, and expanded wood is longer; both per mm of cold wood.
        self._scale = (
            1 + reference_error_mm / p.reference_mm - (p.expansion_ppm_per_c - p.wood_ppm_per_c) * warmer_c * 1e-6
        )
        self._counts_per_mm = counts_per_mm
        self._position_counts = random.uniform(0, 1)  # counts; a random position between two edges
        self.new_log()

    def new_log(self) -> None:
        """Begin a new log, with a slip of its own."""
        self._slip = 1 + self._slip_ppm * 1e-6 * self._random.standard_normal()

    def roll(self, mm: float) -> None:
        """Move the log by ``mm``, forward or back."""
        walk_mm = self._walk_mm * math.sqrt(abs(mm) / 1000) * self._random.standard_normal()
        self._position_counts += (mm * self._scale * self._slip + walk_mm) * self._counts_per_mm

    @property
    def counts(self) -> int:
        """The reading of the encoder."""
        return math.floor(self._position_counts)


def tape_errors_mm(
    parameters: WheelParameters, counts_per_mm: float, distance_mm: float, runs: int, random: np.random.Generator
) -> np.ndarray:
    """Measured minus true length of ``runs`` measurements over ``distance_mm``, each on its own day and log.

    A random fraction of a count is added to each length, as lengths are not whole numbers of counts.
    """
    errors_mm = np.empty(runs)
    for run in range(runs):
        wheel = Wheel(parameters, counts_per_mm, random)
        before = wheel.counts
        true_mm = distance_mm + random.uniform(0, 1) / counts_per_mm
        wheel.roll(true_mm)
        errors_mm[run] = (wheel.counts - before) / counts_per_mm - true_mm
    return errors_mm
