from __future__ import annotations

import json
import re
import signal
import sqlite3
from pathlib import Path

import pytest

from cellwright.cli import run

FAST = ["--cycles", "2", "-R", "2"]


def test_cells_and_describe_show_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["cells"]) == 0
    assert "stapler" in capsys.readouterr().out
    assert run(["describe", "stapler"]) == 0
    shown = capsys.readouterr().out
    for word in ("refilling", "out_of_staples", "bridge", "step 2", "home switch 9", "Solenoid"):
        assert word in shown
    assert run(["describe", "lacquer_mixer"]) == 0
    assert "I2C 0x2a" in capsys.readouterr().out


def test_check_passes_the_stapler_and_refuses_what_can_be_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", "stapler"]) == 0
    assert "dry run on the model board passed" in capsys.readouterr().out
    for override, words in {
        "trigger.rest_s=0.01": "stapler: trigger would be on 86% of the time",
        "trigger.pulse_s=0.3": "stapler: trigger has a pulse of 0.3 s, longer than its max_on_s of 0.2 s",
        "lamp.pin=2": "pin 2 is used twice, by bridge (step) and by lamp (lamp)",
        "carriage.travel=0,500": "stapler, stapling: carriage cannot move to 580 mm; its travel is 0 to 500 mm",
        "bridge.max_speed=0": "stapler: bridge has a max_speed of 0; it must be above 0",
    }.items():
        assert run(["check", "stapler", "--set", override]) == 2
        assert words in capsys.readouterr().err


def test_simulate_prints_the_fields_that_others_build_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "stapler", *FAST, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == [
        "cell", "target", "firmware", "seed", "version", "input_hash", "replications", "cycles", "cycle_time_s",
        "units_per_hour", "labour_s_per_unit", "time_in_state_s", "stops", "warm_up",
    ]  # fmt: skip
    assert list(figures["cycle_time_s"]) == ["mean", "ci95_low", "ci95_high", "p5", "p50", "p95"]
    assert list(figures["units_per_hour"]) == ["mean", "ci95_low", "ci95_high"]
    assert figures["cell"] == "stapler" and figures["target"] == "model" and figures["cycles"] == 4
    assert sum(figures["time_in_state_s"].values()) == pytest.approx(figures["cycle_time_s"]["mean"])


def test_the_same_seed_prints_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for jobs in ("1", "2"):
        assert run(["simulate", "stapler", *FAST, "--json", "--seed", "5", "--jobs", jobs]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert run(["simulate", "stapler", *FAST, "--json", "--seed", "6"]) == 0
    assert capsys.readouterr().out != printed[0]


def test_the_input_hash_follows_the_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    hashes = []
    for more in ([], ["--seed", "9"], ["--set", "carriage.max_speed=250"], ["--set", "layout.slats=14"]):
        assert run(["simulate", "stapler", "--cycles", "1", "-R", "1", "--json", *more]) == 0
        hashes.append(json.loads(capsys.readouterr().out)["input_hash"])
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_compare_states_both_ways_and_where_inputs_come_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "stapler", "--hours", "0.5", "-R", "2", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    for side in ("cell", "manual"):
        assert {"cycle_time_s", "units_per_hour", "labour_s_per_unit", "time_in_state_s", "stops"} <= set(figures[side])
    less, more = figures["less_time_percent"]["mean"], figures["more_output_percent"]["mean"]
    assert more == pytest.approx(100 * (1 / (1 - less / 100) - 1), rel=0.05)
    assert figures["provenance"]["carriage.max_speed"] == "published"
    assert figures["provenance"]["bridge.steps_per_mm"] == "vendor"
    assert figures["provenance"]["manual.staple_mods"] == "assumed"
    assert set(figures["provenance"].values()) <= {"measured", "published", "vendor", "assumed"}


def test_tables_fit_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["compare", "stapler", "--hours", "0.5", "-R", "2"], ["simulate", "stapler", *FAST]):
        assert run(arguments) == 0
        assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_times_of_a_study_replace_predetermined_ones_which_stand_in_for_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    means = []
    for number, seconds in enumerate((600, 1000)):
        path = tmp_path / f"manual{number}.csv"
        path.write_text(f"# observer: Kari\ncycle,element,seconds\n1,staple,{seconds}\n2,Stifte,{seconds}\n")
        arguments = ["compare", "stapler", "--manual", str(path), "--hours", "4", "-R", "2", "--json"]
        assert run(arguments) == 0
        figures = json.loads(capsys.readouterr().out)
        means.append(figures["manual"]["cycle_time_s"]["mean"])
        assert figures["provenance"]["manual.staple"] == "measured"
        assert figures["study"]["not_timed"] == ["fetch felt", "lay slats", "step to next row", "refill", "lift off"]
    assert means[0] > 1.15 * 600 + 60  # the five elements that nobody timed
    assert means[1] - means[0] == pytest.approx(1.15 * 400, rel=0.02)


def test_what_a_study_left_out_is_said_and_what_can_hardly_be_meant_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "manual.csv"
    path.write_text("cycle;element;seconds\n1;staple;5,1\n2;staple;5,2\n")
    arguments = ["compare", "stapler", "--manual", str(path), "--hours", "0.5", "-R", "2"]
    assert run(arguments) == 2
    assert "line 2, column seconds: 5,1 for 'staple' is only" in " ".join(capsys.readouterr().err.split())
    assert run([*arguments, "--accept"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Not timed: fetch felt, lay slats, step to next row, refill, lift off; predetermined times stand in" in shown
    assert "so its times count as assumed" in shown


def test_a_log_has_a_row_for_each_event_and_cycle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run.db"
    assert run(["simulate", "stapler", *FAST, "--log", str(path)]) == 0
    with sqlite3.connect(path) as log:
        cycles = log.execute("SELECT replication, count(*) FROM cycle GROUP BY replication").fetchall()
        shots = log.execute("SELECT count(*) FROM event WHERE source = 'trigger' AND what = 'fire'").fetchone()[0]
        facts = dict(log.execute("SELECT key, value FROM run"))
    assert cycles == [(0, 4), (1, 4)]  # with the two of the warm-up
    assert shots >= 2 * 4 * 195
    assert facts["cell"] == "stapler" and facts["seed"] == "1"
    assert run(["simulate", "stapler", *FAST, "--log", str(path)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_certificates_are_printed_from_a_run_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "day.db"
    assert run(["run", "lacquer_mixer", "--on", "model", "--cycles", "2", "--log", str(path)]) == 0
    capsys.readouterr()
    assert run(["certificates", str(path)]) == 0
    printed = capsys.readouterr().out
    assert printed.count("Batch certificate, order ") == 2 and "lot B-26117" in printed
    assert run(["certificates", str(path), "--replication", "3"]) == 2
    assert "has no unit in replication 3" in capsys.readouterr().err
    text = tmp_path / "text.db"
    text.write_text("no database")
    assert run(["certificates", str(text)]) == 2
    assert "is no run log (file is not a database)" in capsys.readouterr().err
    other = tmp_path / "stapler.db"
    assert run(["run", "stapler", "--on", "model", "--cycles", "1", "--log", str(other)]) == 0
    assert run(["certificates", str(other)]) == 2
    assert "keeps no record of what is in each unit" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["certificates", "none.db"], "There is no run log none.db"),
        (["simulate", "staplr"], "There is no cell called 'staplr'; did you mean 'stapler'?"),
        (["simulate", "stapler", "--set", "carrage.max_speed=1"], "there is no 'carrage'; did you mean 'carriage'?"),
        (["simulate", "stapler", "--set", "carriage.max_sped=1"], "no 'max_sped'; did you mean 'max_speed'?"),
        (["simulate", "stapler", "--set", "carriage.max_speed=fast"], "--set carriage.max_speed=fast: input should be"),
        (["simulate", "stapler", "--set", "carriage"], "write it as device.parameter=value"),
        (["simulate", "stapler", "--set", "layout.off_centre_mm=20"], "miss the slats"),
        (["simulate", "stapler", "--set", "layout=none.toml"], "none.toml cannot be read: No such file"),
        (["simulate", "stapler", "--cycles", "0"], "0 cycles show nothing"),
        (["simulate", "stapler", "--cycles", "1", "--hours", "1"], "either a number of cycles or a number of hours"),
        (["simulate", "stapler", "--replications", "0"], "0 replications show nothing"),
        (["simulate", "stapler", "--hours", "nan"], "nan hours cannot be simulated"),
        (["simulate", "stapler", "--cycles", "many"], "--cycles"),
        (["simulate", "stapler", "--log", "/nowhere/run.db", "--cycles", "1"], "cannot be written"),
        (["compare", "stapler", "--manual", "none.csv"], "none.csv cannot be read"),
        (["demo", "-o", "/proc/nowhere"], "cannot be made"),
        (["describe", "stapler", "--diagram", "-o", "x.gif"], "name a .svg, .png or .mmd file"),
        (["simulate", "stapler", "--firmware", "klipper"], "'--firmware': 'klipper' is not one of"),
        (["simulate", "stapler", "--seed", "x"], "'--seed': input should be a valid integer"),
        (["simulate", "stapler", "--seed", "-1"], "'--seed': input should be greater than"),
        (["run", "stapler", "--board", "due"], "'--board': 'due' is not one of"),
        (["fly"], "No such command 'fly'"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_and_exit_2(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.startswith("cellwright: ") and printed.err.count("\n") == 1
    assert not re.search("Value error|Input should|Assertion failed", printed.err)
    assert printed.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_cell_that_faults_ends_with_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "stapler", *FAST, "--set", "carriage.travel=0,500"]) == 1
    assert "stapler, stapling: carriage cannot move to" in capsys.readouterr().err


def test_ctrl_c_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("cellwright.cli.commands.describe.list_cells", interrupted)
    assert run(["cells"]) == 130
    assert "stopped by Ctrl-C; no file is left half written." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("stapler", "long simulations are computed on the fast path."),
        ("digital_tape", "long simulations are computed event by event: what its units are like is measured"),
    ],
)
def test_check_says_how_long_simulations_are_computed(name, words, capsys):
    assert run(["check", name]) == 0
    assert words in " ".join(capsys.readouterr().out.split())
