"""``run`` in virtual time: on the model board and on the virtual Arduino."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cellwright.cli import run
from cellwright.cli.commands import run as run_command
from cellwright.hardware.fault_injection import Fault
from cellwright.sim.fault_matrix import FaultOutcome

CELLWRIGHT = Path(sys.executable).with_name("cellwright")


def test_a_run_on_the_virtual_arduino_prints_the_time_of_the_line(capsys):
    assert run(["run", "stapler", "--on", "virtual", "--cycles", "2"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "stapler on a virtual Uno at 57600 baud: 2 panels, " in out
    assert "On the model board they take " in out
    assert "the serial line adds " in out


def test_one_unit_is_not_each(capsys):
    assert run(["run", "stapler", "--on", "virtual", "--cycles", "1"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert " 1 panel, " in out and "On the model board it takes " in out
    assert " each" not in out


def test_its_json_has_the_times_of_both(capsys):
    assert run(["run", "stapler", "--on", "virtual", "--cycles", "2", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == [
        "cell", "target", "firmware", "seed", "version", "input_hash", "units", "unit_times_s", "model_unit_times_s",
        "line_cost_s", "stops", "last_stop", "notes",
    ]  # fmt: skip
    costs_s = [there - here for there, here in zip(figures["unit_times_s"], figures["model_unit_times_s"], strict=True)]
    assert sum(costs_s) / 2 == pytest.approx(figures["line_cost_s"])
    # 195 staples cost at least as many messages of three bytes; the whole is well below a per cent.
    assert all(195 * 3 * 10 / 115200 < cost_s < 2 for cost_s in costs_s)
    assert figures["units"] == 2
    assert figures["last_stop"] is None


def test_a_slow_line_costs_more(capsys):
    costs_s = []
    for line in (["--baud", "57600"], ["--baud", "115200"], ["--latency-ms", "5"]):
        assert run(["run", "stapler", "--on", "virtual", "--cycles", "1", "--json", *line]) == 0
        costs_s.append(json.loads(capsys.readouterr().out)["line_cost_s"])
    slow, quick, late = costs_s
    assert slow == pytest.approx(2 * quick, rel=0.2)
    assert late > quick + 195 * 0.005


def test_the_model_is_run_alike_and_its_cycles_are_those_of_simulate(capsys):
    assert run(["run", "stapler", "--on", "model", "--cycles", "3", "--json"]) == 0
    ran = json.loads(capsys.readouterr().out)["unit_times_s"]
    assert run(["simulate", "stapler", "--cycles", "1", "-R", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cycle_time_s"]["mean"] == pytest.approx(ran[2])


def test_the_same_seed_prints_the_same_bytes(capsys):
    printed = []
    for seed in ("4", "4", "5"):
        assert run(["run", "stapler", "--on", "virtual", "--cycles", "1", "--json", "--seed", seed]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1] != printed[2]


def test_it_is_logged(tmp_path, capsys):
    log = tmp_path / "run.db"
    assert run(["run", "stapler", "--on", "virtual", "--cycles", "2", "--log", str(log)]) == 0
    with sqlite3.connect(log) as rows:
        assert dict(rows.execute("SELECT key, value FROM run"))["target"] == "virtual"
        assert rows.execute("SELECT count(*) FROM cycle").fetchone() == (2,)
        assert (
            rows.execute("SELECT count(*) FROM event WHERE source = 'trigger' AND what = 'fire'").fetchone()[0] >= 390
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--on", "virtual", "--cycles", "0"], "--cycles 0 makes nothing; run at least 1."),
        (["--on", "/dev/no-such-port"], "There is no serial port /dev/no-such-port: plug the board in, or use one of"),
        (
            ["--on", "virtual", "--set", "lamp.pin=53"],
            "stapler: lamp needs a digital output on pin 53; this board runs",
        ),
        (
            ["--on", "virtual", "--set", "lamp.pin=1"],
            "stapler: lamp needs a digital output on pin 1 (the serial line's); this board runs",
        ),
        (["--on", "virtual", "--board", "due"], "'due'"),
        (["--on", "virtual", "--log", "/no/such/folder/run.db"], "cannot be written"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(arguments, message, capsys):
    assert run(["run", "stapler", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not printed.out


def test_what_is_no_board_is_refused(tmp_path, capsys):
    text = tmp_path / "notes.txt"
    text.write_text("not a port")
    assert run(["run", "stapler", "--on", str(text)]) == 2
    assert "notes.txt" in capsys.readouterr().err


def test_a_mega_has_the_pins(capsys):
    assert run(["run", "stapler", "--on", "virtual", "--board", "mega", "--cycles", "1", "--set", "lamp.pin=53"]) == 0
    assert "a virtual Mega" in capsys.readouterr().out


def test_a_run_is_recorded_and_replays_until_the_cell_does_something_else(tmp_path, capsys):
    recording = tmp_path / "bytes.txt"
    assert run(["run", "stapler", "--on", "virtual", "--cycles", "1", "--record", str(recording)]) == 0
    replay = ["run", "stapler", "--on", f"replay:{recording}", "--cycles", "1"]
    assert run(replay) == 0
    assert run([*replay, "--set", "trigger.pulse_s=0.07"]) == 1
    assert "cellwright: The run differs from the recording: at " in capsys.readouterr().err
    assert run([*replay, "--fault", "cut"]) == 2
    assert run(["run", "stapler", "--on", "model", "--record", str(tmp_path / "none.txt")]) == 2
    assert not (tmp_path / "none.txt").exists()


@pytest.mark.parametrize("target", ["model", "virtual"])
def test_when_a_run_is_over_everything_is_safe_and_stays_so(target, monkeypatch):
    rigs = []
    make = run_command.put_on_target
    monkeypatch.setattr(run_command, "put_on_target", lambda *a, **k: rigs.append(make(*a, **k)) or rigs[-1])
    assert run(["run", "stapler", "--on", target, "--cycles", "1"]) == 0
    rig = rigs[0]
    assert rig.model.is_safe
    assert rig.cell.last_stop is None
    rig.env.run(until=rig.env.now + 100)
    assert rig.model.is_safe


def test_a_fault_ends_the_run_with_its_reason(capsys):
    assert run(["run", "stapler", "--on", "virtual", "--fault", "cut@100"]) == 1
    assert "stapler, stapling: The link to a virtual Uno was lost: the cable was pulled" in capsys.readouterr().err
    assert run(["run", "stapler", "--on", "virtual", "--fault", "cutt@100"]) == 2
    assert "did you mean 'cut'?" in capsys.readouterr().err


def test_the_fault_matrix_is_printed(capsys, monkeypatch):
    kinds = [Fault("cut"), Fault("closed", device="stop_button")]
    for module in ("cellwright.cli.commands.check", "cellwright.sim.fault_matrix"):
        monkeypatch.setattr(f"{module}.possible_faults", lambda parts: kinds)
    assert run(["check", "stapler", "--faults", "--set", "plant.jams_per_1000_staples=30"]) == 0
    out = capsys.readouterr().out
    assert "faulted in every state" in out
    assert "stopped in every state" in out
    assert "6 faulted, 6 stopped." in out
    assert "stop_button was pressed" in out


def test_a_fault_that_ends_badly_is_a_failure(capsys, monkeypatch):
    monkeypatch.setattr("cellwright.cli.commands.check.possible_faults", lambda parts: [Fault("cut")])
    rows = [FaultOutcome("waiting", "cut", "faulted", "stapler, waiting: lost.", None)]
    monkeypatch.setattr("cellwright.cli.commands.check.fault_matrix", lambda scenario, seed: iter(rows))
    assert run(["check", "stapler", "--faults"]) == 1
    assert (
        "stapler: 1 faults leave it hung, unsafe or broken off; the first is cut in waiting." in capsys.readouterr().err
    )


@pytest.mark.skipif(os.name != "posix", reason="Ctrl-C is sent as a signal")
@pytest.mark.parametrize(("presses", "message"), [(1, "Ctrl-C was pressed."), (2, "Ctrl-C was pressed")])
def test_ctrl_c_makes_a_controlled_stop_and_reports_it(presses, message, tmp_path):
    log = tmp_path / "run.db"
    running = subprocess.Popen(
        [CELLWRIGHT, "run", "stapler", "--on", "virtual", "--cycles", "1000000", "--log", log],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not log.exists() or _cycles(log) < 1:
        assert running.poll() is None, running.stderr.read()
    for _ in range(presses):
        running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert "Stopped by Ctrl-C; every output is safe." in out
    with sqlite3.connect(log) as rows:
        (reason,) = rows.execute("SELECT detail FROM event WHERE what = 'stop'").fetchone()
    assert message in reason


def _cycles(log: Path) -> int:
    try:
        with sqlite3.connect(log) as rows:
            return rows.execute("SELECT count(*) FROM cycle").fetchone()[0]
    except sqlite3.OperationalError:  # not written yet
        return 0
