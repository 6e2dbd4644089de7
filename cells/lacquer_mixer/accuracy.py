"""Dosing accuracy: many doses at any temperature and tubing age, without mishaps."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from simpy.events import Event

from cellwright.cells.lacquer_mixer.batch import DOSE_TOLERANCE_G, DOSE_TOLERANCE_SHARE
from cellwright.cells.lacquer_mixer.plant import Can
from cellwright.sequences import dose_to_mass
from cellwright.sim import Scenario, Streams, model_rig

MIN_G, MAX_G = 5.0, 1000.0
CAN_G = 1800.0
"""The mass that goes into a can before the next is put on the scale."""
MISHAPS = ("bubbles", "blocks", "lifts", "jumps", "drifts")
NO_MISHAPS = tuple(f"plant.{kind}_per_1000_cans=0" for kind in MISHAPS)


@dataclass(frozen=True, slots=True)
class TrialDose:
    """target_g: the mass ordered. error_g: true mass less target. celsius: the temperature."""

    target_g: float
    error_g: float
    celsius: float

    @property
    def is_within_tolerance(self) -> bool:
        """Whether it meets the mixer's accuracy goal."""
        return abs(self.error_g) <= max(DOSE_TOLERANCE_G, DOSE_TOLERANCE_SHARE * self.target_g)


def trial_doses(scenario: Scenario, replication: int, count: int, seed: int = 7) -> list[TrialDose]:
    """``count`` doses of 5 to 1000 g (log-uniform), on one day, with one set of pumps, tubes and scale."""
    rig = model_rig(scenario, seed, replication)
    rig.cell.end()  # the trial drives the dosing sequence itself
    rig.board.release()
    trial = _DoseTrial(rig.cell, rig.plant, Streams(seed, replication), count)
    rig.env.run(until=rig.env.process(trial.run()))
    return trial.doses


class _DoseTrial:
    def __init__(self, cell: Any, plant: Any, streams: Streams, count: int) -> None:
        self.cell, self.plant, self.count = cell, plant, count
        self.random = streams["trial doses"]
        self.order = max(cell.orders.orders, key=lambda each: each.can_ml)
        self.doses: list[TrialDose] = []

    def run(self) -> Generator[Event, Any, None]:
        yield from self.cell.scale.start()
        while len(self.doses) < self.count:
            self.plant.put_on(Can(self.order, self.order.empty_can_g, [0.0] * len(self.plant.lines)))
            yield self.cell.env.timeout(1.5)
            yield from self.cell.scale.tare(32)
            yield from self._fill()
            self.plant.take_off()
            self.plant.wipe_platform()

    def _fill(self) -> Generator[Event, Any, None]:
        reading_g, remaining_g = 0.0, CAN_G
        while len(self.doses) < self.count:
            number = int(self.random.integers(len(self.plant.lines)))
            target_g = math.exp(self.random.uniform(math.log(MIN_G), math.log(MAX_G)))
            remaining_g -= target_g
            if remaining_g < 0:
                return
            memory = self.cell.inventory.memory[number]
            self.plant.lines[number].drum_g = memory.left_g = 20_000.0
            before_g = self._true_mass_g(number)
            pump, valve = self.cell.lines[number]
            dose = yield from dose_to_mass(
                pump, valve, self.cell.scale, target_g, memory, self.cell.rules, (), reading_g
            )
            reading_g = dose.stands_g
            self.doses.append(TrialDose(target_g, self._true_mass_g(number) - before_g - target_g, self.plant.celsius))

    def _true_mass_g(self, number: int) -> float:
        self.plant.platform.advance()
        return float(self.plant.can.content_g[number])
