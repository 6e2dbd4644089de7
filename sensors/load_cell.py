"""Load cells behind an NAU7802 converter, which any Firmata firmware reaches over I2C."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from simpy.events import Event

from cellwright import files
from cellwright.errors import CellFault, InputError
from cellwright.hardware.board import Board, I2cPort
from cellwright.hardware.device import Device
from cellwright.sensors.calibration import TwoPointCalibration

Steps = Generator[Event, Any, Any]

# Registers and bits. Source: Nuvoton, NAU7802 datasheet, revision 1.7, sections 9.1 (power-on) and 11 (registers).
PU_CTRL, CTRL1, CTRL2, RESULT, ADC_CONTROL, PGA_POWER = 0x00, 0x01, 0x02, 0x12, 0x15, 0x1C
RESET, POWER_DIGITAL, POWER_ANALOG, POWERED_UP, CYCLE_START, INNER_SUPPLY = 0x01, 0x02, 0x04, 0x08, 0x10, 0x80
GAIN_128, SUPPLY_4V5 = 0x07, 0x00 << 3
CALIBRATE, CALIBRATION_ERROR = 0x04, 0x08
RATES = {10: 0x00 << 4, 20: 0x01 << 4, 40: 0x02 << 4, 80: 0x03 << 4, 320: 0x07 << 4}
"""Samples/s that the converter offers, and its bits for them."""
CHOPPER_OFF, CHANNEL_2_CAPACITOR = 0x30, 0x80
FULL_SCALE = 1 << 23
"""Counts of half the converter's range: the result is a signed number of 24 bits."""

ANSWERS_WITHIN_S = 0.5
SUPPLY_SETTLES_S = 0.2
CALIBRATES_WITHIN_S = 1.0
LOOK_S = 0.05


class Weighing(NamedTuple):
    """The mean of some samples, g, and how far apart the lowest and highest were, g."""

    mean_g: float
    spread_g: float


@dataclass(kw_only=True)
class LoadCell(Device):
    """A load cell on an NAU7802. Weights are grams from the empty scale, or from the last ``tare``.

    It takes no pins but the board's two I2C pins: 18 and 19 on an Uno, 20 and 21 on a Mega.

    capacity_g: what the load cell carries. sensitivity_mv_per_v: its signal at that load. samples_per_s: 10 or 80
    (20, 40 and 320 exist too). calibration: a TOML file (see TwoPointCalibration); without one, the maker's figures
    hold, which are some per cent wrong.
    """

    capacity_g: float
    sensitivity_mv_per_v: float = 1.0
    samples_per_s: int = 80
    address: int = 0x2A
    calibration: str = ""
    is_ready: bool = field(default=False, init=False)
    points: TwoPointCalibration = field(init=False, repr=False)
    port: I2cPort = field(init=False, repr=False)
    tare_g: float = field(default=0.0, init=False)

    def pins(self) -> dict[str, int]:
        return {}

    def problems(self) -> Iterator[str]:
        if self.capacity_g <= 0 or self.sensitivity_mv_per_v <= 0:
            yield "has a capacity_g or a sensitivity_mv_per_v that is not above 0"
        if self.samples_per_s not in RATES:
            rates = ", ".join(map(str, RATES))
            yield f"is to take {self.samples_per_s} samples/s; its converter offers {rates}"

    def attach(self, board: Board) -> None:
        self.board = board
        self.points = TwoPointCalibration.read(self.calibration) if self.calibration else self._nominal()
        self.port = board.declare_i2c(self.address)

    def _nominal(self) -> TwoPointCalibration:
        """By the maker's figures. The converter's range is half its reference, which feeds the load cell too."""
        counts = self.sensitivity_mv_per_v / 1000 * 128 * 2 * FULL_SCALE
        return TwoPointCalibration(
            date=datetime.date.min, zero_raw=0.0, reference_raw=counts, reference_g=float(self.capacity_g)
        )

    def reset(self) -> None:
        self.is_ready = False  # the board may have been without power, and the converter with it
        self.tare_g = 0.0

    @property
    def period_s(self) -> float:
        """From one sample to the next, s."""
        return 1 / self.samples_per_s

    def start(self) -> Steps:
        """Power the converter up, set gain 128 and the rate, and let it calibrate its own amplifier.

        Raises CellFault if it does not come up or cannot calibrate itself, TimedOut if it does not answer.
        """
        power = POWER_DIGITAL | POWER_ANALOG | INNER_SUPPLY
        rate = RATES[self.samples_per_s]
        self._set(PU_CTRL, RESET)
        self._set(PU_CTRL, POWER_DIGITAL)
        self._set(PU_CTRL, power)
        self._set(CTRL1, SUPPLY_4V5 | GAIN_128)
        self._set(CTRL2, rate)
        self._set(ADC_CONTROL, CHOPPER_OFF)
        self._set(PGA_POWER, CHANNEL_2_CAPACITOR)
        yield self.board.env.timeout(SUPPLY_SETTLES_S)
        status = yield from self._get(PU_CTRL)
        if not status & POWERED_UP:
            raise CellFault(f"{self.name} did not power up; check the supply of its converter.")
        self._set(CTRL2, rate | CALIBRATE)
        yield from self._await_calibration()
        self._set(PU_CTRL, power | CYCLE_START)
        yield self.board.env.timeout(8 * self.period_s)  # the first conversions are not settled
        self.is_ready = True
        self.note("started", None)

    def _await_calibration(self) -> Steps:
        until_s = self.board.env.now + CALIBRATES_WITHIN_S
        while self.board.env.now < until_s:
            yield self.board.env.timeout(LOOK_S)
            status = yield from self._get(CTRL2)
            if not status & CALIBRATE:
                if status & CALIBRATION_ERROR:
                    raise CellFault(f"{self.name} could not calibrate its amplifier; check the load cell's wires.")
                return
        raise CellFault(f"{self.name} did not calibrate its amplifier within {CALIBRATES_WITHIN_S:g} s.")

    def _set(self, register: int, value: int) -> None:
        self.port.write(bytes((register, value)))

    def _get(self, register: int) -> Steps:
        data = yield self.port.read(self, register, 1, ANSWERS_WITHIN_S)
        return data[0]

    # ---- weighing ----

    def raw(self) -> Steps:
        """The latest sample in counts. Raises CellFault if the converter is at the end of its range."""
        data = yield self.port.read(self, RESULT, 3, ANSWERS_WITHIN_S)
        counts = int.from_bytes(data, "big", signed=True)
        if not -FULL_SCALE < counts < FULL_SCALE - 1:
            raise CellFault(f"{self.name} is at the end of its range; it is overloaded or a wire is broken.")
        return counts

    def sample(self) -> Steps:
        """The latest sample, g since the last tare."""
        raw = yield from self.raw()
        return self.points.grams(raw) - self.tare_g

    def weigh(self, samples: int) -> Steps:
        """The next ``samples`` samples, as a Weighing."""
        taken = []
        for _ in range(samples):
            yield self.board.env.timeout(self.period_s)
            taken.append((yield from self.sample()))
        weighing = Weighing(sum(taken) / samples, max(taken) - min(taken))
        self.note("weighed", weighing.mean_g)
        return weighing

    def tare(self, samples: int) -> Steps:
        """Call what is on it now 0 g."""
        weighing = yield from self.weigh(samples)
        self.tare_g += weighing.mean_g
        self.note("tared", self.tare_g)

    def calibrate(self, reference_g: float, placed: Event, today: datetime.date, samples: int = 80) -> Steps:
        """Take both points: the empty scale now, and ``reference_g`` once the event ``placed`` has come.

        Returns the TwoPointCalibration, which it uses from now on; ``write`` keeps it.
        """
        empty = yield from self._mean_raw(samples)
        yield placed
        loaded = yield from self._mean_raw(samples)
        try:
            self.points = files.checked(
                TwoPointCalibration,
                {"date": today, "zero_raw": empty, "reference_raw": loaded, "reference_g": reference_g},
                where=f"{self.name} was not calibrated",
            )
        except InputError as error:
            raise CellFault(str(error)) from error
        self.tare_g = 0.0
        return self.points

    def _mean_raw(self, samples: int) -> Steps:
        total = 0.0
        for _ in range(samples):
            yield self.board.env.timeout(self.period_s)
            total += yield from self.raw()
        return total / samples
