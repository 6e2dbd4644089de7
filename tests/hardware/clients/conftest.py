"""Boards in real time behind a pseudo-terminal, for clients that others have written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cellwright.hardware import CELLWRIGHT_FIRMATA, ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.emulator.chip import ChipEvent, EmulatedChip, EventKind
from cellwright.hardware.emulator.pin_ports import port_and_bit
from cellwright.hardware.emulator.server import run_in_real_time
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.hardware.transport.pseudo_terminal import PseudoTerminalPort
from cellwright.hardware.transport.server import PseudoTerminalLink

LED, BUTTON, CHANNEL, STEP, DIRECTION = 13, 7, 1, 2, 3
"""What is wired to a board: the button holds its pin high, the channel has 2.5 V, a motor is on step and direction."""
VOLTS = 2.5


class ServedBoard:
    """A board that runs in a thread of its own until ``close``."""

    def __init__(self) -> None:
        self.levels: list[bool] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        raise NotImplementedError

    @property
    def steps(self) -> int:
        """Where the motor stands."""
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
        self._steps = 0
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
            self._steps = axes.get(0, self._steps)

    @property
    def steps(self) -> int:
        return self._steps

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
        run_in_real_time(self._chip, self._port, self._closing, on_event=self._note, on_reset=self._wire)

    @property
    def steps(self) -> int:
        return self._chip.axis(self._motor).position

    def _note(self, event: ChipEvent) -> None:
        if event.kind is EventKind.PIN:
            self.levels.append(bool(event.value))

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
