"""``agree``, and ``run --on emulated``."""

from __future__ import annotations

import json

import pytest

from cellwright.cli import run
from cellwright.cli.commands import agree
from cellwright.errors import InputError
from cellwright.hardware.emulator import arduino
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.sim.agreement import TargetResult

NOT_BUILT = "The emulated chip is not built; run 'sh hardware/emulator/build.sh' in a checkout of Cellwright."


@pytest.fixture
def emulator():
    """Skips where emulator or firmware are not built."""
    try:
        find_library()
        firmware_hex("uno")
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def times(monkeypatch):
    """Gives each target the times that its units take, in place of making them."""
    by_target = {"model": (10.0, 12.0), "virtual": (11.0, 11.0), "emulated": (11.0, 11.1)}

    def run_on_target(target, scenario, units, seed, on_unit):
        on_unit()
        return TargetResult(target, by_target[target], {"waiting": 2.0}, {"trigger fire": 3}, {"dose_error_g": 0.5})

    monkeypatch.setattr(agree, "run_on_target", run_on_target)
    monkeypatch.setattr(agree, "find_library", lambda: None)
    monkeypatch.setattr(agree, "firmware_hex", lambda _: None)
    return by_target


def test_targets_stand_side_by_side(times, capsys):
    assert run(["agree", "stapler", "--cycles", "2"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]
    assert rows == [
        ["cycle time, s", "11.00", "11.00", "11.05", "+0.00 %", "+0.45 %"],
        ["in waiting, s", "2.00", "2.00", "2.00", "+0.00 %", "+0.00 %"],
        ["dose error, g", "0.50", "0.50", "0.50", "+0.00 %", "+0.00 %"],
        ["trigger fire", "3", "3", "3", "+0.00 %", "+0.00 %"],
    ]
    assert "A panel takes 0.45 % longer on real firmware, on an emulated Uno, than on the" in out
    assert max(map(len, out.splitlines())) <= 80


def test_more_than_a_percent_is_a_fault(times, capsys):
    times["emulated"] = (10.0, 11.0)
    assert run(["agree", "stapler", "--cycles", "2"]) == 1
    assert "stapler takes 4.55 % less on real firmware than on the model; up to 1 % is agreement." in (
        capsys.readouterr().err.replace("\n", " ")
    )


def test_json_has_every_figure_and_how_far_it_is_off(times, capsys):
    assert run(["agree", "stapler", "--cycles", "2", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["firmware"] == "cellwright"
    assert figures["disagreement_percent"] == pytest.approx(100 * 0.05 / 11)
    assert figures["targets"]["model"]["unit_times_s"] == [10.0, 12.0]
    assert figures["targets"]["virtual"]["off_the_model_percent"]["in_waiting_s"] == 0
    assert figures["targets"]["emulated"]["figures"]["dose_error_g"] == 0.5


def test_without_an_emulator_both_commands_say_how_to_build_it(monkeypatch, capsys):
    def not_there():
        raise InputError(NOT_BUILT)

    monkeypatch.setattr(agree, "find_library", not_there)
    monkeypatch.setattr(arduino, "find_library", not_there)
    monkeypatch.setattr("cellwright.sim.targets.emulated.firmware_hex", lambda _: None)
    for command in (["agree", "stapler"], ["run", "stapler", "--on", "emulated"]):
        assert run(command) == 2
        assert NOT_BUILT in capsys.readouterr().err.replace("\n", " ")


def test_a_firmwares_baud_rate_is_its_own(capsys):
    assert run(["run", "stapler", "--on", "emulated", "--baud", "9600"]) == 2
    assert "The firmware runs at 57600 baud; leave out --baud." in capsys.readouterr().err


NIMBLE = ["--set", "manual.mod_s=0.01", "--set", "operator.response_s=1", "--set", "operator.walk_s=1"]
"""A person for whom the firmware hardly waits, so that what is compared is mostly the machine's own time."""


@pytest.mark.emulated
def test_a_cell_runs_on_real_firmware_and_is_compared_with_the_model(emulator, capsys):
    sawing = ["--set", "manual.saw_s=2"]
    assert run(["run", "digital_tape_stop", "--on", "emulated", "--cycles", "1", *NIMBLE, *sawing, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["target"], figures["firmware"], figures["units"]) == ("emulated", "cellwright", 1)
    assert figures["unit_times_s"][0] == pytest.approx(figures["model_unit_times_s"][0], rel=0.03)


@pytest.mark.emulated
def test_the_stapler_agrees(emulator, capsys):
    assert run(["agree", "stapler", "--cycles", "1", "--set", "layout.slats=7", *NIMBLE, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert abs(figures["disagreement_percent"]) < 1
    fired = [figures["targets"][target]["figures"]["trigger fire"] for target in ("model", "virtual", "emulated")]
    assert fired[0] == fired[1] == fired[2] > 60
