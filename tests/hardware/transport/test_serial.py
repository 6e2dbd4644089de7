"""The serial link over a pseudo-terminal, whose other end is the board's."""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from types import SimpleNamespace

import pytest
import serial

from cellwright.errors import InputError
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.pin_maps import UNO
from cellwright.hardware.transport import serial as serial_transport
from cellwright.hardware.transport.serial import SerialLink, auto_port, list_serial_ports

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")

ALL_BYTES = bytes(range(256))
OPERATOR_TIMEOUT_S = 10.0
UNO_ANSWERS = {
    messages.QUERY_CAPABILITIES: messages.capabilities([UNO.capabilities(pin, "standard") for pin in range(UNO.pins)]),
    messages.QUERY_ANALOG_MAPPING: messages.analog_mapping(map(UNO.channel, range(UNO.pins))),
}


class BoardEnd:
    """The board's end of a pseudo-terminal; ``path`` is the host's."""

    def __init__(self):
        self.board_end, self.host_end = os.openpty()
        self.path = os.ttyname(self.host_end)

    def take(self, count):
        taken = b""
        while len(taken) < count:
            taken += os.read(self.board_end, count - len(taken))
        return taken

    def send(self, data):
        os.write(self.board_end, data)

    def answer(self, answers):
        """Answer each question once."""
        received = b""
        while answers:
            received += os.read(self.board_end, 100)
            for question in [question for question in answers if question in received]:
                self.send(answers[question])
                answers = {each: answers[each] for each in answers if each != question}

    def unplug(self):
        for end in (self.host_end, self.board_end):
            if end is not None:
                os.close(end)
        self.board_end = self.host_end = None


class Host:
    """A link, the clock that it is on, and all that came over it."""

    def __init__(self, port):
        self.clock = WallClock()
        self.link = SerialLink(self.clock, port, 57600)
        self.received = b""
        self.threads = set()
        self.losses = []
        self.link.on_bytes = self.on_bytes
        self.link.on_lost = self.losses.append

    def on_bytes(self, data):
        self.received += data
        self.threads.add(threading.current_thread())

    def run_until(self, is_so):
        """Run until something is so; a test that waits too long fails by it."""
        ends_s = self.clock.now + OPERATOR_TIMEOUT_S
        while not is_so() and self.clock.now < ends_s:
            self.clock.run(until=self.clock.now + 0.005)
        assert is_so()


@pytest.fixture
def board():
    end = BoardEnd()
    yield end
    end.unplug()


@pytest.fixture
def host(board):
    host = Host(board.path)
    yield host
    host.link.close()


def test_every_byte_arrives_unchanged_on_the_clocks_thread(board, host):
    board.send(ALL_BYTES)
    board.send(ALL_BYTES)
    host.run_until(lambda: len(host.received) >= 512)
    assert host.received == ALL_BYTES + ALL_BYTES
    assert host.threads == {threading.main_thread()}
    assert host.losses == []


def test_what_is_written_first_arrives_first(board, host):
    for byte in ALL_BYTES:
        host.link.write(bytes([byte]))
    assert board.take(256) == ALL_BYTES


def test_writing_never_blocks(board, host):
    host.link.write(bytes(1_000_000))
    assert board.take(10) == bytes(10)


def test_the_link_is_known_by_the_ports_name(board, host):
    assert host.link.name == board.path


def test_closing_sends_what_was_written_and_ends_the_threads(board, host):
    before = threading.active_count()
    host.link.write(ALL_BYTES)
    host.link.close()
    host.link.close()
    assert board.take(256) == ALL_BYTES
    assert threading.active_count() == before - 2
    host.link.write(b"dropped")
    board.send(b"unheard")
    host.clock.run(until=host.clock.now + 0.01)
    assert host.received == b""
    assert host.losses == []


def test_what_arrived_but_was_not_delivered_before_closing_is_dropped(board, host):
    host.clock.post(host.link._receive, b"still in the inbox")
    host.link.close()
    host.clock.run(until=host.clock.now + 0.01)
    assert host.received == b""


def test_closing_does_not_wait_for_a_board_that_takes_nothing(board, host):
    host.link.write(bytes(1_000_000))
    host.link.close()
    assert not host.link._reader.is_alive()


def test_an_unplugged_board_is_lost_once(board, host):
    board.unplug()
    host.run_until(lambda: host.losses)
    host.link.write(b"dropped")
    host.clock.run(until=host.clock.now + 0.02)
    assert len(host.losses) == 1
    assert host.losses[0].startswith("the port is gone (")


def test_a_board_that_takes_nothing_is_lost(board, host):
    host.link._serial.write_timeout = 0.02
    host.link.write(bytes(1_000_000))
    host.run_until(lambda: host.losses)
    assert host.losses == ["the port is gone (Write timeout)"]


def test_closing_after_a_loss_ends_the_threads(board, host):
    board.unplug()
    host.run_until(lambda: host.losses)
    host.link.close()
    assert not host.link._reader.is_alive()
    assert not host.link._writer.is_alive()


def test_a_url_is_a_port_too():
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = Host(f"socket://127.0.0.1:{server.getsockname()[1]}")
        peer, _ = server.accept()
        with peer:
            host.link.write(b"ask")
            assert peer.recv(3, socket.MSG_WAITALL) == b"ask"
            peer.sendall(ALL_BYTES)
            host.run_until(lambda: host.received == ALL_BYTES)
        host.run_until(lambda: host.losses)
        host.link.close()
    assert len(host.losses) == 1
    assert "socket disconnected" in host.losses[0]


def test_a_firmata_client_connects_over_it_and_notices_the_unplugging(board, host):
    client = FirmataClient(host.clock, host.link)
    troubles = []
    client.on_failure = troubles.append
    board.send(messages.version(2, 6) + messages.firmware(2, 12, "ConfigurableFirmata"))
    answering = threading.Thread(target=board.answer, args=(UNO_ANSWERS,))
    answering.start()
    host.clock.run(until=client.ready)
    answering.join()
    assert client.firmware_name == "ConfigurableFirmata"
    assert len(client.capabilities) == 20
    board.unplug()
    host.run_until(lambda: troubles)
    client.close()
    assert len(troubles) == 1
    assert troubles[0].startswith(f"The link to {board.path} was lost: the port is gone")


# ---- ports that do not open ----


def port_info(device, vid=None, description="n/a"):
    return SimpleNamespace(device=device, description=description, vid=vid)


@pytest.fixture
def plugged(monkeypatch):
    found = []
    monkeypatch.setattr(serial_transport.list_ports, "comports", lambda: found)
    return found


def test_a_port_that_is_not_there_is_named_with_those_that_are(plugged):
    plugged += [port_info("/dev/ttyS0"), port_info("/dev/ttyACM1", 0x2341, "Arduino Uno")]
    with pytest.raises(InputError) as caught:
        SerialLink(WallClock(), "/dev/ttyNONE", 57600)
    assert str(caught.value) == (
        "There is no serial port /dev/ttyNONE: plug the board in, or use one of these: "
        "/dev/ttyACM1 (Arduino Uno), /dev/ttyS0 (n/a)."
    )


def test_it_takes_one_rate_after_the_other_and_begins_again(board):
    import termios

    link = SerialLink(WallClock(), board.path, 115200, 57600)
    rates = []
    for _ in range(3):
        rates.append(termios.tcgetattr(board.host_end)[4])
        link.try_another_rate()
    link.close()
    link.try_another_rate()
    assert rates == [termios.B115200, termios.B57600, termios.B115200]


def test_a_port_in_use_is_refused(board, host):
    with pytest.raises(InputError, match=f"{board.path} is in use by another program: close it"):
        SerialLink(host.clock, board.path, 57600)
    board.send(b"A")
    host.run_until(lambda: host.received == b"A")


def test_a_closed_port_can_be_opened_again(board, host):
    host.link.close()
    again = Host(board.path)
    board.send(b"A")
    again.run_until(lambda: again.received == b"A")
    again.link.close()


def refuse(monkeypatch, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(serial, "serial_for_url", fail)


def test_a_port_that_is_not_permitted_names_the_group(monkeypatch, tmp_path):
    grp = pytest.importorskip("grp")
    port = tmp_path / "ttyACM0"
    status = SimpleNamespace(st_mode=0o020660, st_gid=20)
    monkeypatch.setattr(serial_transport.Path, "stat", lambda self: status)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: SimpleNamespace(gr_name="dialout"))
    refuse(monkeypatch, serial.SerialException(errno.EACCES, "Permission denied"))
    with pytest.raises(InputError) as caught:
        SerialLink(WallClock(), str(port), 57600)
    assert str(caught.value) == (
        f"You may not use {port}, which belongs to the group dialout: "
        "add yourself to the group with: sudo usermod -aG dialout $USER, and log in again."
    )


@pytest.mark.parametrize(("mode", "group"), [(0o020600, 20), (0o020660, 0)])
def test_no_group_is_recommended_that_does_not_help(monkeypatch, mode, group):
    monkeypatch.setattr(serial_transport.Path, "stat", lambda self: SimpleNamespace(st_mode=mode, st_gid=group))
    refuse(monkeypatch, serial.SerialException(errno.EACCES, "Permission denied"))
    with pytest.raises(InputError, match=r"cannot be opened as a serial port: .*Permission denied"):
        SerialLink(WallClock(), "/dev/ttyACM0", 57600)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "could not open port 'COM3': FileNotFoundError(2, 'cannot find the file', None, 2)",
            "There is no serial port",
        ),
        ("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)", "COM3 is in use"),
    ],
)
def test_windows_words_are_understood(monkeypatch, plugged, words, expected):
    refuse(monkeypatch, serial.SerialException(words))
    with pytest.raises(InputError, match=expected):
        SerialLink(WallClock(), "COM3", 57600)


@pytest.mark.parametrize("port", ["nonsense://there", "/dev/null", "socket://127.0.0.1:1"])
def test_what_is_no_port_is_refused_in_a_sentence(port):
    with pytest.raises(InputError, match="cannot be opened as a serial port"):
        SerialLink(WallClock(), port, 57600)


# ---- finding the board ----


def test_likely_boards_come_first(plugged):
    plugged += [port_info("/dev/ttyS0"), port_info("/dev/ttyUSB1", 0x1A86), port_info("/dev/ttyUSB0", 0x1234)]
    assert [port.name for port in list_serial_ports()] == ["/dev/ttyUSB1", "/dev/ttyS0", "/dev/ttyUSB0"]


def test_the_only_board_is_found(plugged):
    plugged += [port_info("/dev/ttyS0"), port_info("/dev/ttyACM0", 0x2341)]
    assert auto_port() == "/dev/ttyACM0"


def test_of_two_boards_one_must_be_named(plugged):
    plugged += [port_info("/dev/ttyACM0", 0x2341, "Uno"), port_info("/dev/ttyUSB0", 0x1A86, "USB Serial")]
    with pytest.raises(InputError, match=r"several boards, .*: /dev/ttyACM0 \(Uno\), /dev/ttyUSB0 \(USB Serial\)\."):
        auto_port()


def test_without_a_board_the_ports_are_listed(plugged):
    with pytest.raises(InputError, match=r"No Arduino was found: .*; there are: none\."):
        auto_port()
