"""What the mixer's steps share: the batch in hand, its doses, its troubles, and its story in the run log."""

from __future__ import annotations

import json
from typing import Any

from cellwright.actuators import Lamp
from cellwright.cells.lacquer_mixer.batch import Batch, Part
from cellwright.cells.lacquer_mixer.lines import Line, LineStore
from cellwright.cells.lacquer_mixer.orders import Order, Orders
from cellwright.errors import CellFault
from cellwright.sensors import Button, LoadCell, Switch
from cellwright.sequences import Cell
from cellwright.sequences.dosing import DosingRules, DosingTrouble, DrumEmpty, dose_to_mass
from cellwright.sequences.supervision import Step

OPERATOR_TIMEOUT_S = 4 * 3600
"""How long the cell waits for a person before it makes itself safe."""
MAX_CALLS = 5
"""How often a person may press start with the can not in place or the door open before that is a fault."""
MAX_REFUSED = 3
MAX_IN_AIR_G = 1.5
UNACCOUNTED_G, UNACCOUNTED_SHARE = 0.8, 0.3
"""How far the scale may be from what is expected after a pause: some drops, and a share of what was still to come."""


class MixerWork(Cell):
    """The part of the mixer that its steps call.

    batch: the can in the making. in_hand: the component whose dose was broken off. made: cans finished. stands_g: what
    the scale last showed with nothing pumped since. coming_g: what should have come after that. platform_g: what it
    shows with nothing on it. trouble: what went wrong last, as a sentence. dirty_since_s: when the stirrer was used
    first since it was rinsed.
    """

    scale: LoadCell
    can_in_place: Switch
    door: Switch
    start_button: Button
    lamp: Lamp
    orders: Orders
    rules: DosingRules
    lines: list[Line]
    store: LineStore

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.batch: Batch | None = None
        self.in_hand: Part | None = None
        self.made = 0
        self.stands_g = self.platform_g = self.coming_g = 0.0
        self.trouble = ""
        self.needs_drum = self.was_lifted = self.was_attended = False
        self.dirty_since_s: float | None = None
        self.refused_in_a_row = 0

    @property
    def order(self) -> Order:
        """The order that is next, or in hand."""
        return self.orders.orders[self.made % len(self.orders.orders)]

    def _dose(self, batch: Batch, part: Part) -> Step:
        """One dose of one component."""
        line = self.lines[part.line]
        self.in_hand = part
        opened = self.can_in_place.open(within_s=OPERATOR_TIMEOUT_S), self.door.open(within_s=OPERATOR_TIMEOUT_S)
        dose = yield from dose_to_mass(
            line.pump,
            line.valve,
            self.scale,
            batch.lacking_g(part),
            self.store.memory[part.line],
            self.rules,
            opened,
            self.stands_g,
        )
        self._book(batch, part, dose.dosed_g)
        self.stands_g = dose.stands_g
        self.in_hand = None

    def _start_scale(self) -> Step:
        """After power-up, a fault or a stop the converter is to be set up again."""
        if not self.scale.is_ready:
            yield from self.scale.start()

    def _weigh_platform(self) -> Step:
        """With nothing on it, what the scale shows is its zero: it may have been knocked, or have drifted."""
        yield from self._start_scale()
        yield self.env.timeout(self.rules.settle_s)
        weighing = yield from self.scale.weigh(self.rules.samples)
        self.platform_g = weighing.mean_g + self.scale.tare_g

    def _book(self, batch: Batch, part: Part, dosed_g: float) -> None:
        batch.add(part, dosed_g, self.store.lot(part.line))
        self._tell("came", dosed_g, component=part.component.material, lot=self.store.lot(part.line))

    def _note_trouble(self, batch: Batch, part: Part, trouble: DosingTrouble) -> None:
        """Keep what went wrong, and book what had come by then."""
        self.trouble = str(trouble)
        self.needs_drum = isinstance(trouble, DrumEmpty)
        self.coming_g = trouble.coming_g
        self.was_lifted = not self.can_in_place.is_closed
        self._tell("trouble", trouble.got_g, component=part.component.material, reason=self.trouble)
        self._book(batch, part, trouble.got_g)
        if trouble.stands_g is not None:
            self.stands_g = trouble.stands_g

    def _is_accounted_for(self, shift_g: float) -> bool:
        """Whether the scale shows what it did before the pause, and what should have come after that.

        What was in the air when a can was lifted is in no can, or in it: more than a pulse of that nobody can know.
        """
        if self.was_lifted and self.coming_g > MAX_IN_AIR_G:
            return False
        return abs(shift_g - self.coming_g) <= UNACCOUNTED_G + UNACCOUNTED_SHARE * self.coming_g

    def _batch(self) -> Batch:
        if self.batch is None:
            raise CellFault("there is no batch in hand; reset the cell and begin with an empty can.")
        return self.batch

    def _lose_batch(self, why: str) -> None:
        batch = self._batch()
        self._tell("lost", batch.dosed_g, reason=why)
        self.batch = None
        self.in_hand = None

    def _stirrer_is_drying(self) -> bool:
        """Whether what is on the stirrer sets before another can is done, or does not go with what is next."""
        pot_life_s = 60 * self.order.recipe.pot_life_min
        return self.dirty_since_s is not None and 0 < pot_life_s < 2 * (self.env.now - self.dirty_since_s)

    def _await_can_and_door(self) -> Step:
        """Call a person, unless one was just there and left all in order; again if it is still not."""
        for _ in range(MAX_CALLS):
            if self.was_attended and self.can_in_place.is_closed and self.door.is_closed:
                self.was_attended = False
                return
            yield from self._call_a_person()
            self.was_attended = True
        yield self.can_in_place.closed(within_s=60)
        yield self.door.closed(within_s=60)

    def _refuse_to_go_on(self) -> None:
        """After some cans in a row that cannot be sold it is the cell that is wrong, and not the can."""
        self.refused_in_a_row += 1
        if self.refused_in_a_row >= MAX_REFUSED:
            self.refused_in_a_row = 0
            raise CellFault(f"{MAX_REFUSED} cans in a row were refused, the last because {self.trouble}")

    def _call_a_person(self) -> Step:
        self.lamp.on()
        yield self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        self.lamp.off()

    def _tell(self, what: str, value: float | None, **facts: Any) -> None:
        """Write a line of the batch's story to the run log; the certificates are made of these."""
        self._record("batch", what, value, json.dumps({"order": self.order.number} | facts))
