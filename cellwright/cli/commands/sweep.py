"""``sweep`` and ``sensitivity``: many designs of a cell, and which inputs its result hangs on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.table import Table

import cellwright
from cellwright import cells
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange, ranked, sensitivity
from cellwright.benchmarks.sweeps.sampling import designs, read_axis
from cellwright.benchmarks.sweeps.sweep import Sweep, carry_out, read_sweep
from cellwright.cli.commands.simulate import SHIFT_HOURS
from cellwright.cli.progress import progress
from cellwright.cli.tables import WIDTH, console
from cellwright.errors import CellFault, InputError
from cellwright.hardware.firmware_profiles import SteppingFirmware
from cellwright.sequences import inputs_of
from cellwright.sim import Length
from cellwright.sim.replication import cores, process_pool

SCHEDULER_ANSWERS_S = 10


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
    scheduler: str | None
    output: Path
    picture: Path | None
    figure: str
    firmware: SteppingFirmware


def sweep(asked: SweepAsked) -> None:
    """Simulate what is missing, write it as it comes, and draw it."""
    if not asked.vary:
        raise InputError("Nothing is varied; name an input, as in --vary carriage.max_speed=100:400:7.")
    axes = [read_axis(text) for text in asked.vary]
    swept = replace(
        _plain(asked),
        names=tuple(axis.name for axis in axes),
        designs=designs(axes, asked.method, asked.samples, asked.seed),
    )
    swept.scenario(swept.designs[0])  # a misspelt input is refused before anything is begun
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


def _plain(asked: SweepAsked | SensitivityAsked) -> Sweep:
    """What is simulated, with nothing varied yet."""
    return Sweep(
        cells.load(asked.cell),
        asked.cell,
        (),
        (),
        tuple(asked.settings),
        Length(hours=asked.hours or SHIFT_HOURS),
        asked.replications,
        asked.seed,
        cellwright.__version__,
        asked.firmware,
    )


def _carry_out(swept: Sweep, asked: SweepAsked) -> None:
    total, done = len(swept.designs), 0
    with _workers(asked) as (executor, workers):
        steps = carry_out(swept, asked.output, executor, workers)
        try:
            done = next(steps)  # what an earlier run left
            with progress(f"{total} designs of {asked.cell}", total, done) as advance:
                for now in steps:
                    done = now
                    advance()
        except KeyboardInterrupt:
            raise CellFault(f"Stopped by Ctrl-C: {_so_far(done, total, asked)}") from None
        except CancelledError:
            raise InputError(
                f"The Dask scheduler at {asked.scheduler} answers no more: {_so_far(done, total, asked)}"
            ) from None
        except BrokenExecutor:
            raise InputError(
                f"A worker process was ended from outside, perhaps for want of memory: {_so_far(done, total, asked)}"
            ) from None


def _so_far(done: int, total: int, asked: SweepAsked) -> str:
    return f"{done} of {total} designs are in {asked.output}; the same command goes on from there."


@contextmanager
def _workers(asked: SweepAsked) -> Iterator[tuple[Executor, int]]:
    """Who does the work, and how many they are: processes here, or a Dask cluster.

    Raises InputError for a scheduler that does not answer, or has no workers.
    """
    if asked.scheduler is None:
        workers = asked.jobs or cores()
        with process_pool(workers) as pool:
            yield pool, workers
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError("A sweep on a Dask cluster needs Dask: install cellwright[dask].") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what it logs are tracebacks; a sentence says it here
    _refuse_unless_it_answers(asked.scheduler)
    client = Client(asked.scheduler, timeout=SCHEDULER_ANSWERS_S, set_as_default=False)
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise InputError(f"The Dask scheduler at {asked.scheduler} has no workers; start some with: dask worker.")
        executor = client.get_executor()
        try:
            yield executor, workers
        except CellFault:
            executor.shutdown(wait=False, cancel_futures=True)  # after Ctrl-C: its work for us ends
            raise


def _refuse_unless_it_answers(address: str) -> None:
    """A look ahead of the client, which is slow to give up and leaves a thread behind that complains at the end."""
    from distributed.core import rpc

    async def its_type() -> str:
        async with rpc(address) as there:
            return str((await there.identity())["type"])

    async def in_time() -> str:
        return await asyncio.wait_for(its_type(), SCHEDULER_ANSWERS_S)

    try:
        found = asyncio.run(in_time())
    except Exception as error:  # a web server at that port, say, answers with bytes that may break anything in Dask
        raise InputError(f"No Dask scheduler answers at {address}; start one with: dask scheduler.") from error
    if found != "Scheduler":
        raise InputError(f"At {address} is a Dask {found.lower()}, not the scheduler; give the scheduler's address.")


def _draw(swept: Sweep, asked: SweepAsked, rows: list[dict[str, object]]) -> None:
    from cellwright.benchmarks.charts import style
    from cellwright.benchmarks.charts.sweep import pareto_chart, sweep_chart

    assert asked.picture is not None
    across, comma, up = asked.figure.partition(",")
    drawn = pareto_chart(rows, across, up) if comma else sweep_chart(rows, swept.names, asked.figure)
    style.save(drawn, asked.picture)


@dataclass(frozen=True, slots=True)
class SensitivityAsked:
    """What the user asked to know."""

    cell: str
    figure: str
    percent: float
    settings: Sequence[str]
    hours: float | None
    replications: int
    seed: int
    jobs: int | None
    picture: Path | None
    as_json: bool
    firmware: SteppingFirmware


def analyse_sensitivity(asked: SensitivityAsked) -> None:
    """Change every input alone, print what each does to the result, and draw the tornado."""
    plain = _plain(asked)
    base, ranges = _screened(plain, asked)
    order = ranked(ranges, base)
    if asked.as_json:
        print(
            json.dumps({"figure": asked.figure, "as_it_is": base, "inputs": [asdict(each) for each in order]}, indent=2)
        )
    else:
        _print_swings(asked, base, order, [each for each in ranges if each.problem])
    if asked.picture is not None:
        from cellwright.benchmarks.charts import style
        from cellwright.benchmarks.charts.tornado import tornado

        style.save(tornado(ranges, base, asked.figure, asked.percent / 100, asked.replications), asked.picture)


def _screened(plain: Sweep, asked: SensitivityAsked) -> tuple[float, list[SensitivityRange]]:
    total = sum(1 for _ in inputs_of(plain.study.scenario(plain.settings).parameters))
    base, ranges = 0.0, []
    with (
        process_pool(asked.jobs or cores()) as pool,
        progress(f"{total} inputs of {asked.cell}", total) as advance,
    ):
        for found in sensitivity(plain, asked.figure, asked.percent / 100, pool):
            if isinstance(found, float):
                base = found
            else:
                ranges.append(found)
            advance()
    return base, ranges


def _print_swings(
    asked: SensitivityAsked, base: float, order: Sequence[SensitivityRange], refused: Sequence[SensitivityRange]
) -> None:
    share = f"{asked.percent:g} %"
    table = Table("input", "status", "as it is", f"{share} less", f"{share} more", width=WIDTH)
    for each in order:
        if each.width(base) > 0:
            ends = ["cannot be" if end is None else f"{end:.4g}" for end in (each.low, each.high)]
            table.add_row(each.name, each.status, f"{each.value:g}", *ends)
    out = console()
    out.print(f"{asked.figure} of {asked.cell}: {base:.4g} with all inputs as they are; with one changed alone:")
    out.print(table)
    still = sum(each.width(base) == 0 for each in order)
    out.print(f"{still} inputs move nothing; {len(refused)} cannot be changed alone.")
