"""The flow of lacquer from a drum into a can: viscosity, true pump flow, mass in flight, drops."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np

from cellwright.cells.lacquer_mixer.recipes import Component
from cellwright.hardware.model.world import WorldAxis
from cellwright.provenance import assumed, published

GRAVITY_M_PER_S2 = 9.81


def viscosity_cst(component: Component, celsius: float) -> float:
    """Kinematic viscosity at a temperature, cSt, from the cup times at 20 and 28 °C.

    Ford-4 cup: 3.85 (t - 4.49), ASTM D1200. Between and beyond the two temperatures it falls exponentially, as
    Andrade's law has it over a few tens of degrees.
    """
    at_20, at_28 = (3.85 * (cup_s - 4.49) for cup_s in (component.cup_s_at_20, component.cup_s_at_28))
    return at_20 * math.exp(math.log(at_28 / at_20) * (celsius - 20) / 8)


@dataclass(kw_only=True)
class LineParameters:
    """What is not known about a line before it is built, as spreads round the manufacturer's figures.

    pump_spread, tubing_spread: half-widths. wear: flow lost over a tubing's life. slip_fast, slip_slow: half-widths of
    a move's error at 180 rpm and at the lowest flow. pulsation: amplitude of the flow's pulsation as each roller
    passes, as a share. fill_loss: flow lost at 180 rpm for each cSt. fall_m: from the nozzle to the can's bottom.
    thread_s_per_cst: time until the liquid's thread breaks. nozzle_mm: the nozzle's width. tension_n_per_m: surface
    tension. late_drop: the probability that a hanging drop falls by itself within seconds.
    """

    pump_spread: float = published(0.15, "Omega FPU5MT220 manual: pump to pump ±15 %")
    tubing_spread: float = published(0.05, "Omega FPU5MT220 manual: tubing ±5 %")
    wear: float = assumed(0.20, "flow lost when a tube is due to be changed")
    slip_fast: float = published(0.01, "sites.google.com/eng.ucsd.edu/design-group-35: error of 1 %")
    slip_slow: float = published(0.115, "the same: 11.5 % at low flow")
    rollers: float = assumed(4, "rollers of a hobby head")
    pulsation: float = assumed(0.3, "share of the flow")
    fill_loss: float = assumed(0.001, "a thick liquid fills the tube less well: 10 % at 100 cSt")
    fall_m: float = assumed(0.20, "nozzle above the largest can's bottom")
    thread_s_per_cst: float = assumed(0.001, "a thread of varnish parts in a tenth of a second")
    nozzle_mm: float = assumed(4, "end of the tube")
    tension_n_per_m: float = assumed(0.028, "solvent-borne lacquer")
    late_drop: float = assumed(0.2, "of hanging drops")

    def drop_g(self) -> float:
        """The largest drop that the nozzle can hold, g: 2 pi r times surface tension (Tate's law)."""
        return 1000 * math.pi * self.nozzle_mm / 1000 * self.tension_n_per_m / GRAVITY_M_PER_S2


class PumpedLine:
    """One line: what its pump has moved, and what of it has landed. Times in s, masses in g.

    is_blocked: there is no flow. bubble_ml: air in the line that is pumped before lacquer.
    """

    def __init__(
        self,
        axis: WorldAxis,
        component: Component,
        parameters: LineParameters,
        celsius: float,
        steps_per_rev: float,
        ml_per_rev: float,
        drum_g: float,
        random: np.random.Generator,
        tubing_age: float,
    ) -> None:
        self.axis = axis
        self.parameters = parameters
        self.drum_g = drum_g
        self.is_blocked = False
        self.bubble_ml = 0.0
        self.air_sucked_ml = 0.0
        self.is_open = False
        self._random = random
        self.density_g_per_ml = component.density_g_per_ml
        self._cst = viscosity_cst(component, celsius)
        self._steps_per_rev = steps_per_rev
        spread = 1 + random.uniform(-parameters.pump_spread, parameters.pump_spread)
        spread *= 1 + random.uniform(-parameters.tubing_spread, parameters.tubing_spread)
        self.ml_per_rev = ml_per_rev * spread * (1 - parameters.wear * tubing_age)
        self._lag_s = math.sqrt(2 * parameters.fall_m / GRAVITY_M_PER_S2) + parameters.thread_s_per_cst * self._cst
        self._updated_s = axis.env.now
        self._last_steps = axis.true_position
        self._move_error = 0.0
        self._was_moving = False
        self._phase = random.uniform(0, 2 * math.pi)
        self._hanging_g = 0.0
        self._left_nozzle_g = 0.0
        self._falls_at_s = math.inf
        # (time, total mass landed); the flow is linear between two of these.
        self.landings: deque[tuple[float, float]] = deque([(axis.env.now, 0.0)])

    def advance(self, now_s: float) -> None:
        """Update to ``now_s``: the mass pumped since the last update leaves the nozzle, and lands after its fall."""
        steps = self.axis.true_position
        moved = steps - self._last_steps
        start_s, self._updated_s = self._updated_s, now_s
        self._release_hanging_drop(now_s)
        if not moved:
            if self._was_moving and not self.axis.is_moving:
                self._come_to_rest(now_s)
            return
        if not self._was_moving:
            self._was_moving = True
            self._start_move()
        end_s = min(now_s, max(self.axis.due_s, start_s))
        self._leave_nozzle(self._pumped_g(self._last_steps, steps, max(end_s - start_s, 1e-3)), start_s, end_s)
        self._last_steps = steps
        if not self.axis.is_moving:
            self._come_to_rest(end_s)

    def landed_g(self) -> float:
        """The total mass of all known landings, g."""
        return self.landings[-1][1]

    def _start_move(self) -> None:
        self._falls_at_s = math.inf  # the stream carries a hanging drop along
        self._move_error = self._random.uniform(-1, 1)

    def _pumped_g(self, before: int, after: int, seconds: float) -> float:
        """The mass that ``after - before`` steps pump out of the nozzle, g."""
        if not self.is_open or self.is_blocked:
            return 0.0
        p = self.parameters
        revs = (after - before) / self._steps_per_rev
        rpm = 60 * revs / seconds
        pulsation = [
            p.pulsation * math.sin(2 * math.pi * p.rollers * at / self._steps_per_rev + self._phase)
            for at in (before, after)
        ]
        revs += (pulsation[1] - pulsation[0]) / (2 * math.pi * p.rollers)
        slip = min(p.slip_slow, p.slip_fast * 180 / max(rpm, 1.0)) * self._move_error
        ml = max(0.0, revs) * self.ml_per_rev * (1 + slip) / (1 + p.fill_loss * self._cst * rpm / 180)
        air_ml = min(ml, self.bubble_ml)
        self.bubble_ml -= air_ml
        grams = min((ml - air_ml) * self.density_g_per_ml, self.drum_g)
        if self.drum_g - grams <= 0:
            self.air_sucked_ml += ml - air_ml - grams / self.density_g_per_ml
        self.drum_g -= grams
        return grams

    def _leave_nozzle(self, grams: float, start_s: float, end_s: float) -> None:
        self._left_nozzle_g += grams
        total = max(self._left_nozzle_g - self._hanging_g, self.landed_g())
        if self.landings[-1][0] < start_s + self._lag_s:
            self.landings.append((start_s + self._lag_s, self.landed_g()))
        self.landings.append((end_s + self._lag_s, total))

    def _come_to_rest(self, at_s: float) -> None:
        """Leave a drop of random size hanging; some fall by themselves."""
        self._was_moving = False
        hanging_g = self._random.uniform(0, self.parameters.drop_g())
        falls = self._random.random() < self.parameters.late_drop
        after_s = self._random.uniform(0.5, 5.0)
        if not self._left_nozzle_g or self.is_blocked:
            return
        landing_g = max(0.0, self._left_nozzle_g - hanging_g - self.landed_g())
        self._hanging_g = self._left_nozzle_g - self.landed_g() - landing_g
        last_s = max(at_s + self._lag_s, self.landings[-1][0])
        self.landings.append((last_s + 0.01, self.landed_g() + landing_g))
        self._falls_at_s = last_s + after_s if falls else math.inf

    def _release_hanging_drop(self, now_s: float) -> None:
        if self._falls_at_s <= now_s:
            self.landings.append((self._falls_at_s, self.landed_g()))
            self.landings.append((self._falls_at_s + 0.01, self.landed_g() + self._hanging_g))
            self._hanging_g, self._falls_at_s = 0.0, math.inf
