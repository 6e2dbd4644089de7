"""The lacquer mixer: pumps dose the components of a lacquer by mass into a can on a scale, and a stirrer mixes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cellwright.actuators import Lamp, Motor
from cellwright.cells.lacquer_mixer.batch import Batch, Ingredient
from cellwright.cells.lacquer_mixer.batch_steps import OPERATOR_TIMEOUT_S, BatchSteps
from cellwright.cells.lacquer_mixer.equipment import StirringRules, peristaltic, pinch_valve
from cellwright.cells.lacquer_mixer.lines import DosingLine, LineInventory
from cellwright.cells.lacquer_mixer.orders import Orders
from cellwright.cells.lacquer_mixer.recipes import Drums
from cellwright.errors import InputError, nearest
from cellwright.provenance import vendor
from cellwright.sensors import Button, Nau7802, Switch
from cellwright.sequences.dosing import (
    AirInLine,
    DoseInterrupted,
    DoseNotReached,
    DosingFault,
    DosingRules,
    DrumEmpty,
    LineBlocked,
    ScaleDrifts,
    ScaleJumped,
)
from cellwright.sequences.supervision import Step

SCALE_SETTLE_S = 1.5
EMPTY_CAN_TOLERANCE = 0.35
"""The tolerance of an empty can's weight, as a share."""
MAX_PAUSES = 5
TRIGGERS: dict[type[DosingFault], str] = {
    LineBlocked: "line_blocked",
    DrumEmpty: "drum_empty",
    AirInLine: "air_in_line",
    ScaleDrifts: "scale_drifts",
    ScaleJumped: "scale_jumped",
    DoseInterrupted: "interrupted",
    DoseNotReached: "not_reached",
}


class LacquerMixer(BatchSteps):
    """Mixes lacquer to order, by mass: the components one after the other into a can on a scale, then stirred.

    Three lines fit an Uno; ``LacquerMixerOnMega`` has eight. A line is a pump_N with its valve_N.
    """

    unit = "can"
    cycle_ends_with = "collected"
    resets_with = "start_button"

    pump_1 = peristaltic(step=2, dir=4)
    valve_1 = pinch_valve(9)
    pump_2 = peristaltic(step=5, dir=6)
    valve_2 = pinch_valve(10)
    pump_3 = peristaltic(step=7, dir=8)
    valve_3 = pinch_valve(11)
    stirrer = Motor(pin=3)
    scale = Nau7802(
        capacity_g=vendor(5000, "single-point load cell of 5 kg, 1 mV/V"),
        sensitivity_mv_per_v=vendor(1.0, "single-point load cell of 5 kg, 1 mV/V"),
        samples_per_s=80,
        calibration=str(Path(__file__).with_name("calibration.toml")),
    )
    can_in_place = Switch(pin=12)
    door = Switch(pin=14)
    start_button = Button(pin=15)
    stop_button = Button(pin=16, stops_cell=True)
    lamp = Lamp(pin=13)
    red_lamp = Lamp(pin=17)
    orders = Orders.standard()
    drums = Drums.standard()
    rules = DosingRules()
    stirring_rules = StirringRules()

    states = [
        "waiting",
        "taring",
        "dosing",
        "checking",
        "stirring",
        "presenting",
        "rinsing",
        "mending",
        "pausing",
        "refusing",
        "recalling",
    ]
    transitions = [
        # trigger          source        destination
        ["start", "waiting", "taring"],
        ["rinse", "waiting", "rinsing"],
        ["rinsed", "rinsing", "waiting"],
        ["tared", "taring", "dosing"],
        ["no_empty_can", "taring", "refusing"],
        ["dosed", "dosing", "checking"],
        ["too_much", "dosing", "refusing"],
        ["line_blocked", "dosing", "mending"],
        ["drum_empty", "dosing", "mending"],
        ["air_in_line", "dosing", "mending"],
        ["mended", "mending", "pausing"],
        ["scale_drifts", "dosing", "pausing"],
        ["scale_jumped", "dosing", "pausing"],
        ["interrupted", "dosing", "pausing"],
        ["not_reached", "dosing", "refusing"],
        ["scale_drifts", "checking", "pausing"],
        ["interrupted", "stirring", "pausing"],
        ["as_before", "pausing", "dosing"],
        ["changed", "pausing", "refusing"],
        ["good", "checking", "stirring"],
        ["off", "checking", "refusing"],
        ["stirred", "stirring", "presenting"],
        ["collected", "presenting", "waiting"],
        ["taken_away", "refusing", "waiting"],
        ["recall", "presenting", "recalling"],
        ["recall", "refusing", "recalling"],
        ["recall", "waiting", "recalling"],
        ["set_aside", "recalling", "waiting"],
    ]
    stop_triggers = {
        "line_blocked": "line blocked",
        "drum_empty": "drum empty",
        "air_in_line": "air in a line",
        "scale_drifts": "scale drifts",
        "scale_jumped": "scale jumped",
        "interrupted": "can lifted or door opened",
        "not_reached": "batch refused",
        "too_much": "batch refused",
        "changed": "batch refused",
        "off": "batch refused",
        "no_empty_can": "no empty can",
        "recall": "can recalled",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = self._lines()
        for problem in self.problems():
            raise InputError(problem)
        self.inventory = LineInventory(self.drums)

    def _lines(self) -> list[DosingLine]:
        numbers = sorted(int(name.removeprefix("pump_")) for name in self.devices if name.startswith("pump_"))
        return [DosingLine(getattr(self, f"pump_{n}"), getattr(self, f"valve_{n}")) for n in numbers]

    def problems(self) -> list[str]:
        """Orders that cannot be mixed with these lines and drums."""
        if len(self.drums.drums) > len(self.lines):
            return [f"{self.name()}: there are {len(self.drums.drums)} drums for {len(self.lines)} lines."]
        held = [drum.material for drum in self.drums.drums]
        return [
            f"{order.where or order.number}: {order.recipe.name} needs {component.material}, and no drum holds it; "
            f"{nearest(component.material, held)}"
            for order in self.orders.orders
            for component in order.recipe.components
            if component.material not in held
        ]

    # ---- steps ----

    def waiting(self) -> Step:
        """Call for an empty can; a person puts it in, closes the door and presses start."""
        if self.batch is not None:
            self._discard_batch("the cell was stopped in mid-batch")
        if self._is_stirrer_drying():
            return "rinse"
        self.red_lamp.off()
        self.lamp.on()
        pressed = self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        if self.recalled is not None:
            return "recall"  # the cell was stopped before a person had set the cans aside
        if self._can_weigh_platform and not (yield from self._weigh_platform()):
            return "recall"
        yield from self._await_start(pressed)
        yield self.can_in_place.closed(within_s=60)
        yield self.door.closed(within_s=60)
        self.lamp.off()
        return "start"

    def taring(self) -> Step:
        """Weigh the can, check that it is empty, and tare the scale."""
        yield from self._start_scale()
        if self.zero.is_due:
            self.trouble = "the can was put in before the empty scale had been weighed; take it off for some seconds"
            return "no_empty_can"
        self.scale.tare_g = 0.0
        yield self.env.timeout(SCALE_SETTLE_S)
        can = yield from self.scale.weigh(2 * self.rules.samples)
        order = self.order
        can_g = can.mean_g - (self.zero.before_g or 0.0)
        if abs(can_g - order.empty_can_g) > EMPTY_CAN_TOLERANCE * order.empty_can_g:
            self.trouble = (
                f"the can weighs {can.mean_g:.0f} g; an empty one of {order.can_ml:g} ml {order.empty_can_g:g} g"
            )
            return "no_empty_can"
        self.scale.tare_g = can.mean_g
        self.last_reading_g = 0.0
        ingredients = [
            Ingredient(component, self.drums.line_of(component.material) or 0, component.percent / 100)
            for component in order.recipe.components
        ]
        self.batch = Batch(order, ingredients)
        self.can_number += 1
        self._record_event("begun", order.mass_g, recipe=order.recipe.name, can_ml=order.can_ml)
        return "tared"

    def dosing(self) -> Step:
        """Dose the components one by one; after an overshoot the targets of the others are scaled up."""
        batch = self._batch()
        while (ingredient := batch.next_ingredient()) is not None:
            try:
                yield from self._dose(batch, ingredient)
            except DosingFault as trouble:
                self._record_trouble(batch, ingredient, trouble)
                return TRIGGERS[type(trouble)]
            if not batch.is_recoverable:
                self.trouble = (
                    f"with {ingredient.component.material} overdosed the batch would be {batch.final_mass_g:.0f} g"
                )
                return "too_much"
        return "dosed"

    def checking(self) -> Step:
        """Weigh again: the scale must still show the dosed mass, and that must be within tolerance."""
        batch = self._batch()
        yield self.env.timeout(2 * SCALE_SETTLE_S)
        weighing = yield from self.scale.weigh(2 * self.rules.samples)
        if abs(weighing.mean_g - self.last_reading_g) > self.rules.drift_g:
            self.trouble = (
                f"the scale went from {self.last_reading_g:.2f} to {weighing.mean_g:.2f} g with nothing pumped"
            )
            self._record_event("trouble", weighing.mean_g, reason=self.trouble)
            return "scale_drifts"
        if not batch.is_within_tolerance:
            self.trouble = f"the batch has {batch.dosed_g:.1f} g of {batch.order.mass_g:.1f} g"
            return "off"
        return "good"

    def stirring(self) -> Step:
        """Stir; the stirrer stops at once when the door is opened or the can lifted."""
        self.stirrer.run(self.stirring_rules.duty)
        if self.dirty_since_s is None:
            self.dirty_since_s = self.env.now
        interlocks = self.door.open(within_s=OPERATOR_TIMEOUT_S), self.can_in_place.open(within_s=OPERATOR_TIMEOUT_S)
        yield self.env.any_of([self.env.timeout(self.stirring_rules.stir_s), *interlocks])
        self.stirrer.stop()
        if not (self.door.is_closed and self.can_in_place.is_closed):
            self.trouble = "the door was opened or the can lifted while it was stirred"
            self.was_lifted = not self.can_in_place.is_closed
            self._record_event("trouble", None, reason=self.trouble)
            return "interrupted"
        return "stirred"

    def presenting(self) -> Step:
        """Call a person to collect the can; then the empty platform shows whether the scale was right all along."""
        batch = self._batch()
        self.lamp.on()
        yield self.can_in_place.open(within_s=OPERATOR_TIMEOUT_S)
        for ingredient in batch.ingredients:
            for lot, grams in batch.dosed_by_lot[ingredient.component.material].items():
                asked_g = batch.order.target_g(ingredient.component)
                self._record_event("dosed", grams, component=ingredient.component.material, lot=lot, asked_g=asked_g)
        self._record_event(
            "finished", batch.dosed_g, asked_g=batch.order.mass_g, pot_life_min=batch.order.recipe.pot_life_min
        )
        self.zero.collected(self.can_number, batch)
        self.batch = None
        self.cans_made += 1
        return "collected" if (yield from self._weigh_platform()) else "recall"

    def rinsing(self) -> Step:
        """Both lamps call for the rinsing pot; a person puts it in and presses start, and takes it away again."""
        self.lamp.off()
        self.red_lamp.on()
        self.lamp.on()
        yield self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        yield self.can_in_place.closed(within_s=60)
        yield self.door.closed(within_s=60)
        self.lamp.off()
        self.stirrer.run(self.stirring_rules.duty)
        yield self.env.any_of(
            [self.env.timeout(self.stirring_rules.rinse_s), self.door.open(within_s=OPERATOR_TIMEOUT_S)]
        )
        self.stirrer.stop()
        self.lamp.on()
        yield self.can_in_place.open(within_s=OPERATOR_TIMEOUT_S)
        self.zero.is_due = True  # the pot may have dripped
        self.dirty_since_s = None
        self.lamp.off()
        return "rinsed"

    def mending(self) -> Step:
        """Call a person to a line; after an empty drum record the next lot."""
        yield from self._call_a_person()
        if self.needs_drum and self.current_ingredient is not None:
            self.needs_drum = False
            self.inventory.change_drum(self.current_ingredient.line)
            self._record_event("drum changed", None, lot=self.inventory.lot(self.current_ingredient.line))
        self.was_attended = True
        return "mended"

    def pausing(self) -> Step:
        """Call a person, unless one was just there; continue only if the scale's reading is accounted for."""
        batch = self._batch()
        batch.pauses += 1
        yield from self._await_can_and_door()
        yield self.env.timeout(SCALE_SETTLE_S)
        weighing = yield from self.scale.weigh(2 * self.rules.samples)
        shift_g = weighing.mean_g - self.last_reading_g
        if batch.pauses > MAX_PAUSES:
            self.trouble = f"it was paused for more than {MAX_PAUSES} times, last because {self.trouble}"
            return "changed"
        if not self._is_accounted_for(shift_g):
            self.trouble = f"after the pause the scale shows {shift_g:+.1f} g that nobody can account for"
            return "changed"
        if self.current_ingredient is not None:
            self._record_dose(batch, self.current_ingredient, shift_g)
        self.last_reading_g, self.current_ingredient, self.in_flight_g = weighing.mean_g, None, 0.0
        return "as_before"

    def refusing(self) -> Step:
        """The red lamp: a person takes away a can that cannot be sold; the order is made again."""
        if self.batch is not None:
            self._discard_batch(self.trouble)
        self._record_event("refused", None, reason=self.trouble)
        self._check_consecutive_refusals()
        self.red_lamp.on()
        self.lamp.on()
        yield self.can_in_place.open(within_s=OPERATOR_TIMEOUT_S)
        is_good = yield from self._weigh_platform()
        self.lamp.off()
        self.red_lamp.off()
        return "taken_away" if is_good else "recall"

    def recalling(self) -> Step:
        """The red lamp blinks: a person sets aside what was just collected, sees to the scale, and presses start."""
        self._check_consecutive_refusals()
        self.lamp.on()
        yield from self._blink(self.red_lamp, self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S))
        self.lamp.off()
        self.red_lamp.off()
        self.recalled, self.zero.is_due = None, True
        return "set_aside"
