"""An emulated Uno with stock firmware, and what its host saw."""

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
PowerUp = Callable[..., "HostedUno"]


class HostedUno:
    """An emulated Uno with every byte it sent, and when."""

    def __init__(self, env: simpy.Environment, firmware: Path, **options: float) -> None:
        self.env = env
        self.uno = EmulatedArduino(env, firmware, **options)
        self.heard: list[tuple[float, int]] = []
        self.uno.link.on_bytes = self.hear

    def hear(self, data: bytes) -> None:
        self.heard += [(self.env.now, byte) for byte in data]

    @property
    def bytes_heard(self) -> bytes:
        return bytes(byte for _, byte in self.heard)

    def run_for(self, seconds: float) -> None:
        self.env.run(until=self.env.now + seconds)

    def say(self, message: str, seconds: float = 0.02) -> str:
        """Send bytes given in hex; what came back within that time, in hex."""
        before = len(self.heard)
        self.uno.link.write(bytes.fromhex(message))
        self.run_for(seconds)
        return self.bytes_heard[before:].hex(" ")


@pytest.fixture(scope="session")
def uno_firmware() -> Path:
    """Stock StandardFirmata for an Uno; tests that ask for it are skipped where the emulator is not built."""
    try:
        library = find_library()
    except InputError as error:
        pytest.skip(str(error))
    firmware = library.parent / "StandardFirmata-uno.hex"
    if not firmware.exists():
        pytest.skip(f"{firmware.name} is not there; run 'sh hardware/emulator/build.sh' where npm is installed.")
    return firmware


@pytest.fixture
def power_up(uno_firmware: Path) -> Iterator[PowerUp]:
    """Makes emulated Unos, each in an environment of its own unless one is given."""
    powered: list[HostedUno] = []

    def make(env: simpy.Environment | None = None, **options: float) -> HostedUno:
        powered.append(HostedUno(env or simpy.Environment(), uno_firmware, **options))
        return powered[-1]

    yield make
    for each in powered:
        each.uno.close()


@pytest.fixture
def emulated_uno(power_up: PowerUp, env: simpy.Environment) -> HostedUno:
    """An emulated Uno that has booted."""
    hosted = power_up(env)
    hosted.run_for(2.0)
    return hosted


@pytest.fixture(scope="session")
def exercisers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the exerciser's hex for each chip, by the chip's name; skips where none can be compiled."""
    if shutil.which("avr-gcc") is None:
        pytest.skip("No avr-gcc is installed; it compiles the firmware of these tests.")
    try:
        find_library()
    except InputError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("exerciser")
    for mcu in ("atmega328p", "atmega2560"):
        elf = folder / f"{mcu}.elf"
        compiler = ["avr-gcc", "-std=gnu99", "-Os", f"-mmcu={mcu}", f"-DF_CPU={CLOCK_HZ}UL"]
        subprocess.run([*compiler, EXERCISER, "-o", elf], check=True)
        subprocess.run(["avr-objcopy", "-O", "ihex", elf, elf.with_suffix(".hex")], check=True)
    return folder
