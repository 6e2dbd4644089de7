"""A run's bytes in a file: written as they go, played back against the host, the first difference shown."""

from __future__ import annotations

import pytest
import simpy

from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.hardware import CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.recording import RecordingLink, ReplayLink, read_recording
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.link import Link
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sim import Operator, Streams

SMALL_PANEL = ["layout.slats=3", "layout.staple_spacing_mm=400"]


def put_stapler_on(board, overrides=()):
    """A stapler on a Firmata board that is ready; its process is not started."""
    scenario = load("stapler").scenario([*SMALL_PANEL, *overrides])
    return scenario, scenario.study.cell(board, scenario.parameters)


def record_panel(path, overrides=()):
    """A panel on a virtual Uno, every byte of it recorded; the cell, and when it was finished."""
    env = simpy.Environment()
    line, model = LoopbackLine(env, name="a virtual Uno"), ModelBoard(env, CONFIGURABLE_FIRMATA)
    VirtualArduino(env, line.board, model, "uno", "configurable")
    link = RecordingLink(env, line.host, path)
    board = connect(env, link)
    scenario, cell = put_stapler_on(board, overrides)
    streams = Streams(1, 0)
    operator = Operator(env, scenario.parameters["operator"], streams, 0.15)
    plant = scenario.study.plant(cell, model, scenario.parameters["plant"], operator, streams, scenario.tending())
    plant.connect()
    env.run(until=env.process(board.prepare()))
    env.process(cell.run())
    env.run(until=cell.next_finished())
    assert cell.last_stop is None
    link.close()
    return cell, env.now


def replay_panel(path, overrides=(), started_s=0.0):
    """The same host with the recording in place of its board: the link and the cell."""
    env = simpy.Environment(started_s)
    link = ReplayLink(env, path)
    board = connect(env, link)
    _, cell = put_stapler_on(board, overrides)
    env.run(until=env.process(board.prepare()))
    env.process(cell.run())
    env.run(until=cell.next_finished())
    return link, cell


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    path = tmp_path_factory.mktemp("recording") / "panel.txt"
    return path, *record_panel(path)


def test_a_recording_can_be_read_by_a_person(recorded):
    path = recorded[0]
    lines = path.read_text().splitlines()
    assert lines[0] == "cellwright recording 1, virtual time from 0.000000000 s, a virtual Uno"
    assert lines[1] == "2.200260417 < F9 02 06"
    assert any(line.endswith(" > F0 6B F7") for line in lines)


def test_recording_changes_nothing_and_is_the_same_every_time(recorded, tmp_path):
    path, cell, ended_s = recorded
    again, again_s = record_panel(tmp_path / "again.txt")
    assert again_s == ended_s
    assert again.time_in_states() == cell.time_in_states()
    assert (tmp_path / "again.txt").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("started_s", [0.0, 1000.0])
def test_a_panel_replays_against_the_same_host(recorded, started_s):
    path, recorded_cell, ended_s = recorded
    link, cell = replay_panel(path, started_s=started_s)
    assert link.difference is None
    assert cell.last_stop is None and cell.finished == 1
    assert cell.env.now - started_s == pytest.approx(ended_s, abs=1e-6)
    assert cell.time_in_states() == pytest.approx(recorded_cell.time_in_states(), abs=1e-6)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("trigger.pulse_s=0.05", "the host wrote 90 00 00 (port 0 with all pins low), where the recording has"),
        ("trigger.pulse_s=0.07", "the host wrote nothing, where the recording has 90 00 00 (port 0 with all pins low)"),
        ("carriage.max_speed=200", "stepper 1: speed 8000 steps/s), where the recording has "),
        ("layout.first_slat_mm=31", "steps), where the recording has "),
    ],
)
def test_a_changed_cell_shows_the_first_difference(recorded, assignment, words):
    link, cell = replay_panel(recorded[0], [assignment])
    assert words in link.difference
    assert cell.state == "faulted"
    assert link.difference in cell.last_stop.reason
    assert cell.last_stop.at_s == pytest.approx(float(link.difference.split()[1]), abs=1e-5)


def test_a_difference_says_what_was_expected_and_when(env, tmp_path):
    link, lost = replay(env, tmp_path, "1.000000000 > 90 10 00\n")
    env.run(until=1.0)
    link.write(bytes.fromhex("90 00 00"))
    assert link.difference == (
        "at 1.000000 s the host wrote 90 00 00 (port 0 with all pins low), "
        "where the recording has 90 10 00 (port 0 with pin 4 high) at 1.000000 s"
    )
    assert lost == [], "a write never calls back"
    link.write(b"\xff")  # is dropped
    env.run()
    assert lost == [link.difference]


HEADER = "cellwright recording 1, virtual time from 0.000000000 s, a line\n"
ON_THE_WALL = HEADER.replace("virtual", "wall")


def replay(env, tmp_path, lines, header=HEADER):
    path = tmp_path / "recording.txt"
    path.write_text(header + lines)
    link = ReplayLink(env, path)
    lost = []
    link.on_lost = lost.append
    return link, lost


def test_the_board_answers_as_long_after_the_host_as_it_did(env, tmp_path):
    link, _ = replay(env, tmp_path, "0.500000000 < 01\n1.000000000 > FF\n1.250000000 < F9 02 06\n", ON_THE_WALL)
    heard = []
    link.on_bytes = lambda data: heard.append((env.now, data))
    env.run(until=1.03)
    link.write(b"\xff")
    env.run(until=4.0)
    assert heard == [(0.5, b"\x01"), (1.28, b"\xf9\x02\x06")]
    assert link.is_over and link.difference is None


def test_a_host_that_does_not_write_in_time_differs(env, tmp_path):
    link, lost = replay(env, tmp_path, "1.000000000 > F9\n")
    env.run()
    assert lost == [link.difference]
    assert "the host wrote nothing, where the recording has F9 (ask version) at 1.000000 s" in link.difference


def test_a_loss_is_recorded_and_played(env, tmp_path):
    line = LoopbackLine(env, name="a line")
    link = RecordingLink(env, line.host, tmp_path / "lost.txt")
    lost = []
    link.on_lost = lost.append
    env.timeout(1.5).callbacks.append(lambda _: line.cut("the cable\nwas pulled"))
    env.run()
    assert lost == ["the cable\nwas pulled"]
    assert (tmp_path / "lost.txt").read_text() == HEADER + "1.500000000 ! the cable was pulled\n"
    played = simpy.Environment()
    again = ReplayLink(played, tmp_path / "lost.txt")
    again.on_lost = lost.append
    played.run()
    assert lost[1:] == ["the cable was pulled"] and played.now == 1.5
    again.write(b"\xf9")
    assert again.difference is None


def test_a_host_that_goes_on_after_the_end_loses_the_line_without_a_difference(env, tmp_path):
    link, lost = replay(env, tmp_path, "1.000000000 > F9\n")
    env.run(until=1.0)
    link.write(b"\xf9")
    link.write(b"\xf9")
    env.run()
    assert lost == ["the recording is over"]
    assert link.difference is None


def test_what_is_closed_plays_no_more(env, tmp_path):
    link, lost = replay(env, tmp_path, "0.500000000 < 01\n1.000000000 > F9\n")
    heard = []
    link.on_bytes = heard.append
    link.close()
    link.write(b"\xff")
    env.run()
    assert (heard, lost, link.difference) == ([], [], None)


def test_on_the_walls_time_keep_alives_and_small_delays_are_no_difference(env, tmp_path):
    lines = "1.000000000 > F9\n1.010000000 > 90 10 00\n2.034000000 > 90 00 00\n"
    link, _ = replay(env, tmp_path, lines, ON_THE_WALL)
    env.run(until=1.0)
    link.write(bytes.fromhex("90 10 00"))
    link.write(bytes.fromhex("F9"))
    env.run(until=2.0)
    link.write(bytes.fromhex("90 00 00"))
    env.run()
    assert link.difference is None and link.is_over


def test_a_run_on_the_walls_clock_is_recorded_as_such(tmp_path):
    RecordingLink(WallClock(lambda: 0.0), SilentLink("a port"), tmp_path / "wall.txt").close()
    assert read_recording(tmp_path / "wall.txt").clock == "wall"


class SilentLink(Link):
    """A link to nowhere."""

    def write(self, data):
        pass

    def close(self):
        pass


def test_every_line_is_in_the_file_at_once(env, tmp_path):
    link = RecordingLink(env, SilentLink("a line"), tmp_path / "live.txt")
    link.write(b"\xf9")
    link.link.on_bytes(b"\xf9\x02\x06")
    assert (tmp_path / "live.txt").read_text() == HEADER + "0.000000000 > F9\n0.000000000 < F9 02 06\n"
    link.close()
    link.write(b"\xf9")  # neither recorded nor an error


def test_a_last_line_that_a_power_cut_left_unfinished_does_not_count(tmp_path):
    (tmp_path / "cut.txt").write_text(HEADER + "0.500000000 < F9 02 06\n1.0000")
    assert len(read_recording(tmp_path / "cut.txt").entries) == 1


class FullDisk:
    closed = False

    def write(self, _=""):
        raise OSError(28, "No space left on device")

    close = write


def test_a_full_disk_ends_the_recording_and_not_the_run(env, tmp_path):
    written = []
    inner = SilentLink("a line")
    inner.write = written.append
    link = RecordingLink(env, inner, tmp_path / "full.txt")
    link._file.close()
    link._file = FullDisk()
    link.write(b"\xf9")
    link.write(b"\xff")
    assert written == [b"\xf9", b"\xff"]
    assert "ends at 0.000 s: it cannot be written" in link.problem


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: a recording begins with"),
        ("something else\n", "line 1: a recording begins with"),
        (HEADER + "1.0 > F9\nnonsense\n", "line 3: 'nonsense' stands where"),
        (HEADER + "1.0 > F\n", "line 2: '1.0 > F' stands where"),
        (HEADER + "1.0 > F9\n0.5 < F9\n", "line 3: its time is earlier"),
    ],
)
def test_what_is_no_recording_is_refused_with_file_and_line(env, tmp_path, text, words):
    path = tmp_path / "bad.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=r"bad\.txt, line") as refused:
        ReplayLink(env, path)
    assert words in str(refused.value)


def test_a_file_that_cannot_be_read_or_written_is_named(env, tmp_path):
    (tmp_path / "there.txt").touch()
    with pytest.raises(InputError, match=r"there\.txt exists already"):
        RecordingLink(env, SilentLink("a line"), tmp_path / "there.txt")
    with pytest.raises(InputError, match="cannot be written"):
        RecordingLink(env, SilentLink("a line"), tmp_path / "no folder" / "x.txt")
    with pytest.raises(InputError, match=r"missing\.txt cannot be read"):
        ReplayLink(env, tmp_path / "missing.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        ReplayLink(env, tmp_path / "binary.txt")
