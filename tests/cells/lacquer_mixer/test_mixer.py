from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mixing import NO_MISHAPS, Mixer, order_of

from cellwright.cells import load
from cellwright.cells.lacquer_mixer import STUDY
from cellwright.cells.lacquer_mixer.batch import Batch, Ingredient
from cellwright.cells.lacquer_mixer.certificate import certificate_texts, certificates
from cellwright.cells.lacquer_mixer.orders import Orders
from cellwright.cells.lacquer_mixer.physics import viscosity_cst
from cellwright.cells.lacquer_mixer.recipes import Drums
from cellwright.cells.lacquer_mixer_mega import LacquerMixerOnMega
from cellwright.errors import CellFault
from cellwright.hardware.fault_injection import read_fault
from cellwright.sensors import Hx711
from cellwright.sequences import FAULTED
from cellwright.sim import virtual_rig


def test_every_can_of_a_day_is_within_half_a_gram_or_a_fifth_of_a_per_cent() -> None:
    mixer = Mixer()
    mixer.until_finished(16)
    orders = mixer.cell.orders.orders
    for number, error_g in enumerate(mixer.plant.measured["dose_error_g"]):
        assert error_g <= max(0.5, 0.002 * orders[number % len(orders)].mass_g)
    assert mixer.plant.refused == 0
    assert max(mixer.plant.measured["beyond_order_g"]) < 1.0


def test_a_lifted_can_pauses_the_cell_which_then_refuses_it_and_keeps_the_record() -> None:
    """What was in the air when the can was lifted is in no can, so a can lifted in full flow cannot be sold."""
    mixer = Mixer()
    mixer.until_pumping(0, 200)
    mixer.plant.lift()
    mixer.env.run(until=mixer.env.now + 1)
    assert mixer.cell.state == "pausing"
    assert mixer.cell.trouble == "can_in_place opened in mid-dose."
    assert not mixer.board.output(mixer.cell.valve_1.pin).level
    mixer.until("waiting")
    refused, *_ = certificates(mixer.log.connection)
    assert "nobody can account for" in refused.refused
    assert refused.remarks == ["can_in_place opened in mid-dose."]
    assert refused.dosed_g == pytest.approx(200, abs=10)
    mixer.until_finished()
    assert mixer.cell.finished == 1 and mixer.cell.cans_made == 1


def test_a_can_lifted_between_two_pulses_goes_on_and_is_as_exact_as_any() -> None:
    mixer = Mixer()
    mixer.until_true(lambda: mixer.plant.can is not None and mixer.plant.can.content_g[0] > 592)
    mixer.until_true(lambda: not mixer.cell.valve_1.is_open)
    mixer.env.run(until=mixer.env.now + 0.45)
    mixer.plant.platform.advance()
    mixer.plant.lift()
    mixer.until("pausing")
    mixer.until("dosing")
    mixer.until_finished()
    assert mixer.plant.refused == 0
    assert mixer.plant.measured["dose_error_g"][0] < 1.0
    finished, *_ = certificates(mixer.log.connection)
    assert finished.refused == "" and len(finished.remarks) == 1


def test_somebody_who_leans_on_the_scale_pauses_the_cell_and_it_goes_on() -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 300)
    mixer.plant.jump(80, stays=False)
    mixer.until("pausing")
    assert mixer.cell.trouble.startswith("scale jumped by +")
    mixer.until_finished()
    assert mixer.plant.refused == 0
    assert mixer.plant.measured["dose_error_g"][0] < 1.2


def test_a_scale_that_stays_elsewhere_costs_the_can_but_not_the_next() -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 300)
    mixer.plant.jump(-40, stays=True)
    mixer.until("refusing")
    assert certificates(mixer.log.connection)[0].refused
    mixer.until_finished(2)
    assert mixer.plant.refused == 1
    assert max(mixer.plant.measured["dose_error_g"]) < 1.2


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda plant: setattr(plant.lines[0], "is_blocked", True), "line blocked"),
        (lambda plant: setattr(plant.lines[0], "bubble_ml", 22.0), "air in a line"),
        (lambda plant: setattr(plant.lines[0], "drum_g", 1.0), "line blocked"),  # the books say that it is full
    ],
)
def test_what_is_wrong_with_a_line_is_named_and_the_can_is_finished(spoil, cause: str) -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 100)
    spoil(mixer.plant)
    mixer.until_finished()
    assert mixer.cell.stops == {cause: 1}
    assert mixer.plant.measured["dose_error_g"][0] < 1.2
    assert len(mixer.events("trouble")) == 1


def test_an_empty_drum_is_known_by_the_books_and_the_next_lot_is_in_the_certificate() -> None:
    drums = Drums.standard()
    small = Drums(drums=(drums.drums[0].model_copy(update={"net_g": 900.0}), *drums.drums[1:]))
    mixer = Mixer()
    mixer = Mixer(orders=Orders(orders=mixer.cell.orders.orders[:1]), seed=2)
    mixer.cell.inventory.memory[0].left_g = mixer.plant.lines[0].drum_g = 900.0
    mixer.until_finished(2)
    assert small.drums[0].net_g == 900
    assert mixer.cell.stops == {"drum empty": 1}
    lots = [portion.lot for portion in certificates(mixer.log.connection)[1].portions]
    assert lots == ["B-26117", "B-26121", "H-26044"]
    assert mixer.plant.drums_changed == 1


def test_an_overshoot_is_made_good_by_the_others_if_the_order_allows() -> None:
    order = order_of(500, (60, 40), can_ml=1000, tolerance_percent=3)
    batch = Batch(order, [Ingredient(each, n, each.percent / 100) for n, each in enumerate(order.recipe.components)])
    batch.record_dose(batch.ingredients[0], 306, "L1")
    assert batch.is_recoverable and batch.final_mass_g == pytest.approx(510)
    assert batch.remaining_g(batch.ingredients[1]) == pytest.approx(204)
    batch.record_dose(batch.ingredients[1], 204.1, "L2")
    assert batch.next_ingredient() is None and batch.is_within_tolerance


@pytest.mark.parametrize(("tolerance", "can_ml", "dosed_g"), [(1.0, 1000, 306), (5.0, 500, 306)])
def test_a_batch_that_would_be_too_much_for_customer_or_can_is_refused(tolerance, can_ml, dosed_g) -> None:
    order = order_of(500, (60, 40), can_ml=can_ml, tolerance_percent=tolerance)
    batch = Batch(order, [Ingredient(each, n, each.percent / 100) for n, each in enumerate(order.recipe.components)])
    batch.record_dose(batch.ingredients[0], dosed_g, "L1")
    assert not batch.is_recoverable


def test_the_cell_scales_the_others_up_after_an_overshoot() -> None:
    mixer = Mixer(orders=Orders(orders=(order_of(500, (60, 40), can_ml=1000, tolerance_percent=4),)))
    mixer.until("dosing")
    mixer.cell.inventory.memory[0].in_flight_g = 0.6  # as if it had learned a small in-flight mass
    mixer.cell.rules = mixer.cell.rules.model_copy(update={"margin_g": 0.01})
    mixer.until_finished()
    base_g, hardener_g = (json.loads(detail)["asked_g"] for _, detail in mixer.events("dosed"))
    dosed = [value for value, _ in mixer.events("dosed")]
    assert dosed[0] > base_g + 0.7
    assert dosed[1] / dosed[0] == pytest.approx(hardener_g / base_g, rel=0.003)
    assert mixer.plant.refused == 0


def test_a_fault_in_mid_batch_loses_the_batch_but_not_its_record() -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 100)
    mixer.cell.fault("a test pulled the cable")
    assert mixer.board.is_safe and mixer.cell.state == FAULTED
    mixer.cell.reset()
    mixer.until("waiting")
    mixer.until_true(lambda: mixer.cell.finished == 1)
    first, second = certificates(mixer.log.connection)[0], certificates(mixer.log.connection)[-1]
    assert first.refused == "the cell was stopped in mid-batch"
    assert second.finished_s is not None and second.order == first.order
    assert mixer.plant.refused == 1, "the can that was begun must not be filled again"


@pytest.mark.parametrize("state", ["waiting", "taring", "dosing", "checking", "stirring", "presenting"])
def test_a_fault_in_any_state_leaves_everything_safe(state: str) -> None:
    mixer = Mixer()
    mixer.until(state)
    mixer.env.run(until=mixer.env.now + 0.3)
    mixer.cell.fault("a test pulled the cable")
    assert mixer.board.is_safe
    mixer.env.run(until=mixer.env.now + 5)
    assert mixer.board.is_safe
    with pytest.raises(CellFault, match="made safe"):
        mixer.cell.pump_1.dispense(1, 60)


def test_a_scale_that_moves_while_nothing_is_pumped_is_noticed_before_the_can_is_sold() -> None:
    mixer = Mixer()
    mixer.until("checking")
    mixer.plant.jump(1.0, stays=True)
    mixer.until("pausing")
    assert "with nothing pumped" in mixer.cell.trouble
    mixer.until("refusing")


def test_lacquer_is_as_thick_as_its_cup_times_say() -> None:
    base = Mixer().cell.order.recipe.components[0]  # 25 s at 20 °C, 16 s at 28 °C
    assert viscosity_cst(base, 20) == pytest.approx(3.85 * (25 - 4.49))
    assert viscosity_cst(base, 28) == pytest.approx(3.85 * (16 - 4.49))
    assert viscosity_cst(base, 15) > viscosity_cst(base, 20) > viscosity_cst(base, 24) > viscosity_cst(base, 30)
    warm, cold = (Mixer(f"plant.coldest_c={c}", f"plant.warmest_c={c}").plant.lines[0] for c in (30, 15))
    assert warm._cst < cold._cst


def test_the_door_stops_the_stirrer_at_once() -> None:
    mixer = Mixer()
    mixer.until("stirring")
    mixer.env.run(until=mixer.env.now + 3)
    mixer.plant.open(mixer.cell.door)
    mixer.env.run(until=mixer.env.now + 0.001)
    assert mixer.board.levels[mixer.cell.stirrer.pin].value == 0
    assert mixer.cell.state == "pausing"
    mixer.until_finished()


def test_the_stirrer_is_rinsed_before_what_is_on_it_sets() -> None:
    mixer = Mixer()
    mixer.until("rinsing", limit_s=4 * 3600)
    assert mixer.env.now < 3 * 3600
    mixer.until_finished(2)


def test_a_certificate_says_what_is_in_the_can_by_which_lot() -> None:
    mixer = Mixer()
    mixer.until_finished(2)
    second = certificates(mixer.log.connection)[1]
    assert [portion.component for portion in second.portions] == ["pu_base", "pu_hardener", "pu_thinner"]
    assert second.dosed_g == pytest.approx(420, abs=1)
    text = certificate_texts(mixer.log.connection)[1]
    assert "order 2602: pu_clear_thinned" in text and "lot T-26009" in text and "within 180 minutes" in text
    assert "s into a simulated run" in text
    mixer.log.describe(began="2026-11-24T08:00:00")
    assert "begun: 2026-11-24 08:0" in certificate_texts(mixer.log.connection)[1]
    assert json.loads(mixer.events("begun")[0][1])["recipe"] == "pu_clear"


@settings(max_examples=15, deadline=None)
@given(
    st.floats(30, 240),
    st.lists(st.floats(5, 100), min_size=2, max_size=3),
    st.integers(0, 1000),
    st.sampled_from([0, 200, 500]),
)
def test_no_can_ever_overflows(mass_g: float, shares: list[float], seed: int, mishaps: int) -> None:
    percents = [round(100 * share / sum(shares), 2) for share in shares]
    percents[0] = round(100 - sum(percents[1:]), 2)
    if min(percents) * mass_g < 200:
        return
    kinds = ("bubbles", "blocks", "lifts", "jumps", "drifts")
    orders = Orders(orders=(order_of(mass_g, percents, can_ml=250, tolerance_percent=5),))
    mixer = Mixer(*(f"plant.{kind}_per_1000_cans={mishaps}" for kind in kinds), orders=orders, seed=seed)
    # With a mishap in every other can, three in a row may be refused, which ends the run.
    mixer.until_true(lambda: mixer.cell.finished == 2 or mixer.cell.is_stopped)
    assert mixer.cell.last_stop is None or "3 cans in a row were refused" in mixer.cell.last_stop.reason
    assert mixer.plant.overflowed_g == 0


def test_eight_components_on_a_mega() -> None:
    rig = virtual_rig(load("lacquer_mixer_mega").scenario(NO_MISHAPS), 1, 0)
    assert len(rig.cell.order.recipe.components) == 8
    rig.env.run(until=rig.cell.next_finished())
    assert rig.cell.last_stop is None
    assert rig.plant.measured["dose_error_g"][0] <= 0.5
    assert rig.arduino is not None and rig.arduino.complaints == []
    assert rig.arduino.session.pin_map.name == "Arduino Mega 2560"


def test_the_same_with_an_hx711_where_the_board_can_read_one() -> None:
    class WithHx711(LacquerMixerOnMega):
        scale = Hx711(data=18, clock=19, capacity_g=5000)

        @classmethod
        def name(cls) -> str:
            return "with_hx711"

    mixer = Mixer(study=dataclasses.replace(load("lacquer_mixer_mega"), cell=WithHx711))
    mixer.until_finished(2)
    assert max(mixer.plant.measured["dose_error_g"]) < 1.0


def test_every_byte_of_it_on_an_uno() -> None:
    rig = virtual_rig(STUDY.scenario(), 1, 0)
    for _ in range(2):
        rig.env.run(until=rig.cell.next_finished())
        assert rig.cell.last_stop is None
    assert max(rig.plant.measured["dose_error_g"]) < 1.2
    assert rig.arduino is not None and rig.arduino.complaints == []


def test_a_valve_that_never_opens_ends_in_a_fault_that_says_so() -> None:
    mixer = Mixer()
    mixer.rig.faults.schedule(read_fault("valve_1:dead", mixer.cell.devices))
    mixer.until_true(lambda: mixer.cell.is_stopped)
    assert "3 cans in a row were refused" in mixer.cell.last_stop.reason
    assert "pump_1 brings nothing" in mixer.cell.last_stop.reason
    assert mixer.board.is_safe


def test_a_can_that_is_never_put_back_ends_in_a_fault() -> None:
    mixer = Mixer()
    mixer.until("stirring")
    mixer.rig.faults.schedule(read_fault("can_in_place:open", mixer.cell.devices))
    mixer.until_true(lambda: mixer.cell.is_stopped)
    assert "can_in_place did not close" in mixer.cell.last_stop.reason
