"""A list is planned once, whatever the number of processes and replications; the plan travels with the inputs."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from cellwright.benchmarks.sweeps.one_at_a_time import ReplicatedFigure, sensitivity
from cellwright.benchmarks.sweeps.sweep import Sweep, write_sweep
from cellwright.cells import load
from cellwright.cells.digital_tape import assignment, cutlist
from cellwright.cells.digital_tape.assignment import plan_for
from cellwright.cells.digital_tape.column_generation import Solution, solve
from cellwright.cells.digital_tape.cutting_stock import Problem
from cellwright.sim import Length, Scenario, run_cell, run_manual
from cellwright.sim.replication import replicate

LENGTH = Length(cycles=2)


@pytest.fixture
def planned_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], list[int]]:
    """The processes that planned, in order; the plans made before are forgotten."""
    record = tmp_path / "planned"
    record.touch()

    def solve_and_note(problem: Problem) -> Solution:
        with record.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return solve(problem)

    monkeypatch.setattr(assignment, "solve", solve_and_note)
    monkeypatch.setattr(cutlist, "PLANS", plans := {})
    monkeypatch.setattr(assignment, "PLANS", plans)
    return lambda: [int(line) for line in record.read_text().split()]


def inputs_of(scenario: Scenario) -> tuple[object, object, object]:
    return tuple(scenario.parameters[name] for name in ("cut_list", "stock", "saw"))


def sweep_of(*names: str, designs: tuple[tuple[str, ...], ...] = ()) -> Sweep:
    return Sweep(load("digital_tape"), "digital_tape", names, designs, (), LENGTH, 1, 1, "test")


def test_replications_in_two_processes_plan_once_in_the_parent(planned_by: Callable[[], list[int]]) -> None:
    scenario = load("digital_tape").scenario(["saw.kerf_mm=4.1"])
    for run in (run_cell, run_manual):
        assert len(list(replicate(run, scenario, LENGTH, seed=1, replications=4, jobs=2))) == 4
    assert planned_by() == [os.getpid()]


def test_the_designs_of_a_sweep_plan_once_in_the_parent(planned_by: Callable[[], list[int]], tmp_path: Path) -> None:
    sweep = sweep_of("plant.reaction_s", designs=(("0.2",), ("0.3",), ("0.4",)))
    with ProcessPoolExecutor(2) as pool:
        assert list(write_sweep(sweep, tmp_path / "rows.csv", pool, 2)) == [0, 1, 2, 3]
    assert planned_by() == [os.getpid()]


class _RecordingExecutor(Executor):
    """Runs nothing; records what was submitted."""

    def __init__(self) -> None:
        self.submitted: list[Sweep] = []

    def submit(self, fn: Any, /, *args: Any, **_: Any) -> Future[Any]:
        self.submitted.append(args[0])
        future: Future[Any] = Future()
        future.set_result(ReplicatedFigure(1.0))
        return future


def test_what_a_sensitivity_sends_to_its_workers_has_the_plan_of_the_base_case(
    planned_by: Callable[[], list[int]],
) -> None:
    executor = _RecordingExecutor()
    assert len(list(sensitivity(sweep_of(), "cycle_time_s", 0.1, executor))) > 10
    assert planned_by() == [os.getpid()]
    assert len(executor.submitted) > 20
    sent = pickle.dumps(executor.submitted)
    cutlist.PLANS.clear()
    pickle.loads(sent)
    assert len(cutlist.PLANS) == 1


def _plan_without_solving(data: bytes) -> object:
    def refuse(problem: Problem) -> Solution:
        raise AssertionError("planned again")

    assignment.solve = refuse
    return plan_for(*inputs_of(pickle.loads(data)))


def test_the_plan_travels_to_a_process_that_shares_no_memory() -> None:
    scenario = load("digital_tape").scenario(["saw.kerf_mm=3.9"])
    scenario.prepare()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert pool.submit(_plan_without_solving, pickle.dumps(scenario)).result() == plan_for(*inputs_of(scenario))


def test_a_cut_list_is_the_same_with_and_without_its_plans(planned_by: Callable[[], list[int]]) -> None:
    scenario = load("digital_tape").scenario(["saw.kerf_mm=3.8"])
    cut_list, stock, saw = inputs_of(scenario)
    before = pickle.loads(pickle.dumps(cut_list))
    plan = plan_for(cut_list, stock, saw)
    after = pickle.loads(pickle.dumps(cut_list))
    assert before == cut_list == after and hash(before) == hash(after)
    assert plan_for(after, stock, saw) is plan
    assert plan_for(after, stock, saw.model_copy(update={"kerf_mm": 3.7})) != plan
    assert len(planned_by()) == 2


def test_no_more_than_a_few_plans_are_kept(planned_by: Callable[[], list[int]]) -> None:
    scenario = load("digital_tape").scenario(["saw.kerf_mm=3.8"])
    cut_list, stock, saw = inputs_of(scenario)
    one = cut_list.model_copy(update={"pieces": cut_list.pieces[:1]})
    for n in range(cutlist.MAX_PLANS + 3):
        plan_for(one, stock, saw.model_copy(update={"kerf_mm": 1 + n / 10}))
    assert len(cutlist.PLANS) == cutlist.MAX_PLANS
