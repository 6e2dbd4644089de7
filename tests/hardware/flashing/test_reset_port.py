"""The serial port that firmware goes over, with a port simulated in Python."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from serial import SerialException, SerialTimeoutException

from cellwright.errors import FlashError
from cellwright.hardware.flashing import reset_port as module
from cellwright.hardware.flashing.reset_port import BOOT_LOADER_START_S, RESET_PULSE_S, SerialUploadPort, usb_id


class PlayedPort:
    """What of pyserial's port is used; it and the waits in between keep a diary."""

    def __init__(self, calls, has_lines=True):
        self.__dict__.update(calls=calls, has_lines=has_lines, baudrate=None, trouble=None)

    def __setattr__(self, name, value):
        if name in ("dtr", "rts") and not self.has_lines:
            raise OSError(25, "Inappropriate ioctl for device")
        self.__dict__[name] = value
        if name != "trouble":
            self.calls.append((name, value))

    def read(self, size):
        if self.trouble:
            raise self.trouble
        return b"x" * size

    def write(self, data):
        if self.trouble:
            raise self.trouble
        self.calls.append(("write", data))

    def reset_input_buffer(self):
        self.calls.append("forget")

    def close(self):
        self.calls.append("close")


@pytest.fixture
def calls(monkeypatch):
    entries = []
    monkeypatch.setattr(module.time, "sleep", lambda seconds: entries.append(("wait", seconds)))
    return entries


@pytest.fixture
def plug_in(calls, monkeypatch):
    """Makes a wire to a played port, and every port that is opened in its place later."""

    def make(has_lines=True):
        opened = []

        def open_port(port, baud):
            calls.append(("open", port, baud))
            opened.append(PlayedPort(calls, has_lines))
            opened[-1].__dict__["baudrate"] = baud
            return opened[-1]

        monkeypatch.setattr(module, "open_port", open_port)
        return SerialUploadPort("port", 115_200), opened

    return make


def test_a_board_is_reset_by_dtr_and_rts(plug_in, calls):
    upload_port, _ = plug_in()
    calls.clear()
    upload_port.reset_board()
    down, up = [("dtr", False), ("rts", False)], [("dtr", True), ("rts", True)]
    assert calls == [*down, ("wait", RESET_PULSE_S), *up, ("wait", BOOT_LOADER_START_S), "forget"]


def test_a_port_without_dtr_is_reopened_with_its_settings(plug_in, calls):
    upload_port, opened = plug_in(has_lines=False)
    upload_port.timeout = 0.7
    upload_port.set_baud(57_600)
    calls.clear()
    upload_port.reset_board()
    assert calls == [
        "close",
        ("wait", RESET_PULSE_S),
        ("open", "port", 57_600),
        ("timeout", 0.7),
        ("wait", BOOT_LOADER_START_S),
        "forget",
    ]
    assert len(opened) == 2
    assert upload_port.read(2) == b"xx"


@pytest.mark.parametrize(
    "trouble",
    [
        SerialException("device disconnected"),
        SerialTimeoutException("Write timeout"),
        OSError(5, "I/O"),
        TypeError("None"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_a_port_that_is_lost_is_a_sentence(plug_in, trouble):
    upload_port, opened = plug_in()
    opened[0].trouble = trouble
    for use in (lambda: upload_port.read(1), lambda: upload_port.write(b"1")):
        with pytest.raises(FlashError, match=r"^port was lost .*: plug the board in again and repeat"):
            use()


def test_the_usb_number_of_a_port(monkeypatch):
    found = [SimpleNamespace(device="COM1", vid=None, pid=None), SimpleNamespace(device="COM3", vid=0x2341, pid=0x0043)]
    monkeypatch.setattr(module.list_ports, "comports", lambda: found)
    assert [usb_id(port) for port in ("COM1", "COM3", "COM4")] == [(None, None), (0x2341, 0x0043), (None, None)]
