"""The HX711, a converter for load cells that only firmware with support for it can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cellwright.hardware.board import Board, ConverterPort
from cellwright.hardware.model.world import World
from cellwright.hardware.pins import Pin, converter_pins
from cellwright.hardware.waits import Steps
from cellwright.sensors.load_cell import SAMPLE_TIMEOUT_S, LoadCell

SETTLING_TIME_S = {10: 0.4, 80: 0.05}
"""From power-up to the first settled sample, s. Source: HX711 datasheet, output settling time."""


@dataclass(kw_only=True)
class Hx711(LoadCell):
    """A load cell on an HX711, which is clocked bit by bit, too fast for messages over a line.

    So the firmware itself must read it. StandardFirmata and ConfigurableFirmata do not, and raise an error; the model
    board and CellwrightFirmata do. An ``Nau7802`` needs no such firmware.

    data, clock: pins of the HX711. samples_per_s: 10 or 80, as its RATE pin is wired.
    """

    data: int
    clock: int
    port: ConverterPort = field(init=False, repr=False)

    def pins(self) -> dict[str, Pin]:
        return converter_pins(self.data, self.clock, samples_per_s=self.samples_per_s)

    def attach(self, board: Board) -> None:
        self.board = board
        self.read_calibration()
        self.port = board.declare_hx711(self.data, self.clock)

    def start(self) -> Steps:
        """Wait until its samples have settled, and check that they come. Raises StepTimeoutError if none does."""
        yield self.board.env.timeout(SETTLING_TIME_S[self.samples_per_s])
        yield from self.latest()
        self.is_ready = True
        self.note("started", None)

    def latest(self) -> Steps:
        counts = yield self.port.sample(self, SAMPLE_TIMEOUT_S)
        return counts

    def put_chip(self, world: World, counts: Callable[[], int]) -> None:
        world.declare_hx711(self.data, self.clock).convert = counts
