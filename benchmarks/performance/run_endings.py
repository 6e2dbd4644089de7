"""Benchmark of how a run ends: the time until an output that was on is off, however the run ends, on real firmware.

Each run is a process of its own with an emulated Uno at its port, in real time. Prints the table of docs/reference;
about three minutes. Needs the emulated chip (``sh hardware/emulator/build.sh``).
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cellwright.hardware.emulator.chip import ChipEvent, EmulatedChip, EventKind
from cellwright.hardware.emulator.pin_ports import port_and_bit
from cellwright.hardware.emulator.server import run_in_real_time
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.transport.pseudo_terminal import PseudoTerminalPort

CELLWRIGHT = Path(sys.executable).with_name("cellwright")
LAMP = 4
WATCHED_FOR_S = 5.0
"""An output that is on for longer after the run's end is off never."""
SETTLED_S = 0.7
"""After the output is on: a step that blocks has been noticed by then."""
CELL = '''
import time
from cellwright import Cell, Lamp
from cellwright.sim import CellPlant, ManualMethod, Study

class Oven(Cell):
    """Warms something."""
    cycle_ends_with = "warmed"
    lamp = Lamp(pin=4)
    states = ["warming"]
    transitions = [["warmed", "warming", "warming"]]

    def warming(self):
        yield self.env.timeout(0)
        self.lamp.on()
        {body}
        return "warmed"

class Manual(ManualMethod):
    """By hand."""
    def elements(self, parameters):
        return [self.element("warm", 10)]
    def tending(self, parameters):
        return []

class Plant(CellPlant):
    """Nothing."""
    def connect(self):
        pass

STUDY = Study(cell=Oven, plant=Plant, plant_parameters=Manual(), manual=Manual())
'''
WAITS = "yield self.env.timeout(60)"
WRITES = """for number in range(10**6):
            yield self.env.timeout(0.001)
            self.lamp.note("n", number)"""
SWALLOWS = """while True:
            try:
                time.sleep(60)
            except BaseException:
                pass"""


class Cable(PseudoTerminalPort):
    """A port whose cable can be pulled: the chip has a supply of its own and goes on."""

    is_plugged_in = True

    def was_opened(self) -> bool:
        return self.is_plugged_in and super().was_opened()

    def read(self) -> bytes:
        return super().read() if self.is_plugged_in else b""

    def write(self, data: bytes) -> None:
        if self.is_plugged_in:
            super().write(data)

    def pull(self) -> None:
        """Pull it: the host's end is gone."""
        self.is_plugged_in = False
        self.close()


class ServedChip:
    """An emulated Uno at a pseudo-terminal, on a thread of its own; it notes when the lamp's pin changes."""

    def __init__(self, firmware: Path, path: Path) -> None:
        self.is_on = threading.Event()
        self.off_at_s: float | None = None
        self._chip = EmulatedChip(find_library(), firmware)
        self._chip.watch(*port_and_bit(LAMP))
        self.cable = Cable(path)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        run_in_real_time(self._chip, self.cable, self._is_over, on_event=self._note)

    def _note(self, event: ChipEvent) -> None:
        if event.kind is EventKind.PIN and event.value:
            self.is_on.set()
        elif event.kind is EventKind.PIN and self.is_on.is_set():
            self.off_at_s = time.monotonic()

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        if self.cable.is_plugged_in:
            self.cable.close()
        self._chip.close()


@dataclass(frozen=True)
class Ending:
    """A way in which a run ends. body: what its step does. end: does it. log_bytes: the largest file it may write."""

    name: str
    end: Callable[[subprocess.Popen[str], ServedChip], None]
    body: str = WAITS
    log_bytes: int | None = None


def send(*numbers: int) -> Callable[[subprocess.Popen[str], ServedChip], None]:
    """Sends signals, a moment apart: two at once may be one."""

    def end(running: subprocess.Popen[str], _: ServedChip) -> None:
        for number in numbers:
            running.send_signal(number)
            time.sleep(0.05 if len(numbers) > 1 else 0)

    return end


ENDINGS = (
    Ending("Ctrl-C", send(signal.SIGINT)),
    Ending("Ctrl-C twice", send(signal.SIGINT, signal.SIGINT)),
    Ending("Ctrl-C twice, in a step that blocks and lets nothing end it", send(signal.SIGINT, signal.SIGINT), SWALLOWS),
    Ending("told to end (SIGTERM)", send(signal.SIGTERM)),
    Ending("terminal closed (SIGHUP)", send(signal.SIGHUP)),
    Ending("killed (SIGKILL)", send(signal.SIGKILL)),
    Ending("suspended (SIGSTOP)", send(signal.SIGSTOP)),
    Ending("cable pulled", lambda _, chip: chip.cable.pull()),
    Ending("disk full", send(), WRITES, log_bytes=60_000),
)


def measure(ending: Ending, firmware: Path, folder: Path) -> tuple[float | None, float | None, int | None]:
    """Seconds until the output was off and until the process had ended, and its exit code; None for never."""
    (folder / "oven.py").write_text(CELL.format(body=ending.body))
    chip = ServedChip(firmware, folder / "port")
    limit = ending.log_bytes

    def limit_files() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    running = subprocess.Popen(
        [CELLWRIGHT, "run", "oven.py", "--on", "port", "--log", "run.db"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        text=True,
        preexec_fn=limit_files,
    )
    try:
        if not chip.is_on.wait(60):
            raise SystemExit(f"{ending.name}: the output was never on.")
        time.sleep(SETTLED_S)
        began_s = time.monotonic()
        ending.end(running, chip)
        if limit is not None:
            began_s = _moment_of_the_full_disk(folder / "run.db", limit)
        ended_s: float | None = None
        while time.monotonic() < began_s + WATCHED_FOR_S and (chip.off_at_s is None or ended_s is None):
            if ended_s is None and running.poll() is not None:
                ended_s = time.monotonic() - began_s
            time.sleep(0.005)
        off_s = None if chip.off_at_s is None else max(0.0, chip.off_at_s - began_s)
        return off_s, ended_s, running.poll()
    finally:
        running.send_signal(signal.SIGCONT)
        running.kill()
        running.wait()
        chip.close()


def _moment_of_the_full_disk(path: Path, limit: int) -> float:
    """When a file has grown to its limit, or no longer grows."""
    wal = path.with_name(path.name + "-wal")
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s:
        if any(each.exists() and each.stat().st_size >= limit - 8192 for each in (path, wal)):
            break
        time.sleep(0.005)
    return time.monotonic()


def _shown(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.2f} s"


def main() -> None:
    """Measure every ending on our own firmware and on StandardFirmata."""
    stock = Path(__file__).resolve().parents[2] / "build" / "emulator" / "StandardFirmata-uno.hex"
    print(
        "| ending | CellwrightFirmata: output off | StandardFirmata: output off | the program has ended | exit code |"
    )
    print("|---|---|---|---|---|")
    for ending in ENDINGS:
        results = []
        for firmware in (firmware_hex("uno"), stock):
            with tempfile.TemporaryDirectory() as folder:
                results.append(measure(ending, firmware, Path(folder)))
        (own_s, ended_s, code), (stock_s, _, _) = results
        code_text = "" if code is None else str(128 - code if code < 0 else code)
        print(f"| {ending.name} | {_shown(own_s)} | {_shown(stock_s)} | {_shown(ended_s)} | {code_text} |", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
