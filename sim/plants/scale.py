"""A model of a scale: a platform that settles, a load cell with nonlinearity, a converter with noise."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import simpy

from cellwright.hardware.model.world import World
from cellwright.provenance import assumed, published, vendor
from cellwright.sensors.load_cell import FULL_SCALE, LoadCell


@dataclass(kw_only=True)
class ScaleParameters:
    """Parameters of a scale that are unknown before it is built.

    noise_nv_at_10, noise_nv_at_80: of a sample, at 10 and 80 samples/s, nV. linearity_percent: how far the load cell's
    curve bends from a straight line, of its capacity, at the middle. settling_s_at_10, settling_s_at_80: from a change
    of load until samples are within 1 % of it. span_percent: how far the slope may be off since the calibration.
    zero_g: how far the zero may have wandered since then.
    """

    noise_nv_at_10: float = published(50, "HX711 datasheet, gain 128, 10 samples/s; an NAU7802's is alike")
    noise_nv_at_80: float = published(90, "HX711 datasheet, gain 128, 80 samples/s; an NAU7802's is alike")
    linearity_percent: float = vendor(0.05, "load cells of this class: 0.02 to 0.05 % of full scale; the worse end")
    settling_s_at_10: float = published(0.4, "HX711 datasheet, 10 samples/s")
    settling_s_at_80: float = published(0.1, "HX711 datasheet, 80 samples/s")
    span_percent: float = assumed(0.02, "10 °C from the day of calibration, at 0.002 % a degree")
    zero_g: float = assumed(2.0, "lacquer on the platform, and temperature, since the calibration")


class Inflow(Protocol):
    """A flow that lands on a platform. landings: times and total mass landed by then, g; linear in between."""

    landings: deque[tuple[float, float]]

    def advance(self, now_s: float) -> None:
        """Advance to the current time."""
        ...


class Platform:
    """The load on the load cell, and the output of its bridge over time.

    stands_g: the mass on the platform; what lands is added to it.
    """

    def __init__(self, env: simpy.Environment, lines: Sequence[Inflow], settling_s: float) -> None:
        self.env = env
        self.lines = lines
        self.stands_g = 0.0
        self.on_land: Callable[[int, float], float] = lambda _, grams: grams
        """Called with a line's number and what landed of it, g; returns what of that the platform carries."""
        self._tau_s = settling_s / math.log(100)
        self._load_g = 0.0
        self._shown_g = 0.0
        self._at_s = env.now

    def advance(self) -> None:
        """Advance to the current time: add what has landed, and let the filter follow every change of the load."""
        now_s = self.env.now
        for number, line in enumerate(self.lines):
            line.advance(now_s)
            while len(line.landings) > 1 and line.landings[0][0] < now_s:
                self._land(number, line, now_s)
        self._follow(now_s, self.stands_g)

    def _land(self, number: int, line: Inflow, now_s: float) -> None:
        """Land what comes down between a line's first two moments, as far as that is past."""
        (from_s, from_g), (to_s, to_g) = line.landings[0], line.landings[1]
        if to_s <= now_s:
            line.landings.popleft()
        else:
            to_g = from_g + (to_g - from_g) * (now_s - from_s) / (to_s - from_s)
            to_s = now_s
            line.landings[0] = (to_s, to_g)
        if to_g > from_g:
            self._follow(from_s, self.stands_g)
            self.stands_g += self.on_land(number, to_g - from_g)
            self._follow(to_s, self.stands_g)

    def _follow(self, to_s: float, load_g: float) -> None:
        """A first-order lag behind a load that goes evenly to ``load_g`` by ``to_s``."""
        seconds = to_s - self._at_s
        if seconds <= 0:
            return
        slope = (load_g - self._load_g) / seconds
        behind = self._shown_g - self._load_g + slope * self._tau_s
        self._shown_g = load_g - slope * self._tau_s + behind * math.exp(-seconds / self._tau_s)
        self._load_g, self._at_s = load_g, to_s

    def shown_g(self) -> float:
        """The output of the bridge now, g, without noise and nonlinearity."""
        self.advance()
        return self._shown_g

    def put(self, grams: float) -> None:
        """Put something on it, or take it off (less than 0)."""
        self.advance()
        self.stands_g += grams
        self._load_g += grams  # at once: a step, that the filter follows


class ModelConverter:
    """The converter and the load cell of a platform: samples in counts."""

    def __init__(
        self,
        platform: Platform,
        cell: LoadCell,
        parameters: ScaleParameters,
        random: np.random.Generator,
    ) -> None:
        self.env = platform.env
        self.platform = platform
        self.drift_g_per_s = 0.0
        self._drifts_since_s = 0.0
        self._drifted_g = 0.0
        self._random = random
        self._counts_per_g = 1 / cell.points.g_per_count * (1 + random.uniform(-1, 1) * parameters.span_percent / 100)
        self._zero_raw = cell.points.zero_raw + random.uniform(-1, 1) * parameters.zero_g / cell.points.g_per_count
        self._capacity_g = float(cell.capacity_g)
        self._bend_g = parameters.linearity_percent / 100 * self._capacity_g * (1 if random.random() < 0.5 else -1)
        self._reference_g = cell.points.reference_g
        # 1 mV/V at 5 V, spread over the capacity: 50 nV are 0.05 g on 5 kg.
        nv_per_g = cell.sensitivity_mv_per_v * 5e6 / self._capacity_g
        noise_nv = parameters.noise_nv_at_80 if cell.samples_per_s > 10 else parameters.noise_nv_at_10
        self._noise_g = noise_nv / nv_per_g

    def drift(self, g_per_s: float) -> None:
        """Set the drift rate; the drift so far remains."""
        self._drifted_g += self.drift_g_per_s * (self.env.now - self._drifts_since_s)
        self.drift_g_per_s, self._drifts_since_s = g_per_s, self.env.now

    def jump(self, grams: float) -> None:
        """Add an offset from now on."""
        self._drifted_g += grams

    def bent_g(self, load_g: float) -> float:
        """How far the load cell's curve is from the line through its two points of calibration, g.

        A parabola, the usual shape: nothing at no load and at full load, and the whole bend at the middle.
        """

        def curve(load_g: float) -> float:
            share = load_g / self._capacity_g
            return 4 * self._bend_g * share * (1 - share)

        return curve(load_g) - curve(self._reference_g) * load_g / self._reference_g

    def counts(self) -> int:
        """A sample now."""
        shown_g = self.platform.shown_g()
        shown_g += self.bent_g(shown_g) + self._drifted_g + self.drift_g_per_s * (self.env.now - self._drifts_since_s)
        raw = self._zero_raw + (shown_g + self._noise_g * self._random.standard_normal()) * self._counts_per_g
        return max(-FULL_SCALE, min(FULL_SCALE - 1, round(raw)))


def put_converter(board: World, cell: LoadCell, converter: ModelConverter) -> None:
    """Put the chip that ``cell`` talks to on a simulated board, with ``converter`` behind it."""
    cell.put_chip(board, lambda: converter.counts())  # looked up at each sample, as it may be disturbed
