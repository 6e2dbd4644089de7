"""What the mixer's steps share: the current batch, its doses, its troubles, and its events in the run log."""

from __future__ import annotations

import json
from typing import Any

from cellwright.actuators import Lamp
from cellwright.cells.lacquer_mixer.batch import Batch, Ingredient
from cellwright.cells.lacquer_mixer.lines import DosingLine, LineInventory
from cellwright.cells.lacquer_mixer.orders import Order, Orders
from cellwright.cells.lacquer_mixer.zero_check import ZeroCheck, ZeroShift
from cellwright.errors import CellFault, StepTimeoutError
from cellwright.hardware import Wait
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
WEIGH_AGAIN_S = 600
"""How often an idle cell weighs its platform again: what a morning's warmth does to the zero is no can's fault."""
MAX_WEIGHINGS = 5
BLINK_S = 0.5
PAUSE_TOLERANCE_G, PAUSE_TOLERANCE_SHARE = 0.8, 0.3
"""The tolerance of the scale's reading after a pause: some drops, and a share of the mass that was in flight."""


class BatchSteps(Cell):
    """State and helpers of the mixer's steps.

    batch: the current can. current_ingredient: the component being dosed, or whose dose was interrupted. cans_made:
    cans finished. last_reading_g: the scale's last settled reading. in_flight_g: the mass expected to land after it.
    zero: the readings of the empty platform, and the cans that they have to judge. can_number: counts every can begun.
    recalled: the last check that was not good. trouble: a sentence about the last trouble. dirty_since_s: when the
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
        self.cans_made = self.can_number = 0
        self.last_reading_g = self.in_flight_g = 0.0
        self.zero = ZeroCheck()
        self.recalled: ZeroShift | None = None
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

    @property
    def _can_weigh_platform(self) -> bool:
        """Whether the platform has to be weighed, after a can or after the converter lost power, and is empty."""
        return (self.zero.is_due or not self.scale.is_ready) and not self.can_in_place.is_closed

    def _weigh_platform(self) -> Step:
        """Weigh the empty platform, and judge the cans collected since it was last weighed.

        Returns whether they are good, or still to be judged because something came onto the platform meanwhile.
        """
        yield from self._start_scale()
        for _ in range(MAX_WEIGHINGS):
            yield self.env.timeout(self.rules.settle_s)
            weighing = yield from self.scale.weigh(self.rules.samples)
            if self.can_in_place.is_closed:
                return True
            if weighing.spread_g <= self.rules.jump_g:
                return self._judge(self.zero.weighed(weighing.mean_g + self.scale.tare_g))
        return True

    def _judge(self, shift: ZeroShift) -> bool:
        """Record what the zero check says of each can; returns whether it is good."""
        for can in shift.cans:
            if shift.is_good:
                calibrated = self.scale.points.date.isoformat() if self.scale.calibration else ""
                self._record_event("checked", shift.shift_g, order=can.order, can=can.number, calibrated=calibrated)
            else:
                self._record_event("recalled", shift.shift_g, order=can.order, can=can.number, reason=shift.sentence())
        if shift.is_good:
            if shift.cans:
                self.consecutive_refusals = 0
            return True
        self.recalled, self.trouble = shift, shift.sentence()
        self.cans_made -= len(shift.cans)  # their orders are made again
        return False

    def _await_start(self, pressed: Wait) -> Step:
        """Wait for start; weigh the platform again now and then, as the scale's zero moves with the room's warmth."""
        until_s = self.env.now + OPERATOR_TIMEOUT_S
        while not pressed.triggered and self.env.now < until_s:
            yield self.env.any_of([pressed, self.env.timeout(min(WEIGH_AGAIN_S, until_s - self.env.now))])
            if not (pressed.triggered or self.can_in_place.is_closed or self.env.now >= until_s):
                yield from self._weigh_platform()
        if not pressed.triggered:
            raise StepTimeoutError(f"{pressed.what} within {OPERATOR_TIMEOUT_S:g} s.")

    def _blink(self, lamp: Lamp, until: Wait) -> Step:
        """Blink until ``until`` comes."""
        until_s = self.env.now + OPERATOR_TIMEOUT_S
        while not until.triggered:
            if self.env.now >= until_s:
                raise StepTimeoutError(f"{until.what} within {OPERATOR_TIMEOUT_S:g} s, while {self.trouble}.")
            for show in (lamp.on, lamp.off):
                show()
                yield self.env.any_of([until, self.env.timeout(BLINK_S)])

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
        self._record("batch", what, value, json.dumps({"order": self.order.number, "can": self.can_number} | facts))
