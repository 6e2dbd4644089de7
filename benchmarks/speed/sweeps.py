"""How many designs a second a sweep of the stapler tries, on one process and on two, the two interleaved.

A design is 20 replications of a shift, beside the hand. Run it by hand:
``.venv/bin/python benchmarks/speed/sweeps.py``. It judges nothing, so its exit code is always 0.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from cellwright.benchmarks.designs import designs, read_axis
from cellwright.benchmarks.sweep import Sweep, carry_out
from cellwright.cells import load
from cellwright.sim import Length

PAIRS = 3
DESIGNS = 8
WHOLE = 1000


def designs_per_s(sweep: Sweep, workers: int, folder: Path, number: int) -> float:
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(abs, range(workers)))  # the processes are there before the clock runs
        began_s = time.perf_counter()
        list(carry_out(sweep, folder / f"{workers}-{number}.csv", pool, workers))
        return len(sweep.designs) / (time.perf_counter() - began_s)


def main() -> None:
    axes = [read_axis("carriage.max_speed=60:300:2"), read_axis("trigger.rest_s=0.08:0.2:2")]
    tried = designs(axes, "latin", DESIGNS, seed=1)
    names = tuple(axis.name for axis in axes)
    sweep = Sweep(load("stapler"), "stapler", names, tried, (), Length(hours=7.5), 20, 1, "bench")
    with tempfile.TemporaryDirectory() as folder:
        pairs = [[designs_per_s(sweep, workers, Path(folder), n) for workers in (1, 2)] for n in range(PAIRS)]
    one, two = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    ratios = sorted(second / first for first, second in pairs)
    print(
        f"sweep: {one:.2f} designs/s on one process, {two:.2f} on two; ratio {statistics.median(ratios):.2f} "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f}, {PAIRS} pairs); wanted at least 1.6"
    )
    print(f"{WHOLE} designs of 20 replications of a shift would take {WHOLE / two / 60:.0f} minutes on two processes")


if __name__ == "__main__":
    main()
