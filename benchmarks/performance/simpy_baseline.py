"""The stapler as a SimPy user would write it by hand, without a framework.

It makes the same moves, shots and visits from the same draws as the cell, and so the same cycle times, which
tests/benchmarks/performance/test_simpy_baseline.py checks. ``simulation.py`` and ``fast_path.py`` measure the cell
against it. It ends each pulse by a SimPy event of its own. The cell's board needs no such event unless the edge is
watched; ``merged`` leaves it out here too, for a second figure.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

from cellwright.cells.stapler import ManualStapling, PanelLayout, Stapler, StaplerPlantParameters
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, STEP_TIMINGS
from cellwright.sim import OperatorParameters, Streams

PRESS_S = 0.2


class HandwrittenStapler:
    """One stapler and one person; ``ends_s`` holds the time at which each panel is lifted off."""

    def __init__(self, seed: int, replication: int, merged: bool = False) -> None:
        self.env = simpy.Environment()
        self.streams = Streams(seed, replication)
        self.layout = PanelLayout.standard()
        self.bridge, self.carriage = Stapler.bridge, Stapler.carriage
        self.pulse_s, self.rest_s = float(Stapler.trigger.pulse_s), float(Stapler.trigger.rest_s)
        self.merged = merged
        self.person = OperatorParameters()
        self.manual = ManualStapling()
        self.work = {element.name: element for element in self.manual.tending({"layout": self.layout})}
        self.jam_chance = StaplerPlantParameters().jams_per_1000_staples / 1000
        self.magazine = Stapler.magazine_staples
        self.ends_s: list[float] = []

    def move_s(self, axis: Any, start_mm: float, end_mm: float) -> float:
        steps = abs(round(end_mm * 40) - round(start_mm * 40))
        time_s = STEP_TIMINGS[DEFAULT_FIRMWARE].move_time
        return time_s(steps, axis.max_speed * 40, axis.max_acceleration * 40) if steps else 0.0

    def path_times(self, path: list[tuple[float, float]], start: tuple[float, float]) -> list[float]:
        """Seconds from each staple to the next; one axis moves at a time on this path, but for the first move."""
        times = []
        for place in path:
            bridge_s = self.move_s(self.bridge, start[0], place[0])
            carriage_s = self.move_s(self.carriage, start[1], place[1])
            times.append(max(bridge_s, carriage_s))
            start = place
        return times

    def operator_arrives(self) -> Generator[Any, Any, None]:
        person = self.person
        response_s = self.streams.lognormal("operator response", person.response_s, person.response_spread)
        yield self.env.timeout(response_s)
        yield self.env.timeout(person.walk_s * (1 + self.manual.allowance))

    def do(self, *elements: str) -> Generator[Any, Any, None]:
        for element in elements:
            yield self.env.timeout(self.work[element].draw(self.streams) * (1 + self.manual.allowance))

    def press(self) -> Generator[Any, Any, None]:
        yield from self.do("press start")
        self.env.process(self._release_button())

    def _release_button(self) -> Generator[Any, Any, None]:
        yield self.env.timeout(PRESS_S)

    def run(self, panels: int, first_start: tuple[float, float], homing_s: float) -> Generator[Any, Any, None]:
        """Make ``panels``; ``homing_s`` is the time of the first homing."""
        env, magazine = self.env, self.magazine
        pulse_s, rest_s, merged = self.pulse_s, self.rest_s, self.merged
        jams = self.streams["jam"]
        until_jam = jams.geometric(self.jam_chance)
        outward = self.layout.path
        # The bridge goes out with one panel and comes back with the next; it waits off the panel's end.
        directions = [(outward, self.bridge.travel[1]), (outward[::-1], self.bridge.travel[0])]
        start = first_start
        legs_s = []
        for panel in range(3):
            path, parks_at = directions[panel % 2]
            legs_s.append((self.path_times(path, start), self.move_s(self.bridge, path[-1][0], parks_at)))
            start = (parks_at, path[-1][1])
        yield from self.operator_arrives()
        yield from self.do("fetch felt", "lay slats")
        yield from self.press()
        yield env.timeout(homing_s)
        for panel in range(panels):
            moves_s, park_s = legs_s[0 if panel == 0 else 2 - panel % 2]
            for move_s in moves_s:
                if not magazine:
                    yield from self.operator_arrives()
                    yield from self.do("refill")
                    yield from self.press()
                    magazine = self.magazine
                yield env.timeout(move_s)
                while True:
                    if merged:
                        yield env.timeout(pulse_s + rest_s)
                    else:
                        yield env.timeout(pulse_s)
                        yield env.timeout(rest_s)
                    until_jam -= 1
                    if until_jam:
                        break
                    until_jam = jams.geometric(self.jam_chance)
                    yield from self.operator_arrives()
                    yield from self.do("clear jam")
                    yield from self.press()
                magazine -= 1
            yield env.timeout(park_s)
            yield from self.operator_arrives()
            yield from self.do("lift off")
            self.ends_s.append(env.now)
            yield from self.do("fetch felt", "lay slats")
            yield from self.press()
