"""An emulated Uno with stock firmware, and the bytes that its host received."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import simpy

from cellwright.errors import InputError
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.emulator.simavr import find_library

EXERCISER = Path(__file__).parent / "emulator" / "programs" / "exerciser.c"
PowerUp = Callable[..., "RecordedUno"]


class RecordedUno:
    """An emulated Uno with a record of every byte that it sent: time and value."""

    def __init__(self, env: simpy.Environment, firmware: Path, **options: float) -> None:
        self.env = env
        self.uno = EmulatedArduino(env, firmware, **options)
        self.received: list[tuple[float, int]] = []
        self.uno.link.on_bytes = self.on_bytes

    def on_bytes(self, data: bytes) -> None:
        self.received += [(self.env.now, byte) for byte in data]

    @property
    def received_bytes(self) -> bytes:
        return bytes(byte for _, byte in self.received)

    def run_for(self, seconds: float) -> None:
        self.env.run(until=self.env.now + seconds)

    def send(self, message: str, seconds: float = 0.02) -> str:
        """Send bytes given in hex; returns the answer within that time, in hex."""
        before = len(self.received)
        self.uno.link.write(bytes.fromhex(message))
        self.run_for(seconds)
        return self.received_bytes[before:].hex(" ")


@pytest.fixture(scope="session")
def emulator_library() -> Path:
    """The emulated chip's library; tests that need it are skipped if it is not built."""
    try:
        return find_library()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def emulator_file(emulator_library: Path) -> Callable[[str], Path]:
    """Returns a file that hardware/emulator/build.sh makes, by its name; skips the test if it is missing."""

    def find(name: str) -> Path:
        path = emulator_library.parent / name
        if not path.exists():
            pytest.skip(f"{name} is missing; run 'sh hardware/emulator/build.sh', which prints what it needs.")
        return path

    return find


@pytest.fixture(scope="session")
def uno_firmware(emulator_file: Callable[[str], Path]) -> Path:
    """Stock StandardFirmata for an Uno."""
    return emulator_file("StandardFirmata-uno.hex")


@pytest.fixture
def power_up(uno_firmware: Path) -> Iterator[PowerUp]:
    """Makes emulated Unos, each in an environment of its own unless one is given."""
    powered: list[RecordedUno] = []

    def make(env: simpy.Environment | None = None, **options: float) -> RecordedUno:
        powered.append(RecordedUno(env or simpy.Environment(), uno_firmware, **options))
        return powered[-1]

    yield make
    for each in powered:
        each.uno.close()


@pytest.fixture
def emulated_uno(power_up: PowerUp, env: simpy.Environment) -> RecordedUno:
    """An emulated Uno that has booted."""
    hosted = power_up(env)
    hosted.run_for(2.0)
    return hosted


@pytest.fixture(scope="session")
def exercisers(tmp_path_factory: pytest.TempPathFactory, emulator_library: Path) -> Path:
    """A folder with the exerciser's hex for each chip, by the chip's name; skips where none can be compiled."""
    if shutil.which("avr-gcc") is None:
        pytest.skip("No avr-gcc is installed; it compiles the firmware of these tests.")
    folder = tmp_path_factory.mktemp("exerciser")
    for mcu in ("atmega328p", "atmega2560"):
        elf = folder / f"{mcu}.elf"
        compiler = ["avr-gcc", "-std=gnu99", "-Os", f"-mmcu={mcu}", f"-DF_CPU={CLOCK_HZ}UL"]
        subprocess.run([*compiler, EXERCISER, "-o", elf], check=True)
        subprocess.run(["avr-objcopy", "-O", "ihex", elf, elf.with_suffix(".hex")], check=True)
    return folder
