"""Benchmark of the fast path against the hand-written model, and against the event engine over a sweep of designs.

Run by ``make bench``; about six minutes, less with ``--designs 100``. Each run starts with an empty cache, so filling
it is included. It checks nothing, so its exit code is always 0.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from statistics import median

from simpy_baseline import HandwrittenStapler
from simulation import interleaved, spread, verdict

from cellwright.benchmarks.sweeps.sampling import designs, read_varied_parameter
from cellwright.cells import load
from cellwright.sim import Length, Scenario, run_cell_by_events
from cellwright.sim.fast_path import FastPath, NotExact

PAIRS = 3
CYCLES = {2_000: 2_000, 20_000: 2_000, 100_000: 2_000}
"""Cycles of the fast path, and of the hand-written model compared with it."""
REPLICATIONS, SHIFT = 20, Length(hours=7.5)
SAMPLE = 8
VARIED = ["carriage.max_speed=60:300:2", "trigger.rest_s=0.08:0.2:2", "operator.response_s=5:60:2"]


def against_handwritten() -> None:
    scenario = load("stapler").scenario()
    for cycles, handwritten_cycles in CYCLES.items():

        def handwritten(cycles: int = handwritten_cycles) -> None:
            model = HandwrittenStapler(1, 0)
            model.env.process(model.run(cycles + 2, (0.0, 0.0), 0.0))
            model.env.run()

        def fast(cycles: int = cycles) -> None:
            FastPath(scenario).run(Length(cycles=cycles), 1, 0)

        times = interleaved(PAIRS, fast, handwritten)
        ratios = [handwritten_s / handwritten_cycles * cycles / fast_s for fast_s, handwritten_s in times]
        rate = cycles / median(fast_s for fast_s, _ in times)
        print(f"fast path: {rate:,.0f} cycles/s over {cycles:,} cycles; {spread(ratios)} of the hand-written model")
    warm = FastPath(scenario)
    warm.run(Length(cycles=100_000), 1, 0)
    times = interleaved(PAIRS, lambda: warm.run(Length(cycles=20_000), 1, 1), lambda: handwritten())
    ratios = [handwritten_s / 2_000 * 20_000 / fast_s for fast_s, handwritten_s in times]
    print(f"fast path with a filled cache: {spread(ratios)} of the hand-written model; target: at least 20")


def by_events(scenario: Scenario) -> None:
    for replication in range(REPLICATIONS):
        run_cell_by_events(scenario, SHIFT, 1, replication)


def designs_per_s(work: Callable[[Scenario], None], scenarios: list[Scenario], processes: int) -> float:
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(abs, range(processes)))  # start the processes before the clock runs
        began_s = time.perf_counter()
        list(pool.map(work, scenarios))
        return len(scenarios) / (time.perf_counter() - began_s)


def scenarios(count: int) -> list[Scenario]:
    axes = [read_varied_parameter(axis) for axis in VARIED]
    study = load("stapler")
    tried = designs(axes, "latin", count, seed=1)
    return [
        study.scenario([f"{axis.name}={value}" for axis, value in zip(axes, point, strict=True)]) for point in tried
    ]


def with_many_jams() -> None:
    """Designs whose jams come at ever new places: the fast path is given up, after a trial that is included."""
    for jams in (5, 20, 200):
        scenario = load("stapler").scenario([f"plant.jams_per_1000_staples={jams}"])
        times = interleaved(PAIRS, lambda one=scenario: as_decided(one), lambda one=scenario: by_events(one))
        ratios = [events_s / decided_s for decided_s, events_s in times]
        print(
            f"{REPLICATIONS} shifts with {jams} jams in 1,000 staples: {spread(ratios)} of the events' speed, target: "
            f"at least 0.9: {verdict(median(ratios) >= 0.9)}"
        )


def as_decided(scenario: Scenario) -> None:
    """On the fast path, or by events where it is given up; a new one, so that it has to be found out."""
    fast_path = FastPath(scenario)
    for replication in range(REPLICATIONS):
        try:
            fast_path.run(SHIFT, 1, replication)
        except NotExact:
            run_cell_by_events(scenario, SHIFT, 1, replication)


def over_a_sweep(count: int) -> None:
    sample = scenarios(SAMPLE)
    rates: dict[str, list[float]] = {"events 1": [], "events 2": [], "fast 1": [], "fast 2": []}
    for _ in range(PAIRS):
        for name, rate in rates.items():
            work = by_events if name.startswith("events") else as_decided
            rate.append(designs_per_s(work, sample, int(name[-1])))
    events_1, events_2, fast_1, fast_2 = rates.values()
    speed_up = [fast / events for fast, events in zip(fast_1, events_1, strict=True)]
    two = [both / one for both, one in zip(fast_2, fast_1, strict=True)]
    print(
        f"a design of {REPLICATIONS} shifts: {median(events_1):.2f} a second by events, {median(events_2):.2f} on two "
        f"processes; {median(fast_1):.2f} and {median(fast_2):.2f} on the fast path, {spread(speed_up)} of events; "
        f"two processes {spread(two)} of one, target at least 1.6: {verdict(median(two) >= 1.6)}"
    )
    began_s = time.perf_counter()
    for part in (count // 10, count):
        designs_per_s(as_decided, scenarios(part), 2)
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{part} designs on two processes: at most {peak_mb:.1f} MB a process")
    print(f"both together took {time.perf_counter() - began_s:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--designs", type=int, default=1000, help="designs in the sweep that is timed as a whole")
    count = parser.parse_args().designs
    against_handwritten()
    with_many_jams()
    over_a_sweep(count)
