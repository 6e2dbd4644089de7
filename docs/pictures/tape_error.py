"""Draws docs/pictures/tape_error.png and prints which assumption adds what: python docs/pictures/tape_error.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cellwright.benchmarks.charts.histogram import error_histogram
from cellwright.benchmarks.charts.style import save
from cellwright.cells.digital_tape import DigitalTape
from cellwright.cells.digital_tape.wheel import WheelParameters, tape_errors_mm

RUNS, SEED = 20_000, 1
DISTANCE_MM = 10_000.0
WANTED_MM = 0.5
ASSUMPTIONS: dict[str, dict[str, float]] = {
    "as the cell ships: steel wheel, thermometer": {},
    "steel wheel, no thermometer (± 2 °C since the calibration)": {"temperature_off_c": 2},
    "aluminium wheel (23 ppm/°C), thermometer": {"expansion_ppm_per_c": 23},
    "aluminium wheel, no thermometer": {"expansion_ppm_per_c": 23, "temperature_off_c": 2},
    "calibrated with a class I tape, no certificate (± 1.1 mm)": {"reference_error_mm": 1.1},
    "calibrated by a single run instead of the mean of several": {"calibration_walks": 1},
    "no error of the known length": {"reference_error_mm": 0},
    "no slip from log to log": {"slip_ppm": 0},
    "no random slip": {"walk_mm": 0},
    "no error of the thermometer": {"temperature_off_c": 0},
}


def errors_mm(changed: dict[str, float]) -> np.ndarray:
    """The measured length of 10 m less the true one; each run on a day and a log of its own."""
    counts_per_mm = float(DigitalTape.wheel.counts_per_mm)
    random = np.random.default_rng(SEED)
    return tape_errors_mm(WheelParameters(**changed), counts_per_mm, DISTANCE_MM, RUNS, random)


def main() -> None:
    """Print the table, draw the histogram of the first row."""
    print(f"| over {DISTANCE_MM / 1000:g} m, {RUNS:,} simulated runs | 95 % of errors within, mm |\n|---|---|")
    for words, changed in ASSUMPTIONS.items():
        print(f"| {words} | {np.quantile(np.abs(errors_mm(changed)), 0.95):.2f} |")
    shipped_mm = errors_mm({})
    within = float(np.quantile(np.abs(shipped_mm), 0.95))
    figure = error_histogram(
        shipped_mm,
        title=f"95 % of simulated 10 m runs are measured to within {within:.2f} mm",
        label="measured length less true length, mm",
        limit=WANTED_MM,
    )
    save(figure, Path(__file__).with_name("tape_error.png"))


if __name__ == "__main__":
    main()
