"""Boot loaders on the emulated chips: where they start, what they start, and that they write the flash."""

from __future__ import annotations

import pytest

from cellwright.errors import InputError
from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind, ResetCause
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.intel_hex import read_hex

pytestmark = pytest.mark.emulated

BAUD = 115_200
"""Optiboot's and stk500v2's."""
FIRMATA = b"\xf9\x02\x04"
IN_SYNC, OK = 0x14, 0x10


def run(chip, seconds, data=b""):
    """Feed the chip and run it; returns what it sends, and how often it restarts itself."""
    chip.feed(data)
    end, received, restarts = chip.cycle + int(seconds * CLOCK_HZ), bytearray(), 0
    while chip.cycle < end:
        for event in chip.run(end):
            if event.kind is EventKind.BYTE:
                received.append(event.value)
            restarts += event.kind is EventKind.RESTART
    return bytes(received), restarts


@pytest.fixture
def optiboot(emulator_file):
    """An Uno with Optiboot alone."""
    return EmulatedChip(find_library(), emulator_file("optiboot-uno.hex"), BAUD)


def test_an_application_alone_starts_at_0(emulator_file):
    chip = EmulatedChip(find_library(), emulator_file("StandardFirmata-uno.hex"))
    assert chip.starts_at == 0


def test_optiboot_starts_the_application_at_power_on(emulator_file):
    chip = EmulatedChip(
        find_library(), [emulator_file("StandardFirmata-uno.hex"), emulator_file("optiboot-uno.hex")], 57_600
    )
    assert chip.starts_at == 0x7E00
    received, restarts = run(chip, 2)
    assert received.startswith(FIRMATA)
    assert restarts == 0


def test_after_a_reset_optiboot_waits_a_second_and_its_watchdog_starts_the_application(emulator_file):
    chip = EmulatedChip(
        find_library(), [emulator_file("StandardFirmata-uno.hex"), emulator_file("optiboot-uno.hex")], 57_600
    )
    chip.reset()
    received, restarts = run(chip, 0.9)
    assert (received, restarts) == (b"", 0)
    received, restarts = run(chip, 2.2)
    assert received.startswith(FIRMATA)
    assert restarts == 1


def test_optiboot_writes_what_it_is_sent_and_starts_it(optiboot, emulator_file):
    application = read_hex(emulator_file("StandardFirmata-uno.hex"), 0x7E00, "an Uno")
    optiboot.reset(ResetCause.BUTTON)
    assert run(optiboot, 0.01, b"0 ") == (bytes([IN_SYNC, OK]), 0)
    for start in range(0, len(application), 128):
        page = application[start : start + 128].ljust(128, b"\xff")
        assert run(optiboot, 0.01, b"U" + (start // 2).to_bytes(2, "little") + b" ")[0] == bytes([IN_SYNC, OK])
        assert run(optiboot, 0.05, b"d\x00\x80F" + page + b" ")[0] == bytes([IN_SYNC, OK])
    assert optiboot.flash(0, len(application)) == application
    assert run(optiboot, 0.01, b"U\x40\x00 ")[0] == bytes([IN_SYNC, OK])
    assert run(optiboot, 0.05, b"t\x00\x80F ")[0] == bytes([IN_SYNC, *application[0x80:0x100], OK])
    received, restarts = run(optiboot, 2.5, b"Q ")
    assert restarts == 1
    assert received[:2] == bytes([IN_SYNC, OK])


def test_a_megas_boot_loader_starts_its_application(emulator_file):
    both = [emulator_file("StandardFirmata-mega.hex"), emulator_file("stk500boot-mega.hex")]
    chip = EmulatedChip(find_library(), both, 57_600, "atmega2560")
    assert chip.starts_at == 0x3E000
    received, _ = run(chip, 3.5)
    assert received.startswith(b"\xf9\x02\x03")  # this one is older


def test_a_megas_firmware_is_no_unos(emulator_file):
    with pytest.raises(InputError, match="not for an Uno or a Nano"):
        EmulatedChip(find_library(), emulator_file("stk500boot-mega.hex"))
