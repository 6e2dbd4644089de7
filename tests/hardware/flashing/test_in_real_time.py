"""``cellwright flash`` as a user runs it: a port of this computer, a real boot loader behind it, avrdude or Python."""

from __future__ import annotations

import re
import shutil
import threading
from contextlib import contextmanager

import pytest

from cellwright.cli import run
from cellwright.hardware.emulator.chip import EmulatedChip
from cellwright.hardware.emulator.server import serve_emulated
from cellwright.hardware.intel_hex import read_hex

pytestmark = [pytest.mark.emulated, pytest.mark.slow]

NAME, OTHER_NAME = b"StandardFirmata.ino", b"AnotherFirmware.ino"
MARK = 0xA7
"""A byte that is in no message of Optiboot's and once in QUIET, so that it can be followed on its way."""
QUIET = b"\xff\xcf" + bytes(500) + bytes([MARK]) + bytes(700)
"""A firmware that only turns round on the spot: rjmp to itself."""
WITH_AVRDUDE = pytest.param(
    "avrdude", marks=pytest.mark.skipif(not shutil.which("avrdude"), reason="avrdude is not installed")
)
WITH = pytest.mark.parametrize("tool", [WITH_AVRDUDE, "python"])


@pytest.fixture
def served(boot_loaders, stock, tmp_path, monkeypatch):
    """Serves a board with stock firmware; gives its port, its chip, and what stops it.

    ``on_way(byte)`` may change what the host sends.
    """

    @contextmanager
    def serve(board, in_transit=None):
        boot_loader, _, baud = boot_loaders(board)
        port, stop, ready, chips = tmp_path / "port", threading.Event(), threading.Event(), []
        feed = EmulatedChip.feed

        def watched_feed(chip, data):
            chips[:] = [chip]
            feed(chip, bytes(in_transit(byte) for byte in data) if in_transit else data)

        monkeypatch.setattr(EmulatedChip, "feed", watched_feed)
        files = [stock(board), boot_loader]
        options = {"kind": board, "baud_rate": baud, "on_ready": ready.set}
        thread = threading.Thread(target=serve_emulated, args=(files, port, stop), kwargs=options)
        thread.start()
        try:
            assert ready.wait(10)
            yield port, chips, stop
        finally:
            stop.set()
            thread.join(10)

    return serve


@pytest.fixture
def output(capsys):
    """What was printed so far, without line breaks."""
    return lambda: re.sub(r"\s+", " ", "".join(capsys.readouterr()))


@pytest.mark.parametrize(
    ("board", "tool"),
    [
        pytest.param("uno", *WITH_AVRDUDE.values, marks=WITH_AVRDUDE.marks),
        ("uno", "python"),
        pytest.param("mega", *WITH_AVRDUDE.values, marks=WITH_AVRDUDE.marks),
    ],
)
def test_firmware_is_replaced(served, stock, hex_file, output, board, tool):
    old = read_hex(stock(board), 0x3E000, "a Mega")
    new = old.replace(NAME, OTHER_NAME)
    assert new != old
    with served(board) as (port, chips, _):
        code = run(["flash", str(port), "--board", board, "--with", tool, "--firmware", str(hex_file(new))])
        printed = output()
        assert code == 0, printed
        assert chips[0].flash(0, len(new)) == new
    assert re.search(r"Before: StandardFirmata 2\.[34], by Firmata at 57600 baud; 1\d,\d{3} bytes in use", printed)
    assert re.search(r"Written and verified\. Now: AnotherFirmware 2\.[34], at 57600 baud\.", printed)


@WITH
def test_a_byte_changed_on_the_way_is_detected(served, hex_file, output, tool):
    with served("uno", lambda byte: byte ^ 2 if byte == MARK else byte) as (port, _, _):
        code = run(["flash", str(port), "--board", "uno", "--with", tool, "--firmware", str(hex_file(QUIET))])
    assert code == 1
    assert re.search("The board does not hold what .*0x01F6", output())


@WITH
def test_a_board_that_goes_away_in_the_middle_is_one_sentence(served, hex_file, output, tool):
    firmware = str(hex_file(QUIET))
    with served("uno", lambda byte: (stop.set(), byte)[1] if byte == MARK else byte) as (port, _, stop):
        code = run(["flash", str(port), "--board", "uno", "--with", tool, "--firmware", firmware])
    printed = output()
    assert code == 1, printed
    assert "cellwright: " in printed
    assert "Traceback" not in printed
    assert "Written" not in printed
