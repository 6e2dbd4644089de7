"""Benchmark of the digital tape's cutting-stock planner: its time and distance from a proven bound.

Run it by hand: ``.venv/bin/python benchmarks/performance/cutting_stock.py``. It plans 200 pieces on 60 logs, and 5000
pieces of 4000 lengths. The targets are 10 s and 2 % above the bound. It checks nothing, so its exit code is always 0.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence

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
            logs = lengths_of(draws)
            measure([draws.randrange(300, 2600) for _ in range(PIECES)], logs, name, seed)
    draws = random.Random(0)
    lengths = [tenths / 10 for tenths in draws.sample(range(3000, 26_000), 4000)]
    measure([*lengths, *draws.choices(lengths, k=1000)], [6000] * 5000, "logs of 6 m", 0)


def measure(lengths_mm: Sequence[float], logs_mm: Sequence[int], name: str, seed: int) -> None:
    logs = tuple(Log(log=f"{mm}", length_mm=mm, quantity=count) for mm, count in Counter(logs_mm).items())
    pieces = tuple(TimberPiece(piece=f"{n}", length_mm=mm, quantity=1) for n, mm in enumerate(lengths_mm))
    started_s = time.perf_counter()
    plan = plan_for(CutList(pieces=pieces), Stock(logs=logs), Saw.standard())
    seconds = time.perf_counter() - started_s
    cut = sum(len(log.pieces) for log in plan.logs)
    print(f"{cut:6}  {seconds:7.1f}  {plan.above_bound_percent:13.2f}  {seed:4}  {name}", flush=True)


if __name__ == "__main__":
    main()
