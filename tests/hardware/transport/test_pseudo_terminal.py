"""The pseudo-terminal port, and an emulated Uno served on one. A port has no clock but the wall's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from cellwright.errors import InputError
from cellwright.hardware.emulator.server import serve_emulated
from cellwright.hardware.transport.pseudo_terminal import PseudoTerminalPort

ALL_BYTES = bytes(range(256))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tty"


@pytest.fixture
def port(path: Path) -> Iterator[PseudoTerminalPort]:
    made = PseudoTerminalPort(path)
    yield made
    made.close()


def come(read: Callable[[], bytes], count: int, within_s: float = 5.0) -> bytes:
    """What has come once there are that many bytes."""
    came, ends_s = b"", time.monotonic() + within_s
    while len(came) < count and time.monotonic() < ends_s:
        came += read()
        time.sleep(0.001)
    return came


def test_every_byte_crosses_both_ways_unchanged(port, path):
    with serial.Serial(str(path), 57600, timeout=5) as client:
        client.write(ALL_BYTES)
        assert come(port.read, 256) == ALL_BYTES
        port.write(ALL_BYTES)
        assert client.read(256) == ALL_BYTES


def test_it_tells_when_a_client_opens_it(port, path):
    assert not port.is_open_by_client
    assert not port.was_opened()
    for _ in range(2):
        with serial.Serial(str(path)):
            assert port.is_open_by_client
            assert port.was_opened()
            assert not port.was_opened()
        assert not port.is_open_by_client
        assert not port.was_opened()


def test_without_a_client_nothing_comes_and_what_is_sent_is_lost(port, path):
    assert port.read() == b""
    port.write(b"lost")
    with serial.Serial(str(path), timeout=0.05) as client:
        assert client.read(10) == b""
        assert port.read() == b""


def test_a_client_that_does_not_read_blocks_nothing(port, path):
    with serial.Serial(str(path)):
        port.write(b"x" * 1_000_000)


def test_its_path_goes_when_it_is_closed(path):
    port = PseudoTerminalPort(path)
    assert path.is_symlink()
    port.close()
    port.close()
    assert not path.is_symlink()


def test_a_path_that_is_replaced_by_another_program_is_left_alone(path):
    port = PseudoTerminalPort(path)
    path.unlink()
    path.write_text("mine")
    port.close()
    assert path.read_text() == "mine"


def test_a_path_that_is_taken_is_refused(port, path):
    with pytest.raises(InputError, match=r"tty exists already; choose another name or remove it\.$"):
        PseudoTerminalPort(path)
    assert path.is_symlink()


def test_a_path_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"A port cannot be made at .*: No such file or directory\.$"):
        PseudoTerminalPort(tmp_path / "none" / "tty")


@pytest.fixture
def served(uno_firmware: Path, path: Path) -> Iterator[Path]:
    stop, ready = threading.Event(), threading.Event()
    serving = threading.Thread(
        target=serve_emulated, args=(uno_firmware, path, stop), kwargs={"on_ready": ready.set}, daemon=True
    )
    serving.start()
    assert ready.wait(10)
    yield path
    stop.set()
    serving.join(10)
    assert not serving.is_alive()
    assert not path.is_symlink()


@pytest.mark.emulated
def test_a_served_uno_is_reset_by_opening_its_port_and_answers(served):
    for _ in range(2):
        with serial.Serial(str(served), 57600, timeout=20) as client:
            began_s = time.monotonic()
            assert client.read(46).startswith(b"\xf9\x02\x04\xf0\x79\x02\x04S\0")
            assert time.monotonic() - began_s > 1.5  # in its own time, not as fast as may be
            client.write(b"\xf9")
            assert client.read(3) == b"\xf9\x02\x04"
        time.sleep(0.5)  # a port that is closed and opened within a slice was not seen to be closed
