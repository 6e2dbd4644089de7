"""Boards in real time behind a pseudo-terminal, for clients that others have written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cellwright.hardware import CELLWRIGHT_FIRMATA, ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind
from cellwright.hardware.emulator.pin_ports import port_and_bit
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.hardware.transport.pseudo_terminal import PseudoTerminalPort
from cellwright.hardware.transport.server import PseudoTerminalLink

LED, BUTTON, CHANNEL, STEP, DIRECTION = 13, 7, 1, 2, 3
"""What is wired to a board: the button holds its pin high, the channel has 2.5 V, a motor is on step and direction."""
VOLTS = 2.5
SLICE_S = 500e-6
MAX_LATE_S = 0.05


class ServedBoard:
    """A board that runs in a thread of its own until ``close``."""

    def __init__(self) -> None:
        self.levels: list[bool] = []
        self.steps = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        raise NotImplementedError

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join(5.0)


class VirtualServed(ServedBoard):
    """The virtual Uno at 57600 baud."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._clock = WallClock()
        self._end = PseudoTerminalLink(self._clock, path)
        self._model = ModelBoard(self._clock, CELLWRIGHT_FIRMATA)
        line = LoopbackLine(self._clock, baud=57_600)
        self._arduino = VirtualArduino(self._clock, line.board, self._model, "uno", "cellwright")
        self._end.on_bytes = line.host.write
        line.host.on_bytes = self._end.write
        self._end.on_open = self._arduino.reset
        self._model.set_input(BUTTON, True)
        self._model.declare_analog(14 + CHANNEL).volts = VOLTS
        self._model.on_output(LED, self.levels.append)

    def _serve(self) -> None:
        while not self._closing.is_set():
            self._clock.run(until=self._clock.now + 0.05)
            axes = self._arduino.program.steppers.positions()
            self.steps = axes.get(0, self.steps)

    def close(self) -> None:
        super().close()
        self._end.close()


class EmulatedServed(ServedBoard):
    """The firmware on the emulated chip of an Uno, as serve_emulated() runs it, with its pins watched."""

    def __init__(self, library: Path, firmware: Path, path: Path) -> None:
        super().__init__()
        self._chip = EmulatedChip(library, firmware)
        self._port = PseudoTerminalPort(path)
        self._chip.watch(*port_and_bit(LED))
        self._motor = self._chip.add_axis(port_and_bit(STEP), port_and_bit(DIRECTION))
        self._wire()

    def _wire(self) -> None:
        self._chip.set_input(*port_and_bit(BUTTON), True)
        self._chip.set_analog(CHANNEL, VOLTS)

    def _serve(self) -> None:
        began_s, elapsed_s = time.monotonic(), 0.0
        while not self._closing.is_set():
            if self._port.was_opened():
                self._chip.reset()
                self._wire()
            self._chip.feed(self._port.read())
            elapsed_s += SLICE_S
            self._port.write(self._run_to(int(elapsed_s * CLOCK_HZ)))
            self.steps = self._chip.axis(self._motor).position
            ahead_s = began_s + elapsed_s - time.monotonic()
            if ahead_s > 0:
                time.sleep(ahead_s)
            elif ahead_s < -MAX_LATE_S:
                began_s -= ahead_s

    def _run_to(self, cycle: int) -> bytes:
        sent = bytearray()
        while self._chip.cycle < cycle:
            for event in self._chip.run(cycle):
                if event.kind is EventKind.BYTE:
                    sent.append(event.value)
                elif event.kind is EventKind.PIN:
                    self.levels.append(bool(event.value))
        return bytes(sent)

    def close(self) -> None:
        super().close()
        self._port.close()
        self._chip.close()


@pytest.fixture
def serve(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], tuple[ServedBoard, Path]]]:
    """Serves the "virtual" or the "emulated" board; returns it and its port."""
    made: list[ServedBoard] = []

    def start(target: str) -> tuple[ServedBoard, Path]:
        port = tmp_path / "ttyACM0"
        if target == "virtual":
            board: ServedBoard = VirtualServed(port)
        else:
            firmware = Path(__file__).parents[3] / "hardware" / "firmware" / "hex" / "cellwright-uno.hex"
            board = EmulatedServed(request.getfixturevalue("emulator_library"), firmware, port)
        made.append(board)
        board.start()
        return board, port

    yield start
    for each in made:
        each.close()
