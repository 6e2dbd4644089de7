from array import array
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.benchmarks import paired
from cellwright.benchmarks.comparison import Comparison
from cellwright.benchmarks.economics.finance import Percentiles, annuity, npv, payback_months
from cellwright.benchmarks.economics.inputs import Economics, UncertainNumber
from cellwright.benchmarks.economics.model import draw_means, evaluate_economics
from cellwright.benchmarks.economics.results import AlternativeResult
from cellwright.sim import Measure, Replication, Streams, estimate

NOK = (Measure("waste_nok", "waste", "NOK"), Measure("waste_m", "waste", "m"))


def certain(value: float) -> dict[str, Any]:
    return {"value": value, "status": "assumed", "source": "a test"}


def uncertain(low: float, value: float, high: float) -> dict[str, Any]:
    return certain(value) | {"low": low, "high": high}


def economics(**changed: Any) -> Economics:
    """A cell of 20,000 NOK; 1,000 units a year; a person's hour 500 NOK; no scrap, no power, no upkeep."""
    plain: dict[str, Any] = {
        "person_nok_per_h": 500, "shifts_per_day": 1, "hours_per_shift": 8, "days_per_year": 200,
        "demand_units_per_year": 1000, "building_h": 10, "building_nok_per_h": 500, "scrap_by_hand_percent": 0,
        "scrap_by_cell_percent": 0, "scrap_nok_per_unit": 0, "power_w": 0, "electricity_nok_per_kwh": 2,
        "maintenance_percent": 0, "lifetime_years": 3, "discount_percent": 10, "min_free_s": 0, "switching_s": 0,
    }  # fmt: skip
    table = {name: certain(value) for name, value in plain.items()}
    parts = [{"name": "frame", "quantity": 3, "price_nok": certain(5000)}]
    values: dict[str, Any] = {"vat": "without", "parts": parts, **table, **changed}
    return Economics.model_validate({name: value for name, value in values.items() if value is not None})


def replication(cycle_s: float, labour_s: float, **measures: float) -> Replication:
    cycles = array("d", [cycle_s, cycle_s])
    return Replication(
        cycles, 2 * labour_s, measures={name: array("d", [value, value]) for name, value in measures.items()}
    )


def simulated(cell: list[Replication], manual: list[Replication]) -> Comparison:
    return paired("panel", cell, manual, {"manual.staple_mods": "measured"}, seed=3, hours=7.5)


def same(cell_s: float = 180, cell_labour_s: float = 90, manual_s: float = 360) -> Comparison:
    return simulated([replication(cell_s, cell_labour_s)] * 3, [replication(manual_s, manual_s)] * 3)


def alternative(comparison: Comparison | None = None, **changed: Any) -> AlternativeResult:
    return evaluate_economics(comparison or same(), economics(**changed), None, NOK).cell


def test_npv_of_a_hand_worked_example():
    # 1000 now for 400 a year over 3 years at 10 %: -1000 + 400/1.1 + 400/1.21 + 400/1.331
    # = -1000 + 363.636 + 330.579 + 300.526 = -5.259
    assert npv(0.10, [-1000, 400, 400, 400]) == pytest.approx(-5.259, abs=5e-4)


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=20), st.floats(0, 1), st.floats(0.01, 1))
def test_npv_of_income_falls_with_the_discount_rate(flows, rate, more):
    assert npv(rate + more, [-1000, *flows]) < npv(rate, [-1000, *flows])


@given(st.floats(0, 1), st.integers(1, 40))
def test_an_annuity_is_the_npv_of_ones(rate, years):
    one = annuity(np.array([rate]), np.array([float(years)]))[0]
    assert one == pytest.approx(npv(rate, [0, *[1] * years]), rel=1e-6)


@given(st.floats(0, 1), st.floats(0.1, 40), st.floats(0.1, 5))
def test_an_annuity_grows_with_the_years_between_whole_ones_too(rate, years, more):
    shorter, longer = annuity(np.array([rate, rate]), np.array([years, years + more]))
    assert shorter <= longer <= years + more + 1e-6


@given(st.floats(0, 1e7), st.floats(1, 1e6), st.floats(-1e6, 1e6))
def test_payback_takes_longer_the_more_is_invested(invested, more, saving):
    less, longer = payback_months(np.array([invested, invested + more]), np.array([saving, saving]))
    assert less <= longer
    assert np.isinf(longer) == (saving <= 0)


def test_percentiles_of_a_payback_that_may_never_come():
    found = Percentiles.of(np.array([10.0] * 60 + [np.inf] * 40))
    assert found.as_json() == {"p5": 10.0, "p50": 10.0, "p95": None}


def test_a_cell_worked_out_by_hand():
    found = alternative()
    # 1000 units x (360 - 90) s = 75 h x 500 NOK = 37,500 NOK; 3 x 5000 + 10 h x 500 = 20,000 NOK
    assert Percentiles.of(found.investment_nok) == Percentiles(20_000, 20_000, 20_000)
    assert found.saved_h == pytest.approx(75)
    assert found.saving_nok == pytest.approx(37_500)
    assert found.payback_months == pytest.approx(6.4)
    # 37,500 x (1/1.1 + 1/1.21 + 1/1.331 = 2.48685) - 20,000 = 73,257
    assert found.npv_nok == pytest.approx(73_257, abs=1)
    assert found.yearly_nok == pytest.approx(73_257 / 2.48685, rel=1e-4)
    assert (found.no_payback_probability, found.loss_probability, found.short) == (0, 0, 0)


def test_from_how_many_a_day_it_pays_worked_out_by_hand():
    # 20,000 NOK over 3 years at 10 % are 20,000 / 2.48685 = 8,042 NOK a year; with 10 % upkeep 10,042; a unit saves
    # 270 s, 37.5 NOK: 267.8 a year, 1.339 on each of 200 days.
    assert alternative(maintenance_percent=certain(10)).break_even_per_day == pytest.approx(1.339, abs=5e-4)
    assert np.all(
        alternative(same(cell_labour_s=400)).break_even_per_day == np.inf
    )  # each unit costs more than by hand
    # a cell that takes 10 h for a unit makes 160 in the year's 1600 h, and not 267.8
    assert np.all(alternative(same(cell_s=36_000), maintenance_percent=certain(10)).break_even_per_day == np.inf)


@given(st.floats(1.0, 50.0))
@settings(max_examples=20, deadline=None)
def test_at_the_demand_from_which_it_pays_the_net_present_value_is_nothing(upkeep):
    found = alternative(maintenance_percent=certain(upkeep))
    needed = float(found.break_even_per_day[0]) * 200
    at_that = alternative(maintenance_percent=certain(upkeep), demand_units_per_year=certain(needed))
    assert at_that.npv_nok == pytest.approx(0, abs=0.5)


def test_energy_and_upkeep_are_taken_off():
    found = alternative(power_w=certain(100), maintenance_percent=certain(10))
    # 1000 x 0.1 kW x 180/3600 h = 5 kWh x 2 NOK = 10 NOK; 10 % of 20,000 = 2000 NOK
    assert found.saving_by["energy"] == pytest.approx(-10)
    assert found.saving_by["maintenance"] == pytest.approx(-2000)
    assert found.saving_nok == pytest.approx(37_500 - 2010)
    scrapping = alternative(power_w=certain(100), scrap_by_cell_percent=certain(20))
    assert scrapping.saving_by["energy"] == pytest.approx(-10 / 0.8)  # the scrapped units take power as well


def test_a_scrapped_unit_costs_its_material_and_its_work():
    found = alternative(scrap_by_hand_percent=certain(10), scrap_nok_per_unit=certain(90))
    assert found.saving_by["scrap"] == pytest.approx(1000 * (0.1 / 0.9) * 90)  # 111 scrapped for 1000 good
    assert found.saved_h == pytest.approx(1000 * (360 / 0.9 - 90) / 3600)


def test_as_many_as_can_be_made():
    found = alternative(demand_units_per_year=None, scrap_by_cell_percent=certain(20))
    assert found.units == pytest.approx(0.8 * 200 * 8 * 3600 / 180)
    assert found.short == 0


def test_a_cell_too_slow_for_the_demand_saves_only_on_what_it_makes():
    found = alternative(demand_units_per_year=certain(1e6))
    assert found.units == pytest.approx(32_000)
    assert found.short == 1
    assert found.saved_h == pytest.approx(32_000 * 270 / 3600)


def test_measures_in_nok_count_and_others_by_what_the_file_says():
    cell = [replication(180, 90, waste_nok=1, waste_m=1)] * 2
    manual = [replication(360, 360, waste_nok=5, waste_m=3)] * 2
    measured = simulated(cell, manual)
    assert alternative(measured).saving_by["material"] == pytest.approx(4000)
    wood = [{"measure": "waste_m", "nok": certain(100)}]
    assert alternative(measured, valued=wood).saving_by["material"] == pytest.approx(4000 + 200_000)
    left_out = [*wood, {"measure": "waste_nok", "nok": certain(0)}]
    assert alternative(measured, valued=left_out).saving_by["material"] == pytest.approx(200_000)


def test_what_saves_nothing_never_pays_back():
    found = alternative(same(cell_labour_s=400))
    assert found.no_payback_probability == found.loss_probability == 1
    assert found.as_json()["simple_payback_months"] == {"p5": None, "p50": None, "p95": None}


def test_a_life_shorter_than_the_payback_is_a_payback_that_does_not_come():
    assert alternative(lifetime_years=certain(0.5)).no_payback_probability == 1  # 6.4 months of 6
    assert 0 < alternative(lifetime_years=uncertain(0.3, 0.5, 0.8)).no_payback_probability < 1


def test_uncertain_numbers_spread_the_result_and_a_further_one_disturbs_no_other():
    found = alternative(person_nok_per_h=uncertain(400, 500, 600))
    spread = Percentiles.of(found.saving_nok)
    assert 75 * 400 < spread.p5 < spread.p50 < spread.p95 < 75 * 600
    assert spread.p50 == pytest.approx(37_500, rel=0.01)
    assert spread.p5 == pytest.approx(75 * (400 + 200 * (0.05 / 2) ** 0.5), rel=0.01)  # inverse of the triangular CDF
    further = alternative(person_nok_per_h=uncertain(400, 500, 600), power_w=uncertain(50, 100, 200))
    assert (found.saving_by["time"] == further.saving_by["time"]).all()


def test_means_are_drawn_as_wide_as_their_confidence_interval():
    values = [10.0, 11.0, 13.0, 9.0, 12.0]
    same = [replication(value, value) for value in values]
    drawn = draw_means(simulated(same, same), Streams(1, 0), 100_000)
    known = estimate(values, are_positive=True)
    assert np.percentile(drawn[:, 0], (2.5, 97.5)) == pytest.approx((known.ci95_low, known.ci95_high), abs=0.05)
    assert drawn[:, 0] == pytest.approx(drawn[:, 2])  # pairs stay pairs


def test_one_replication_shows_no_uncertainty():
    drawn = draw_means(simulated([replication(3, 4)], [replication(5, 6)]), Streams(1, 0), 5)
    assert drawn == pytest.approx(np.tile([5.0, 6.0, 3.0, 4.0], (5, 1)))
    single = simulated([replication(180, 90)], [replication(360, 360)])
    assert Percentiles.of(alternative(single).saving_nok).p5 == pytest.approx(37_500)


def test_what_the_simulation_left_uncertain_is_in_the_result():
    cell = [replication(180, 60), replication(180, 90), replication(180, 120)]
    spread = Percentiles.of(alternative(simulated(cell, [replication(360, 360)] * 3)).saving_nok)
    assert spread.p5 < 37_500 - 1000 < 37_500 + 1000 < spread.p95


def test_two_replications_far_apart_give_no_negative_times():
    found = alternative(simulated([replication(10, 5), replication(900, 800)], [replication(360, 360)] * 2))
    assert found.seconds.min() > 0 and found.labour_s.min() > 0
    assert np.isfinite(found.npv_nok).all()


def test_every_number_is_in_the_provenance():
    read = economics(power_w={"value": 5, "status": "vendor", "source": "the plate"})
    found = evaluate_economics(same(), read, None).provenance
    assert found["economics.power_w"] == "vendor"
    assert found["economics.parts.frame.price_nok"] == "assumed"
    assert found["manual.staple_mods"] == "measured"
    assert len(found) == 19


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_number_is_drawn_between_low_and_high(first, second, third):
    low, value, high = sorted((first, second, third))
    drawn = UncertainNumber.model_validate(uncertain(low, value, high)).draw(np.random.default_rng(1), 50)
    assert low <= drawn.min() and drawn.max() <= high


def test_the_break_even_line_crosses_0_where_it_pays_and_bends_where_the_machine_is_full() -> None:
    found = alternative()
    turns = float(found.break_even_per_day[0])
    assert 0 < turns < float(found.capacity_per_day[0])
    assert float(found.annual_value_at(turns)[0]) == pytest.approx(0, abs=1e-6)
    full = float(found.capacity_per_day[0])
    assert (
        float(found.annual_value_at(2 * full)[0])
        == float(found.annual_value_at(full)[0])
        > float(found.annual_value_at(full / 2)[0])
    )
    assert float(found.annual_value_at(1000 / 200)[0]) == pytest.approx(float(found.yearly_nok[0]))
