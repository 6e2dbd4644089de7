"""``sweep``: many designs of a cell, as a table in a CSV and a picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cellwright
from cellwright import cells
from cellwright.benchmarks.designs import designs, read_axis
from cellwright.benchmarks.sweep import Sweep, carry_out, read_sweep
from cellwright.cli.simulating import SHIFT_HOURS, progress
from cellwright.cli.tables import console
from cellwright.errors import CellFault, InputError
from cellwright.sim import Length


@dataclass(frozen=True, slots=True)
class SweepAsked:
    """What the user asked to have swept, and where to."""

    cell: str
    vary: Sequence[str]
    method: str
    samples: int
    settings: Sequence[str]
    hours: float | None
    replications: int
    seed: int
    jobs: int | None
    output: Path
    picture: Path | None
    figure: str


def sweep(asked: SweepAsked) -> None:
    """Simulate what is missing, write it as it comes, and draw it."""
    if not asked.vary:
        raise InputError("Nothing is varied; name an input, as in --vary carriage.max_speed=100:400:7.")
    axes = [read_axis(text) for text in asked.vary]
    swept = Sweep(
        kit=cells.load(asked.cell),
        cell=asked.cell,
        names=tuple(axis.name for axis in axes),
        designs=designs(axes, asked.method, asked.samples, asked.seed),
        settings=tuple(asked.settings),
        length=Length(hours=asked.hours or SHIFT_HOURS),
        replications=asked.replications,
        seed=asked.seed,
        version=cellwright.__version__,
    )
    swept.kit.scenario(swept.assignments(swept.designs[0]))  # a misspelt input is refused before anything is begun
    _carry_out(swept, asked)
    rows = read_sweep(asked.output)
    refused = [row for row in rows if row["problem"]]
    out = console()
    out.print(f"{len(rows)} designs are in {asked.output}.")
    if refused:
        out.print(f"{len(refused)} of them cannot be; the first: {refused[0]['problem']}")
    if asked.picture is not None:
        _draw(swept, asked, rows)
        out.print(f"Wrote {asked.picture}.")


def _carry_out(swept: Sweep, asked: SweepAsked) -> None:
    workers = asked.jobs or len(os.sched_getaffinity(0))
    with (
        ProcessPoolExecutor(workers) as pool,
        progress(f"{len(swept.designs)} designs of {asked.cell}", len(swept.designs)) as advance,
    ):
        before = 0
        try:
            for done in carry_out(swept, asked.output, pool, workers):
                for _ in range(done - before):
                    advance()
                before = done
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise CellFault(
                f"Stopped by Ctrl-C: {before} of {len(swept.designs)} designs are in {asked.output}; "
                "the same command goes on from there."
            ) from None


def _draw(swept: Sweep, asked: SweepAsked, rows: list[dict[str, object]]) -> None:
    from cellwright.benchmarks import figures
    from cellwright.benchmarks.sweep_figure import pareto_chart, sweep_chart

    assert asked.picture is not None
    across, comma, up = asked.figure.partition(",")
    drawn = pareto_chart(rows, across, up) if comma else sweep_chart(rows, swept.names, asked.figure)
    figures.save(drawn, asked.picture)
