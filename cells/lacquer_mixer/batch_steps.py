"""What the mixer's steps share: the current batch, its doses, its troubles, and its events in the run log."""

from __future__ import annotations

import json
from typing import Any

from cellwright.actuators import Lamp
from cellwright.cells.lacquer_mixer.batch import Batch, Ingredient
from cellwright.cells.lacquer_mixer.lines import DosingLine, LineInventory
from cellwright.cells.lacquer_mixer.orders import Order, Orders
from cellwright.errors import CellFault
from cellwright.sensors import Button, LoadCell, Switch
from cellwright.sequences import Cell
from cellwright.sequences.dosing import DosingFault, DosingRules, DrumEmpty, dose_to_mass
from cellwright.sequences.supervision import Step

OPERATOR_TIMEOUT_S = 4 * 3600
"""How long the cell waits for a person before it stops, every output safe."""
MAX_CALLS = 5
"""How often a person may press start without a can in place or with the door open before that is a fault."""
MAX_CONSECUTIVE_REFUSALS = 3
MAX_IN_FLIGHT_G = 1.5
PAUSE_TOLERANCE_G, PAUSE_TOLERANCE_SHARE = 0.8, 0.3
"""The tolerance of the scale's reading after a pause: some drops, and a share of the mass that was in flight."""


class BatchSteps(Cell):
    """State and helpers of the mixer's steps.

    batch: the current can. current_ingredient: the component being dosed, or whose dose was interrupted. cans_made:
    cans finished. last_reading_g: the scale's last settled reading. in_flight_g: the mass expected to land after it.
    platform_g: the reading of the empty platform. trouble: a sentence about the last trouble. dirty_since_s: when the
    stirrer was first used since it was rinsed.
    """

    scale: LoadCell
    can_in_place: Switch
    door: Switch
    start_button: Button
    lamp: Lamp
    orders: Orders
    rules: DosingRules
    lines: list[DosingLine]
    inventory: LineInventory

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch: Batch | None = None
        self.current_ingredient: Ingredient | None = None
        self.cans_made = 0
        self.last_reading_g = self.platform_g = self.in_flight_g = 0.0
        self.trouble = ""
        self.needs_drum = self.was_lifted = self.was_attended = False
        self.dirty_since_s: float | None = None
        self.consecutive_refusals = 0

    @property
    def order(self) -> Order:
        """The current order, or else the next."""
        return self.orders.orders[self.cans_made % len(self.orders.orders)]

    def _dose(self, batch: Batch, ingredient: Ingredient) -> Step:
        """One dose of one component."""
        line = self.lines[ingredient.line]
        self.current_ingredient = ingredient
        interlocks = self.can_in_place.open(within_s=OPERATOR_TIMEOUT_S), self.door.open(within_s=OPERATOR_TIMEOUT_S)
        dose = yield from dose_to_mass(
            line.pump,
            line.valve,
            self.scale,
            batch.remaining_g(ingredient),
            self.inventory.memory[ingredient.line],
            self.rules,
            interlocks,
            self.last_reading_g,
        )
        self._record_dose(batch, ingredient, dose.dosed_g)
        self.last_reading_g = dose.stands_g
        self.current_ingredient = None

    def _start_scale(self) -> Step:
        """Set the converter up after power-up, a fault or a stop."""
        if not self.scale.is_ready:
            yield from self.scale.start()

    def _weigh_platform(self) -> Step:
        """Weigh the empty platform: the scale's zero may have shifted or drifted."""
        yield from self._start_scale()
        yield self.env.timeout(self.rules.settle_s)
        weighing = yield from self.scale.weigh(self.rules.samples)
        self.platform_g = weighing.mean_g + self.scale.tare_g

    def _record_dose(self, batch: Batch, ingredient: Ingredient, dosed_g: float) -> None:
        batch.record_dose(ingredient, dosed_g, self.inventory.lot(ingredient.line))
        self._record_event(
            "came", dosed_g, component=ingredient.component.material, lot=self.inventory.lot(ingredient.line)
        )

    def _record_trouble(self, batch: Batch, ingredient: Ingredient, trouble: DosingFault) -> None:
        """Record the trouble, and the mass dosed until then."""
        self.trouble = str(trouble)
        self.needs_drum = isinstance(trouble, DrumEmpty)
        self.in_flight_g = trouble.coming_g
        self.was_lifted = not self.can_in_place.is_closed
        self._record_event("trouble", trouble.got_g, component=ingredient.component.material, reason=self.trouble)
        self._record_dose(batch, ingredient, trouble.got_g)
        if trouble.stands_g is not None:
            self.last_reading_g = trouble.stands_g

    def _is_accounted_for(self, shift_g: float) -> bool:
        """Whether the scale shows its reading from before the pause plus the mass in flight.

        Mass in flight when a can was lifted may have missed it; more than one pulse of that is not accepted.
        """
        if self.was_lifted and self.in_flight_g > MAX_IN_FLIGHT_G:
            return False
        return abs(shift_g - self.in_flight_g) <= PAUSE_TOLERANCE_G + PAUSE_TOLERANCE_SHARE * self.in_flight_g

    def _batch(self) -> Batch:
        """The current batch. Raises CellFault without one."""
        if self.batch is None:
            raise CellFault("there is no current batch; reset the cell and begin with an empty can.")
        return self.batch

    def _discard_batch(self, reason: str) -> None:
        batch = self._batch()
        self._record_event("lost", batch.dosed_g, reason=reason)
        self.batch = None
        self.current_ingredient = None

    def _is_stirrer_drying(self) -> bool:
        """Whether half the pot life has passed since the stirrer was first used."""
        pot_life_s = 60 * self.order.recipe.pot_life_min
        return self.dirty_since_s is not None and 0 < pot_life_s < 2 * (self.env.now - self.dirty_since_s)

    def _await_can_and_door(self) -> Step:
        """Call a person until can and door are in place, unless a person was just there and they are."""
        for _ in range(MAX_CALLS):
            if self.was_attended and self.can_in_place.is_closed and self.door.is_closed:
                self.was_attended = False
                return
            yield from self._call_a_person()
            self.was_attended = True
        yield self.can_in_place.closed(within_s=60)
        yield self.door.closed(within_s=60)

    def _check_consecutive_refusals(self) -> None:
        """Raise CellFault after several refused cans in a row: then the cell is at fault, not the can."""
        self.consecutive_refusals += 1
        if self.consecutive_refusals >= MAX_CONSECUTIVE_REFUSALS:
            self.consecutive_refusals = 0
            raise CellFault(f"{MAX_CONSECUTIVE_REFUSALS} cans in a row were refused, the last because {self.trouble}")

    def _call_a_person(self) -> Step:
        self.lamp.on()
        yield self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        self.lamp.off()

    def _record_event(self, what: str, value: float | None, **facts: Any) -> None:
        """Write an event of the batch to the run log; the certificates are made from these."""
        self._record("batch", what, value, json.dumps({"order": self.order.number} | facts))
