"""The warning of simulate and compare about a warm-up that is too short."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import pytest

from cellwright.benchmarks import outcome
from cellwright.benchmarks.experiments import replicating
from cellwright.benchmarks.experiments.experiment import SHIFT_HOURS
from cellwright.cells import load
from cellwright.cli import run
from cellwright.sim import Length, Replication, run_cell, run_manual

QUICK = ["--set", "layout.slats=3", "--set", "layout.panel_length_mm=300"]


def replace_replications(monkeypatch: pytest.MonkeyPatch, starts_s: list[float]) -> None:
    """Each replication takes ``starts_s`` for its first cycles and then 100 s or 101 s for each of 60."""
    one = Replication(array("d", [*starts_s, *[100.0, 101.0] * 30]), 1.0)
    monkeypatch.setattr(replicating, "replicate", lambda *_, **__: [one] * 3)


def test_a_warm_up_that_was_too_short_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_replications(monkeypatch, [200.0] * 10)
    assert run(["compare", "stapler", *QUICK]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for who in ("the cell", "the manual method"):
        assert f"The warm-up of 2 cycles was too short for {who}: without the next 10 a cycle takes 100.5 s" in printed


def test_cycle_times_that_never_settle_are_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_replications(monkeypatch, [1000.0 - 2 * n for n in range(300)])
    assert run(["simulate", "stapler", *QUICK]) == 0
    assert "The cycle times of the cell have not settled in half of 360 cycles" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_warm_up_that_was_enough_gives_no_warning(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_replications(monkeypatch, [])
    assert run(["compare", "stapler", *QUICK]) == 0
    printed = capsys.readouterr().out
    assert "warm-up" not in printed and "Too few cycles" not in printed


def test_few_cycles_cannot_be_tested_nor_one_replication(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "stapler", *QUICK, "--cycles", "3", "-R", "2"]) == 0
    assert "Too few cycles to test whether a warm-up of 2 is enough; the test needs 50." in capsys.readouterr().out
    assert run(["simulate", "stapler", *QUICK, "--cycles", "3", "-R", "1"]) == 0
    assert "Too few cycles" not in capsys.readouterr().out


@pytest.mark.parametrize("cell", ["stapler", "digital_tape", "lacquer_mixer"])
@pytest.mark.parametrize("run_method", [run_cell, run_manual])
def test_two_cycles_are_enough_for_a_shift_of_each_cell(cell: str, run_method: Callable[..., Replication]) -> None:
    scenario, shift = load(cell).scenario(), Length(hours=SHIFT_HOURS)
    assert outcome(cell, [run_method(scenario, shift, 1, number) for number in range(2)]).warm_up().was_enough
