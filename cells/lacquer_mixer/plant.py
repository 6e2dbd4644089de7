"""The mixer's plant: drums, lines, the can on its scale, mishaps, and the person who is called."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from simpy.events import Event

from cellwright.cells.lacquer_mixer.batch import dose_tolerance_g, total_tolerance_g
from cellwright.cells.lacquer_mixer.orders import Order
from cellwright.cells.lacquer_mixer.physics import LineParameters, PumpedLine
from cellwright.cells.lacquer_mixer.recipes import Component
from cellwright.errors import CellFault
from cellwright.provenance import assumed
from cellwright.sim import CellPlant
from cellwright.sim.plants.scale import ModelConverter, Platform, ScaleParameters, put_converter

MishapAction = Callable[[np.random.Generator], None]
"""Causes a mishap; its details come from the random generator."""
BRIM_FACTOR = 1.06
"""A can's content to the brim over its content to the filling line (assumed)."""
SEEN_BLINKING_S = 1.5
"""A lamp that went on or off twice within this time blinks; the cell's blinks once a second."""


@dataclass(kw_only=True)
class MixerPlantParameters(LineParameters, ScaleParameters):
    """What is not known about the mixer before it is built.

    coldest_c, warmest_c: room temperature, °C; each replication draws its own between the two. splash_percent: the
    share of a dose that lands beside the can, half of it on the scale. can_spread: half-width of an empty can's weight.
    drift_g_per_s: the fastest that the scale drifts, g/s; each drift draws its own rate, either way. The rest: rates of
    mishaps.
    """

    coldest_c: float = assumed(15, "an unheated workshop")
    warmest_c: float = assumed(30, "a summer's day")
    splash_percent: float = assumed(0.01, "a thin stream into a can")
    can_spread: float = assumed(0.05, "tins of one delivery")
    bubbles_per_1000_cans: float = assumed(4, "nobody has counted")
    blocks_per_1000_cans: float = assumed(2, "nobody has counted; skin in a nozzle")
    lifts_per_1000_cans: float = assumed(1, "nobody has counted; somebody looks")
    jumps_per_1000_cans: float = assumed(1, "nobody has counted; somebody leans on it")
    drifts_per_1000_cans: float = assumed(0.5, "nobody has counted; draught, sun, a tube that touches the can")
    drift_g_per_s: float = assumed(0.5, "nobody has measured; a tube that leans on the can as it fills")

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 0:
                raise ValueError(f"{name} must be at least 0.")
        if self.coldest_c > self.warmest_c:
            raise ValueError("coldest_c must not be above warmest_c.")


@dataclass
class Can:
    """A physical can. content_g: the mass in it from each line."""

    order: Order
    empty_g: float
    content_g: list[float]
    stirred: bool = False

    @property
    def total_g(self) -> float:
        """The mass of lacquer in it, g."""
        return sum(self.content_g)


class LacquerMixerPlant(CellPlant):
    """Moves lacquer and people; knows the true content of each can, which the scale only measures."""

    def connect(self) -> None:
        cell, board = self.cell, self.board
        p = self.parameters
        self.celsius = float(self.streams["day"].uniform(p.coldest_c, p.warmest_c))
        self.lines = [self._line(number) for number in range(len(cell.drums.drums))]
        self.densities = [line.density_g_per_ml for line in self.lines]
        settling_s = p.settling_s_at_80 if cell.scale.samples_per_s > 10 else p.settling_s_at_10
        self.platform = Platform(board.env, self.lines, settling_s)
        self.platform.on_land = self._receive
        self.converter = ModelConverter(self.platform, cell.scale, p, self.streams["scale"])
        put_converter(board, cell.scale, self.converter)
        self.can: Can | None = None
        self.collected_can: Can | None = None
        self.lifted_can: Can | None = None
        self.has_rinsing_pot = False
        self.cans_collected = 0
        self.cans_checked = 0
        self.refused = self.recalled = 0
        self.waste_g = 0.0
        self.overflowed_g = 0.0
        self.drums_changed = 0
        self.close(cell.door)
        for line, (_, valve) in zip(self.lines, cell.lines, strict=False):
            board.on_output(valve.pin, partial(self._set_valve, line, valve.active_low))
        self._red_lamp_changes_s = [-math.inf, -math.inf]
        board.on_output(cell.red_lamp.pin, self._see_red_lamp)
        self.call_by(cell.lamp, self._visit)

    def _line(self, number: int) -> PumpedLine:
        drum, pump = self.cell.drums.drums[number], self.cell.lines[number].pump
        age = float(self.streams[f"tubing {number}"].uniform(0, 1))
        return PumpedLine(
            self.board.axis(pump.step),
            self._component(drum.material),
            self.parameters,
            self.celsius,
            float(pump.steps_per_rev),
            float(pump.ml_per_rev),
            float(drum.net_g),
            self.streams[f"line {number}"],
            age,
        )

    def _component(self, material: str) -> Component:
        """The component in a drum; any one for a material that no recipe needs, as it is never pumped."""
        every = [component for order in self.cell.orders.orders for component in order.recipe.components]
        component: Component = next((each for each in every if each.material == material), every[0])
        return component

    # ---- outputs ----

    def _set_valve(self, line: PumpedLine, active_low: bool, level: bool) -> None:
        self.platform.advance()
        line.is_open = level != active_low

    def _receive(self, number: int, grams: float) -> float:
        """Receive lacquer in the can, a little beside it; without a can, on the platform. Returns the weighed mass."""
        if self.can is None:
            return grams
        splash_g = grams * self.parameters.splash_percent / 100
        self.can.content_g[number] += grams - splash_g
        volume_ml = sum(g / density for g, density in zip(self.can.content_g, self.densities, strict=True))
        if volume_ml > self.can.order.can_ml * BRIM_FACTOR:
            self.overflowed_g += grams
        return float(grams - splash_g / 2)

    def _is_stirring(self) -> bool:
        level = self.board.levels.get(self.cell.stirrer.pin)  # None after the board was reset
        return bool(level is not None and level.value > 0)

    def _is_red_lamp_on(self) -> bool:
        return bool(self.board.output(self.cell.red_lamp.pin).level != self.cell.red_lamp.active_low)

    def _see_red_lamp(self, _: bool) -> None:
        self._red_lamp_changes_s = [self._red_lamp_changes_s[1], self.board.env.now]

    def _is_red_lamp_blinking(self) -> bool:
        return self._red_lamp_changes_s[0] > self.board.env.now - SEEN_BLINKING_S

    # ---- the person ----

    def _visit(self) -> Generator[Event, Any, None]:
        """The work of a person who comes because a lamp is lit."""
        if self._is_red_lamp_blinking():
            yield from self._set_aside()
        elif self._is_red_lamp_on() and self.has_rinsing_pot:
            yield from self._take_pot()
        elif self._is_red_lamp_on() and self.can is None:
            yield from self._bring_pot()
        elif self._is_red_lamp_on():
            yield from self._take_refused()
        elif self.can is not None and self._is_can_done():
            yield from self._collect()
            yield from self._bring_can()
        elif self.can is None and self.lifted_can is None:
            yield from self._bring_can()
        else:
            yield from self._fix_troubles()
            yield from self._press_start()

    def _is_can_done(self) -> bool:
        assert self.can is not None
        return self.can.stirred

    def _press_start(self) -> Generator[Event, Any, None]:
        yield from self.do("press start")
        self.press(self.cell.start_button)

    def _bring_can(self) -> Generator[Event, Any, None]:
        yield from self.do("fetch can")
        if self._is_red_lamp_blinking():
            yield from self._set_aside()
            return
        if self._is_red_lamp_on():
            return  # the cell now calls for something else
        self.open(self.cell.door)
        yield from self.do("place can")
        order = self.cell.orders.orders[self.cans_collected % len(self.cell.orders.orders)]
        spread = 1 + self.streams["can"].uniform(-1, 1) * self.parameters.can_spread
        self.put_on(Can(order, order.empty_can_g * spread, [0.0] * len(self.lines)))
        self.close(self.cell.door)
        self._plan_mishaps()
        yield from self._press_start()

    def _watch_stirrer(self, can: Can) -> Generator[Event, Any, None]:
        """Mark a can as stirred once the stirrer has run in it and stopped."""
        while can is self.can and not can.stirred:
            yield self.board.env.timeout(1.0)
            if self._is_stirring():
                while self._is_stirring():
                    yield self.board.env.timeout(0.1)
                can.stirred = can is self.can and not self._is_open(self.cell.door)

    def _is_open(self, switch: Any) -> bool:
        return bool(self.board.input(switch.pin).level == switch.active_low)

    def put_on(self, can: Can) -> None:
        self.can = can
        self.platform.put(can.empty_g + can.total_g)
        self.close(self.cell.can_in_place)
        self.board.env.process(self._watch_stirrer(can))

    def take_off(self) -> Can:
        assert self.can is not None
        self.platform.advance()
        can, self.can = self.can, None
        self.platform.put(-can.empty_g - can.total_g)
        return can

    def _collect(self) -> Generator[Event, Any, None]:
        self.open(self.cell.door)
        yield from self.do("close and label")
        can = self.collected_can = self.take_off()
        self._check(can)
        self.cans_collected += 1
        self.open(self.cell.can_in_place)

    def _set_aside(self) -> Generator[Event, Any, None]:
        """Set aside the can collected last, which the cell calls back, and see what is wrong with the scale."""
        yield from self.do("take away")
        if self.collected_can is not None:
            self.waste_g += self.collected_can.total_g
            self.collected_can = None
            self.unit_comes_back()
            self.cans_collected -= 1
            self.recalled += 1
        yield from self._fix_troubles()
        yield from self._press_start()

    def _take_refused(self) -> Generator[Event, Any, None]:
        self.open(self.cell.door)
        yield from self.do("take away")
        self.waste_g += self.take_off().total_g
        self.wipe_platform()
        self.refused += 1
        self.close(self.cell.door)
        self.open(self.cell.can_in_place)

    def wipe_platform(self) -> None:
        """Remove what has spilled on the platform."""
        self.platform.put(-self.platform.stands_g)

    def _bring_pot(self) -> Generator[Event, Any, None]:
        self.open(self.cell.door)
        yield from self.do("place rinsing pot")
        self.has_rinsing_pot = True
        self.close(self.cell.can_in_place)
        self.close(self.cell.door)
        yield from self._press_start()

    def _take_pot(self) -> Generator[Event, Any, None]:
        self.open(self.cell.door)
        yield from self.do("take away")
        self.has_rinsing_pot = False
        self.close(self.cell.door)
        self.open(self.cell.can_in_place)

    def _fix_troubles(self) -> Generator[Event, Any, None]:
        """Find and fix what is wrong."""
        for line in self.lines:
            if line.is_blocked:
                yield from self.do("clear line")
                line.is_blocked, line.bubble_ml = False, 0.0
            elif line.drum_g <= 0:
                yield from self.do("change drum, fill line")
                line.drum_g = float(self.cell.drums.drums[self.lines.index(line)].net_g)
                line.bubble_ml = line.air_sucked_ml = 0.0
                self.drums_changed += 1
            elif line.bubble_ml > 0:
                yield from self.do("bleed line")
                line.bubble_ml = 0.0
        if self.lifted_can is not None:
            yield from self.do("place can")
            can, self.lifted_can = self.lifted_can, None
            self.put_on(can)
        if self.converter.drift_g_per_s:
            yield from self.do("look at scale")
            self.converter.drift(0.0)
        self.close(self.cell.door)

    # ---- mishaps ----

    def _plan_mishaps(self) -> None:
        """Plan at most one mishap of each kind for a can, each at a random time."""
        p, n = self.parameters, len(self.lines)
        mishaps: tuple[tuple[str, float, MishapAction], ...] = (
            ("bubble", p.bubbles_per_1000_cans, lambda r: self._bubble(int(r.integers(n)), r.uniform(5, 25))),
            ("block", p.blocks_per_1000_cans, lambda r: self._block(int(r.integers(n)))),
            ("lift", p.lifts_per_1000_cans, lambda _: self.lift()),
            ("jump", p.jumps_per_1000_cans, lambda r: self.jump(r.uniform(-60, 60), bool(r.random() < 0.5))),
            ("drift", p.drifts_per_1000_cans, lambda r: self.converter.drift(r.uniform(-1, 1) * p.drift_g_per_s)),
        )
        for kind, rate, action in mishaps:
            random = self.streams[kind]
            happens, after_s = random.random() < rate / 1000, random.uniform(5, 60)
            if happens:
                moment = self.board.env.timeout(after_s)
                moment.callbacks.append(partial(self._cause_mishap, self.can, random, action))

    def _cause_mishap(self, can: Can | None, random: np.random.Generator, action: MishapAction, _: Event) -> None:
        if can is self.can and can is not None and not can.stirred:
            action(random)

    def _bubble(self, line: int, ml: float) -> None:
        self.platform.advance()
        self.lines[line].bubble_ml += ml

    def _block(self, line: int) -> None:
        self.platform.advance()
        self.lines[line].is_blocked = True

    def jump(self, grams: float, stays: bool) -> None:
        """Shift the scale: for three seconds, as if leaned on; or for good, as if knocked, if it ``stays``."""
        self.converter.jump(grams)
        if not stays:
            self.board.env.timeout(3.0).callbacks.append(lambda _: self.converter.jump(-grams))

    def lift(self) -> None:
        """Lift the can off the scale and put it beside."""
        if self.can is not None:
            self.lifted_can = self.take_off()
            self.open(self.cell.can_in_place)

    # ---- finished cans ----

    def _check(self, can: Can) -> None:
        """Measure a finished can. Raises CellFault if it overflowed."""
        self.cans_checked += 1
        if self.overflowed_g:
            raise CellFault(f"{self.cell.name()}: {self.overflowed_g:.1f} g ran over the brim of a can.")
        order = can.order
        scale_factor = max(1.0, can.total_g / order.mass_g)
        wanted_g = {each.material: scale_factor * order.target_g(each) for each in order.recipe.components}
        errors_g = {
            material: can.content_g[self.cell.drums.line_of(material)] - grams for material, grams in wanted_g.items()
        }
        off_g = can.total_g - order.mass_g
        self.unit_leaves(
            *(
                f"{errors_g[material]:+.2f} g of {material} in a can"
                for material, grams in wanted_g.items()
                if abs(errors_g[material]) > dose_tolerance_g(grams)
            ),
            *([f"{off_g:+.1f} g of lacquer in a can"] if abs(off_g) > total_tolerance_g(order) else []),
        )
        beyond_g = max(0.0, off_g)
        self.measure(
            dose_error_g=max(abs(error_g) for error_g in errors_g.values()),
            beyond_order_g=beyond_g,
            beyond_order_nok=beyond_g / 1000 * order.recipe.price_nok_per_kg,
        )
