"""Benchmark of the digital tape's cutting-stock planner: 200 pieces on 60 logs, time and distance from a proven bound.

Run it by hand: ``.venv/bin/python benchmarks/performance/cutting_stock.py``. The targets are 10 s and 2 % above the
bound. It checks nothing, so its exit code is always 0.
"""

from __future__ import annotations

import random
import time
from collections import Counter

from cellwright.cells.digital_tape.assignment import plan_for
from cellwright.cells.digital_tape.cutlist import CutList, TimberPiece
from cellwright.cells.digital_tape.stock import Log, Saw, Stock

PIECES = 200
SEEDS = range(3)
STOCKS = {
    "60 logs of 6 m": lambda _: [6000] * 60,
    "20 each of 5.4, 6 and 12 m": lambda _: [6000, 5400, 12_000] * 20,
    "60 logs of 4 to 7 m, all different": lambda draws: [draws.randrange(4000, 7000) for _ in range(60)],
}


def main() -> None:
    print("pieces  seconds  % above bound  seed  logs")
    for name, lengths_of in STOCKS.items():
        for seed in SEEDS:
            draws = random.Random(seed)
            logs = tuple(
                Log(log=f"{mm}", length_mm=mm, quantity=count) for mm, count in Counter(lengths_of(draws)).items()
            )
            pieces = tuple(
                TimberPiece(piece=f"{n}", length_mm=draws.randrange(300, 2600), quantity=1) for n in range(PIECES)
            )
            started_s = time.perf_counter()
            plan = plan_for(CutList(pieces=pieces), Stock(logs=logs), Saw.standard())
            seconds = time.perf_counter() - started_s
            cut = sum(len(log.pieces) for log in plan.logs)
            print(f"{cut:6}  {seconds:7.1f}  {plan.above_bound_percent:13.2f}  {seed:4}  {name}", flush=True)


if __name__ == "__main__":
    main()
