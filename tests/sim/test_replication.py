import inspect
import shutil
from pathlib import Path

import pytest

from cellwright.cells import load
from cellwright.errors import CellFault, InputError
from cellwright.sim import Length, Replication, Scenario, replicate, replication, run_cell, run_manual
from cellwright.sim.fast_path import NotExact, fast_path_of


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load("stapler").scenario()


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_cores(scenario: Scenario) -> None:
    one, two = (
        list(replicate(run_cell, scenario, Length(cycles=4), seed=7, replications=3, jobs=jobs)) for jobs in (1, 2)
    )
    assert one == two
    assert one[0] != one[1]


@pytest.mark.parametrize("run", [run_cell, run_manual])
def test_time_in_states_adds_up_to_the_cycles(run: object, scenario: Scenario) -> None:
    result: Replication = run(scenario, Length(cycles=20), 1, 0)  # type: ignore[operator]
    assert sum(result.time_in_state_s.values()) == pytest.approx(sum(result.cycle_times_s))
    assert len(result.cycle_times_s) == 20


def test_the_person_works_all_the_time_by_hand_and_less_for_the_cell(scenario: Scenario) -> None:
    manual = run_manual(scenario, Length(cycles=20), 1, 0)
    cell = run_cell(scenario, Length(cycles=20), 1, 0)
    assert manual.labour_s == pytest.approx(sum(manual.cycle_times_s))
    assert 0 < cell.labour_s < sum(cell.cycle_times_s)


@pytest.mark.parametrize("length", [Length(cycles=99), Length(hours=1.9)])
def test_for_a_short_run_no_fast_path_is_sought(
    length: Length, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_fast_path = fast_path_of(scenario)
    with pytest.raises(NotExact, match="so short a run"):
        by_fast_path.run(length, 1, 0)
    monkeypatch.setattr(replication, "fast_path_of", None)
    assert run_cell(scenario, length, 1, 0).cycle_times_s


def test_the_warm_up_with_its_homing_is_left_out(scenario: Scenario) -> None:
    assert run_cell(scenario, Length(cycles=5), 1, 0).time_in_state_s["homing"] == 0.0


def test_hours_count_only_units_finished_within_them(scenario: Scenario) -> None:
    result = run_cell(scenario, Length(hours=1.0), 1, 0)
    assert sum(result.cycle_times_s) <= 3600 < sum(result.cycle_times_s) + 600


def test_common_random_numbers_keep_the_operator_when_the_jams_change(scenario: Scenario) -> None:
    """Without jams the same person lays the same slats in the same times, by hand and for the cell."""
    smooth = load("stapler").scenario(["plant.jams_per_1000_staples=0"])
    worse = load("stapler").scenario(["plant.jams_per_1000_staples=5"])
    no_jams, many_jams = (run_cell(each, Length(cycles=30), 1, 0) for each in (smooth, worse))
    assert "stapler jammed" not in no_jams.stops
    assert many_jams.stops["stapler jammed"] > 10
    assert many_jams.time_in_state_s["stapling"] > no_jams.time_in_state_s["stapling"]  # a jammed shot is fired again


def test_the_allowance_goes_on_people_only() -> None:
    plain = load("stapler").scenario(["manual.allowance=0", "plant.jams_per_1000_staples=0"])
    generous = load("stapler").scenario(["manual.allowance=0.5", "plant.jams_per_1000_staples=0"])
    manual = [run_manual(each, Length(cycles=10), 1, 0) for each in (plain, generous)]
    assert sum(manual[1].cycle_times_s) == pytest.approx(1.5 * sum(manual[0].cycle_times_s))
    cells = [run_cell(each, Length(cycles=10), 1, 0) for each in (plain, generous)]
    assert cells[0].time_in_state_s["stapling"] == pytest.approx(cells[1].time_in_state_s["stapling"])
    assert cells[1].labour_s == pytest.approx(1.5 * cells[0].labour_s)


@pytest.mark.parametrize(
    ("length", "words"),
    [({"cycles": 0}, "at least 1"), ({"hours": 0.0}, "more than 0"), ({"hours": -1.0}, "more than 0"), ({}, "either")],
)
def test_lengths_that_show_nothing_are_refused(length: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Length(**length)  # type: ignore[arg-type]


def test_too_short_a_time_for_one_unit_is_refused(scenario: Scenario) -> None:
    with pytest.raises(InputError, match=r"No panel is finished within 0.001 hours"):
        run_cell(scenario, Length(hours=0.001), 1, 0)


def test_a_cell_that_faults_ends_the_simulation_with_its_reason() -> None:
    narrow = load("stapler").scenario(["carriage.travel=0,500"])
    with pytest.raises(CellFault, match=r"stapler, stapling: carriage cannot move to 5\d\d mm; its travel is 0 to 500"):
        run_cell(narrow, Length(cycles=1), 1, 0)


@pytest.mark.parametrize(
    ("cell", "group", "file"), [("lacquer_mixer", "orders", "orders.csv"), ("digital_tape", "cut_list", "cuts.csv")]
)
def test_the_same_inputs_have_the_same_hash_wherever_their_files_lie(cell, group, file, tmp_path):
    study = load(cell)
    folder = Path(inspect.getfile(study.cell)).parent
    for name in (file, "calibration.toml"):
        if (folder / name).exists():
            shutil.copy(folder / name, tmp_path / name)
    there = [f"{group}={tmp_path / file}"]
    if (tmp_path / "calibration.toml").exists():
        there.append(f"scale.calibration={tmp_path / 'calibration.toml'}")
    assert study.scenario(there).input_hash() == study.scenario().input_hash()
    text = (tmp_path / file).read_text().replace("730 g", "731 g").replace("5640", "5641")
    (tmp_path / file).write_text(text)
    assert study.scenario(there).input_hash() != study.scenario().input_hash()


@pytest.mark.parametrize(
    "override",
    [
        "operator.response_s=-3",
        "operator.walk_s=-1",
        "operator.response_spread=-1",
        "manual.mod_s=-1",
        "manual.spread=-0.1",
    ],
)
def test_work_below_0_is_refused(override):
    with pytest.raises(InputError, match="give 0 or more"):
        load("stapler").scenario([override])
