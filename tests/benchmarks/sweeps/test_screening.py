"""Screening: inputs of the simulation and of the economics, ranked in one list."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cellwright.benchmarks import paired
from cellwright.benchmarks.comparison import Comparison
from cellwright.benchmarks.economics.inputs import Economics, read_economics
from cellwright.benchmarks.economics.model import economics_as_given
from cellwright.benchmarks.sweeps import screening
from cellwright.benchmarks.sweeps.screening import (
    LESS_TIME,
    NPV,
    ScreeningExperiment,
    ScreeningResult,
    figure_reader,
    less_time,
    screen,
    varied_inputs,
)
from cellwright.cells import load
from cellwright.sim import Element, Length, Replication, Scenario, run_cell, run_manual

ROOT = Path(__file__).resolve().parents[3]
SMALL = ("layout.slats=3", "layout.panel_length_mm=300")
LENGTH = Length(cycles=6)


def compared(scenario: Scenario, replications: int = 3) -> Comparison:
    of = [[run(scenario, LENGTH, 1, number) for number in range(replications)] for run in (run_cell, run_manual)]
    return paired("panel", *of, scenario.provenance(compared=True), 1, 7.5)


def prices() -> Economics:
    return read_economics(ROOT / "cells/stapler/economics.toml", [])


def screened(scenario: Scenario, economics: Economics | None) -> ScreeningResult:
    question = ScreeningExperiment(scenario, LENGTH, 2, 1, figure_reader(economics, ()))
    with ThreadPoolExecutor(1) as pool:
        return screen(question, compared(scenario), economics, 0.2, pool)


SCENARIO = load("stapler").scenario(SMALL)


@pytest.fixture(scope="module")
def found() -> ScreeningResult:
    return screened(SCENARIO, prices())


def test_time_inputs_and_prices_stand_in_one_list_sorted_by_the_net_present_value(found: ScreeningResult) -> None:
    order = found.ranked_inputs()
    names = {each.name for each in order}
    assert {"manual.mod_s", "economics.person_nok_per_h", "economics.demand_units_per_year"} <= names
    widths = [each.width(found.base[NPV]) for each in order]
    assert widths == sorted(widths, reverse=True) and widths[-1] > 0
    assert found.time_range("manual.mod_s") is not None and found.time_range("economics.lifetime_years") is None


def test_a_price_goes_to_its_ends_and_gives_what_the_economics_give_there(found: ScreeningResult) -> None:
    by_name = {each.name: each for each in found.ranges[NPV]}
    range_ = by_name["economics.lifetime_years"]
    assert (range_.tried_low, range_.value, range_.tried_high) == (3, 5, 8)
    at_3 = economics_as_given(compared(SCENARIO), prices(), None, (), {"economics.lifetime_years": 3})
    assert range_.low == pytest.approx(float(at_3.cell.npv_nok[0]))
    shifts = by_name["economics.shifts_per_day"]  # no range: as far as the inputs of the simulation
    assert (shifts.tried_low, shifts.tried_high) == pytest.approx((0.8, 1.2))


def test_few_are_simulated_in_full_and_the_rest_is_counted(found: ScreeningResult) -> None:
    in_full = {each.name for each in found.ranges[LESS_TIME]}
    assert len(in_full) == screening.MAX_SIMULATED_IN_FULL
    assert found.n_inputs == len(varied_inputs(SCENARIO))
    assert found.without_effect + found.left_out + screening.MAX_SIMULATED_IN_FULL == found.n_inputs
    assert found.without_effect > 0 and found.max_effect_left_out > 0


def test_without_prices_the_time_is_screened() -> None:
    found = screened(SCENARIO, None)
    assert found.figure == LESS_TIME and set(found.base) == {LESS_TIME}
    assert found.base == {LESS_TIME: less_time(compared(SCENARIO))[LESS_TIME].value}


def test_an_element_that_a_stopwatch_timed_is_varied_and_the_predetermined_ones_move_nothing() -> None:
    times = (Element("staple", 30.0, observed_s=(29.0, 31.0), status="measured"),)
    timed = replace(SCENARIO, observed=times)
    staple = next(each for each in varied_inputs(timed) if each.is_timed)
    assert (staple.name, staple.status, staple.value) == ("manual.staple", "measured", 30.0)
    changed = {each.name: each for each in staple.changed(timed, 2.0).manual_elements()}
    assert changed["staple"].observed_s == (58.0, 62.0)
    question = ScreeningExperiment(timed, LENGTH, 2, 1, less_time)
    base = question.simulate(timed)
    longer = question.simulate_changed(staple, 1.2)
    assert isinstance(longer, dict) and longer[LESS_TIME].value > base[LESS_TIME].value + 5
    mods = next(each for each in varied_inputs(timed) if each.name == "manual.staple_mods")
    assert question.simulate_changed(mods, 1.2) == base


def test_a_cell_that_does_the_same_is_not_simulated_again_and_every_figure_is_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = ScreeningExperiment(SCENARIO, LENGTH, 2, 1, less_time)
    inputs = varied_inputs(SCENARIO)
    alone = [question.simulate_changed(each, 1.2) for each in inputs]
    base_cell = question.of_cell(SCENARIO)
    simulated: list[Scenario] = []

    def count(scenario: Scenario, *given: Any) -> Replication:
        simulated.append(scenario)
        return run_cell(scenario, *given)

    monkeypatch.setattr(screening, "run_cell", count)
    assert [question.simulate_changed(each, 1.2, base_cell) for each in inputs] == alone
    assert 0 < len(simulated) // 2 < sum(isinstance(each, dict) for each in alone)


def test_what_cannot_be_is_a_sentence() -> None:
    question = ScreeningExperiment(SCENARIO, LENGTH, 1, 1, less_time)
    length = next(each for each in varied_inputs(SCENARIO) if each.name == "layout.slats")
    said = question.simulate_changed(length, 20.0)
    assert isinstance(said, str) and said.endswith(".")


def test_each_effect_on_the_net_present_value_has_its_interval(found: ScreeningResult) -> None:
    base = found.base[NPV]
    by_name = {each.name: each for each in found.ranges[NPV]}
    of_price = by_name["economics.person_nok_per_h"]
    assert (of_price.low_half_width, of_price.high_half_width) == (0.0, 0.0)  # nothing is simulated for it
    of_time = by_name["manual.mod_s"]
    assert of_time.low_half_width is not None and of_time.low_half_width > 0
    read = found.time_range("manual.mod_s")
    assert read is not None and read.low_half_width is not None
    # Net present value is nearly linear in the time saved: both intervals are the same share of their effect, roughly.
    assert of_time.low is not None and read.low is not None
    of_npv = of_time.low_half_width / abs(of_time.low - base)
    assert of_npv == pytest.approx(read.low_half_width / abs(read.low - found.base[LESS_TIME]), rel=3)
