"""A measuring wheel on a log: what makes it show something else than how far the log went."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cellwright.provenance import assumed, published


@dataclass(kw_only=True)
class WheelParameters:
    """What a measuring wheel's error is made of. Its steady slip is calibrated away with its diameter.

    reference_error_mm: half-width of the error of the known length that it was calibrated with. reference_mm: that
    length. calibration_walks: whether that run had the slip of its own that every run has (1) or is a mean of many (0).
    expansion_ppm_per_c: of the wheel. wood_ppm_per_c: along the grain. temperature_off_c: half-width of how much warmer
    or colder wheel and log are than ``wheel.celsius`` says, for which the scale is corrected; if nobody sets that, than
    when the wheel was calibrated. slip_ppm: standard deviation of slip from log to log, wet or dry.
    walk_mm: standard deviation of slip over one metre, at random; over n metres √n times as much.
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
    """A wheel that rolls on logs. counts: what its encoder has counted.

    counts_per_mm: the scale that the calibration found.
    """

    def __init__(self, parameters: WheelParameters, counts_per_mm: float, random: np.random.Generator) -> None:
        self._random = random
        p = parameters
        self._walk_mm = float(p.walk_mm)
        self._slip_ppm = float(p.slip_ppm)
        off_mm = random.uniform(-1, 1) * p.reference_error_mm
        off_mm += p.calibration_walks * self._walk_mm * math.sqrt(p.reference_mm / 1000) * random.standard_normal()
        warmer_c = random.uniform(-1, 1) * p.temperature_off_c
        # A wheel that has grown counts less; wood that has grown is longer than it will be: both per mm of cold wood.
        self._day = 1 + off_mm / p.reference_mm - (p.expansion_ppm_per_c - p.wood_ppm_per_c) * warmer_c * 1e-6
        self._counts_per_mm = counts_per_mm
        self._rolled = random.uniform(0, 1)  # counts; where between two edges it stands
        self.new_log()

    def new_log(self) -> None:
        """Another log: its slip is another."""
        self._log = 1 + self._slip_ppm * 1e-6 * self._random.standard_normal()

    def roll(self, mm: float) -> None:
        """The log goes ``mm`` on, or back."""
        walk_mm = self._walk_mm * math.sqrt(abs(mm) / 1000) * self._random.standard_normal()
        self._rolled += (mm * self._day * self._log + walk_mm) * self._counts_per_mm

    @property
    def counts(self) -> int:
        """What the encoder has counted."""
        return math.floor(self._rolled)


def tape_errors_mm(
    parameters: WheelParameters, counts_per_mm: float, distance_mm: float, runs: int, random: np.random.Generator
) -> np.ndarray:
    """Shown minus true of ``runs`` measurements over ``distance_mm``, each on a day and a log of its own.

    Each is longer by its own share of one count, as lengths are no whole numbers of counts.
    """
    errors_mm = np.empty(runs)
    for run in range(runs):
        wheel = Wheel(parameters, counts_per_mm, random)
        before = wheel.counts
        true_mm = distance_mm + random.uniform(0, 1) / counts_per_mm
        wheel.roll(true_mm)
        errors_mm[run] = (wheel.counts - before) / counts_per_mm - true_mm
    return errors_mm
