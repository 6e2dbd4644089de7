"""avrdude's complaints as sentences, and an avrdude that does not run."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from cellwright.errors import FlashError
from cellwright.hardware.flashing import avrdude
from cellwright.hardware.flashing.avrdude import describe_failure, write_with_avrdude
from cellwright.hardware.flashing.boards import CHIPS, STK500V1


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        ("avrdude: verification error, first mismatch at byte 0x0080\n  0x8d != 0x0c", "differs is at 0x0080"),
        ("verification mismatch\n        device 0xa5 != input 0xa7 at addr 0x01f6 (error)", "differs is at 0x01F6"),
        (
            'avrdude OS error: ioctl("TIOCMGET"): Inappropriate ioctl for device\navrdude error: no disk',
            r"avrdude failed \(no disk\)",
        ),
        ("avrdude warning: attempt 1 of 10: not in sync: resp=0x00", "lost touch with the boot loader"),
        ("avrdude: stk500v2_ReceiveMessage(): timeout", "lost touch with the boot loader"),
        (
            "avrdude OS error: cannot open port /dev/x: Permission denied\navrdude error: unable to open programmer",
            r"avrdude failed \(cannot open port /dev/x: Permission denied\)",
        ),
        ("", r"avrdude failed \(it ended with exit code 7\)"),
    ],
)
def test_complaints_become_sentences(output, sentence):
    assert re.search(sentence, describe_failure(output, 7))


def write(program, port="/dev/x"):
    write_with_avrdude(str(program), str(port), CHIPS["ATmega328P"], STK500V1, Path("new.hex"), 100)


def script(tmp_path, text):
    path = tmp_path / "avrdude"
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    return path


def test_it_gets_board_port_and_file(tmp_path):
    write(script(tmp_path, f"import sys; open({str(tmp_path / 'arguments')!r}, 'w').write(' '.join(sys.argv[1:]))"))
    arguments = (tmp_path / "arguments").read_text()
    assert arguments == "-q -p m328p -c arduino -P /dev/x -b 115200 -D -U flash:w:new.hex:i"


def test_its_failure_is_ours(tmp_path):
    with pytest.raises(FlashError, match=r"avrdude failed \(the disk is on fire\)"):
        write(script(tmp_path, "import sys; sys.exit('avrdude error: the disk is on fire')"))


def test_one_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(FlashError, match=r"cannot be run \(No such file or directory\): use --with python"):
        write(tmp_path / "none")


def test_one_that_hangs_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(avrdude, "UPLOAD_TIMEOUT_S", 0.0)
    with pytest.raises(FlashError, match="was ended as it was not done after 0 s"):
        write(script(tmp_path, "import signal; signal.pause()"))


def test_one_whose_port_is_gone_is_ended(tmp_path):
    port = tmp_path / "port"
    port.touch()
    program = script(tmp_path, f"import pathlib, signal; pathlib.Path({str(port)!r}).unlink(); signal.pause()")
    with pytest.raises(FlashError, match="port was lost while avrdude wrote"):
        write(program, port)
