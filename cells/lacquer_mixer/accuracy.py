"""How exact a dose is: dose after dose into can after can, at any temperature and tubing age, nothing going wrong."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from simpy.events import Event

from cellwright.cells.lacquer_mixer.batch import GOOD_WITHIN_G, GOOD_WITHIN_SHARE
from cellwright.cells.lacquer_mixer.plant import Can
from cellwright.sequences import dose_to_mass
from cellwright.sim import Scenario, Streams, model_rig

MIN_G, MAX_G = 5.0, 1000.0
CAN_G = 1800.0
"""How much goes into a can before the next is put on the scale."""
MISHAPS = ("bubbles", "blocks", "lifts", "jumps", "drifts")
NO_MISHAPS = tuple(f"plant.{kind}_per_1000_cans=0" for kind in MISHAPS)


@dataclass(frozen=True, slots=True)
class TrialDose:
    """asked_g: what was asked for. error_g: what truly came, less that. celsius: how warm it was."""

    asked_g: float
    error_g: float
    celsius: float

    @property
    def is_good(self) -> bool:
        """Whether it is as exact as the mixer is to be."""
        return abs(self.error_g) <= max(GOOD_WITHIN_G, GOOD_WITHIN_SHARE * self.asked_g)


def trial_doses(scenario: Scenario, replication: int, count: int, seed: int = 7) -> list[TrialDose]:
    """``count`` doses of 5 to 1000 g (even in their logarithm), on one day, with one set of pumps, tubes and scale."""
    rig = model_rig(scenario, seed, replication)
    rig.cell.end()  # its sequence is what is on trial, not its steps
    rig.board.release()
    trial = _Trial(rig.cell, rig.plant, Streams(seed, replication), count)
    rig.env.run(until=rig.env.process(trial.run()))
    return trial.done


class _Trial:
    def __init__(self, cell: Any, plant: Any, streams: Streams, count: int) -> None:
        self.cell, self.plant, self.count = cell, plant, count
        self.random = streams["trial doses"]
        self.order = max(cell.orders.orders, key=lambda each: each.can_ml)
        self.done: list[TrialDose] = []

    def run(self) -> Generator[Event, Any, None]:
        yield from self.cell.scale.start()
        while len(self.done) < self.count:
            self.plant.put_on(Can(self.order, self.order.empty_can_g, [0.0] * len(self.plant.lines)))
            yield self.cell.env.timeout(1.5)
            yield from self.cell.scale.tare(32)
            yield from self._fill()
            self.plant.take_off()
            self.plant.wipe()

    def _fill(self) -> Generator[Event, Any, None]:
        stands_g, room_g = 0.0, CAN_G
        while len(self.done) < self.count:
            number = int(self.random.integers(len(self.plant.lines)))
            asked_g = math.exp(self.random.uniform(math.log(MIN_G), math.log(MAX_G)))
            room_g -= asked_g
            if room_g < 0:
                return
            memory = self.cell.store.memory[number]
            self.plant.lines[number].drum_g = memory.left_g = 20_000.0
            before_g = self._truly_g(number)
            pump, valve = self.cell.lines[number]
            dose = yield from dose_to_mass(pump, valve, self.cell.scale, asked_g, memory, self.cell.rules, (), stands_g)
            stands_g = dose.stands_g
            self.done.append(TrialDose(asked_g, self._truly_g(number) - before_g - asked_g, self.plant.celsius))

    def _truly_g(self, number: int) -> float:
        self.plant.platform.advance()
        return float(self.plant.can.content_g[number])
