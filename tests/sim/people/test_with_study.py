"""How the times of a study enter the manual method and the work at the cell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cellwright import cells
from cellwright.sim import Element, Scenario

STAPLER = cells.load("stapler").scenario()


def observed(name: str, sums_s: tuple[float, ...], *times_s: float) -> Element:
    counts = tuple(int(seconds > 0) for seconds in sums_s)
    mean_s = sum(times_s) / len(times_s)
    return Element(
        name, mean_s, per_unit=len(times_s) / len(sums_s), observed_s=times_s, cycle_sums_s=sums_s, cycle_counts=counts
    )


def by_name(elements: list[Element]) -> dict[str, Element]:
    return {element.name: element for element in elements}


def timed(scenario: Scenario, *elements: Element) -> Scenario:
    return replace(scenario, observed=elements)


def test_elements_that_nobody_timed_keep_their_predetermined_times() -> None:
    scenario = timed(STAPLER, observed("staple", (300, 310), 300, 310))
    manual = by_name(scenario.manual_elements())
    assert list(manual) == [element.name for element in STAPLER.manual_elements()]
    assert manual["staple"].observed_s == (300, 310) and manual["staple"].name_nb == "stifte"
    assert manual["lay slats"] == by_name(STAPLER.manual_elements())["lay slats"]
    assert scenario.untimed() == [name for name in manual if name != "staple"] and STAPLER.untimed() == []


def test_work_of_tending_alone_is_no_work_by_hand_and_unknown_work_is() -> None:
    scenario = timed(STAPLER, observed("press start", (3, 4), 3, 4), observed("inspect", (9, 8), 9, 8))
    assert "press start" not in by_name(scenario.manual_elements())
    assert by_name(scenario.tending())["press start"].observed_s == (3, 4)
    assert scenario.manual_elements()[-1].name == "inspect" and "inspect" not in by_name(scenario.tending())


def test_a_refill_is_an_occurrence_and_the_felt_is_a_units_work() -> None:
    refill = observed("refill", (32, 0, 20), 18, 14, 20)
    felt = observed("fetch felt", (14, 16, 15), 14, 10, 6, 15)
    scenario = timed(STAPLER, refill, felt)
    manual, tending = by_name(scenario.manual_elements()), by_name(scenario.tending())
    assert (manual["refill"].mean_s, manual["refill"].per_unit) == (pytest.approx(52 / 3), 1.0)
    assert tending["refill"].observed_s == (18, 14, 20)
    assert tending["fetch felt"].observed_s == (14, 16, 15) and tending["fetch felt"].per_unit == 1
    assert manual["fetch felt"].mean_s * manual["fetch felt"].per_unit == pytest.approx(15)


def test_a_logs_sawing_is_shared_among_the_cuts_that_the_tape_calls_for() -> None:
    tape = cells.load("digital_tape").scenario()
    by_hand, at_cell = (by_name(each)["saw"].mean_s for each in (tape.manual_elements(), tape.tending()))
    scenario = timed(tape, observed("saw", (2 * by_hand, 2 * by_hand), 2 * by_hand, 2 * by_hand))
    assert by_name(scenario.tending())["saw"].mean_s == pytest.approx(2 * at_cell)
    assert at_cell < by_hand
