"""However a run is ended, and whatever its step does: the output that was on is off, and the log says why."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cellwright.hardware import ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.hardware.transport.server import TcpLink

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")]
CELLWRIGHT = Path(sys.executable).with_name("cellwright")
HEATER = 4
CELL = '''
import re, sys, time
from cellwright import Button, Cell, Lamp
from cellwright.sim import CellPlant, ManualMethod, Study

class Oven(Cell):
    """Warms something."""
    cycle_ends_with = "warmed"
    resets_with = "start_button"
    heater = Lamp(pin=4)
    start_button = Button(pin=7)
    states = ["warming"]
    transitions = [["warmed", "warming", "warming"]]

    def warming(self):
        yield self.env.timeout(0)
        self.heater.on()
        {body}
        return "warmed"

class Manual(ManualMethod):
    """By hand."""
    def elements(self, parameters):
        return [self.element("warm", 10)]
    def tending(self, parameters):
        return []

class Plant(CellPlant):
    """Nothing."""
    def connect(self):
        pass

STUDY = Study(cell=Oven, plant=Plant, plant_parameters=Manual(), manual=Manual())
'''
WAITS = "yield self.env.timeout(60)"
SLEEPS = "time.sleep(60)"
WORKS = "while True: pass"
SWALLOWS = """while True:
            try:
                time.sleep(60)
            except:
                pass"""
HOLDS_INTERPRETER = """yield self.env.timeout(0.3)
        re.match(r"(a+)+b", "a" * 30)"""
"""A C function that lets no other thread run, for minutes; what switches the heater on is sent before."""
SHELL = "import subprocess; subprocess.run(['sleep', '60'])"


class ServedBoard:
    """A virtual Arduino on TCP, on a thread of its own; it notes every change of the heater's pin."""

    def __init__(self, firmware="cellwright"):
        self.clock = WallClock()
        self.end = TcpLink(self.clock, "127.0.0.1", 0)
        self.url = self.end.name
        self.model = ModelBoard(self.clock)
        baud = 57600 if firmware == "standard" else 115200
        line = LoopbackLine(self.clock, baud)
        arduino = VirtualArduino(self.clock, line.board, self.model, "uno", firmware)
        self.end.on_bytes, self.end.on_open, line.host.on_bytes = line.host.write, arduino.reset, self.end.write
        self.is_on = threading.Event()
        self.is_off = threading.Event()
        self.is_off.set()
        self.model.on_output(HEATER, self._on_change)
        self._is_over = self.clock.event()
        self._thread = threading.Thread(target=lambda: self.clock.run(until=self._is_over), daemon=True)
        self._thread.start()

    def _on_change(self, level):
        (self.is_on if level else self.is_off).set()
        (self.is_off if level else self.is_on).clear()

    def close(self):
        self.clock.post(self._is_over.succeed)
        self._thread.join(10)
        self.end.close()


@pytest.fixture
def serve():
    boards = []

    def serve(firmware="cellwright"):
        boards.append(ServedBoard(firmware))
        return boards[-1]

    yield serve
    for board in boards:
        board.close()


@pytest.fixture
def run(tmp_path):
    """Starts a run of the oven, whose step does so and so, and returns it as soon as the heater is on."""
    runs = []

    def run(board, body, *options):
        (tmp_path / "oven.py").write_text(CELL.format(body=body))
        command = [CELLWRIGHT, "run", tmp_path / "oven.py", "--on", board.url, "--log", tmp_path / "run.db", *options]
        runs.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path))
        for _ in range(600):
            if board.is_on.wait(0.1):
                break
            assert runs[-1].poll() is None, runs[-1].communicate(timeout=10)
        assert board.is_on.is_set()
        return runs[-1]

    yield run
    for each in runs:
        each.kill()
        each.communicate(timeout=10)


def kinds(tmp_path):
    with sqlite3.connect(tmp_path / "run.db") as rows:
        return [kind for (kind,) in rows.execute("SELECT what FROM event")]


def last_reason(tmp_path):
    with sqlite3.connect(tmp_path / "run.db") as rows:
        kind, reason = rows.execute("SELECT what, detail FROM event WHERE what IN ('stop', 'fault')").fetchall()[-1]
    return kind, reason


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGINT, "Ctrl-C was pressed."),
        (signal.SIGTERM, "the program received SIGTERM."),
    ],
)
def test_each_signal_stops_the_cell(serve, run, tmp_path, number, reason):
    board = serve()
    running = run(board, WAITS)
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert (running.returncode, err.count("Traceback")) == (128 + number, 0), err
    assert board.is_off.wait(10)
    assert last_reason(tmp_path) == ("stop", reason)
    assert "every output is safe" in out


def test_a_closed_terminal_too(serve, run, tmp_path):
    """Nobody reads what the run writes any more."""
    board = serve()
    running = run(board, WAITS)
    running.stdout.close()
    running.stderr.close()
    running.send_signal(signal.SIGHUP)
    running.wait(timeout=30)
    assert board.is_off.wait(10)
    assert last_reason(tmp_path) == ("stop", "its terminal was closed (SIGHUP).")


def test_a_hangup_that_nohup_ignores_stays_ignored(serve, tmp_path):
    board = serve()
    (tmp_path / "oven.py").write_text(CELL.format(body="yield self.env.timeout(0.5)"))
    command = ["nohup", CELLWRIGHT, "run", tmp_path / "oven.py", "--on", board.url, "--cycles", "1"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert board.is_on.wait(60)
    running.send_signal(signal.SIGHUP)
    running.communicate(timeout=30)
    assert running.returncode == 0


@pytest.mark.parametrize("body", [SLEEPS, WORKS, SHELL], ids=["sleeps", "works", "starts another program"])
def test_a_step_that_blocks_is_ended_and_named(serve, run, tmp_path, body):
    board = serve()
    running = run(board, body)
    while "fault" not in kinds(tmp_path):  # nobody pressed anything
        assert running.poll() is None
    assert board.is_off.wait(10)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 1  # a fault, whatever ends the wait for a person
    assert "A step has held up the cell for 0.25 s in oven.py, line 18" in err
    kind, reason = last_reason(tmp_path)
    assert kind == "fault" and "the step held up the cell in oven.py, line 18; wait with yield" in reason
    assert err.count(reason) >= 1 and "Traceback" not in err


def test_a_step_that_lets_nothing_end_it_ends_with_the_process(serve, run, tmp_path):
    board = serve()
    running = run(board, SWALLOWS)
    assert board.is_off.wait(30)  # it stopped by itself: nothing is sent while the loop stands
    running.send_signal(signal.SIGINT)
    while "stop" not in kinds(tmp_path):  # two signals at once may be one
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 130, err
    assert board.is_off.wait(10)
    assert "its outputs are safe and the run was ended" in err


def test_a_c_function_that_holds_the_interpreter_is_left_to_the_board(serve, run, tmp_path):
    board = serve()
    run(board, HOLDS_INTERPRETER)
    assert board.is_off.wait(30)


def test_offloaded_work_holds_up_nothing(serve, run, tmp_path):
    board = serve()
    body = "yield from self.offload(lambda: time.sleep(1.5), within_s=10)"
    running = run(board, body, "--cycles", "1")
    out, err = running.communicate(timeout=60)
    assert (running.returncode, "held up" in err) == (0, False), err
    assert "1 unit" in out


def test_on_standard_firmata_a_signal_turns_the_output_off(serve, run):
    board = serve("standard")
    running = run(board, WAITS)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=30)
    assert board.is_off.wait(10) and running.returncode == 128 + signal.SIGTERM


def test_on_standard_firmata_a_killed_program_leaves_its_outputs_and_the_start_says_so(serve, run):
    board = serve("standard")
    running = run(board, WAITS)
    running.kill()
    _, err = running.communicate(timeout=30)
    assert not board.is_off.wait(2)
    assert "if this program is killed, its outputs stay as they are" in " ".join(err.split())


def test_an_exit_in_a_step_is_a_fault(serve, run, tmp_path):
    board = serve()
    running = run(board, "sys.exit(0)")
    assert board.is_off.wait(30)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "the step raised SystemExit, which ends no run (oven.py, line 18)" in last_reason(tmp_path)[1]
    assert err.count("the step raised SystemExit") == 2  # when it strikes and at the end
