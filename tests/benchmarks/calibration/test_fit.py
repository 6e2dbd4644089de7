from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.actuators import Stepper
from cellwright.benchmarks.calibration.fit import FitResult, fit
from cellwright.benchmarks.calibration.fit_axes import AxisFit, fit_moves
from cellwright.benchmarks.calibration.move_models import MOVE_MODELS
from cellwright.benchmarks.calibration.run_log_reader import RunLogData, read_run_log_data
from cellwright.benchmarks.calibration.validation import measured_by_run, predicted_by_model
from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import RunLog
from cellwright.sequences.measured import MeasuredValue
from cellwright.sim import Length, run_cell

DESCRIBED = load("stapler").scenario()
TRUTH = {
    "bridge.max_speed": 65,
    "bridge.max_acceleration": 1100,
    "carriage.max_acceleration": 1900,
    "trigger.rest_s": 0.13,
    "plant.jams_per_1000_staples": 4,
    "operator.response_s": 22,
    "operator.response_spread": 0.5,
    "manual.slat_mods": 21,
    "manual.press_start_mods": 10,
    "manual.refill_mods": 90,
    "manual.clear_jam_s": 60,
    "manual.spread": 0.14,
}
AXIS = Stepper(step=2, dir=5, home_pin=9, steps_per_mm=40, max_speed=60, max_acceleration=1200, travel=(0, 1000))


def a_run(
    path: Path, truth: dict[str, float], hours: float, seed: int = 0, firmware: SteppingFirmware = DEFAULT_FIRMWARE
) -> RunLogData:
    """The log of a simulated stapler with these parameters, read as a run of the stapler that is described."""
    scenario = load("stapler").scenario([f"{name}={value}" for name, value in truth.items()], firmware=firmware)
    with RunLog(path) as log:
        log.describe(cell="stapler", target="model", seed=seed, firmware=firmware)
        run_cell(scenario, Length(hours=hours), seed, 0, log)
    return read_run_log_data(path, "stapler", DESCRIBED)


def jittered(observed: RunLogData, seed: int, sd_s: float = 0.001) -> RunLogData:
    """The same with the noise that a computer's clock puts on each move."""
    draws = np.random.default_rng(seed)
    actions = [
        each if each.mm is None else each._replace(taken_s=each.taken_s + draws.normal(0, sd_s))
        for each in observed.actions
    ]
    return replace(observed, actions=actions)


def covers(value: MeasuredValue, truth: float) -> bool:
    return value.ci95_low <= truth and (value.ci95_high is None or truth <= value.ci95_high)


# ---- the whole: known parameters are found again ----


@pytest.mark.slow
def test_a_stapler_with_known_parameters_is_recovered_within_the_stated_intervals(tmp_path: Path) -> None:
    """On the default firmware; the moves of each firmware are fitted below."""
    runs, held = 30, Counter[str]()
    for seed in range(runs):
        observed = jittered(a_run(tmp_path / f"{seed}.db", TRUTH, hours=4, seed=seed), seed)
        held.update(
            value.parameter for value in fit(observed, DESCRIBED).values if covers(value, TRUTH[value.parameter])
        )
    print(dict(held))
    assert set(held) == set(TRUTH)
    # Of 30 runs with a coverage of 95 %, fewer than 25 come in 1 of 100 tries; over 12 parameters 342 are expected.
    assert min(held.values()) >= 25, held
    assert sum(held.values()) >= 0.95 * runs * len(TRUTH), held


def test_a_corrected_model_predicts_the_run_that_a_described_one_misses(tmp_path: Path) -> None:
    observed = a_run(tmp_path / "run.db", {"carriage.max_acceleration": 300, "operator.response_s": 60}, hours=2)
    fitted = fit(observed, DESCRIBED)
    measured = [f"{value.parameter}={value.value!r}" for value in fitted.values]
    run = measured_by_run(observed)
    before, after = (
        predicted_by_model(scenario, observed, seed=5, replications=3, jobs=1)
        for scenario in (DESCRIBED, load("stapler").scenario(measured))
    )
    assert before.off_percent(run) < -20
    assert abs(after.off_percent(run)) < 5
    assert sum(run.time_in_state_s.values()) == pytest.approx(run.cycle_time_s.mean)
    assert after.time_in_state_s["stapling"] == pytest.approx(run.time_in_state_s["stapling"], rel=0.01)


def test_a_prediction_does_not_meet_the_draws_of_the_run_itself(tmp_path: Path) -> None:
    observed = a_run(tmp_path / "run.db", {}, hours=1, seed=7)
    same, next_one = (
        predicted_by_model(DESCRIBED, observed, seed=seed, replications=1, jobs=1).cycle_time_s for seed in (7, 8)
    )
    assert same == next_one


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("digital_tape", {"plant.pull_backs_per_1000_cuts": 50, "plant.wrong_per_1000_cuts": 30}),
        (
            "lacquer_mixer",
            {
                "operator.response_s": 25,
                "operator.response_spread": 0.5,
                "manual.spread": 0.14,
                "manual.press_start_mods": 10,
                "manual.close_and_label_mods": 100,
            },
        ),
    ],
)
def test_each_cell_says_what_its_log_tells(tmp_path: Path, name: str, truth: dict[str, float]) -> None:
    scenario = load(name).scenario([f"{parameter}={value}" for parameter, value in truth.items()])
    with RunLog(tmp_path / "run.db") as log:
        log.describe(cell=name, target="model", seed=3)
        run_cell(scenario, Length(hours=6), 3, 0, log)
    described = load(name).scenario()
    values = fit(read_run_log_data(tmp_path / "run.db", name, described), described).values
    assert {value.parameter for value in values} == set(truth)
    assert all(covers(value, truth[value.parameter]) for value in values), values


# ---- moves ----


def moves(
    speed: float,
    acceleration: float,
    distances_mm: Iterable[float],
    line_s: float = 0.0,
    axis: Stepper = AXIS,
    firmware: SteppingFirmware = "configurable",
) -> AxisFit:
    time_s = STEP_TIMINGS[firmware].move_time
    taken_s = {mm: [line_s + time_s(round(40 * mm), 40 * speed, 40 * acceleration)] * 20 for mm in distances_mm}
    return fit_moves({"axis": axis}, {"axis": taken_s}, line_s > 0, MOVE_MODELS[firmware])


@settings(max_examples=12)
@given(
    st.floats(20, 85),
    st.floats(400, 4000),
    st.sampled_from([0.0, 0.004, 0.012]),
    st.sampled_from([(4, 15, 60, 300), (6, 25, 200), (3, 10, 30, 90, 500)]),
    st.sampled_from(list(STEP_TIMINGS)),
)
def test_speed_acceleration_and_line_are_found_again(
    speed: float, acceleration: float, line_s: float, distances_mm: tuple[float, ...], firmware: SteppingFirmware
) -> None:
    found = moves(speed, acceleration, distances_mm, line_s, firmware=firmware)
    truth = {"axis.max_speed": speed, "axis.max_acceleration": acceleration}
    for value in found.values:
        if "given" not in value.method:
            assert covers(value, truth[value.parameter]), (value, speed, acceleration)
    if found.line is not None:
        assert found.line.ci95_low_s <= line_s <= found.line.ci95_high_s
    assert found.values or found.notes


def test_the_line_is_told_from_the_ramp_where_some_moves_are_too_short_for_the_speed() -> None:
    found = moves(60, 900, (1, 3, 60, 300), line_s=0.006)
    assert found.line is not None
    assert found.line.ci95_low_s > 0.004 and found.line.ci95_high_s < 0.008


def test_an_acceleration_that_only_long_moves_would_have_to_tell_is_not_fitted() -> None:
    found = moves(60, 9000, (400, 401), line_s=0.006, axis=replace(AXIS, max_acceleration=6000))
    assert "axis.max_acceleration" not in {value.parameter for value in found.values}
    assert any("axis.max_acceleration stays 6000 mm/s²" in note for note in found.notes)


def test_what_the_moves_refute_does_not_stay_however_little_they_tell() -> None:
    found = moves(85, 3500, (40,), line_s=0.006)  # described: 60 mm/s and 1200 mm/s²
    values = {value.parameter: value for value in found.values}
    assert not covers(values["axis.max_speed"], 60) and covers(values["axis.max_speed"], 85)


def test_a_speed_that_the_firmware_cannot_reach_is_not_fitted() -> None:
    times = STEP_TIMINGS["configurable"]
    found = fit_moves(
        {"axis": replace(AXIS, max_speed=300)},
        {"axis": {mm: [times.move_time(40 * mm, 12_000, 40 * 900)] * 20 for mm in (10, 40, 300)}},
        has_line=False,
        model=MOVE_MODELS["configurable"],
    )
    assert [value.parameter for value in found.values] == ["axis.max_acceleration"]
    assert any("axis.max_speed stays 300 mm/s: every speed from 85.4 mm/s up" in note for note in found.notes)


def test_one_distance_tells_one_thing_and_what_it_was_given_is_said() -> None:
    found = moves(60, 900, (40,))
    [acceleration] = found.values
    assert acceleration.parameter == "axis.max_acceleration" and covers(acceleration, 900)
    assert acceleration.method.endswith("given max_speed 60 mm/s")


def test_trapezoids_tell_a_speed_more_closely_than_a_loop_that_looks_now_and_then() -> None:
    widths = []
    for firmware in STEP_TIMINGS:
        found = {each.parameter: each for each in moves(60, 900, (1, 3, 60, 300), firmware=firmware).values}
        speed = found["axis.max_speed"]
        assert covers(speed, 60) and covers(found["axis.max_acceleration"], 900) and speed.ci95_high
        widths.append(speed.ci95_high - speed.ci95_low)
    assert widths[0] < 0.1 * widths[1], (list(STEP_TIMINGS), widths)


def test_a_speed_far_from_the_described_one_and_beyond_the_other_firmwares_ceiling_is_found() -> None:
    found = {each.parameter: each for each in moves(400, 3000, (4, 15, 60, 300), 0.004, firmware="cellwright").values}
    speed = found["axis.max_speed"]
    assert covers(speed, 400) and speed.ci95_low > 395
    assert covers(found["axis.max_acceleration"], 3000)


def test_a_speed_that_no_trapezoid_reaches_is_not_fitted() -> None:
    found = moves(400, 900, (10, 40, 80), axis=replace(AXIS, max_speed=400), firmware="cellwright")
    [acceleration] = found.values
    assert acceleration.parameter == "axis.max_acceleration" and covers(acceleration, 900)
    assert any("axis.max_speed stays 400 mm/s: every speed from" in note for note in found.notes)


# ---- what is read from a log ----


@pytest.mark.parametrize(
    ("facts", "firmware"),
    [
        ({}, "configurable"),
        ({"firmware": "configurable"}, "configurable"),
        ({"firmware": "ConfigurableFirmata.ino"}, "configurable"),
        ({"firmware": "cellwright"}, "cellwright"),
        ({"firmware": "CellwrightFirmata"}, "cellwright"),
    ],
)
def test_the_firmware_is_the_one_that_the_log_names(tmp_path: Path, facts: dict[str, str], firmware: str) -> None:
    with RunLog(tmp_path / "run.db") as log:
        log.describe(cell="stapler", target="serial", seed=1, **facts)
        for number in range(1, 7):
            log.cycle(10.0 * number, number)
    assert read_run_log_data(tmp_path / "run.db", "stapler", DESCRIBED).firmware == firmware


def a_log(path: Path, *events: tuple[object, ...]) -> RunLogData:
    """A log with these events (at_s, state, source, what, value) and enough cycles."""
    with RunLog(path) as log:
        log.describe(cell="stapler", target="serial", seed=1)
        for at_s, state, source, what, value in events:
            log.event(at_s, state, source, what, value)  # type: ignore[arg-type]
        for number in range(1, 7):
            log.cycle(1000.0 + 10 * number, number)
            log.event(1000.0 + 10 * number, "waiting", "cell", "state waiting", None)
            if number == 4:
                log.event(1042.0, "waiting", "cell", "fault", None)
                log.event(1042.0, "waiting", "cell", "state faulted", None)
                log.event(1044.0, "waiting", "cell", "state waiting", None)
    return read_run_log_data(path, "stapler", DESCRIBED)


def test_only_moves_made_alone_from_a_known_place_count(tmp_path: Path) -> None:
    observed = a_log(
        tmp_path / "run.db",
        (0, "homing", "bridge", "move", 10),  # from nobody knows where
        (1, "homing", "bridge", "move done", 10),
        (2, "homing", "carriage", "homed", None),
        (2, "stapling", "carriage", "move", 40),
        (3, "stapling", "carriage", "move done", 40),
        (3, "stapling", "bridge", "move", 40),  # with the carriage
        (3.1, "stapling", "carriage", "move", 80),
        (4, "stapling", "bridge", "move done", 40),
        (5, "stapling", "carriage", "move done", 80),
        (5, "stapling", "carriage", "move", 0),
        (7, "stapling", "carriage", "move done", 0),
        (8, "stapling", "carriage", "jog", 5),
        (9, "stapling", "carriage", "jog done", 5),
        (9, "stapling", "carriage", "move", 45),  # from where the jog ended
        (12, "stapling", "carriage", "move done", 45),
        (20, "stapling", "carriage", "move", 500),
        (21, "stapling", "carriage", "move done", 500),  # cut short by the stop
        (21, "stapling", "cell", "stop", None),
        (22, "stapling", "carriage", "move", 0),  # not homed again
        (23, "stapling", "carriage", "move done", 0),
    )
    assert observed.moves_s == {"carriage": {40.0: [1], 80.0: [2]}}


def test_a_persons_time_that_a_stop_cut_short_is_none(tmp_path: Path) -> None:
    observed = a_log(
        tmp_path / "run.db",
        (0, "refilling", "lamp", "on", None),
        (9, "refilling", "start_button", "closed", None),
        (20, "refilling", "lamp", "on", None),
        (30, "refilling", "cell", "fault", None),
        (40, "waiting", "start_button", "closed", None),
        (50, "presenting", "lamp", "on", None),
        (55, "presenting", "panel_in_place", "open", None),
    )
    assert observed.spans_s["refilling"] == [9] and observed.spans_s["collecting"] == [5]


def test_a_person_who_was_there_already_does_not_count_as_called(tmp_path: Path) -> None:
    observed = a_run(tmp_path / "run.db", {"operator.response_s": 30}, hours=3)
    observed.spans_s["refilling"] += [0.0, 2.0, 4.0]
    found = fit(observed, DESCRIBED)
    [response] = [each for each in found.values if each.parameter == "operator.response_s"]
    assert covers(response, 30)
    assert any("refilling: 3 times shorter than the walk are left out" in note for note in found.notes)


def test_what_the_times_hardly_depend_on_is_not_fitted(tmp_path: Path) -> None:
    # Slats laid in next to no time: the log shows the rest of the work, and anything from 0.0006 to 5 MOD beside it.
    found = fit(a_run(tmp_path / "run.db", {"manual.slat_mods": 0.01}, hours=2, seed=1), DESCRIBED)
    assert "manual.slat_mods" not in {each.parameter for each in found.values}
    assert any(note.startswith("manual.slat_mods is not fitted: 36 times do not show it") for note in found.notes)
    assert all(each.ci95_high is None or each.ci95_high <= 10 * each.ci95_low for each in found.values)


def test_a_line_that_slows_in_mid_run_is_said(tmp_path: Path) -> None:
    steady = a_run(tmp_path / "run.db", {}, hours=1)
    middle_s = steady.actions[len(steady.actions) // 2].ended_s
    slowed = [
        each._replace(taken_s=each.taken_s + 0.008 * (each.ended_s > middle_s)) for each in jittered(steady, 1).actions
    ]
    assert not any("changed its speed" in note for note in fit(jittered(steady, 1), DESCRIBED).notes)
    [said] = [note for note in fit(replace(steady, actions=slowed), DESCRIBED).notes if "changed its speed" in note]
    assert "on a move or pulse took 8.0 ms longer than at the start" in said
    assert said.count("on a move or pulse") == 1


def test_a_description_without_any_spread_can_be_corrected(tmp_path: Path) -> None:
    observed = a_run(tmp_path / "run.db", {}, hours=3)
    rigid = load("stapler").scenario(["manual.spread=0", "operator.response_spread=0"])
    values = {each.parameter: each for each in fit(observed, rigid).values}
    assert covers(values["manual.spread"], 0.1) and covers(values["operator.response_spread"], 0.7)


def test_cycles_with_a_stop_are_left_out(tmp_path: Path) -> None:
    observed = a_log(tmp_path / "run.db", (0, "waiting", "cell", "state waiting", None))
    assert observed.left_out == 1
    assert observed.cycle_times_s == pytest.approx([10, 10, 10])
    assert observed.time_in_state_s == {"waiting": pytest.approx(30)}


def counted(tmp_path: Path, jams: int, shots: int) -> FitResult:
    fired = [(at, "stapling", "trigger", "fire", 0.06) for at in range(shots)]
    jammed = [(at + 0.5, "clearing", "cell", "trigger jammed", None) for at in range(jams)]
    return fit(a_log(tmp_path / "run.db", *fired, *jammed), DESCRIBED)


def test_jams_have_the_exact_interval_of_counts(tmp_path: Path) -> None:
    # 1 of 10: 0.25 to 44.5 % (Clopper-Pearson, as in NIST's Dataplot for p = 0.1, n = 10).
    [jams] = [each for each in counted(tmp_path, 1, 10).values if each.parameter.startswith("plant")]
    assert jams.value == 100 and jams.n == 10
    assert jams.ci95_low == pytest.approx(2.53, abs=0.01) and jams.ci95_high == pytest.approx(445.0, abs=0.2)


def test_no_jam_at_all_tells_no_rate_but_a_bound(tmp_path: Path) -> None:
    found = counted(tmp_path, 0, 1000)
    assert not any(each.parameter.startswith("plant") for each in found.values)
    assert any("0 events in 1000 only show that it is below 3.68" in note for note in found.notes)


@pytest.mark.parametrize(
    ("facts", "cycles", "says"),
    [
        ({"cell": "digital_tape"}, 6, "is a log of digital_tape, not of stapler"),
        ({}, 6, "does not say of which cell it is"),
        ({"cell": "stapler"}, 4, "has 4 finished panels; at least 5 are needed"),
    ],
)
def test_a_log_that_does_not_serve_is_refused(tmp_path: Path, facts: dict[str, str], cycles: int, says: str) -> None:
    with RunLog(tmp_path / "run.db") as log:
        log.describe(**facts)
        for number in range(1, cycles + 1):
            log.cycle(10.0 * number, number)
    with pytest.raises(InputError, match=says):
        read_run_log_data(tmp_path / "run.db", "stapler", DESCRIBED)
