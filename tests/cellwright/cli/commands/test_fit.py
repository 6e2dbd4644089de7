from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellwright.cli import run
from cellwright.sequences import RunLog

SHORT = ["--replications", "2", "--jobs", "1"]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three hours of a stapler that jams more often, and whose person is slower, than is described."""
    path = tmp_path_factory.mktemp("run") / "run.db"
    truth = ["--set", "plant.jams_per_1000_staples=3", "--set", "operator.response_s=40"]
    assert run(["simulate", "stapler", "--hours", "3", "--replications", "1", "--log", str(path), *truth]) == 0
    return str(path)


def test_a_log_is_fitted_and_what_it_measured_is_used(
    log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measured, picture = tmp_path / "measured.toml", tmp_path / "fit.svg"
    assert run(["fit", "stapler", "--log", log, "-o", str(measured), "--picture", str(picture), *SHORT]) == 0
    assert picture.read_text().startswith("<?xml")
    printed = capsys.readouterr().out
    assert "operator.response_s" in printed and "Held as described" in printed
    assert "off the run's before fitting, and is" in printed and "measured.toml; use it with --measured" in printed
    assert max(len(line) for line in printed.splitlines()[:-1]) <= 80

    assert run(["compare", "stapler", "--measured", str(measured), "--hours", "1", *SHORT, "--json"]) == 0
    provenance = json.loads(capsys.readouterr().out)["provenance"]
    assert provenance["operator.response_s"] == "measured" and provenance["operator.walk_s"] == "assumed"


def test_the_figures_come_as_json(log: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "stapler", "--log", log, *SHORT, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    response = next(each for each in figures["measured"] if each["parameter"] == "operator.response_s")
    assert response["unit"] == "s" and response["described"] == 15
    assert response["ci95_low"] < 40 < response["ci95_high"]
    assert figures["before"]["off_percent"] < -10 and abs(figures["after"]["off_percent"]) < 8
    assert set(figures["run"]["time_in_state_s"]) >= {"stapling", "refilling", "waiting", "presenting"}
    assert figures["run"]["cycle_time_s"]["mean"] > figures["before"]["cycle_time_s"]["mean"]


@pytest.mark.parametrize("firmware", ["cellwright", "configurable"])
def test_a_run_through_every_byte_is_fitted_too(
    firmware: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "run.db")
    arguments = ["run", "stapler", "--on", "virtual", "--cycles", "5", "--log", path, "--firmware", firmware]
    assert run(arguments) == 0
    capsys.readouterr()
    assert run(["fit", "stapler", "--log", path, *SHORT, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["target"], figures["firmware"]) == ("virtual", firmware)
    accelerations = [each for each in figures["measured"] if each["parameter"].endswith("max_acceleration")]
    assert len(accelerations) == 2
    assert all(each["ci95_low"] <= 1500 <= each["ci95_high"] for each in accelerations)
    if firmware == "configurable":
        assert any("do not separate the line's time" in note for note in figures["notes"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.db", "There is no run log"),
        ("text.db", "is no run log"),
        ("tape.db", "is a log of digital_tape, not of stapler"),
        ("short.db", "has 2 finished panels; at least 5 are needed"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_one_sentence(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be taken for one" * 20)
    for file, cell in (("tape.db", "digital_tape"), ("short.db", "stapler")):
        with RunLog(tmp_path / file) as written:
            written.describe(cell=cell, target="model", seed=1)
            for number in (1, 2):
                written.cycle(number * 300.0, number)
    assert run(["fit", "stapler", "--log", str(tmp_path / name), "-o", str(tmp_path / "measured.toml")]) == 2
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
    assert not (tmp_path / "measured.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--picture", "fit.pdf"], "fit.pdf is neither .svg nor .png"),
        (["-o", "measured.csv"], "measured.csv is no .toml file"),
        (["--set", "bridge.max_speed=0"], "bridge has a max_speed of 0; it must be above 0"),
        (["--measured", "none.toml"], "none.toml cannot be read"),
        (["-o", "/nowhere/measured.toml"], "/nowhere/measured.toml cannot be written"),
    ],
)
def test_a_file_that_cannot_be_is_named(
    log: str, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["fit", "stapler", "--log", log, *SHORT, *arguments]) == 2
    printed = capsys.readouterr().err
    assert message in printed and printed.count("\n") == 1
