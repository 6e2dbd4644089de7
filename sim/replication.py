"""Replications: simulates a cell, or the manual method, repeatedly under numbered random streams."""

from __future__ import annotations

import multiprocessing
import os
import signal
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import simpy
from simpy.events import Event

from cellwright.errors import CellFault, CellwrightError, InputError, describe_unexpected
from cellwright.sequences import RunLog
from cellwright.sim.fast_path import NotExact, fast_path_of, is_too_short
from cellwright.sim.run_length import WARM_UP_CYCLES, Length, Replication, no_unit_finished
from cellwright.sim.scenario import Scenario
from cellwright.sim.targets import Rig, model_rig

_NumberT = TypeVar("_NumberT", int, float)
_ResultT = TypeVar("_ResultT")


@dataclass
class _RunningTotals:
    """Running totals of a method, read whenever a unit is finished."""

    labour_s: float
    time_in_state_s: dict[str, float]
    stops: dict[str, int]
    measured: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counted = {name: len(values) for name, values in self.measured.items()}

    def since(self, start: _RunningTotals, cycle_times_s: array[float]) -> Replication:
        """What was added since ``start``."""
        return Replication(
            cycle_times_s,
            self.labour_s - start.labour_s,
            _difference(self.time_in_state_s, start.time_in_state_s),
            {cause: n for cause, n in _difference(self.stops, start.stops).items() if n},
            {
                name: array("d", values[start.counted.get(name, 0) : self.counted[name]])
                for name, values in self.measured.items()
            },
        )


def _difference(now: dict[str, _NumberT], before: dict[str, _NumberT]) -> dict[str, _NumberT]:
    return {name: value - before.get(name, 0) for name, value in now.items()}


def _run_and_measure(
    env: simpy.Environment,
    next_finished: Callable[[], Event],
    read: Callable[[], _RunningTotals],
    length: Length,
    unit: str,
) -> Replication:
    """Run until ``length`` is reached."""
    for _ in range(WARM_UP_CYCLES):
        env.run(until=next_finished())
    started_s = ended_s = env.now
    start = last = read()
    cycle_times_s: array[float] = array("d")
    while not length.is_reached(len(cycle_times_s), ended_s - started_s):
        env.run(until=next_finished())
        if length.hours is not None and env.now - started_s > 3600 * length.hours:
            break
        cycle_times_s.append(env.now - ended_s)
        ended_s, last = env.now, read()
    if not cycle_times_s:
        raise no_unit_finished(unit, length)
    return last.since(start, cycle_times_s)


def run_cell(scenario: Scenario, length: Length, seed: int, replication: int, log: RunLog | None = None) -> Replication:
    """Simulate the cell on a model board. Raises CellFault if it stops with nobody there to reset it.

    Without a log it uses the fast path where the result is the same except for rounding (see ``sim.fast_path``).
    """
    if log is None and not is_too_short(length):  # a short run is over before its scenario is even looked up
        try:
            return fast_path_of(scenario).run(length, seed, replication)
        except NotExact:
            pass
    return run_cell_by_events(scenario, length, seed, replication, log)


def run_cell_by_events(
    scenario: Scenario, length: Length, seed: int, replication: int, log: RunLog | None = None
) -> Replication:
    """Simulate the cell event by event, without the fast path."""
    done = run_rig(model_rig(scenario, seed, replication, log), length)
    scenario.study.check_measures(done.measures, "the plant")
    return done


def run_rig(rig: Rig, length: Length) -> Replication:
    """Run a rig, on any target. Raises CellFault if its cell stops with nobody there to reset it."""
    cell, operator = rig.cell, rig.plant.operator

    def next_finished() -> Event:
        if cell.last_stop is not None:
            raise CellFault(cell.last_stop.reason)
        return cell.next_finished()

    def read() -> _RunningTotals:
        if cell.last_stop is not None:
            raise CellFault(cell.last_stop.reason)
        return _RunningTotals(operator.labour_s, cell.time_in_states(), dict(cell.stops), rig.plant.measured)

    return _run_and_measure(rig.env, next_finished, read, length, cell.unit)


def replicate(
    run: Callable[..., _ResultT],
    scenario: Scenario,
    length: Length,
    *,
    seed: int,
    replications: int,
    jobs: int | None = None,
    is_enough: Callable[[Sequence[_ResultT]], bool] = lambda _: False,
) -> Iterator[_ResultT]:
    """Run replications 0, 1, 2, …, yielding each as it is done, in order; the same whatever the number of ``jobs``.

    run: ``run_cell``, ``run_manual`` or ``run_pair``. replications: at most so many. jobs: processes, as many as there
    are cores by default. is_enough: whether to stop after those so far; what other processes have done beyond is
    discarded.
    """
    if replications < 1:
        raise InputError(f"{replications} replications show nothing; simulate at least 1.")
    work = partial(_run_one, run, scenario, length, seed)
    workers = min(jobs or cores(), replications)
    done: list[_ResultT] = []
    with _in_order(work, replications, workers, scenario) as results:
        for each in results:
            done.append(each)
            yield each
            if is_enough(done):
                return


@contextmanager
def _in_order(
    work: Callable[[int], _ResultT], replications: int, workers: int, scenario: Scenario
) -> Iterator[Iterator[_ResultT]]:
    """The results of all replications in order, few of them ahead: the rest may not be wanted."""
    if workers == 1:
        yield map(work, range(replications))
        return
    scenario.prepare()
    with process_pool(workers) as pool:
        yield _submitted(pool, work, replications, ahead=workers + 1)


def _submitted(
    pool: ProcessPoolExecutor, work: Callable[[int], _ResultT], replications: int, ahead: int
) -> Iterator[_ResultT]:
    pending: deque[Future[_ResultT]] = deque()
    for number in range(replications):
        pending.append(pool.submit(work, number))
        if len(pending) > ahead:
            yield pending.popleft().result()
    while pending:
        yield pending.popleft().result()


@contextmanager
def workers(jobs: int | None) -> Iterator[Executor]:
    """What computes in so many processes, as many as there are cores by default; with 1 in this process itself.

    Studies that other processes cannot import, such as those of a notebook, can be computed in this one.
    """
    if jobs == 1:
        yield _ThisProcess()
        return
    with process_pool(jobs or cores()) as pool:
        yield pool


class _ThisProcess(Executor):
    """Computes each result when it is asked for: work that nobody waits for is not done."""

    def submit(self, fn: Callable[..., _ResultT], /, *args: Any, **kwargs: Any) -> Future[_ResultT]:
        return _Deferred(partial(fn, *args, **kwargs))


class _Deferred(Future[_ResultT]):
    """A result that is computed when it is first asked for."""

    def __init__(self, work: Callable[[], _ResultT]) -> None:
        super().__init__()
        self._work = work

    def result(self, timeout: float | None = None) -> _ResultT:
        if not self.done():
            try:
                self.set_result(self._work())
            except Exception as error:
                self.set_exception(error)
        return super().result(timeout)


@contextmanager
def process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes that leave signals to this one; they end with it, at once if it is left by an exception."""
    before = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(workers, initializer=_leave_signals)
    try:
        yield pool
    except BaseException:
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        # Always wait: otherwise the shutdown of pools at exit would race with the threads of this one.
        pool.shutdown(wait=True, cancel_futures=True)


def _leave_signals() -> None:
    """Ignore Ctrl-C, and end at once when told to: the handlers that a process inherits are not for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def _run_one(run: Callable[..., _ResultT], scenario: Scenario, length: Length, seed: int, n: int) -> _ResultT:
    """One replication, in whatever process; what a user's own code raises comes back as one sentence."""
    try:
        return run(scenario, length, seed, n)
    except CellwrightError:
        raise
    except (Exception, SystemExit) as error:
        raise CellFault(describe_unexpected(error)) from error


def cores() -> int:
    """The number of cores that this process may use, where the system reports it."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
