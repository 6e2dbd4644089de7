"""A comparison, economics and a report's inputs from Python are those of the command line, figure by figure."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cellwright.benchmarks import (
    compare,
    compute_economics,
    compute_economics_of_guess,
    compute_sensitivity,
    compute_sweep,
    read_stopwatch,
    report_inputs,
)
from cellwright.benchmarks.economics.cell_files import cell_folder, file_of
from cellwright.benchmarks.experiments.experiment import Experiment
from cellwright.cells.stapler import STUDY
from cellwright.cli import app as commands
from cellwright.cli import decision_commands, run
from cellwright.errors import InputError
from cellwright.sim.replication import workers

STAPLER = Path(inspect.getfile(STUDY.cell)).parent
PANEL = ("layout.slats=3", "layout.panel_length_mm=300")
TIMES = """cycle,element,seconds
1,fetch felt,13
1,staple,30
2,fetch felt,14
2,staple,31
3,fetch felt,13.5
3,staple,90
4,fetch felt,13.2
4,staple,30.5
5,fetch felt,13.1
5,staple,30.2
6,fetch felt,13.3
6,staple,30.1
"""
"""One of the times is an outlier."""


@pytest.fixture
def times(tmp_path: Path) -> Path:
    (tmp_path / "times.csv").write_text(TIMES)
    return tmp_path / "times.csv"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def as_printed(figures: dict[str, Any]) -> Any:
    return json.loads(json.dumps(figures))


def test_a_comparison_is_that_of_the_command_line(times: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = compare(
        STUDY, manual=times, accept=True, hours=0.5, seed=3, replications=2, overrides=PANEL, firmware="configurable",
        jobs=1,
    )  # fmt: skip
    sets = [word for each in PANEL for word in ("--set", each)]
    options = ["--manual", str(times), "--accept", "--hours", "0.5", "--seed", "3", "-R", "2", *sets]
    assert as_printed(found.as_json()) == printed(
        capsys, "compare", "stapler", *options, "--firmware", "configurable", "--jobs", "2"
    )
    assert found.without_outliers is not None and found.without_outliers.less_time_percent != found.less_time_percent
    assert found.less_time_percent is found.today.less_time_percent and found.cell is found.today.cell


def test_with_a_precision_and_a_best_manual_method_too(capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(STAPLER)  # as the name of a cell of one's own
    found = compare(Path(folder), hours=0.2, precision=5, overrides="layout.slats=3")
    options = ["--hours", "0.2", "--precision", "5", "--set", "layout.slats=3"]
    assert as_printed(found.as_json()) == printed(capsys, "compare", folder, *options)
    assert found.best is not None and "precision" in found.as_json()


def test_economics_are_those_of_the_command_line(times: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = {"hours": 0.5, "replications": 2, "overrides": PANEL, "accept": True}
    found = compute_economics(STUDY, manual=times, economics=STAPLER / "economics.toml", jobs=1, **given)
    sets = [word for each in PANEL for word in ("--set", each)]
    options = ["--manual", str(times), "--accept", "--hours", "0.5", "-R", "2", *sets]
    assert as_printed(found.as_json()) == printed(capsys, "economics", "stapler", *options)


@pytest.mark.parametrize("seconds", [(40, 50, 60), "40:50:60", [40.0, 50, 60]])
def test_so_are_those_of_a_guess(times: Path, seconds: Any, capsys: pytest.CaptureFixture[str]) -> None:
    prices = str(STAPLER / "economics.toml")
    found = as_printed(
        compute_economics_of_guess(manual=str(times), economics=prices, seconds=seconds, labour=20).as_json()
    )
    options = ["--manual", str(times), "--economics", prices, "--seconds", "40:50:60", "--labour", "20"]
    wanted = printed(capsys, "economics", *options)
    assert {**found, "input_hash": ""} == {**wanted, "input_hash": ""}


@pytest.mark.parametrize("seconds", [0, -3, (3, 2, 1), (-1, 2, 3), (0, 1, 2), (1, 2), "soon", None, float("nan")])
def test_a_guess_that_is_no_time_is_refused(times: Path, seconds: Any) -> None:
    with pytest.raises(InputError, match="write the seconds of a unit"):
        compute_economics_of_guess(manual=times, economics=STAPLER / "economics.toml", seconds=seconds)


def test_sensitivity_is_that_of_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = compute_sensitivity(
        STUDY, figure="cycle_time_s", by=10, hours=0.05, replications=2, seed=4, overrides=PANEL, jobs=1
    )
    sets = [word for each in PANEL for word in ("--set", each)]
    options = ["--figure", "cycle_time_s", "--by", "10", "--hours", "0.05", "-R", "2", "--seed", "4", *sets]
    assert as_printed(found.as_json()) == printed(capsys, "sensitivity", "stapler", *options)
    least = next(each for each in found.ranges if each.name == "trigger.rest_s")
    only_that = compare(
        STUDY, hours=0.05, replications=2, seed=4, overrides=[*PANEL, f"trigger.rest_s={0.9 * least.value:.10g}"]
    )
    assert least.low == pytest.approx(only_that.cell.cycle_time_s.mean)


def test_a_sweep_writes_the_bytes_of_the_command_line_and_is_resumed(tmp_path: Path) -> None:
    shown: list[tuple[str, int, int]] = []
    given: dict[str, Any] = {"vary": "carriage.max_speed=100:300:3", "hours": 0.05, "replications": 2}
    given |= {"overrides": PANEL, "jobs": 1, "output": tmp_path / "python.csv"}
    found = compute_sweep(STUDY, **given, progress=lambda *each: shown.append(each))
    sets = [word for each in PANEL for word in ("--set", each)]
    options = ["--vary", given["vary"], "--hours", "0.05", "-R", "2", *sets, "-o", str(tmp_path / "line.csv")]
    assert run(["sweep", "stapler", *options]) == 0
    assert (tmp_path / "python.csv").read_bytes() == (tmp_path / "line.csv").read_bytes()
    assert len(found.rows) == 3 and not found.refused
    assert [each[1:] for each in shown] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    shown.clear()
    assert compute_sweep(STUDY, **given, progress=lambda *each: shown.append(each)).rows == found.rows
    assert [each[1:] for each in shown] == [(3, 3)]
    with pytest.raises(InputError, match="No parameter is varied"):
        compute_sweep(STUDY, vary=[])


def test_a_report_rests_on_the_same_comparison() -> None:
    shown: list[tuple[str, int, int]] = []
    given = {"hours": 0.2, "replications": 2, "overrides": PANEL, "jobs": 1}
    inputs = report_inputs(STUDY, **given, progress=lambda *each: shown.append(each))
    assert inputs.comparison.less_time_percent == compare(STUDY, **given).less_time_percent
    assert inputs.money is not None and inputs.project is not None and inputs.screening.ranked_inputs()
    assert inputs.command == (
        "report_inputs('stapler', hours=0.2, replications=2, seed=1, overrides=['layout.slats=3', "
        "'layout.panel_length_mm=300'])"
    )
    assert "the inputs of stapler, one at a time" in {what for what, _, _ in shown}


def test_progress_counts_each_part_from_0_to_its_end() -> None:
    shown: list[tuple[str, int, int]] = []
    compare(
        STUDY, cycles=2, replications=3, overrides=PANEL, jobs=1, progress=lambda *each: shown.append(each)
    )  # fmt: skip
    parts = list(dict.fromkeys(what for what, _, _ in shown))
    methods = ["stapler on the model board", "the manual method", "the best manual method"]
    assert parts == [*methods, "what the inputs leave open"]
    for part in parts:
        steps = [(done, total) for what, done, total in shown if what == part]
        assert steps == [(done, steps[0][1]) for done in range(steps[0][1] + 1)]


def test_elements_take_the_place_of_a_file(times: Path) -> None:
    given = {"cycles": 2, "replications": 2, "overrides": PANEL, "jobs": 1}
    elements = read_stopwatch(times)
    with_elements = compare(STUDY, manual=elements, **given)
    with_file = compare(STUDY, manual=str(times), accept=True, **given)
    assert with_elements.today.less_time_percent == with_file.today.less_time_percent
    strange = replace(elements[0], name="fetch fellt")
    with pytest.raises(InputError, match="no element 'fetch fellt'; did you mean 'fetch felt'"):
        compare(STUDY, manual=iter([strange]), **given)
    assert compare(STUDY, manual=[strange], accept=True, **given).scenario.observed == (strange,)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"replications": 3, "precision": 1}, "give one of them"),
        ({"precision": 0}, "more than 0 and less than 100"),
        ({"seed": -1}, "A seed of -1"),
        ({"jobs": 0}, "0 processes compute nothing"),
        ({"firmware": "celwright"}, "did you mean 'cellwright'"),
        ({"hours": 1, "cycles": 1}, "either a number of cycles or a number of hours"),
        ({"replications": 0}, "simulate at least 1"),
        ({"manual": "missing.csv"}, "missing.csv"),
        ({"commercial": "missing.toml"}, "missing.toml"),
        ({"overrides": "layout.slat=3"}, "did you mean"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_simulated(given: dict[str, Any], says: str) -> None:
    shown: list[str] = []
    with pytest.raises(InputError, match=says):
        compare(STUDY, progress=lambda what, *_: shown.append(what), **given)
    assert not shown


@pytest.mark.parametrize(
    ("function", "command", "others"),
    [
        (compare, commands.compare, {"cell", "as_json"}),
        (compute_economics, decision_commands.economics, {"cell", "as_json", "prices", "picture", "seconds", "labour"}),
        (report_inputs, decision_commands.report, {"cell", "lang", "output"}),
        (compute_sensitivity, commands.sensitivity, {"cell", "as_json", "picture"}),
        (compute_sweep, commands.sweep, {"cell", "picture", "figure"}),
    ],
)
def test_arguments_have_the_names_of_the_options(function: Any, command: Any, others: set[str]) -> None:
    """economics' ``--economics`` is called prices there: the command has that name itself."""
    options = set(inspect.signature(command).parameters) - others
    assert options and options <= set(inspect.signature(function).parameters)


def test_a_cell_without_a_file_has_no_files_beside_it() -> None:
    cell = type("Typed", (STUDY.cell,), {"__module__": "__main__"})
    scenario = replace(STUDY, cell=cell).scenario(PANEL)
    assert Experiment(scenario.study).cell == "typed"
    assert cell_folder(scenario) is None and file_of(scenario, None, "commercial.toml") is None
    found = compare(replace(STUDY, cell=cell), cycles=1, replications=2, overrides=PANEL, jobs=1)
    assert found.commercial is None
    with pytest.raises(InputError, match="typed has no economics"):
        compute_economics(replace(STUDY, cell=cell), cycles=1, replications=2, overrides=PANEL, jobs=1)


def test_one_job_is_done_in_this_process_when_its_result_is_asked_for() -> None:
    done: list[int] = []
    with workers(1) as executor:
        first, second = executor.submit(done.append, 1), executor.submit(int, "x")
        assert done == []
        first.result()
        first.result()
        assert done == [1]
        for _ in range(2):
            with pytest.raises(ValueError, match="invalid literal"):
                second.result()


def test_a_script_without_a_main_guard_can_compare_with_one_job(tmp_path: Path) -> None:
    """Where processes are spawned, such a script would begin again in each of them."""
    script = tmp_path / "mine.py"
    script.write_text(
        "import multiprocessing\nmultiprocessing.set_start_method('spawn')\n"
        "from cellwright.benchmarks import compare\n"
        f"found = compare('stapler', cycles=1, replications=2, overrides={PANEL}, jobs=1)\n"
        "print(found.less_time_percent.mean)\n"
    )
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0 and float(ended.stdout) == pytest.approx(
        compare(STUDY, cycles=1, replications=2, overrides=PANEL, jobs=1).less_time_percent.mean
    )


@pytest.mark.parametrize(
    "given", [{"hours": 0}, {"hours": -1}, {"cycles": 0}, {"hours": 1, "cycles": 1}, {"replications": 0}, {"seed": -1}]
)
def test_an_experiment_that_cannot_be_is_never_made(given: dict[str, Any]) -> None:
    """A report's folder is not made for one."""
    with pytest.raises(InputError):
        Experiment(STUDY, **given)


def test_an_experiment_names_its_cell_as_it_was_given() -> None:
    assert Experiment("stapler").cell == Experiment(STUDY).cell == "stapler"
    assert Experiment(STAPLER).cell == str(STAPLER)


def test_an_outlier_that_was_never_drawn_changes_nothing(tmp_path: Path) -> None:
    """Both simulations draw the same times but for the outlier: what differs is its effect and no other chance."""
    path = tmp_path / "study.csv"
    times_s = [270.0, 280.0, 275.0, 272.0, 277.0, 273.0, 900.0]
    rows = [f"{cycle},staple,{seconds}" for cycle, seconds in enumerate(times_s, 1)]
    path.write_text("\n".join(["cycle,element,seconds", *rows]))
    was_drawn = []
    for seed in range(1, 9):
        found = compare("stapler", manual=path, cycles=1, replications=1, seed=seed, jobs=1)
        assert found.without_outliers is not None
        effect_s = found.manual.cycle_time_s.mean - found.without_outliers.manual.cycle_time_s.mean
        was_drawn.append(found.manual.cycle_time_s.mean > 900)
        assert effect_s == pytest.approx(1.15 * (900 - 274.5) if was_drawn[-1] else 0, abs=1e-6)
    assert any(was_drawn) and not all(was_drawn)
