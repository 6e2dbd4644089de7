"""Draws docs/pictures/dose_error.png and prints its figures: python docs/pictures/dose_error.py."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from cellwright.benchmarks.charts.histogram import error_histogram
from cellwright.benchmarks.charts.style import save
from cellwright.cells.lacquer_mixer import STUDY
from cellwright.cells.lacquer_mixer.accuracy import NO_MISHAPS, trial_doses

REPLICATIONS, EACH = 200, 50


def main() -> None:
    """Simulate the doses, print how many are good, draw the histogram."""
    work = partial(trial_doses, STUDY.scenario(NO_MISHAPS))
    with ProcessPoolExecutor() as pool:
        done = [dose for part in pool.map(work, range(REPLICATIONS), [EACH] * REPLICATIONS) for dose in part]
    errors_g = np.array([dose.error_g for dose in done])
    good = 100 * sum(dose.is_within_tolerance for dose in done) / len(done)
    celsius = [dose.celsius for dose in done]
    print(f"{len(done)} doses of 5 to 1000 g, {min(celsius):.1f} to {max(celsius):.1f} °C, all tubing ages")
    print(f"within 0.5 g or 0.2 %, whichever is more: {good:.2f} %")
    print(f"mean {errors_g.mean():+.3f} g, standard deviation {errors_g.std():.3f} g")
    print(f"worst {np.abs(errors_g).max():.2f} g")
    figure = error_histogram(
        errors_g,
        title=f"{good:.1f} % of simulated doses are within 0.5 g,\nor 0.2 % of the target (required: 99 %)",
        label="true mass less target mass, g",
        limit=0.5,
    )
    save(figure, Path(__file__).with_name("dose_error.png"))


if __name__ == "__main__":
    main()
