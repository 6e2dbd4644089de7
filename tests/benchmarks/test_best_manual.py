"""The best manual method, as a study declares it, and the cell against it."""

from __future__ import annotations

from array import array
from dataclasses import replace

import numpy as np
import pytest

from cellwright import cells
from cellwright.benchmarks import paired
from cellwright.benchmarks.best_manual import TrialOfThree, sources_of_each
from cellwright.benchmarks.comparison import Comparison, outcome
from cellwright.benchmarks.economics.model import economics_as_given, evaluate_economics
from cellwright.benchmarks.uncertainty import UncertaintySource
from cellwright.errors import DescriptionError
from cellwright.sim import BestManual, Element, FreeTime, Replication

from .economics.test_economics import NOK, certain, economics, replication, simulated

WITH_BEST = [name for name in cells.names() if cells.load(name).best_manual]


@pytest.mark.parametrize("name", WITH_BEST)
def test_every_shipped_one_is_better_than_today_and_changes_the_manual_method_only(name: str) -> None:
    today = cells.load(name).scenario()
    best = today.with_best_manual()
    assert best is not None and best.with_best_manual() is None  # nothing is better than itself
    changed = {each for each in today.parameters if today.parameters[each] is not best.parameters[each]}
    assert changed == {"manual"}
    assert [each.mean_s for each in best.tending()] == [each.mean_s for each in today.tending()]

    def seconds(of: object) -> float:
        return sum(each.mean_s * each.per_unit for each in of.manual_elements())  # type: ignore[attr-defined]

    assert seconds(best) <= seconds(today)


def test_it_may_set_the_manual_method_only() -> None:
    with pytest.raises(DescriptionError, match=r"sets 'carriage.max_speed=9'; it can set parameters of manual only"):
        BestManual("quicker", ("carriage.max_speed=9",), "a test")


def test_what_a_stopwatch_timed_today_is_made_shorter_as_its_description_is() -> None:
    scenario = cells.load("stapler").scenario()
    timed = Element("staple", 200.0, observed_s=(190.0, 210.0), status="measured")
    other = Element("lay slats", 50.0, observed_s=(49.0, 51.0), status="measured")
    best = replace(scenario, observed=(timed, other)).with_best_manual()
    assert best is not None
    staple, slats = best.observed
    assert staple.observed_s == pytest.approx((133.0, 147.0))  # 7 MODs where 10 were
    assert slats == other


def three() -> tuple[Comparison, Comparison]:
    """A cell (180 s, 90 of them labour, wastes 1), today (360 s, wastes 3), the best by hand (300 s, wastes 1)."""
    cell = [replication(180, 90, waste_m=1)] * 3
    return tuple(
        simulated(cell, [replication(manual_s, manual_s, waste_m=waste)] * 3)
        for manual_s, waste in ((360, 3), (300, 1))
    )  # type: ignore[return-value]


def test_what_the_cell_gains_over_today_is_split_between_the_method_and_the_cell() -> None:
    today, best = three()
    wood = [{"measure": "waste_m", "nok": certain(100)}]
    prices = economics(valued=wood, best_manual_nok_per_year=certain(2000))
    found = evaluate_economics(today, prices, None, NOK, best=best)
    assert found.best_manual is not None and found.beyond_best is not None and found.decisive is found.beyond_best
    # 1,000 units: the method saves 60 s, 8,333 NOK, and 2 m, 200,000 NOK; it costs 2,000 NOK a year
    assert found.best_manual.saving_nok == pytest.approx(60 * 1000 / 3600 * 500 + 200_000 - 2000)
    # the cell then saves 210 s more, 29,167 NOK, no wood, and what the method costs
    assert found.beyond_best.saving_by["material"] == pytest.approx(0)
    assert found.beyond_best.saving_nok == pytest.approx(210 * 1000 / 3600 * 500 + 2000)
    assert found.cell.saving_nok == pytest.approx(found.best_manual.saving_nok + found.beyond_best.saving_nok)
    assert found.beyond_best.payback_months == pytest.approx(12 * 20_000 / found.beyond_best.saving_nok)
    alone = economics_as_given(best, prices, None, NOK, is_best=True).cell
    assert alone.npv_nok == pytest.approx(economics_as_given(today, prices, None, NOK, best=best).decisive.npv_nok)


def test_without_a_best_manual_method_todays_decides() -> None:
    found = evaluate_economics(three()[0], economics(), None, NOK)
    assert found.best_manual is None and found.decisive is found.cell
    assert found.money_json()["cell_against_best_manual"] is None


def test_free_time_in_short_pieces_is_no_money() -> None:
    today, _ = three()
    free = FreeTime((30.0, 60.0) * 10, 21, 3600.0)  # as the comparison has it: half of the cell's time

    def hours(min_free_s: float, switching_s: float = 0) -> float:
        prices = economics(min_free_s=certain(min_free_s), switching_s=certain(switching_s))
        return float(evaluate_economics(today, prices, None, NOK, free=free).cell.counted_h[0])

    # today 360 s a unit; the cell 180 s, of which 90 are free, a third of them in pieces of 30 s
    assert hours(0) == pytest.approx(1000 * (360 - 90) / 3600)
    assert hours(45) == pytest.approx(1000 * (360 - 180 + 60) / 3600)
    assert hours(45, 15) == pytest.approx(1000 * (360 - 180 + 45) / 3600)
    assert hours(61) == pytest.approx(1000 * (360 - 180) / 3600)
    found = evaluate_economics(today, economics(), None, NOK, free=free)
    assert found.cell.saved_h == pytest.approx(75)  # labour that is saved stays what it is
    by_length = {each.min_free_s: float(each.counted_h[0]) for each in found.by_length}
    assert by_length[0] == pytest.approx(75) and by_length[60] == pytest.approx(1000 * 240 / 3600)
    assert by_length[120] == by_length[600] == pytest.approx(50)


def test_the_three_move_together_in_each_draw() -> None:
    # manual, cell, best: cycle time and labour of each
    moves = np.array(
        [[0.1, 0.1, 0.0, 0.0, 0.2, 0.2]]
    )  # what makes today's method 10 % slower makes the best 20 % slower
    shared = UncertaintySource("the pace", "assumed", moves)
    by_hand = [Replication(array("d", [400.0, 400.0]), 800.0) for _ in range(2)]
    of_cell = [Replication(array("d", [200.0, 200.0]), 200.0) for _ in range(2)]
    of_best = [Replication(array("d", [300.0, 300.0]), 600.0) for _ in range(2)]
    today, best = sources_of_each([shared], outcome("cell", of_cell), outcome("manual", by_hand))
    first = paired("panel", of_cell, by_hand, {}, 1, 7.5, today)
    second = paired("panel", of_cell, of_best, {}, 1, 7.5, best)
    found = evaluate_economics(first, economics(), None, best=second)
    assert found.best_manual is not None
    assert found.cell.seconds == pytest.approx(200)
    assert found.best_manual.seconds == pytest.approx(300 * (found.manual.seconds / 400) ** 2)
    assert np.ptp(found.manual.seconds) > 50


@pytest.mark.parametrize("name", ["stapler", "lacquer_mixer"])
def test_a_trial_of_three_has_the_figures_of_each_in_order(name: str) -> None:
    scenario = cells.load(name).scenario()
    figures = TrialOfThree(scenario, 1).figures(scenario)
    best = scenario.with_best_manual()
    assert best is not None
    plain = TrialOfThree(best, 1).figures(best)  # its own best method: today's
    assert {each.removeprefix("best.") for each in figures if each.startswith("best.")} == {
        each.removeprefix("manual.") for each in figures if each.startswith("manual.")
    }
    for each in figures:
        if each.startswith("best."):
            assert figures[each] == plain["manual." + each.removeprefix("best.")] == plain[each]
