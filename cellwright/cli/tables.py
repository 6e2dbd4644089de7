"""Tables on a terminal, never wider than 80 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from cellwright.benchmarks import Comparison, Outcome
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.cli.terminal import WIDTH, console
from cellwright.sim import Estimate, Measure, Precision, Scenario, WarmUp
from cellwright.sim.sequential import noise_percent
from cellwright.sim.warm_up import MIN_CYCLES


def format_estimate(estimate: Estimate, digits: int = 1) -> str:
    """A mean with its 95 % confidence interval, if it has one."""

    def shown(value: float) -> str:
        return f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: no minus before a zero

    if estimate.ci95_low is None or estimate.ci95_high is None:
        return shown(estimate.mean)
    return f"{shown(estimate.mean)} ({shown(estimate.ci95_low)} to {shown(estimate.ci95_high)})"


def print_outcome(
    result: Outcome, unit: str, replications: int, shift_hours: float, measures: Sequence[Measure] = ()
) -> None:
    """Print the figures of one cell."""
    title = (
        f"{result.name}: {result.cycles} cycles in {pluralize(replications, 'replication')}\n"
        "mean (95 % interval, simulation noise only)"
    )
    table = Table("", result.name, title=title, title_justify="left", min_width=60)
    for row in [*_rows([result], unit, shift_hours), *_measure_rows([result], measures)]:
        table.add_row(*row)
    console().print(table)
    _print_warm_up_warnings([("the cell", result)])
    _print_if_single(replications)


def print_comparison(
    comparison: Comparison,
    shared: Sequence[str],
    measures: Sequence[Measure] = (),
    commercial: Commercial | None = None,
    best: Comparison | None = None,
) -> None:
    """Print a cell, the manual methods and a commercial machine, the differences, and the status of the inputs.

    best: the same cell against the best manual method.
    """
    out = console()
    title = (
        f"{percent_sentence(comparison.less_time_percent, 'less', 'more', 'time')}, over all that is not known\n"
        f"{comparison.cell.cycles} {comparison.unit}s by the cell, {comparison.manual.cycles} by hand, in "
        f"{pluralize(comparison.replications, 'replication')}; mean (95 % interval)"
    )
    heads = ("cell", "manual", *(["best manual"] if best else []), *(["commercial"] if commercial else []))
    table = Table("", *heads, title=title, title_justify="left", width=WIDTH)
    methods = [comparison.cell, comparison.manual, *([best.manual] if best else [])]
    for row in [*_rows(methods, comparison.unit, comparison.shift_hours), *_measure_rows(methods, measures)]:
        table.add_row(*row, *([_commercial_value(row[0], commercial, comparison, measures)] if commercial else []))
    out.print(table)
    out.print(verdict(comparison), style="bold")
    if commercial:
        out.print(_commercial_sentence(commercial, comparison))
    labour = percent_sentence(comparison.less_labour_percent, "less", "more", "time")
    _print_uncertainty(out, comparison)
    out.print(f"The operator spends {labour} on each {comparison.unit}.")
    for measure in measures:
        if measure.name in comparison.less_measured:
            out.print(measure_sentence(measure, comparison.less_measured[measure.name], comparison.unit))
    _print_states(out, comparison)
    inputs = Counter(comparison.provenance.values())
    statuses = ", ".join(f"{inputs[status]} {status}" for status in sorted(inputs))
    out.print(f"Inputs: {statuses}. --json lists them one by one.")
    if shared:
        out.print("Work that is the same in both, timed once: " + ", ".join(shared) + ".")
    if not inputs["measured"]:
        out.print("No input was measured at a firm: time the manual work with a stopwatch and use --manual FILE.csv.")
    _print_warm_up_warnings([("the cell", comparison.cell), ("the manual method", comparison.manual)])
    _print_if_single(comparison.replications)


def print_best_manual(scenario: Scenario, best: Comparison | None) -> None:
    """Say what the best manual method is, and what the cell saves against it; nothing where there is none."""
    method = scenario.study.best_manual
    if best is None or method is None:
        return
    time = percent_sentence(best.less_time_percent, "less", "more", f"time for each {best.unit}")
    labour = percent_sentence(best.less_labour_percent, "less", "more", "labour")
    out = console()
    out.print(f"Best manual method: {method.name}. Against it the cell takes {time}, and {labour}.", style="bold")
    for measure in scenario.study.measures:
        if measure.name in best.less_measured:
            out.print(measure_sentence(measure, best.less_measured[measure.name], best.unit))
    out.print(f"It rests on this: {method.note}.")


def _print_uncertainty(out: Console, comparison: Comparison) -> None:
    """What the intervals are over, and what makes them wide."""
    noise = comparison.less_time_noise_percent
    if noise is None:
        return
    shares = [f"{100 * share:.0f} % {name}" for name, share in comparison.less_time_shares.items() if share >= 0.05]
    out.print(
        "In brackets: where the figure lies in 95 of 100 cases, if timed work is as uncertain as its cycles show, "
        "predetermined times are off by what is stated, and each assumed input by up to 10 %. "
        f"What makes the first interval wide: {', '.join(shares)}. More replications narrow only the simulation's own "
        f"noise, ±{noise:.2g} percentage points."
    )


def _commercial_value(row: str, commercial: Commercial, comparison: Comparison, measures: Sequence[Measure]) -> str:
    """The commercial machine's figure in a row of the table, with its lowest and highest value in brackets."""
    unit, seconds, labour = comparison.unit, commercial.seconds_per_unit, commercial.labour_s_per_unit
    slow_to_fast = (seconds.value, seconds.highest, seconds.lowest)
    rows = {
        "cycle time, s": _range_text(seconds.value, seconds.lowest, seconds.highest),
        f"{unit}s an hour": _range_text(*(3600 / each for each in slow_to_fast)),
        f"{unit}s a shift ({comparison.shift_hours:g} h)": f"{comparison.shift_hours * 3600 / seconds.value:.1f}",
        f"labour a {unit}, s": _range_text(labour.value, labour.lowest, labour.highest),
    }
    for measure in measures:
        stated = commercial.stated_figure(measure.name)
        figure = _range_text(stated.value, stated.lowest, stated.highest) if stated else "as by hand"
        rows[f"{measure.words}, {measure.unit}"] = figure
    return rows.get(row, "-")


def _range_text(value: float, low: float, high: float) -> str:
    return f"{value:.3g}" if low == high else f"{value:.3g} ({low:.3g} to {high:.3g})"


def _commercial_sentence(commercial: Commercial, comparison: Comparison) -> str:
    """A description of the commercial machine: its time against the manual method, and the sources of its times."""
    seconds, labour = commercial.seconds_per_unit, commercial.labour_s_per_unit
    manual_s = comparison.manual.cycle_time_s.mean
    value, low, high = (100 * (1 - each / manual_s) for each in (seconds.value, seconds.highest, seconds.lowest))
    difference = percent_sentence(Estimate(value, low, high), "less", "more", "time")
    return (
        f"Commercial machine: {commercial.machine}, {difference} than by hand. It is not simulated; in brackets: "
        f"lowest to highest. Its time is {seconds.status}: {seconds.source}. "
        f"The labour time is {labour.status}: {labour.source}. {commercial.difference}"
    ).rstrip()


def verdict(comparison: Comparison) -> str:
    """The difference in one sentence, both ways."""
    time = percent_sentence(comparison.less_time_percent, "less", "more", f"time for each {comparison.unit}")
    output = percent_sentence(comparison.more_output_percent, "more", "less", "output")
    return f"The cell takes {time}: {output}."


def percent_sentence(estimate: Estimate, more: str, less: str, of: str) -> str:
    """A difference in words: "12.3 % less time (10.1 to 14.5)"; a negative figure swaps ``more`` and ``less``."""
    sign, word = (1, more) if estimate.mean >= 0 else (-1, less)
    text = f"{sign * estimate.mean:.1f} % {word} {of}"
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return text
    low, high = sorted((sign * estimate.ci95_low, sign * estimate.ci95_high))
    return f"{text} ({low:.1f} to {high:.1f})"


def measure_sentence(measure: Measure, less: Estimate, unit: str) -> str:
    """A difference in a measure in one sentence."""
    sign, word = (1, "less") if less.mean >= 0 else (-1, "more")
    low, high = (None, None) if less.ci95_low is None or less.ci95_high is None else (less.ci95_low, less.ci95_high)
    sure = "" if low is None or high is None else " ({:.3g} to {:.3g})".format(*sorted((sign * low, sign * high)))
    words = measure.words[:1].upper() + measure.words[1:]
    of = measure.unit if measure.unit != "%" else "percentage points"
    return f"{words}: by the cell {sign * less.mean:.3g} {of} {word} a {unit} than by hand{sure}."


def shared_work(scenario: Scenario) -> list[str]:
    """The elements of work that occur both in the manual method and in tending the cell."""
    by_hand = {element.name for element in scenario.manual_elements()}
    return [element.name for element in scenario.tending() if element.name in by_hand]


def _rows(outcomes: Sequence[Outcome], unit: str, shift_hours: float) -> list[tuple[str, ...]]:
    spread = [np.percentile(each.cycle_times_s, (5, 95)) for each in outcomes]
    causes = sorted({cause for each in outcomes for cause in each.stops})
    of_shifts = [(each.stops, float(each.cycle_times_s.sum()) / 3600 / shift_hours) for each in outcomes]
    return [
        ("cycle time, s", *(format_estimate(each.cycle_time_s) for each in outcomes)),
        ("  5th-95th percentile, s", *(f"{low:.0f} to {high:.0f}" for low, high in spread)),
        (f"{unit}s an hour", *(format_estimate(each.units_per_hour, 2) for each in outcomes)),
        (
            f"{unit}s a shift ({shift_hours:g} h)",
            *(f"{each.units_per_hour.mean * shift_hours:.1f}" for each in outcomes),
        ),
        (f"labour a {unit}, s", *(format_estimate(each.labour_s_per_unit) for each in outcomes)),
        *(
            (f"{cause}, a shift", *(f"{stops.get(cause, 0) / shift:.1f}" for stops, shift in of_shifts))
            for cause in causes
        ),
    ]


def _measure_rows(outcomes: Sequence[Outcome], measures: Sequence[Measure]) -> list[tuple[str, ...]]:
    shown = [measure for measure in measures if any(measure.name in each.measures for each in outcomes)]
    return [
        row
        for measure in shown
        for row in (
            (f"{measure.words}, {measure.unit}", *(_measure_mean(each, measure) for each in outcomes)),
            (f"  5th-95th percentile, {measure.unit}", *(_percentiles(each, measure) for each in outcomes)),
        )
    ]


def _measure_mean(each: Outcome, measure: Measure) -> str:
    return format_estimate(each.measures[measure.name].mean, 2) if measure.name in each.measures else "-"


def _percentiles(each: Outcome, measure: Measure) -> str:
    if measure.name not in each.measures:
        return "-"
    distribution = each.measures[measure.name]
    return f"{distribution.p5:.2f} to {distribution.p95:.2f}"


def _print_states(out: Console, comparison: Comparison) -> None:
    for title, each in (("Cell", comparison.cell), ("Manual", comparison.manual)):
        spent = sorted(each.time_in_state_s.items(), key=lambda item: -item[1])
        parts = ", ".join(f"{state} {seconds:.0f}" for state, seconds in spent if seconds >= 0.5)
        out.print(f"{title}, s a {comparison.unit}: {parts}.")


def pluralize(number: int, what: str) -> str:
    """A number and its noun: "1 panel", "2 panels"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _print_warm_up_warnings(outcomes: Sequence[tuple[str, Outcome]]) -> None:
    tested = [(name, each.warm_up()) for name, each in outcomes if len(each.means_s) > 1]
    for name, warm_up in tested:
        if warm_up.was_enough is False:
            console().print(warm_up_warning(name, warm_up))
    if any(warm_up.was_enough is None for _, warm_up in tested):
        left_out = tested[0][1].left_out
        console().print(
            f"Too few cycles to test whether a warm-up of {left_out} is enough; the test needs {MIN_CYCLES}."
        )


def warm_up_warning(name: str, warm_up: WarmUp) -> str:
    """The effect of a warm-up that was too short, and the remedy, in one sentence."""
    if warm_up.further_cycles is None:
        return (
            f"The cycle times of {name} have not settled in half of {warm_up.cycles} cycles (MSER-5): simulate longer, "
            "or read the mean as that of the start."
        )
    return (
        f"The warm-up of {warm_up.left_out} cycles was too short for {name}: without the next {warm_up.further_cycles} "
        f"a cycle takes {warm_up.mean_s:.1f} s, which is outside the interval of the simulation's noise (MSER-5); "
        "simulate longer, to reduce the weight of the start."
    )


def print_precision(rule: Precision | None, figures: Sequence[str], *means_s: Sequence[float]) -> None:
    """Whether the simulation's noise got as small as was asked, in one sentence; nothing if that was not asked.

    figures: the names of what the noise is of, as ``noise_percent`` has them.
    """
    if rule is None:
        return
    units = [*["%"] * len(means_s), "percentage points"]
    noise = zip(noise_percent(*means_s), units, figures, strict=False)
    found = ", ".join(f"±{each:.2g} {unit} of {name}" for each, unit, name in noise)
    count = len(means_s[0])
    if rule.is_reached(*means_s):
        text = f"Stopped after {count} replications: the simulation's noise is at most {rule.percent:g} %: {found}."
    else:
        text = (
            f"The simulation's noise is not within {rule.percent:g} % after {count} replications, which is the most: "
            f"{found}. Simulate longer with --hours, or ask for less."
        )
    console().print(text)


def print_comparison_precision(rule: Precision | None, comparison: Comparison) -> None:
    """The same of a comparison."""
    figures = ("the cell's cycle time", "the manual method's", "the time saved")
    print_precision(rule, figures, comparison.cell.means_s, comparison.manual.means_s)


def _print_if_single(replications: int) -> None:
    if replications == 1:
        console().print("One replication gives no interval; use --replications 20.")
