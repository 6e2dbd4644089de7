"""Load cells: the base class for every converter."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, ClassVar, NamedTuple

from simpy.events import Event

from cellwright import files
from cellwright.errors import CellFault, InputError
from cellwright.hardware.device import Prompt
from cellwright.hardware.model.world import World
from cellwright.hardware.waits import Steps
from cellwright.sensors.calibration import CalibratedSensor, TwoPointCalibration

GAIN = 128
FULL_SCALE = 1 << 23
"""Counts of half the converter's range: a sample is a signed 24-bit number."""
SAMPLE_TIMEOUT_S = 0.5
CALIBRATION_SAMPLES = 160
CALIBRATION_BLOCK = 20
MAX_SPREAD = 0.0005
"""The farthest that two samples of one load may lie apart in a calibration, as a share of the capacity: as much as the
load cell's own curve may be off, and five times the range of 160 samples of an HX711 at 80 samples/s."""
MAX_WANDER = 0.0001
"""The same of the means of blocks of samples, whose noise is a tenth of this: more is a load that moves."""
MAX_SLOPE_FACTOR = 1.5
"""A slope that differs from the nominal one by a larger factor means wrong wiring, or a missing known mass."""


class Weight(NamedTuple):
    """The mean of some samples, g, and their range from lowest to highest, g."""

    mean_g: float
    spread_g: float


@dataclass(kw_only=True)
class LoadCell(CalibratedSensor):
    """A load cell behind a converter (``Nau7802``, ``Hx711``). Weights are grams from the empty scale or ``tare``.

    capacity_g: the rated load. sensitivity_mv_per_v: the signal at that load. samples_per_s: of the
    converter. calibration: a TOML file (see TwoPointCalibration); without one the nominal
    figures of the maker apply, which are some per cent off.
    """

    known_unit: ClassVar[str] = "g"
    rates: ClassVar[tuple[int, ...]] = (10, 80)
    """Samples/s that the converter offers."""

    capacity_g: float
    sensitivity_mv_per_v: float = 1.0
    samples_per_s: int = 80
    is_ready: bool = field(default=False, init=False)
    points: TwoPointCalibration = field(init=False, repr=False)
    tare_g: float = field(default=0.0, init=False)

    def problems(self) -> Iterator[str]:
        if self.capacity_g <= 0 or self.sensitivity_mv_per_v <= 0:
            yield "has a capacity_g or a sensitivity_mv_per_v that is not above 0"
        if self.samples_per_s not in self.rates:
            rates = ", ".join(map(str, self.rates))
            yield f"is to take {self.samples_per_s} samples/s; its converter offers {rates}"

    def read_calibration(self) -> None:
        """Read the calibration from its file; called when the device is attached."""
        self.points = TwoPointCalibration.read(self.calibration) if self.calibration else self._nominal()

    def _nominal(self) -> TwoPointCalibration:
        """From the maker's figures. The converter's range is half its reference, which also supplies the load cell."""
        counts = self.sensitivity_mv_per_v / 1000 * GAIN * 2 * FULL_SCALE
        return TwoPointCalibration(
            date=datetime.date.min, zero_raw=0.0, reference_raw=counts, reference_g=float(self.capacity_g)
        )

    def reset(self) -> None:
        self.is_ready = False  # the board, and the converter, may have lost power
        self.tare_g = 0.0

    @property
    def period_s(self) -> float:
        """The time from one sample to the next, s."""
        return 1 / self.samples_per_s

    def start(self) -> Steps:
        """A step that prepares it for weighing. Raises CellFault, or StepTimeoutError if nothing answers."""
        raise NotImplementedError

    def latest(self) -> Steps:
        """A step that returns the converter's latest sample, in counts."""
        raise NotImplementedError

    def put_chip(self, world: World, counts: Callable[[], int]) -> None:
        """Put its converter's chip on a simulated board, for a plant; ``counts`` samples the load cell, in counts."""
        raise NotImplementedError

    # ---- weighing ----

    def raw(self) -> Steps:
        """The latest sample in counts. Raises CellFault if the converter is at the end of its range."""
        counts = yield from self.latest()
        if not -FULL_SCALE < counts < FULL_SCALE - 1:
            raise CellFault(f"{self.name} is at the end of its range; it is overloaded or a wire is broken.")
        return counts

    def sample(self) -> Steps:
        """The latest sample, g since the last tare."""
        raw = yield from self.raw()
        return self.points.grams(raw) - self.tare_g

    def weigh(self, samples: int) -> Steps:
        """The mean and range of the next ``samples`` samples, as a Weight."""
        raws = yield from self._raws(samples)
        samples_g = [self.points.grams(raw) - self.tare_g for raw in raws]
        weight = Weight(sum(samples_g) / samples, max(samples_g) - min(samples_g))
        self.note("weighed", weight.mean_g)
        return weight

    def _raws(self, samples: int) -> Steps:
        """The next ``samples`` samples, in counts, each when the converter has it.

        The next is asked for one period after the last was *asked for*, not after its answer came: the converter does
        not wait for the line either, and a weighing takes as long on a slow line as on a fast one.
        """
        env, raws = self.board.env, []
        due_s = env.now
        for _ in range(samples):
            due_s = max(due_s + self.period_s, env.now)
            yield env.timeout(due_s - env.now)
            raws.append((yield from self.raw()))
        return raws

    def tare(self, samples: int) -> Steps:
        """Set the present load to 0 g."""
        weight = yield from self.weigh(samples)
        self.tare_g += weight.mean_g
        self.note("tared", self.tare_g)

    def calibrate(self, known: float, ask: Prompt, today: datetime.date) -> Generator[Event, Any, TwoPointCalibration]:
        """Measure both points: the empty scale, and ``known`` grams on it."""
        if not self.is_ready:
            yield from self.start()
        yield ask(f"Take everything off {self.name}.")
        empty = yield from self._steady_mean("nothing")
        yield ask(f"Put {known:g} g on {self.name}, and take your hand off.")
        loaded = yield from self._steady_mean(f"{known:g} g")
        self._refuse_implausible(known, loaded - empty)
        try:
            self.points = files.checked(
                TwoPointCalibration,
                {"date": today, "zero_raw": empty, "reference_raw": loaded, "reference_g": known},
                where=f"{self.name} was not calibrated",
            )
        except InputError as error:
            raise CellFault(str(error)) from error
        self.tare_g = 0.0
        return self.points

    def _refuse_implausible(self, known_g: float, counts: float) -> None:
        """Raise CellFault if the change of the reading is far from the nominal one."""
        share = counts * self._nominal().g_per_count / known_g
        if not 1 / MAX_SLOPE_FACTOR < share < MAX_SLOPE_FACTOR:
            raise CellFault(
                f"{self.name} was not calibrated: for {known_g:g} g its reading changed by {counts:.0f} counts, "
                f"{share:.0%} of what its maker's figures say; check the mass, and the load cell's wires."
            )

    def _steady_mean(self, load: str) -> Steps:
        """The mean of a calibration's samples, in counts. Raises CellFault if they are not of one steady load."""
        raws = yield from self._raws(CALIBRATION_SAMPLES)
        g_per_count = self._nominal().g_per_count
        blocks = [fmean(raws[at : at + CALIBRATION_BLOCK]) for at in range(0, len(raws), CALIBRATION_BLOCK)]
        for what, values, share, advice in (
            ("samples lie", raws, MAX_SPREAD, "look after its wires, and keep draught and shaking away from it"),
            (
                "reading moved by",
                blocks,
                MAX_WANDER,
                "let the load, and a converter just switched on, settle",
            ),
        ):
            apart_g, allowed_g = (max(values) - min(values)) * g_per_count, share * self.capacity_g
            if apart_g > allowed_g:
                found = f"{what} {apart_g:.2f} g" + (" apart" if values is raws else "")
                raise CellFault(
                    f"{self.name} was not calibrated: with {load} on it its {found}, and {allowed_g:.2f} g is "
                    f"allowed; {advice}, then calibrate again."
                )
        return fmean(raws)
