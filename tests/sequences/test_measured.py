from __future__ import annotations

from pathlib import Path

import pytest

from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.provenance import Figure
from cellwright.sequences import apply_overrides
from cellwright.sequences.measured import LineTime, MeasuredFile, MeasuredValue

HEAD = 'cell = "stapler"\nlog = "run.db"\ntarget = "virtual"\n'


def a_value(parameter: str = "carriage.max_acceleration", value: str = "1450.0", low: str = "1400.0") -> str:
    return (
        f'\n[[measured]]\nparameter = "{parameter}"\nvalue = {value}\nci95_low = {low}\nci95_high = 1500.0\n'
        'n = 40\nmethod = "least squares"\n'
    )


def a_file(folder: Path, text: str) -> str:
    path = folder / "measured.toml"
    path.write_text(text)
    return str(path)


def test_what_was_measured_says_where_it_comes_from(tmp_path: Path) -> None:
    scenario = load("stapler").scenario([a_file(tmp_path, HEAD + a_value())])
    found = scenario.parameters["carriage"].max_acceleration
    assert isinstance(found, Figure) and found == 1450 and found.status == "measured"
    assert found.source == "run.db, stapler on virtual: n = 40, 95 %: 1400 to 1500; least squares"
    assert scenario.provenance(compared=False)["carriage.max_acceleration"] == "measured"


def test_assignments_and_files_are_carried_out_in_order(tmp_path: Path) -> None:
    file = a_file(tmp_path, HEAD + a_value())
    parameters = load("stapler").scenario().parameters
    assert apply_overrides(parameters, ["carriage.max_acceleration=800", file])["carriage"].max_acceleration == 1450
    assert apply_overrides(parameters, [file, "carriage.max_acceleration=800"])["carriage"].max_acceleration == 800


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = MeasuredFile(
        cell='own "cell".py',
        log="rünning.db",
        target="/dev/ttyACM0",
        line=LineTime(move_s=0.004, ci95_low_s=0.003, ci95_high_s=0.005, n=12),
        measured=(
            MeasuredValue(parameter="operator.response_s", value=12.5, ci95_low=10.0, ci95_high=15.0, n=30),
            MeasuredValue(parameter="bridge.max_speed", value=92.0, ci95_low=79.0, n=30, method="least squares"),
        ),
    )
    written.write(tmp_path / "measured.toml", "Fitted to a run.")
    assert MeasuredFile.read(tmp_path / "measured.toml") == written
    assert written.measured[1].interval == "at least 79"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (a_value("carriage.max_sped"), "carriage has no 'max_sped'; did you mean 'max_speed'"),
        (a_value("cariage.max_speed"), "there is no 'cariage'"),
        (a_value(value="-1.0", low="-2.0"), "value = -1.0: input should be greater than or equal to 0"),
        (a_value(value="1.0"), "1 lies outside its own interval, 1400 to 1500"),
        (a_value(value="nan"), "value = nan: input should be"),
        (a_value("carriage.step"), "carriage.step is nothing that a run measures"),
        (a_value("layout.pitch_mm"), "layout.pitch_mm is nothing that a run measures"),
        (a_value("plant.jams_per_1000_staples"), "must be at least 0 and below 1000"),
        (a_value("max_speed"), "parameter = 'max_speed'"),
        (a_value() + "colour = 3\n", "'colour' is not a setting here"),
        ("[[measured]\n", "is not valid TOML"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    file = a_file(tmp_path, HEAD + text)
    with pytest.raises(InputError) as refused:
        load("stapler").scenario([file])
    assert says.lower() in str(refused.value).lower() and str(refused.value).startswith(file)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match=r"none\.toml cannot be read: No such file"):
        load("stapler").scenario(["none.toml"])
