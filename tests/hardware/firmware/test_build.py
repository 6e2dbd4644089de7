"""The firmware as it is shipped, and as the Arduino IDE builds it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind, Mcu

CORE = Path("/usr/share/arduino/hardware/arduino/avr")
MCUS: dict[str, Mcu] = {"uno": "atmega328p", "mega": "atmega2560"}
BOARDS = {
    "uno": ["-mmcu=atmega328p", "-DARDUINO_AVR_UNO", f"-I{CORE / 'variants' / 'standard'}"],
    "mega": ["-mmcu=atmega2560", "-DARDUINO_AVR_MEGA2560", f"-I{CORE / 'variants' / 'mega'}"],
}
# As platform.txt of arduino-core-avr 1.8.7 has them; Debian's gcc 5 needs a definition of DECIMAL_DIG in C++.
COMMON = [
    *["-c", "-g", "-Os", "-w", "-ffunction-sections", "-fdata-sections", "-flto"],
    *["-DF_CPU=16000000L", "-DARDUINO=10819", "-DARDUINO_ARCH_AVR", f"-I{CORE / 'cores' / 'arduino'}"],
]
CPP = [
    "-std=gnu++11",
    "-fpermissive",
    "-fno-exceptions",
    "-fno-threadsafe-statics",
    "-Wno-error=narrowing",
    "-DDECIMAL_DIG=__DECIMAL_DIG__",
]
C = ["-std=gnu11", "-fno-fat-lto-objects"]


@pytest.fixture(scope="module")
def avr_gcc() -> None:
    if shutil.which("avr-gcc") is None:
        pytest.skip("No avr-gcc is installed; it compiles the firmware.")


def run(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_shipped_is_what_the_sources_give(avr_gcc, firmware_folder, tmp_path):
    run("sh", firmware_folder / "build.sh", tmp_path)
    for board in ("uno", "nano", "mega"):
        name = f"cellwright-{board}.hex"
        shipped, built = ((folder / name).read_text() for folder in (firmware_folder / "hex", tmp_path))
        assert shipped == built, f"{name} is not what the sources give; run 'make firmware' and commit it."


def test_a_nano_has_a_kilobyte_left(firmware_folder):
    """Behind its old boot loader a Nano holds 30,720 bytes; without room no fault can be mended."""
    lines = (firmware_folder / "hex" / "cellwright-nano.hex").read_text().split()
    assert sum(int(line[1:3], 16) for line in lines if line[7:9] == "00") <= 30_720 - 1024


def test_every_source_is_built(firmware_folder):
    """The order of the sources is that of the code, so build.sh lists them; the IDE finds them by itself."""
    listed = re.search(r'^sources="(.*?)"', (firmware_folder / "build.sh").read_text(), re.MULTILINE | re.DOTALL)
    assert listed is not None
    src = firmware_folder / "CellwrightFirmata" / "src"
    there = [path.relative_to(src).with_suffix("").as_posix() for path in src.rglob("*.cpp")]
    assert sorted(listed[1].split()) == sorted(there)


def build_as_the_ide(board: str, sources: Path, folder: Path) -> Path:
    """The sketch with the Arduino core, as the IDE compiles and links it; the hex.

    The IDE copies the sketch, finds what to compile in its folder and in src/ with all that is below, and gives the
    compiler no path of the sketch's: includes are relative to the file that they are in.
    """
    core, sketch = folder / "core", folder / "sketch"
    core.mkdir()
    shutil.copytree(sources, sketch)
    options = [*COMMON, *BOARDS[board]]
    for source in sorted((CORE / "cores" / "arduino").iterdir()):
        part = core / f"{source.name}.o"
        if source.suffix == ".cpp":
            run("avr-g++", *options, *CPP, source, "-o", part)
        elif source.suffix == ".c":
            run("avr-gcc", *options, *C, source, "-o", part)
        elif source.suffix == ".S":
            run("avr-gcc", *options, "-x", "assembler-with-cpp", source, "-o", part)
    run("avr-gcc-ar", "rcs", folder / "core.a", *sorted(core.glob("*.o")))
    main = sketch / "CellwrightFirmata.ino"
    compiled = [main.with_name("CellwrightFirmata.ino.cpp.o")]
    run("avr-g++", *options, *CPP, "-x", "c++", "-include", "Arduino.h", main, "-o", compiled[0])
    for source in [*sorted(sketch.glob("*.cpp")), *sorted((sketch / "src").rglob("*.cpp"))]:
        compiled.append(source.with_name(f"{source.name}.o"))
        run("avr-g++", *options, *CPP, source, "-o", compiled[-1])
    elf, hexed = folder / "sketch.elf", folder / "sketch.hex"
    chip = BOARDS[board][0]
    run(
        *["avr-gcc", "-w", "-Os", "-flto", "-fuse-linker-plugin", "-Wl,--gc-sections", chip, "-o", elf],
        *[*compiled, folder / "core.a", "-lm"],
    )
    run("avr-objcopy", "-O", "ihex", "-R", ".eeprom", elf, hexed)
    return hexed


def received_within(chip: EmulatedChip, ms: float) -> bytes:
    received, end = bytearray(), chip.cycle + int(ms * CLOCK_HZ / 1000)
    while chip.cycle < end:
        received += bytes(event.value for event in chip.run(end) if event.kind is EventKind.BYTE)
    return bytes(received)


@pytest.mark.emulated
@pytest.mark.parametrize("board", BOARDS)
def test_the_sketch_runs_as_the_arduino_ide_builds_it(avr_gcc, emulator_library, firmware_folder, tmp_path, board):
    if not CORE.is_dir():
        pytest.skip("No Arduino core is installed; it comes with arduino-core-avr.")
    built = build_as_the_ide(board, firmware_folder / "CellwrightFirmata", tmp_path)
    chip = EmulatedChip(emulator_library, built, mcu=MCUS[board])
    name = b"".join(bytes([letter, 0]) for letter in b"CellwrightFirmata")
    assert received_within(chip, 50) == b"\xf9\x02\x06\xf0\x79\x01\x00" + name + b"\xf7"
    # It goes on as the other does: an axis moves, to the step.
    step, dir_ = {"uno": (("D", 2), ("D", 3)), "mega": (("E", 4), ("E", 5))}[board]
    axis = chip.add_axis(step, dir_)
    chip.feed(bytes.fromhex("f062000010020300f7 f06209006807002cf7 f06202006400000000f7".replace(" ", "")))
    assert received_within(chip, 300).endswith(bytes.fromhex("f0620a006400000000f7"))
    assert chip.axis(axis).position == 100
