"""One script of messages to StandardFirmata, CellwrightFirmata and the virtual Arduino: every difference is known."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import simpy

from cellwright.hardware import CELLWRIGHT_FIRMATA, CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine

_spec = importlib.util.spec_from_file_location("conformance_data", Path(__file__).with_name("conformance_data.py"))
_data = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_data)

SCRIPT, REASONS = _data.SCRIPT, _data.REASONS
STOCK_BOOTS_S = 2.0

pytestmark = pytest.mark.emulated


class Emulated:
    """Firmware on an emulated Uno."""

    def __init__(self, library, hex_path, mcu="atmega328p"):
        self.chip = EmulatedChip(library, hex_path, mcu=mcu)
        self.chip.set_input("B", 1, True)  # pin 9 of an Uno
        self.query(b"", STOCK_BOOTS_S)

    def query(self, data, seconds=0.2):
        self.chip.feed(data)
        heard, end = bytearray(), self.chip.cycle + int(seconds * CLOCK_HZ)
        while self.chip.cycle < end:
            heard += bytes(event.value for event in self.chip.run(end) if event.kind is EventKind.BYTE)
        return bytes(heard)


class Virtual:
    """The virtual Arduino with a firmware."""

    def __init__(self, firmware):
        self.env = simpy.Environment()
        board = ModelBoard(self.env, CELLWRIGHT_FIRMATA if firmware == "cellwright" else CONFIGURABLE_FIRMATA)
        board.set_input(9, True)
        self.line = LoopbackLine(self.env, baud=57_600)
        self.arduino = VirtualArduino(self.env, self.line.board, board, "uno", firmware)
        self.received = bytearray()
        self.line.host.on_bytes = self.received.extend
        self.query(b"", STOCK_BOOTS_S + 1)

    def query(self, data, seconds=0.2):
        self.received.clear()
        self.line.host.write(data)
        self.env.run(until=self.env.now + seconds)
        return bytes(self.received)


def answers(board, script):
    return {name: board.query(bytes.fromhex(query)).hex() for name, (query, _) in script.items()}


# ---- what differs ----

REFERENCE = "cellwright emulated"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "firmata-conformance.md"


@pytest.fixture(scope="module")
def answers_by_firmware(emulator_library, firmware_folder, uno_firmware):
    """The answers of each firmware."""
    ours = firmware_folder / "hex"
    boards = {
        REFERENCE: Emulated(emulator_library, ours / "cellwright-uno.hex"),
        "cellwright mega": Emulated(emulator_library, ours / "cellwright-mega.hex", "atmega2560"),
        "cellwright virtual": Virtual("cellwright"),
        "standard emulated": Emulated(emulator_library, uno_firmware),
        "standard virtual": Virtual("standard"),
        "configurable virtual": Virtual("configurable"),
    }
    return {name: answers(board, SCRIPT) for name, board in boards.items()}


def differences(answers_by_firmware):
    reference = answers_by_firmware[REFERENCE]
    return {
        (step, name)
        for name, answered in answers_by_firmware.items()
        for step in SCRIPT
        if answered[step] != reference[step]
    }


def test_every_difference_is_known_and_every_known_one_is_there(answers_by_firmware):
    known = {(step, name) for step, reasons in REASONS.items() for name in reasons}
    found = differences(answers_by_firmware)
    reference = answers_by_firmware[REFERENCE]
    assert not found - known, {
        (step, name): (answers_by_firmware[name][step], reference[step]) for step, name in found - known
    }
    assert not known - found


def table() -> list[str]:
    return [
        f"| {step} | {SCRIPT[step][1]} | {name} | {why} |"
        for step, reasons in REASONS.items()
        for name, why in reasons.items()
    ]


def test_the_page_shows_the_table():
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert rows == table()


def test_pins_carry_what_was_commanded(emulator_library, firmware_folder, uno_firmware):
    """The same writes give the same levels on the pins of an emulated Uno, with uno_firmware firmware and with ours."""
    for hexed in (uno_firmware, firmware_folder / "hex" / "cellwright-uno.hex"):
        board = Emulated(emulator_library, hexed)
        for message, level in (("f40d01", False), ("912000 01", True), ("910000", False)):
            board.query(bytes.fromhex(message.replace(" 01", "")))
            assert board.chip.drives("B", 5)
            assert board.chip.level("B", 5) is level
        board.query(bytes.fromhex("f40b03eb0001"))
        assert board.chip.duty("B", 3) == pytest.approx(0.5, abs=0.01)
        board.query(bytes.fromhex("f40604e65a00"), 0.5)
        width_us = board.chip.pulses("D", 6).width / 16
        assert width_us == pytest.approx(1472, abs=15)  # half way from 544 to 2400
