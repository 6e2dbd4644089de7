"""--firmware: the timing of simulated moves."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from cellwright.benchmarks.experiments.experiment import Experiment
from cellwright.cells import load
from cellwright.cli import options, run
from cellwright.cli.commands.report import ReportOptions
from cellwright.hardware import CELLWRIGHT_FIRMATA, CONFIGURABLE_FIRMATA
from cellwright.hardware.firmata.protocol.cellwright import BoardHealth
from cellwright.hardware.firmata.virtual import cellwright
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE
from cellwright.sim import Length, Streams, model_rig, run_cell
from cellwright.sim.targets import VirtualLine, idle_model_rig
from cellwright.testing import on_model, on_virtual

OTHER = ["--firmware", "configurable"]
FAST = ["--cycles", "1", "-R", "1", "--json"]


def figures(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    assert run(list(words)) == 0
    return json.loads(capsys.readouterr().out)


def test_the_default_is_cellwright_firmata(capsys: pytest.CaptureFixture[str]) -> None:
    default, given, other = (
        figures(capsys, "simulate", "stapler", *FAST, *more) for more in ([], ["--firmware", "cellwright"], OTHER)
    )
    assert default == given
    assert (given["firmware"], other["firmware"]) == ("cellwright", "configurable")
    assert given["input_hash"] != other["input_hash"]
    assert given["cycle_time_s"]["mean"] < 0.9 * other["cycle_time_s"]["mean"]


def test_the_command_lines_default_is_the_one_of_all_else() -> None:
    assert options.DEFAULT_FIRMWARE == DEFAULT_FIRMWARE == load("stapler").scenario().firmware


def test_a_rig_has_the_timing_of_its_scenarios_firmware() -> None:
    stapler = load("stapler")
    assert model_rig(stapler.scenario(), 1, 0).model.motion.timing is CELLWRIGHT_FIRMATA
    other = stapler.scenario(firmware="configurable")
    assert idle_model_rig(other, Streams(1, 0)).model.motion.timing is CONFIGURABLE_FIRMATA


def test_the_line_is_as_fast_as_the_firmware_listens_by_default() -> None:
    assert VirtualLine().baud_with("configurable") == 115200
    assert VirtualLine().baud_with("cellwright") == 57600
    assert VirtualLine(baud=9600).baud_with("cellwright") == 9600


def test_moves_of_a_cell_are_trapezoids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The stapler's carriage along a slat: in its log a move takes the time of the textbook's trapezoid."""
    scenario = load("stapler").scenario()
    rig = model_rig(scenario, 1, 0)
    rig.env.run(until=rig.cell.next_finished())
    carriage = rig.cell.devices["carriage"]
    speed, acceleration = (carriage.steps_per_mm * each for each in (carriage.max_speed, carriage.max_acceleration))
    began_s = rig.env.now
    target = 0 if carriage.position > 100 else 200
    steps = abs(target - carriage.position) * carriage.steps_per_mm
    rig.env.run(until=carriage.move_to(target))
    ideal_s = 2 * math.sqrt(steps / acceleration)
    if steps >= speed * speed / acceleration:
        ideal_s = steps / speed + speed / acceleration
    assert rig.env.now - began_s == pytest.approx(ideal_s, rel=1e-9)


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "stapler", "--hours", "0.5", "-R", "2", "--json"],
        ["economics", "stapler", "--hours", "0.5", "-R", "2", "--json"],
        ["sensitivity", "stapler", "--hours", "0.3", "-R", "1", "--figure", "cycle_time_s", "--jobs", "1", "--json"],
        ["run", "stapler", "--on", "model", "--cycles", "1", "--json"],
    ],
    ids=lambda words: words[0],
)
def test_every_command_that_simulates_uses_it(words, capsys: pytest.CaptureFixture[str]) -> None:
    usual, other = figures(capsys, *words), figures(capsys, *words, *OTHER)
    assert _numbers(usual) != _numbers(other)


def _numbers(printed: object) -> list[float]:
    """All numbers in what was printed, without names and hashes."""
    if isinstance(printed, dict):
        return [number for each in printed.values() for number in _numbers(each)]
    if isinstance(printed, list):
        return [number for each in printed for number in _numbers(each)]
    return [printed] if isinstance(printed, (int, float)) else []


def test_model_and_virtual_agree_within_one_per_cent(capsys: pytest.CaptureFixture[str]) -> None:
    run_figures = figures(capsys, "run", "stapler", "--on", "virtual", "--cycles", "1", "--json")
    (virtual_s,), (model_s,) = run_figures["unit_times_s"], run_figures["model_unit_times_s"]
    assert 0 < virtual_s - model_s < 0.01 * model_s


@pytest.mark.parametrize("put_together", [on_model, on_virtual])
def test_a_cell_under_test_may_have_it(put_together) -> None:
    times_s = []
    for firmware in ("configurable", "cellwright"):
        rig = put_together("stapler", firmware=firmware)
        rig.env.run(until=rig.cell.next_finished())
        times_s.append(rig.env.now)
        rig.end()
    assert times_s[1] < 0.9 * times_s[0]


def test_a_sweep_uses_it_and_resumes_its_own_file_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "sweep.csv"
    command = ["sweep", "stapler", "--vary", "carriage.max_speed=200:300:2", "--hours", "0.3", "-R", "1"]
    assert run([*command, "-o", str(output), *OTHER]) == 0
    slow, _ = (line.split(",") for line in output.read_text().splitlines()[2:])
    scenario = load("stapler").scenario(["carriage.max_speed=200"], firmware="configurable")
    assert float(slow[2]) == pytest.approx(
        sum(times := run_cell(scenario, Length(hours=0.3), 1, 0).cycle_times_s) / len(times)
    )
    capsys.readouterr()
    assert run([*command, "-o", str(output)]) == 2
    assert "holds something else than this sweep" in capsys.readouterr().err


def test_a_claim_may_rest_on_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    claim = """[[claims]]
    claim = "a panel takes a third less time"
    cell = "stapler"
    figure = "less_time_percent"
    at_least = 29
    hours = 4
    replications = 6
    """
    file = tmp_path / "claims.toml"
    for firmware, code in (("configurable", 1), ("cellwright", 0)):
        file.write_text(f'{claim}firmware = "{firmware}"')
        assert run(["claims", str(file)]) == code
    file.write_text(f'{claim}firmware = "grbl"')
    assert run(["claims", str(file)]) == 2
    assert "firmware" in capsys.readouterr().err


def test_tables_name_a_firmware_that_is_not_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    sentence = "Moves have the timing of ConfigurableFirmata on a 16 MHz ATmega328P."
    for command in (["simulate", "stapler", "--cycles", "1", "-R", "1"], ["compare", "stapler", "--hours", "0.5"]):
        assert run(command) == 0
        assert sentence not in " ".join(capsys.readouterr().out.split())
        assert run([*command, *OTHER]) == 0
        assert sentence in " ".join(capsys.readouterr().out.split())


def test_a_report_names_it_in_the_command_that_gives_it_again() -> None:
    for firmware, words in (("cellwright", ""), ("configurable", "--firmware configurable ")):
        simulation = Experiment("stapler", hours=1.0, replications=2, firmware=firmware)
        options = ReportOptions(simulation, "en", Path("out"), None, None, None, None)
        assert options.command().endswith(f"--seed 1 {words}-o out")


@pytest.mark.parametrize("words", [["check"], ["simulate", *FAST], ["run", "--on", "model", "--cycles", "1"]])
def test_a_cell_that_the_firmware_would_refuse_is_found_beforehand(words, capsys: pytest.CaptureFixture[str]) -> None:
    command, *more = words
    arguments = [command, "stapler", *more, "--set", "carriage.max_speed=1300"]
    assert run(arguments) == (2 if command == "check" else 1)
    assert "carriage cannot make 52,000 steps/s: CellwrightFirmata" in capsys.readouterr().err


def test_what_the_other_cannot_step_it_steps_more_slowly(capsys: pytest.CaptureFixture[str]) -> None:
    figures(capsys, "simulate", "stapler", *FAST, *OTHER, "--set", "carriage.max_speed=1300")


def test_an_unknown_firmware_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "stapler", "--firmware", "grbl"]) == 2
    assert "'grbl' is not one of 'cellwright', 'configurable'" in capsys.readouterr().err


def test_what_the_board_reports_of_the_run_is_noted_at_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cellwright, "BoardHealth", lambda *_: BoardHealth(2048, 1000, 100, 0, 0, 3, 0))
    assert run(["run", "stapler", "--on", "virtual", "--cycles", "1"]) == 0
    printed = " ".join(capsys.readouterr().err.split())
    assert printed.count("Note: The board's own account of the run: bytes from this computer that were lost: 3.") == 1


def test_firmware_that_cannot_be_emulated_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "stapler", "--on", "emulated", "--firmware", "configurable"]) == 2
    assert "Only CellwrightFirmata can be emulated; leave out --firmware configurable." in capsys.readouterr().err
