"""``sweep`` and ``sensitivity``: many designs of a cell, and the parameters that its result depends on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import cellwright
from cellwright import cells
from cellwright.benchmarks.experiments.experiment import SHIFT_HOURS
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange, ranked, sensitivity
from cellwright.benchmarks.sweeps.sampling import designs, read_varied_parameter
from cellwright.benchmarks.sweeps.sweep import Sweep, read_sweep, write_sweep
from cellwright.cli.progress import progress
from cellwright.cli.tables import WIDTH, console, pluralize
from cellwright.errors import CellFault, InputError
from cellwright.hardware.firmware_profiles import SteppingFirmware
from cellwright.sequences import inputs_of
from cellwright.sim import Length
from cellwright.sim.replication import cores, process_pool

SCHEDULER_TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class SweepOptions:
    """The options of ``sweep``."""

    cell: str
    vary: Sequence[str]
    method: str
    samples: int
    overrides: Sequence[str]
    hours: float | None
    replications: int
    seed: int
    jobs: int | None
    scheduler: str | None
    output: Path
    picture: Path | None
    figure: str
    firmware: SteppingFirmware


def sweep(options: SweepOptions) -> None:
    """Simulate the designs that the file does not hold yet, write each as it comes, and draw the results."""
    if not options.vary:
        raise InputError("No parameter is varied; give one, as in --vary carriage.max_speed=100:400:7.")
    axes = [read_varied_parameter(text) for text in options.vary]
    plan = replace(
        _unvaried_sweep(options),
        names=tuple(axis.name for axis in axes),
        designs=designs(axes, options.method, options.samples, options.seed),
    )
    plan.scenario(plan.designs[0])  # refuses a misspelt parameter before anything is simulated
    _run_sweep(plan, options)
    rows = read_sweep(options.output)
    refused = [row for row in rows if row["problem"]]
    out = console()
    are = "is" if len(rows) == 1 else "are"
    out.print(
        f"{pluralize(len(rows), 'design')} {are} in {options.output}. The intervals are over simulation noise only."
    )
    if refused:
        out.print(f"{len(refused)} of them are not feasible; the first: {refused[0]['problem']}")
    if options.picture is not None:
        _draw(plan, options, rows)
        out.print(f"Wrote {options.picture}.")


def _unvaried_sweep(options: SweepOptions | SensitivityOptions) -> Sweep:
    """A sweep of no parameters: what to simulate, and how."""
    return Sweep(
        cells.load(options.cell),
        options.cell,
        (),
        (),
        tuple(options.overrides),
        Length(hours=options.hours or SHIFT_HOURS),
        options.replications,
        options.seed,
        cellwright.__version__,
        options.firmware,
    )


def _run_sweep(plan: Sweep, options: SweepOptions) -> None:
    total, done = len(plan.designs), 0
    with _workers(options) as (executor, workers):
        steps = write_sweep(plan, options.output, executor, workers)
        try:
            done = next(steps)  # the number that an earlier run finished
            with progress(f"{total} designs of {options.cell}", total, done) as advance:
                for now in steps:
                    done = now
                    advance()
        except KeyboardInterrupt:
            raise CellFault(f"Stopped by Ctrl-C: {_progress_sentence(done, total, options)}") from None
        except CancelledError:
            raise InputError(
                f"The Dask scheduler at {options.scheduler} answers no more: {_progress_sentence(done, total, options)}"
            ) from None
        except BrokenExecutor:
            raise InputError(
                f"A worker process was killed, perhaps for lack of memory: {_progress_sentence(done, total, options)}"
            ) from None


def _progress_sentence(done: int, total: int, options: SweepOptions) -> str:
    return f"{done} of {total} designs are in {options.output}; run the same command again to resume."


@contextmanager
def _workers(options: SweepOptions) -> Iterator[tuple[Executor, int]]:
    """The executor and its number of workers: local processes, or a Dask cluster.

    Raises:
        InputError: The scheduler does not answer, or has no workers.
    """
    if options.scheduler is None:
        workers = options.jobs or cores()
        with process_pool(workers) as pool:
            yield pool, workers
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError("A sweep on a Dask cluster needs Dask: install cellwright[dask].") from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it logs tracebacks; the errors raised here replace them
    _check_scheduler(options.scheduler)
    client = Client(options.scheduler, timeout=SCHEDULER_TIMEOUT_S, set_as_default=False)
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise InputError(f"The Dask scheduler at {options.scheduler} has no workers; start some with: dask worker.")
        executor = client.get_executor()
        try:
            yield executor, workers
        except CellFault:
            executor.shutdown(
                wait=False, cancel_futures=True
            )  # after Ctrl-C, or a lost cluster: cancel what was submitted
            raise


def _check_scheduler(address: str) -> None:
    """Check the address before a client does, which gives up late and leaves a thread behind that logs errors."""
    from distributed.core import rpc

    async def server_type() -> str:
        async with rpc(address) as there:
            return str((await there.identity())["type"])

    async def with_timeout() -> str:
        return await asyncio.wait_for(server_type(), SCHEDULER_TIMEOUT_S)

    try:
        found_type = asyncio.run(with_timeout())
    except Exception as error:  # another server at that port may raise anything in Dask
        raise InputError(f"No Dask scheduler answers at {address}; start one with: dask scheduler.") from error
    if found_type != "Scheduler":
        raise InputError(
            f"At {address} there is a Dask {found_type.lower()}, not a scheduler; give the scheduler's address."
        )


def _draw(plan: Sweep, options: SweepOptions, rows: list[dict[str, object]]) -> None:
    from cellwright.benchmarks.charts import style
    from cellwright.benchmarks.charts.sweep import pareto_chart, sweep_chart

    assert options.picture is not None
    x_column, comma, y_column = options.figure.partition(",")
    chart = pareto_chart(rows, x_column, y_column) if comma else sweep_chart(rows, plan.names, options.figure)
    style.save(chart, options.picture)


@dataclass(frozen=True, slots=True)
class SensitivityOptions:
    """The options of ``sensitivity``."""

    cell: str
    figure: str
    percent: float
    overrides: Sequence[str]
    hours: float | None
    replications: int
    seed: int
    jobs: int | None
    picture: Path | None
    as_json: bool
    firmware: SteppingFirmware


def analyse_sensitivity(options: SensitivityOptions) -> None:
    """Vary every parameter alone, print its effect on the result, and draw the tornado chart."""
    base_sweep = _unvaried_sweep(options)
    base, ranges = _simulate_ranges(base_sweep, options)
    order = ranked(ranges, base)
    if options.as_json:
        print(json.dumps(_sensitivity_json(options, base_sweep, base, order), indent=2))
    else:
        _print_ranges(options, base, order, [each for each in ranges if each.problem])
    if options.picture is not None:
        from cellwright.benchmarks.charts import style
        from cellwright.benchmarks.charts.tornado import tornado

        style.save(tornado(ranges, base, options.figure, options.percent / 100, options.replications), options.picture)


def _sensitivity_json(
    options: SensitivityOptions, base_sweep: Sweep, base: float, order: Sequence[SensitivityRange]
) -> dict[str, Any]:
    """The ranges as JSON, with what reproduces them."""
    scenario = base_sweep.study.scenario(options.overrides, firmware=options.firmware)
    return {
        "cell": options.cell,
        "firmware": options.firmware,
        "figure": options.figure,
        "percent": options.percent,
        "base_case": base,
        "inputs": [asdict(each) | {"may_be_chance": each.may_be_chance(base)} for each in order],
        "seed": options.seed,
        "version": cellwright.__version__,
        "input_hash": scenario.input_hash(),
        "replications": options.replications,
    }


def _simulate_ranges(base_sweep: Sweep, options: SensitivityOptions) -> tuple[float, list[SensitivityRange]]:
    total = sum(1 for _ in inputs_of(base_sweep.study.scenario(base_sweep.overrides).parameters))
    base, ranges = 0.0, []
    with (
        process_pool(options.jobs or cores()) as pool,
        progress(f"{total} parameters of {options.cell}", total) as advance,
    ):
        for found in sensitivity(base_sweep, options.figure, options.percent / 100, pool):
            if isinstance(found, float):
                base = found
            else:
                ranges.append(found)
            advance()
    return base, ranges


def _end_text(end: float | None, half_width: float | None) -> str:
    if end is None:
        return "not feasible"
    return f"{end:.4g}" + (f" ±{half_width:.2g}" if half_width else "")


def _print_chance(out: Console, options: SensitivityOptions, names: Sequence[str]) -> None:
    """What ± means, and which effects the simulation's noise alone may have made."""
    if options.replications < 2:
        out.print("One replication does not show which effects may be chance; use --replications 10.")
        return
    out.print("±: half the 95 % interval of the difference from the base case, in pairs; simulation noise only.")
    if names:
        out.print(f"May be chance, because that interval includes 0: {', '.join(names)}.")


def _print_ranges(
    options: SensitivityOptions, base: float, order: Sequence[SensitivityRange], refused: Sequence[SensitivityRange]
) -> None:
    share = f"{options.percent:g} %"
    table = Table("parameter", "status", "base case", f"{share} less", f"{share} more", width=WIDTH)
    for each in order:
        if each.width(base) > 0:
            ends = [_end_text(each.low, each.low_half_width), _end_text(each.high, each.high_half_width)]
            grey = "dim" if each.may_be_chance(base) else None
            table.add_row(each.name, each.status, f"{each.value:g}", *ends, style=grey)
    out = console()
    label = _figure_label(options)
    out.print(f"{options.cell}, {label}: {base:.4g} in the base case; with one parameter changed alone:")
    out.print(table)
    _print_chance(out, options, [each.name for each in order if each.may_be_chance(base)])
    without_effect = sum(each.width(base) == 0 for each in order)
    have = "has" if without_effect == 1 else "have"
    out.print(f"{pluralize(without_effect, 'parameter')} {have} no effect; {len(refused)} cannot be changed alone.")


def _figure_label(options: SensitivityOptions) -> str:
    """The figure in words with its unit."""
    from cellwright.benchmarks.charts.sweep import figure_label

    for measure in cells.load(options.cell).measures:
        if measure.name == options.figure:
            return f"{measure.words}, {measure.unit}"
    return figure_label(options.figure)
