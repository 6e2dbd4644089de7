"""The mutator's inputs to the firmware on an emulated Uno, and what may never happen, seen at its pins and its line."""

from __future__ import annotations

import subprocess

import pytest

from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind
from cellwright.hardware.emulator.pin_ports import port_and_bit

pytestmark = [pytest.mark.emulated, pytest.mark.slow]

INPUTS = 3000
DIGITAL = range(2, 20)
ENDING = bytes.fromhex("f7ff")
READ_MS = 0.2
"""An HX711's read-out takes half of that, 10 ms pass to the next."""
STOP, RELEASED_BY = bytes.fromhex("f00500f7"), bytes.fromhex("f00501f7")


class Victim:
    """An emulated Uno, and the replies that it has ended."""

    def __init__(self, library, firmware):
        self.chip = EmulatedChip(library, firmware)
        self.coming = bytearray()
        self.replies = []
        self.run(20)

    def run(self, ms):
        end = self.chip.cycle + int(ms * CLOCK_HZ / 1000)
        while self.chip.cycle < end:
            for event in self.chip.run(end):
                if event.kind is EventKind.BYTE:
                    self.hear(event.value)

    def hear(self, byte):
        in_sysex = self.coming[:1] == b"\xf0"
        begins = byte >= 0x80 and byte != 0xF7
        assert begins == (not self.coming), f"a reply is cut short: {self.coming.hex(' ')} then {byte:02x}"
        assert byte != 0xF7 or in_sysex
        self.coming.append(byte)
        if byte == 0xF7 or (not in_sysex and byte != 0xF0 and len(self.coming) == 3):
            self.replies.append(bytes(self.coming))
            self.coming.clear()

    def say(self, data, ms=0):
        self.chip.feed(data)
        self.run(len(data) * 10_000 / 57_600 + 2 + ms)

    def driven(self):
        return {pin for pin in DIGITAL if self.chip.drives(*port_and_bit(pin))}

    def levels(self):
        return {pin: self.chip.level(*port_and_bit(pin)) for pin in self.driven()}

    def levels_between_pulses(self, pulsed):
        """The same; where a pulsed pin is high, once read-outs of all converters have had time to end."""
        for _ in range(5):
            levels = self.levels()
            if not any(levels.get(pin) for pin in pulsed):
                break
            self.run(READ_MS)
        return levels


def declared(data):
    """More pins than these bytes can declare as outputs, wherever a message begins."""
    pins = set()
    for at, byte in enumerate(data):
        if byte in (0xF4, 0x02, 0x70):
            pins |= set(data[at + 1 : at + 2])
        elif byte == 0x08:
            pins |= set(data[at + 4 : at + 5])
        elif byte == 0x62:
            pins |= set(data[at + 4 : at + 9])
    return pins


def clocks(data):
    """The clock pins of the HX711s that these bytes attach; those are pulsed to read, stopped or not."""
    at_message = (at for at in range(len(data) - 5) if data[at : at + 3] == b"\xf0\x08\x00")
    return {data[at + 5] for at in at_message}


def test_the_mutators_inputs_do_no_harm_on_the_chip(build_native, emulator_library, firmware_folder, capsys):
    printed = subprocess.run(
        [build_native("uno"), "print", "7", str(INPUTS)], capture_output=True, text=True, check=True
    ).stdout
    board = Victim(emulator_library, firmware_folder / "hex" / "cellwright-uno.hex")
    named, pulsed, stops = set(), set(), 0
    for count, line in enumerate(printed.splitlines()):
        pause, _, hexed = line.partition(" ")
        pause_ms, data = int(pause), bytes.fromhex(hexed)
        named |= declared(data)
        pulsed |= clocks(data)
        board.say(data, min(pause_ms, 100))
        assert board.driven() <= named, f"after {line}"
        if count % 25 == 24:  # stopped, nothing changes on any pin that it drives, whatever is commanded
            board.replies.clear()
            board.say(b"\xf7" + STOP, 700)
            assert any(reply[:4] == b"\xf0\x06\x00\x01" for reply in board.replies)
            before = board.levels_between_pulses(pulsed)
            for bad in ("f50201", "f06202000a0a00000008f7", "f0030d010001000000f7", "f06221000a000000000a00000000f7"):
                board.say(bytes.fromhex(bad), 3)
            assert board.levels_between_pulses(pulsed) == before
            board.say(RELEASED_BY)
            stops += 1
        board.replies = board.replies[-40:]
    board.say(ENDING, 600)
    board.replies.clear()
    board.say(b"\xf9", 600)
    assert b"\xf9\x02\x06" in board.replies
    with capsys.disabled():
        print(f"\nThe firmware on the emulated chip met {INPUTS:,} inputs and {stops} stops.")
