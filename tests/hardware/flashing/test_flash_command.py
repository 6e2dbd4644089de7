"""The command ``flash`` from end to end, on boards simulated in Python."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from cellwright.cli import run
from cellwright.cli.commands import flash as flash_command
from cellwright.cli.commands.flash import FlashOptions
from cellwright.errors import FlashError, InputError
from cellwright.hardware import firmware_profiles
from cellwright.hardware.flashing import boards
from cellwright.hardware.intel_hex import read_hex

OLD = bytes(range(1, 200)) * 20
NEW = bytes(range(3, 203)) * 15
ASKED = FlashOptions("port", None, None, None, "python", False)


@pytest.fixture
def flash(hex_file, monkeypatch, tmp_path, capsys):
    """Flash a board with NEW as our own firmware, or as ``changes`` requests; returns the output in one line."""
    for board in boards.BOARDS:
        hex_file(NEW, f"cellwright-{board}.hex")
    monkeypatch.setattr(firmware_profiles, "HEX_FOLDER", tmp_path)

    def run(desk, /, **changes):
        desk.names.setdefault(NEW[:16], "CellwrightFirmata")
        flash_command.flash(replace(ASKED, **changes), desk.open)
        return re.sub(r"\s+", " ", capsys.readouterr().out)

    return run


@pytest.mark.parametrize(
    ("name", "title", "chip", "baud"),
    [
        ("uno", "Uno", "ATmega328P", 115_200),
        ("old_nano", "Nano", "ATmega328P", 57_600),
        ("mega", "Mega", "ATmega2560", 115_200),
    ],
)
def test_an_old_firmware_is_named_and_replaced(request, flash, name, title, chip, baud):
    board = request.getfixturevalue(name)
    board.load(OLD, "StandardFirmata.ino")
    output = flash(board)
    assert f"{title} at port: {chip}, boot loader at {baud} baud." in output
    assert "Before: StandardFirmata 2.5, by Firmata at 57600 baud; 3,980 bytes in use, CRC-32" in output
    assert f"Writing CellwrightFirmata for the {title}, 3,000 bytes, with Python." in output
    assert output.index("Before") < output.index("Writing") < output.index("Written and verified.")
    assert output.endswith("Now: CellwrightFirmata 2.5, at 57600 baud. ")
    assert board.flash[: len(NEW)] == NEW
    assert board.is_closed


def test_a_blank_board_and_a_silent_firmware_are_distinguished(play, flash):
    blank, silent = play(), play()
    silent.load(OLD)
    assert "Before: no firmware." in flash(blank)
    assert "Before: a firmware that does not speak Firmata; 3,980 bytes in use" in flash(silent)


def test_the_same_firmware_is_not_written_again(uno, flash):
    flash(uno)
    written = list(uno.pages_written)
    assert "Nothing to do: cellwright-uno.hex is there already, byte for byte." in flash(uno)
    assert uno.pages_written == written


def test_a_dry_run_writes_nothing(uno, flash):
    uno.load(OLD, "StandardFirmata.ino")
    output = flash(uno, dry_run=True)
    assert "Before: StandardFirmata 2.5" in output
    assert "Nothing was written; without --dry-run it would be CellwrightFirmata for the Uno" in output
    assert uno.pages_written == []


def test_a_backup_puts_back_all_that_was_there(uno, flash, tmp_path):
    uno.load(OLD, "StandardFirmata.ino")
    uno.flash[30_000] = 1  # far behind the rest
    before = bytes(uno.flash[:32_256])
    backup = tmp_path / "before.hex"
    assert "Saved the previous firmware to" in flash(uno, backup=backup)
    assert read_hex(backup, 32_256, "an Uno") == before.rstrip(b"\xff")
    uno.flash[30_000] = 0xFF
    flash(uno, firmware=backup)
    assert uno.flash[:32_256] == before


def test_an_older_backup_is_not_lost(uno, flash, hex_file):
    with pytest.raises(InputError, match="exists already; name another file"):
        flash(uno, backup=hex_file(OLD, "before.hex"))
    assert uno.resets == 0


def test_another_board_than_requested_is_refused_before_anything_is_written(uno, flash):
    with pytest.raises(InputError, match="This is no Mega: its chip is an ATmega328P"):
        flash(uno, board="mega")
    assert uno.pages_written == []
    assert uno.is_closed


def test_what_was_written_wrongly_is_a_fault(uno, flash):
    uno.corrupts = 0x0105
    with pytest.raises(FlashError, match="does not hold what was written: at 0x0105"):
        flash(uno)


def test_firmware_of_ours_that_does_not_answer_is_a_fault(uno, flash):
    uno.names[NEW[:16]] = None
    with pytest.raises(FlashError, match="was written and verified, but does not answer at port"):
        flash(uno)


def test_others_firmware_need_not_answer(uno, flash, hex_file):
    assert flash(uno, firmware=hex_file(OLD)).endswith("Now: it runs, and does not speak Firmata. ")


def test_a_cable_pulled_in_the_middle_is_a_fault(uno, flash):
    uno.is_lost_after = 10
    with pytest.raises(FlashError, match="was lost"):
        flash(uno)
    assert uno.is_closed


def test_ctrl_c_in_the_middle_says_what_the_board_holds(uno, flash, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(flash_command.BootLoader, "write", interrupt)
    with pytest.raises(FlashError, match="the board holds half a firmware; run it again"):
        flash(uno)


def test_avrdude_that_is_not_there_is_said(uno, flash, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="avrdude is not installed, or not on the PATH"):
        flash(uno, tool="avrdude")
    assert uno.resets == 0


def test_without_avrdude_python_writes(uno, flash, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "with Python." in flash(uno, tool=None)
    assert uno.flash[: len(NEW)] == NEW


def test_avrdude_writes_through_the_same_port(uno, flash, monkeypatch):
    def write(avrdude, port, chip, protocol, path, size):
        assert uno.is_closed  # two programs cannot have the port
        uno.load(read_hex(path, 32_256, "an Uno"), "CellwrightFirmata")

    monkeypatch.setattr(flash_command, "find_avrdude", lambda: "avrdude")
    monkeypatch.setattr(flash_command, "write_with_avrdude", write)
    assert "with avrdude. Written and verified. Now: CellwrightFirmata" in flash(uno, tool=None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["/dev/none"], "There is no serial port /dev/none: plug the board in"),
        (["--board", "due"], "'due' is not one of"),
        (["/dev/null"], "/dev/null cannot be opened as a serial port"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence, capsys):
    assert run(["flash", *arguments]) == 2
    output = capsys.readouterr().err
    assert sentence in output
    assert output.count("\n") == 1
