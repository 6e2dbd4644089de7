"""A zero that moves while a can is filled: the can is called back, and its certificate says what was verified."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from mixing import Mixer, order_of

from cellwright.cells.lacquer_mixer.batch import Batch, Ingredient, dose_tolerance_g, total_tolerance_g
from cellwright.cells.lacquer_mixer.certificate import certificate_texts, certificates
from cellwright.cells.lacquer_mixer.zero_check import NOISE_G, CheckedCan, ZeroCheck

# ---- the bound itself ----


@given(
    st.lists(st.tuples(st.floats(5, 1000), st.floats(-0.6, 0.6), st.floats(0, 3)), min_size=2, max_size=8),
    st.floats(-1, 1),
    st.floats(-50, 50),
)
def test_a_can_that_passes_is_within_every_tolerance_wherever_the_zero_moved(doses, direction, zero_g) -> None:
    """Each dose: its target, what the scale showed beyond it, and the share of the zero's move that fell into it."""
    total_g = sum(target_g for target_g, _, _ in doses)
    order = order_of(total_g, [100 * target_g / total_g for target_g, _, _ in doses], can_ml=2500)
    batch = Batch(order, [Ingredient(each, n, each.percent / 100) for n, each in enumerate(order.recipe.components)])
    true_g = []
    for ingredient, (target_g, shown_g, moved) in zip(batch.ingredients, doses, strict=True):
        ingredient.dosed_g = target_g + shown_g
        true_g.append(ingredient.dosed_g - moved * direction)
    shift_g = direction * sum(moved for _, _, moved in doses)
    check = ZeroCheck()
    check.weighed(zero_g)
    check.collected(1, batch)
    assume(batch.is_within_tolerance)  # else it was refused before it was collected
    if check.weighed(zero_g + shift_g).is_good:
        for (target_g, _, _), grams in zip(doses, true_g, strict=True):
            assert abs(grams - target_g) <= dose_tolerance_g(target_g) + NOISE_G + 1e-9
        assert abs(sum(true_g) - total_g) <= total_tolerance_g(order) + NOISE_G + 1e-9


@pytest.mark.parametrize(
    ("shift_g", "is_good"), [(0.0, True), (0.34, True), (0.36, False), (-0.59, True), (-0.61, False)]
)
def test_less_or_more_is_allowed_as_the_tolerance_leaves_it(shift_g: float, is_good: bool) -> None:
    check = ZeroCheck(before_g=2.0, cans=[CheckedCan(7, "2601", less_g=0.35, more_g=0.6)])
    shift = check.weighed(2.0 + shift_g)
    assert shift.is_good is is_good
    if not is_good:
        assert f"moved by {shift_g:+.2f} g" in shift.sentence() and "can 7 (order 2601)" in shift.sentence()


def test_noise_alone_calls_no_can_back() -> None:
    assert ZeroCheck(before_g=0.0, cans=[CheckedCan(1, "1", less_g=0.0, more_g=0.0)]).weighed(0.09).is_good


def test_all_cans_since_the_last_good_check_are_named() -> None:
    check = ZeroCheck(before_g=0.0, cans=[CheckedCan(1, "2601", 0.5, 0.5), CheckedCan(2, "2602", 2.0, 2.0)])
    shift = check.weighed(1.0)
    assert not shift.is_good
    assert "can 1 (order 2601) and can 2 (order 2602)" in shift.sentence()
    assert check.weighed(1.0).is_good and check.before_g == 1.0


# ---- the cell ----


@pytest.mark.parametrize("line", [0, 1])
@pytest.mark.parametrize("g_per_s", [-0.07, -0.04, -0.02, -0.01, 0.01, 0.02, 0.04, 0.07])
def test_a_scale_that_drifts_in_mid_dose_lets_no_wrong_can_out(g_per_s: float, line: int) -> None:
    mixer = Mixer()
    mixer.until_pumping(line, 20)
    mixer.plant.converter.drift(g_per_s)
    mixer.until_finished()
    assert mixer.plant.wrong_units == {}
    assert mixer.plant.recalled + mixer.plant.refused + mixer.cell.stops.get("scale drifts", 0) >= 1
    verified = [each for each in certificates(mixer.log.connection) if each.is_verified]
    assert len(verified) == 1
    assert len(mixer.plant.measured["dose_error_g"]) == mixer.plant.units_out == 1


def test_a_can_that_is_called_back_is_named_on_the_spot_and_made_again() -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 200)
    mixer.plant.converter.drift(0.03)
    mixer.until("recalling")
    assert mixer.plant.wrong_units, "the plant knows that it is wrong"
    assert "can 1 (order 2601)" in mixer.cell.trouble
    collected_s = mixer.env.now
    mixer.until("waiting")
    assert mixer.env.now < collected_s + 120
    assert mixer.plant.wrong_units == {}
    assert mixer.cell.finished == 0
    mixer.until_finished()
    wrong, right = certificates(mixer.log.connection)
    assert wrong.recalled and not wrong.is_verified and right.is_verified
    assert wrong.order == right.order and mixer.cell.cans_made == 1
    assert "RECALLED, not to be sold: the zero of the scale moved by" in certificate_texts(mixer.log.connection)[0]


def test_lacquer_that_lands_on_the_platform_while_a_can_is_lifted_is_not_sold_as_in_the_can() -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 300)
    mixer.plant.platform.put(1.2)  # spilt beside the can in full flow: too little for a jump
    mixer.until("recalling")
    mixer.until_finished()
    assert mixer.plant.wrong_units == {}


def test_every_can_of_a_day_is_verified_and_its_certificate_says_what_was_not() -> None:
    mixer = Mixer()
    mixer.until_finished(12)
    done = certificates(mixer.log.connection)
    assert [each.is_verified for each in done] == [True] * 12
    assert max(abs(each.zero_shift_g or 0.0) for each in done) < 0.3
    text = certificate_texts(mixer.log.connection)[0]
    assert "verified: the empty scale, weighed before and after, moved by" in text
    assert f"not verified: the scale's slope, for which its calibration of {mixer.cell.scale.points.date}" in text


def test_a_run_that_ends_before_the_check_leaves_the_can_not_verified() -> None:
    mixer = Mixer()
    mixer.until_true(lambda: len(mixer.events("finished")) == 1)
    assert "NOT VERIFIED" in certificate_texts(mixer.log.connection)[0]


def test_what_an_idle_scale_does_costs_no_can() -> None:
    mixer = Mixer("operator.response_s=3000", "operator.response_spread=0")
    mixer.until("waiting")
    mixer.env.run(until=60)
    mixer.plant.converter.jump(5.0)
    mixer.until_finished()
    assert mixer.plant.recalled == 0


def test_a_cell_that_is_stopped_before_the_can_is_set_aside_calls_it_back_again() -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 200)
    mixer.plant.converter.drift(0.03)
    mixer.until("recalling")
    mixer.cell.fault("a test pulled the cable")
    mixer.cell.reset()
    mixer.until("recalling")
    mixer.until_true(lambda: mixer.cell.finished == 1)
    assert mixer.plant.wrong_units == {} and mixer.plant.recalled == 1


def test_a_can_put_in_before_the_empty_scale_was_weighed_is_refused() -> None:
    mixer = Mixer()
    mixer.until("presenting")
    mixer.until_true(lambda: not mixer.cell.can_in_place.is_closed)
    mixer.plant.close(mixer.cell.can_in_place)  # the next can stands there at once
    mixer.until("taring")
    mixer.until("refusing")
    assert "before the empty scale had been weighed" in mixer.cell.trouble
    assert [each.number for each in mixer.cell.zero.cans] == [1], "the check after it judges the first can as well"


def test_the_red_lamp_blinks_so_that_nobody_takes_it_for_the_rinsing_pot() -> None:
    mixer = Mixer()
    mixer.until_pumping(0, 200)
    mixer.plant.converter.drift(0.03)
    mixer.until("recalling")
    seen = set()
    until_s = mixer.env.now + 3
    while mixer.env.now < until_s:
        mixer.env.step()
        seen.add(bool(mixer.board.output(mixer.cell.red_lamp.pin).level))
    assert seen == {False, True}
    assert mixer.cell.state == "recalling"
