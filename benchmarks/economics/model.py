"""The economics of a cell: labour saved, payback and net present value, with their uncertainty (Monte Carlo).

Money is NOK without tax, in prices of today; a year's saving comes at its end and is the same every year; at the end
of its life a machine has no value. A person's hour that is saved counts at its full cost if it comes in pieces long
enough for other work (``Economics.min_free_s``), and it must be used for that. What a machine cannot make in the
year's hours is made by hand as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from cellwright.benchmarks.comparison import SIMULATION, Comparison, figures_by_replication, is_time
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.inputs import Draws, Economics, UncertainNumber
from cellwright.benchmarks.economics.results import Alternative, AtLength, EconomicResult
from cellwright.benchmarks.economics.saving import NO_DRAWS, evaluate_alternative
from cellwright.sim import FreeTime, Measure, Streams

DRAWS = 10_000
MAX_DEVIATION = 3.0
"""No time is drawn beyond 20 times its mean, or below a 20th: two replications leave tails without end."""
LENGTHS_S = (0.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""The shortest pieces of free time for which the saving is shown."""


def evaluate_economics(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None,
    measures: Sequence[Measure] = (),
    draws: int = DRAWS,
    *,
    free: FreeTime | None = None,
    best: Comparison | None = None,
) -> EconomicResult:
    """Draw every uncertain number ``draws`` times, and the simulated means with their uncertainty.

    Every number has a stream of its own name, so all alternatives use the same prices and a further number changes no
    other.

    Args:
        comparison: The cell against today's manual method.
        economics: The costs, and the value of time and material.
        commercial: The commercial machine.
        measures: The cell's measures.
        draws: How many.
        free: The pieces of the operator's free time.
        best: The same cell against the best manual method, under the same random numbers.
    """
    numbers = numbers_of(economics, commercial)
    streams = Streams(comparison.seed, 0)
    drawn = {name: each.draw(streams[name], draws) for name, each in numbers.items()}
    means = draw_means(comparison, streams, draws)
    of_best = draw_means(best, Streams(comparison.seed, 0), draws) if best else NO_DRAWS
    return _evaluate(comparison, economics, commercial, measures, drawn, means, free, best, of_best)


def economics_as_given(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None = None,
    measures: Sequence[Measure] = (),
    changed: Mapping[str, float] = MappingProxyType({}),
    *,
    free: FreeTime | None = None,
    best: Comparison | None = None,
    is_best: bool = False,
) -> EconomicResult:
    """The same without random draws: every number at its value, the simulated means as they are; arrays of one draw.

    changed: other values by the numbers' names ("economics.lifetime_years"). is_best: the manual method of
    ``comparison`` is the best one already.
    """
    numbers = numbers_of(economics, commercial)
    drawn = {name: np.full(1, changed.get(name, each.value)) for name, each in numbers.items()}
    means, of_best = _means(comparison), _means(best) if best else NO_DRAWS
    return _evaluate(comparison, economics, commercial, measures, drawn, means, free, best, of_best, is_best)


def npv_by_replication_nok(
    comparison: Comparison,
    economics: Economics,
    measures: Sequence[Measure],
    *,
    free: FreeTime | None = None,
    is_best: bool = False,
) -> Draws:
    """The cell's net present value with every number at its value and the means of each replication, NOK."""
    drawn = {name: np.full(1, each.value) for name, each in numbers_of(economics, None).items()}
    means = np.array(list(figures_by_replication(comparison.cell, comparison.manual).values())).T
    result = _evaluate(comparison, economics, None, measures, drawn, means, free, None, NO_DRAWS, is_best)
    return result.cell.npv_nok


def _evaluate(
    comparison: Comparison,
    economics: Economics,
    commercial: Commercial | None,
    measures: Sequence[Measure],
    drawn: Mapping[str, Draws],
    means: Draws,
    free: FreeTime | None,
    best: Comparison | None,
    means_of_best: Draws,
    is_best: bool = False,
) -> EconomicResult:
    investment_nok = investment(economics, drawn)
    manual, cell = _simulated(comparison, drawn, investment_nok, means, free)
    worth = _values_of_measures(measures, economics, drawn)
    machine = commercial_alternative(commercial, drawn) if commercial and not commercial.why_left_out else None
    method_nok = drawn.get("economics.best_manual_nok_per_year", NO_DRAWS)
    against_manual = evaluate_alternative(manual, cell, drawn, worth, method_nok if is_best else NO_DRAWS)
    by_best, beyond_best, baseline = None, None, (manual, cell, NO_DRAWS)
    if best is not None:
        by_hand, same_cell = _simulated(best, drawn, investment_nok, means_of_best, free)
        by_hand = replace(by_hand, years=cell.years)
        by_best = evaluate_alternative(manual, by_hand, drawn, worth, -method_nok, against_manual.units)
        beyond_best = evaluate_alternative(by_hand, same_cell, drawn, worth, method_nok)
        baseline = (by_hand, same_cell, method_nok)
    return EconomicResult(
        manual,
        against_manual,
        evaluate_alternative(manual, machine, drawn, worth) if machine else None,
        commercial.why_left_out if commercial else "",
        comparison.provenance | {name: each.status for name, each in numbers_of(economics, commercial).items()},
        by_best,
        beyond_best,
        tuple(at_length(each, *baseline, drawn, worth) for each in LENGTHS_S),
        free,
    )


def at_length(
    min_free_s: float,
    manual: Alternative,
    cell: Alternative,
    method_nok: Draws,
    drawn: Mapping[str, Draws],
    worth: Mapping[str, Draws],
) -> AtLength:
    """The cell against a manual method, if free time counts in pieces of at least ``min_free_s``."""
    at_that = {**drawn, "economics.min_free_s": np.full(1, min_free_s)}
    found = evaluate_alternative(manual, cell, at_that, worth, method_nok)
    return AtLength(min_free_s, found.counted_h, found.saving_nok, found.npv_nok)


def numbers_of(economics: Economics, commercial: Commercial | None) -> dict[str, UncertainNumber]:
    """Every number of both files by its name."""
    return dict(economics.numbers("economics")) | (dict(commercial.numbers("commercial")) if commercial else {})


def investment(economics: Economics, drawn: Mapping[str, Draws]) -> Draws:
    """Parts, and the hours to build the cell from them, NOK."""
    parts_nok = sum(part.quantity * drawn[f"economics.parts.{part.key}.price_nok"] for part in economics.parts)
    return np.asarray(parts_nok + drawn["economics.building_h"] * drawn["economics.building_nok_per_h"])


def _values_of_measures(
    measures: Sequence[Measure], economics: Economics, drawn: Mapping[str, Draws]
) -> dict[str, Draws]:
    """The value of one unit of each measure, NOK: 1 if the unit is NOK, unless the file states another."""
    own = {measure.name: np.ones(1) for measure in measures if measure.unit == "NOK"}
    return own | {each.measure: drawn[f"economics.valued.{each.key}.nok"] for each in economics.valued}


def _simulated(
    comparison: Comparison,
    drawn: Mapping[str, Draws],
    investment_nok: Draws,
    simulated: Draws,
    free: FreeTime | None,
) -> tuple[Alternative, Alternative]:
    """Manual method and cell as simulated; ``simulated``: their means, drawn together, so that pairs stay pairs."""
    both = (comparison.manual, comparison.cell)
    means = iter(simulated.T)
    (manual_s, manual_labour_s, of_manual), (cell_s, cell_labour_s, of_cell) = (
        (
            next(means),
            next(means),
            {name: next(means) for name in outcome.measures},
        )
        for outcome in both
    )
    manual = Alternative(manual_s, manual_labour_s, drawn["economics.scrap_by_hand_percent"] / 100, of_manual)
    return manual, Alternative(
        cell_s,
        cell_labour_s,
        drawn["economics.scrap_by_cell_percent"] / 100,
        of_cell,
        investment_nok,
        drawn["economics.power_w"],
        drawn["economics.maintenance_percent"] / 100,
        drawn["economics.lifetime_years"],
        free,
        comparison.cell.cycle_time_s.mean - comparison.cell.labour_s_per_unit.mean,
    )


def _means(comparison: Comparison) -> Draws:
    """The means of both methods, shape (1, columns)."""
    columns = figures_by_replication(comparison.cell, comparison.manual)
    return np.array([[np.mean(values) for values in columns.values()]])


def draw_means(comparison: Comparison, streams: Streams, draws: int) -> Draws:
    """Draws of the true means of both methods, shape (draws, columns), over all that is not known of them.

    What moves both, such as the time of an element of work that both have, moves both in the same draw. One
    replication gives no noise, so its means are treated as certain but for the inputs.
    """
    budget = comparison.budget
    names = {each.name: f"uncertain {each.name}" for each in budget.sources} | {SIMULATION: "simulated means"}
    drawn = budget.draw({name: streams[stream] for name, stream in names.items()}, draws)
    means = _means(comparison)
    times = np.array([is_time(column) for column in budget.columns])
    as_shares = np.clip(drawn, -MAX_DEVIATION, MAX_DEVIATION)
    return np.asarray(np.where(times, means * np.exp(as_shares), means + drawn))


def commercial_alternative(machine: Commercial, drawn: Mapping[str, Draws]) -> Alternative:
    """The commercial machine, with the measures that it states."""
    stated = {each.measure: drawn[f"commercial.stated.{each.key}.figure"] for each in machine.stated}
    return Alternative(
        drawn["commercial.seconds_per_unit"],
        drawn["commercial.labour_s_per_unit"],
        drawn["commercial.scrap_percent"] / 100,
        stated,
        drawn["commercial.price_nok"],
        drawn["commercial.power_w"],
        drawn["commercial.maintenance_percent"] / 100,
        drawn["commercial.lifetime_years"],
    )
