"""How lacquer gets from a drum into a can: viscosity, what a pump really brings, what is in the air, drops."""

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
    """What is not known of a line before it is built, as spreads round the maker's figures.

    pump_spread, tubing_spread: half-widths. wear: flow lost over a tubing's life. slip_fast, slip_slow: half-widths of
    a move's error at 180 rpm and at the lowest flow. pulsation: share by which the flow swells and falls with each of
    a head's rollers. fill_loss: flow lost at 180 rpm for each cSt. fall_m: from the nozzle to the can's bottom.
    thread_s_per_cst: how long the thread takes to part. nozzle_mm: its width. tension_n_per_m: surface tension.
    late_drop: the chance that a drop left hanging falls by itself within seconds.
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
        """The largest drop that hangs on the nozzle, g: 2 pi r times surface tension (Tate's law)."""
        return 1000 * math.pi * self.nozzle_mm / 1000 * self.tension_n_per_m / GRAVITY_M_PER_S2


class PumpedLine:
    """One line: what its pump has moved, and what of it has landed. Times in s, masses in g.

    blocked: nothing comes. bubble_ml: air that comes before lacquer does.
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
        self.blocked = False
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
        self._looked_s = axis.env.now
        self._seen_steps = axis.true_position
        self._move_error = 0.0
        self._was_moving = False
        self._phase = random.uniform(0, 2 * math.pi)
        self._hanging_g = 0.0
        self._left_nozzle_g = 0.0
        self._falls_at_s = math.inf
        # When so much in all has landed; the flow is even between two of these.
        self.landings: deque[tuple[float, float]] = deque([(axis.env.now, 0.0)])

    def advance(self, now_s: float) -> None:
        """Bring it up to ``now_s``: what was pumped since the last look leaves the nozzle, and lands a little later."""
        steps = self.axis.true_position
        moved = steps - self._seen_steps
        began_s, self._looked_s = self._looked_s, now_s
        self._let_drop_fall(now_s)
        if not moved:
            if self._was_moving and not self.axis.moving:
                self._come_to_rest(now_s)
            return
        if not self._was_moving:
            self._was_moving = True
            self._begin()
        ended_s = min(now_s, max(self.axis.due_s, began_s))
        self._leave_nozzle(self._pumped_g(self._seen_steps, steps, max(ended_s - began_s, 1e-3)), began_s, ended_s)
        self._seen_steps = steps
        if not self.axis.moving:
            self._come_to_rest(ended_s)

    def landed_g(self) -> float:
        """All that has landed by the last landing that is known, g."""
        return self.landings[-1][1]

    def _begin(self) -> None:
        self._falls_at_s = math.inf  # what hangs there goes with the stream
        self._move_error = self._random.uniform(-1, 1)

    def _pumped_g(self, before: int, after: int, seconds: float) -> float:
        """What ``after - before`` steps bring out of the nozzle."""
        if not self.is_open or self.blocked:
            return 0.0
        p = self.parameters
        revs = (after - before) / self._steps_per_rev
        rpm = 60 * revs / seconds
        swell = [
            p.pulsation * math.sin(2 * math.pi * p.rollers * at / self._steps_per_rev + self._phase)
            for at in (before, after)
        ]
        revs += (swell[1] - swell[0]) / (2 * math.pi * p.rollers)
        slip = min(p.slip_slow, p.slip_fast * 180 / max(rpm, 1.0)) * self._move_error
        ml = max(0.0, revs) * self.ml_per_rev * (1 + slip) / (1 + p.fill_loss * self._cst * rpm / 180)
        air_ml = min(ml, self.bubble_ml)
        self.bubble_ml -= air_ml
        grams = min((ml - air_ml) * self.density_g_per_ml, self.drum_g)
        if self.drum_g - grams <= 0:
            self.air_sucked_ml += ml - air_ml - grams / self.density_g_per_ml
        self.drum_g -= grams
        return grams

    def _leave_nozzle(self, grams: float, began_s: float, ended_s: float) -> None:
        self._left_nozzle_g += grams
        total = max(self._left_nozzle_g - self._hanging_g, self.landed_g())
        if self.landings[-1][0] < began_s + self._lag_s:
            self.landings.append((began_s + self._lag_s, self.landed_g()))
        self.landings.append((ended_s + self._lag_s, total))

    def _come_to_rest(self, at_s: float) -> None:
        """A drop is left hanging, larger or smaller than the last; some fall by themselves."""
        self._was_moving = False
        hung_g = self._random.uniform(0, self.parameters.drop_g())
        falls = self._random.random() < self.parameters.late_drop
        after_s = self._random.uniform(0.5, 5.0)
        if not self._left_nozzle_g or self.blocked:
            return
        came_g = max(0.0, self._left_nozzle_g - hung_g - self.landed_g())
        self._hanging_g = self._left_nozzle_g - self.landed_g() - came_g
        last_s = max(at_s + self._lag_s, self.landings[-1][0])
        self.landings.append((last_s + 0.01, self.landed_g() + came_g))
        self._falls_at_s = last_s + after_s if falls else math.inf

    def _let_drop_fall(self, now_s: float) -> None:
        if self._falls_at_s <= now_s:
            self.landings.append((self._falls_at_s, self.landed_g()))
            self.landings.append((self._falls_at_s + 0.01, self.landed_g() + self._hanging_g))
            self._hanging_g, self._falls_at_s = 0.0, math.inf
