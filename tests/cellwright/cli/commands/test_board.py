"""``board``: a virtual Arduino for other programs, over a pseudo-terminal and over TCP. In real time, a few seconds."""

from __future__ import annotations

import io
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pyfirmata2
import pytest

from cellwright.cells import load
from cellwright.cli import run
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.transport.serial import SerialLink

CELLWRIGHT = Path(sys.executable).with_name("cellwright")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")
SMALL_PANEL = [
    word
    for setting in (
        "layout.slats=2", "layout.staple_spacing_mm=200", "layout.panel_length_mm=100", "layout.end_margin_mm=20",
        "layout.panel_width_mm=80", "operator.response_s=0.05", "operator.walk_s=0.05", "manual.mod_s=0.002",
        "bridge.travel=0,110", "carriage.travel=0,90",
    )
    for word in ("--set", setting)
]  # fmt: skip


@contextmanager
def served(*arguments):
    """A board served by a process of its own, while the block runs; gives the line that it prints."""
    serving = subprocess.Popen(
        [CELLWRIGHT, "board", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield serving.stdout.readline()
    finally:
        serving.send_signal(signal.SIGINT)
        out, err = serving.communicate(timeout=20)
    assert (serving.returncode, out, err) == (0, "", "")


def description_of(port):
    clock = WallClock()
    board = connect(clock, SerialLink(clock, port, 115200))
    board.close()
    return board.session.description


@pytest.mark.parametrize("kind", ["uno", "mega"])
def test_a_board_on_a_pty_answers_and_goes_with_its_path(kind, tmp_path):
    path = tmp_path / "arduino"
    with served("--pty", path, "--board", kind) as output:
        assert output == f"A virtual {kind.capitalize()} with nothing connected to it is at {path}; Ctrl-C ends it.\n"
        assert description_of(str(path)).startswith("this board runs CellwrightFirmata")
    assert not path.is_symlink()


def test_a_board_with_other_firmware_reports_so(tmp_path):
    path = tmp_path / "arduino"
    with served("--pty", path, "--firmware", "configurable"):
        assert description_of(str(path)).startswith("this board runs ConfigurableFirmata")


def test_a_board_on_tcp_answers_one_host_after_the_other(tmp_path):
    with served("--tcp", "0", "--standard") as output:
        url = output.split(" at ")[1].split(";")[0]
        assert url.startswith("socket://127.0.0.1:")
        for _ in range(2):
            assert description_of(url) == "this board runs StandardFirmata 2.5 and has pins 0 to 19"


def test_opening_the_port_resets_the_board_as_it_does_an_uno():
    with served("--tcp", "0") as output:
        port = int(output.rpartition(":")[2].split(";")[0])
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as host:
                heard = b""
                while bytes.fromhex("f9 02 06") not in heard:  # it has booted, and nobody asked it anything
                    heard += host.recv(100)
                    assert len(heard) < 1000


def test_a_board_with_a_fault_has_it(tmp_path):
    path = tmp_path / "arduino"
    with served("--pty", path, "--fault", "drop=1"):
        clock = WallClock()
        client = FirmataClient(clock, SerialLink(clock, str(path), 115200))
        clock.run(until=clock.now + 4)  # it boots in 2.2 s
        client.close()
    assert not client.ready.triggered


@pytest.mark.slow
def test_a_peers_client_works_with_it(tmp_path):
    """pyfirmata2 itself, with its fixed waits."""
    path = tmp_path / "arduino"
    with served("--pty", path, "--standard", "--baud", "57600"):
        board = pyfirmata2.Arduino(str(path), baudrate=57600)
        try:
            assert board.firmata_version == (2, 5)
            assert len(board.digital) == 14  # its own layout of an Uno
            board.digital[13].write(1)
        finally:
            board.exit()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("there", "options", "name", "note"),
    [
        ("cellwright", [], "CellwrightFirmata 1.0", ""),
        ("configurable", [], "ConfigurableFirmata 2.12", ""),
        (
            "configurable",
            ["--firmware", "cellwright"],
            "ConfigurableFirmata 2.12",
            "--firmware cellwright was given, but ConfigurableFirmata 2.12 is on",
        ),
    ],
)
def test_the_stapler_runs_in_real_time_with_whatever_firmware_is_there(there, options, name, note, tmp_path, capsys):
    path, log = tmp_path / "arduino", tmp_path / "run.db"
    with served("--pty", path, "--plant", "stapler", "--firmware", there, *SMALL_PANEL) as output:
        assert "with the plant of the stapler" in output
        words = ["run", "stapler", "--on", str(path), "--cycles", "1", "--log", str(log), *options, *SMALL_PANEL]
        assert run(words) == 0
    printed = capsys.readouterr()
    out, err = "".join(printed.out.split()), " ".join(printed.err.split())  # the path may be broken over two lines
    assert f"stapleron{path}:1panel," in out
    assert f"{path}: {name} at 57600 baud" in err  # a pseudo-terminal takes bytes at any rate, so at the first
    assert (note in err) if note else ("--firmware" not in err)
    with sqlite3.connect(log) as rows:
        head = dict(rows.execute("SELECT key, value FROM run"))
    assert head["firmware"] == name.split()[0]
    overrides = SMALL_PANEL[1::2]
    assert head["input_hash"] == load("stapler").scenario(overrides, firmware=there).input_hash()


@pytest.mark.slow
def test_a_board_that_goes_away_in_mid_run_is_a_fault(tmp_path, capsys):
    path = tmp_path / "arduino"
    serving = subprocess.Popen([CELLWRIGHT, "board", "--pty", path, "--plant", "stapler"], stdout=subprocess.PIPE)
    serving.stdout.readline()
    running = subprocess.Popen(
        [CELLWRIGHT, "run", "stapler", "--on", path, "--log", tmp_path / "run.db"], stderr=subprocess.PIPE, text=True
    )
    while "state waiting" not in _logged(tmp_path / "run.db"):
        assert running.poll() is None
    serving.kill()
    serving.communicate()
    _, err = running.communicate(timeout=20)
    assert running.returncode == 1
    assert f"stapler, waiting: The link to {path} was lost" in err or "has been silent for 1 s" in err
    assert "Traceback" not in err


def _logged(path):
    """What the log holds of the cell so far."""
    if not path.with_name(path.name + "-wal").exists():
        return []
    try:
        with sqlite3.connect(path) as log:
            return [what for (what,) in log.execute("SELECT what FROM event WHERE source = 'cell'")]
    except sqlite3.OperationalError:  # not written yet
        return []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Give one address to serve the board at: --pty PATH or --tcp HOST:PORT."),
        (["--tcp", "nonsense"], "'nonsense' is no address to serve at"),
        (["--tcp", "99999"], "'99999' is no address to serve at"),
        (["--pty", "/no/such/folder/arduino"], "A port cannot be made at /no/such/folder/arduino"),
        (["--tcp", "0", "--plant", "stapple"], "There is no cell called 'stapple'; did you mean 'stapler'?"),
        (["--tcp", "0", "--fault", "cutt"], "there is no fault 'cutt' here; did you mean 'cut'?"),
        (["--tcp", "0", "--fault", "lamp:dead"], "there is no device 'lamp'; none is known."),
        (["--emulated", "x.hex"], "An emulated chip is served on a pseudo-terminal: add --pty PATH."),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_sentence(arguments, message, capsys):
    assert run(["board", *arguments]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1


def test_a_path_or_a_port_that_is_taken_is_refused(tmp_path, capsys):
    path = tmp_path / "arduino"
    path.write_text("something of the user's")
    assert run(["board", "--pty", str(path)]) == 2
    assert f"{path} exists already; choose another name or remove it." in capsys.readouterr().err
    assert path.read_text() == "something of the user's"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(["board", "--tcp", str(taken.getsockname()[1])]) == 2
    assert "choose another port" in capsys.readouterr().err


@pytest.mark.slow
def test_a_scale_is_calibrated_over_a_served_board_and_an_empty_one_is_refused(tmp_path, capsys, monkeypatch):
    path, output = tmp_path / "arduino", tmp_path / "scale.toml"
    options = ["calibrate", "lacquer_mixer", "scale", "--on", str(path), "--known", "2000", "-o", str(output)]
    with served("--pty", path, "--plant", "lacquer_mixer"):
        monkeypatch.setattr("sys.stdin", io.StringIO("\n\n"))
        assert run(options) == 1  # nobody has put the mass on it
        printed = capsys.readouterr()
        assert "Take everything off scale. Then press Enter." in printed.out
        assert "scale was not calibrated: for 2000 g its reading changed by" in printed.err
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        assert run(options) == 2
        assert "Nobody is there to press Enter" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stapler", "scale", "--known", "5"], "stapler has no sensor 'scale' that can be calibrated; none is known."),
        (["lacquer_mixer", "scal", "--known", "5"], "did you mean 'scale'?"),
        (["lacquer_mixer", "scale", "--known", "0"], "0 g cannot be used for calibration; --known must be above 0."),
        (["lacquer_mixer", "scale", "--known", "2000"], "/dev/none"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_in_one_sentence(arguments, message, tmp_path, capsys):
    assert run(["calibrate", *arguments, "--on", "/dev/none", "-o", str(tmp_path / "x.toml")]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
