"""Benchmark of writing a report after the simulation, format by format, for three cells.

The time of importing the writer is included, as a user waits for it. Run by ``make bench``, or by hand:
``.venv/bin/python benchmarks/performance/report.py``. It checks nothing, so its exit code is always 0.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

CELLS = ("stapler", "lacquer_mixer", "digital_tape")
TARGET_S = 15


def seconds_by_format(name: str, language: str, folder: Path) -> dict[str, float]:
    from cellwright import cells
    from cellwright.benchmarks import paired
    from cellwright.benchmarks.economics.commercial import read_commercial
    from cellwright.benchmarks.economics.inputs import read_economics
    from cellwright.benchmarks.economics.model import economics_as_given, evaluate_economics
    from cellwright.benchmarks.sweeps.screening import ScreeningExperiment, figure_reader, screen
    from cellwright.sim import Length, observe_free_time, run_cell, run_manual

    scenario, home = cells.load(name).scenario(), Path(cells.__file__).parent / name
    measures, length = scenario.study.measures, Length(hours=1)
    runs = [[run(scenario, length, 1, number) for number in range(2)] for run in (run_cell, run_manual)]
    comparison = paired(scenario.study.cell.unit, *runs, scenario.provenance(compared=True), 1, 7.5)
    economics = read_economics(home / "economics.toml", [each.name for each in measures])
    commercial = read_commercial(home / "commercial.toml", [each.name for each in measures])
    with ThreadPoolExecutor(1) as pool:
        question = ScreeningExperiment(scenario, Length(cycles=5), 1, 1, figure_reader(economics, measures))
        screening = screen(question, comparison, economics, 0.2, pool)
    given, better = (comparison, economics, commercial, measures), scenario.with_best_manual()
    by_best = [run_manual(better, length, 1, number) for number in range(2)] if better else []
    best = paired(scenario.study.cell.unit, runs[0], by_best, {}, 1, 7.5) if better else None
    free = observe_free_time(scenario, length, 1)
    result = evaluate_economics(*given, free=free, best=best)
    as_given = economics_as_given(*given, free=free, best=best)

    # Everything is simulated and computed; only writing is timed.
    began_s = time.perf_counter()
    from cellwright.benchmarks.economics.project import read_project
    from cellwright.benchmarks.report.inputs import Money, ReportInputs
    from cellwright.benchmarks.report.translations import read_translations
    from cellwright.benchmarks.report.writer import write_formats

    plan = home / "project.toml"
    project = read_project(plan) if plan.exists() else None
    money = Money(economics, commercial, result, as_given)
    inputs = ReportInputs(name, scenario, comparison, 1.0, money, project, screening, 0.2, 1, "bench", "bench", "bench")
    seconds: dict[str, float] = {}
    for kind, _ in write_formats(folder, inputs, read_translations(language, name, home)):
        now_s = time.perf_counter()
        seconds[kind], began_s = now_s - began_s, now_s
    return seconds


def main() -> None:
    for name in CELLS:
        with tempfile.TemporaryDirectory() as folder:
            seconds = seconds_by_format(name, "nb", Path(folder))
        parts = ", ".join(f"{kind} {each:.2f}" for kind, each in seconds.items())
        print(f"{name}: {sum(seconds.values()):.1f} s for all formats ({parts}); target: under {TARGET_S}")


if __name__ == "__main__":
    main()
