"""Tables on a terminal, never wider than 80 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from rich.console import Console
from rich.table import Table

from cellwright.benchmarks import Comparison, Outcome
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.sim import Estimate, Measure, Scenario, WarmUp
from cellwright.sim.warm_up import MIN_CYCLES

WIDTH = 80


def console(stderr: bool = False) -> Console:
    """Standard output (or error), at most 80 columns wide."""
    out = Console(highlight=False, stderr=stderr)
    out.width = min(WIDTH, out.width) if out.is_terminal else WIDTH
    return out


@contextmanager
def busy(words: str) -> Iterator[None]:
    """Shows on a terminal that something is under way that may take seconds, such as planning a long cut list."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield
        return
    with err.status(f"{words} …"):
        yield


def interval(estimate: Estimate, digits: int = 1) -> str:
    """A mean with its 95 % interval, as far as there is one."""

    def shown(value: float) -> str:
        return f"{round(value, digits) + 0.0:.{digits}f}"  # + 0.0: no minus before a zero

    if estimate.ci95_low is None or estimate.ci95_high is None:
        return shown(estimate.mean)
    return f"{shown(estimate.mean)} ({shown(estimate.ci95_low)} to {shown(estimate.ci95_high)})"


def print_outcome(
    result: Outcome, unit: str, replications: int, shift_hours: float, measures: Sequence[Measure] = ()
) -> None:
    """What one cell does."""
    title = f"{result.name}: {result.cycles} cycles in {counted(replications, 'replication')}, mean (95 % interval)"
    table = Table("", result.name, title=title, title_justify="left", min_width=60)
    for row in [*_rows([result], unit, shift_hours), *_measure_rows([result], measures)]:
        table.add_row(*row)
    console().print(table)
    _print_of_the_warm_up([("the cell", result)])
    _print_if_single(replications)


def print_comparison(
    comparison: Comparison, shared: Sequence[str], measures: Sequence[Measure] = (), bought: Commercial | None = None
) -> None:
    """A cell beside the hand and a machine to buy, the differences, and where the inputs come from."""
    out = console()
    title = (
        f"{comparison.cell.cycles} {comparison.unit}s by the cell, {comparison.manual.cycles} by hand, in "
        f"{counted(comparison.replications, 'replication')}; mean (95 % interval)"
    )
    heads = ("cell", "hand", *(["to buy"] if bought else []))
    table = Table("", *heads, title=title, title_justify="left", width=WIDTH)
    both = [comparison.cell, comparison.manual]
    for row in [*_rows(both, comparison.unit, comparison.shift_hours), *_measure_rows(both, measures)]:
        table.add_row(*row, *([_to_buy(row[0], bought, comparison, measures)] if bought else []))
    out.print(table)
    out.print(f"[bold]{verdict(comparison)}[/bold]")
    if bought:
        out.print(_about(bought, comparison))
    labour = percent(comparison.less_labour_percent, "less", "more", "time")
    out.print(f"The person spends {labour} on each {comparison.unit}.")
    for measure in measures:
        if measure.name in comparison.less_measured:
            out.print(saving(measure, comparison.less_measured[measure.name], comparison.unit))
    _print_states(out, comparison)
    inputs = Counter(comparison.provenance.values())
    statuses = ", ".join(f"{inputs[status]} {status}" for status in sorted(inputs))
    out.print(f"Inputs: {statuses}. --json lists them one by one.")
    if shared:
        out.print("Timed once for hand and cell, as the same work: " + ", ".join(shared) + ".")
    if not inputs["measured"]:
        out.print("Nothing here was measured at a firm: time the hand with a stopwatch, and use --manual FILE.csv.")
    _print_of_the_warm_up([("the cell", comparison.cell), ("the hand", comparison.manual)])
    _print_if_single(comparison.replications)


def _to_buy(row: str, bought: Commercial, comparison: Comparison, measures: Sequence[Measure]) -> str:
    """What the machine to buy has in a row of the table: as its file says, lowest to highest in brackets."""
    unit, seconds, labour = comparison.unit, bought.seconds_per_unit, bought.labour_s_per_unit
    slow_to_fast = (seconds.value, seconds.highest, seconds.lowest)
    rows = {
        "cycle time, s": _between(seconds.value, seconds.lowest, seconds.highest),
        f"{unit}s an hour": _between(*(3600 / each for each in slow_to_fast)),
        f"{unit}s a shift ({comparison.shift_hours:g} h)": f"{comparison.shift_hours * 3600 / seconds.value:.1f}",
        f"person's time a {unit}, s": _between(labour.value, labour.lowest, labour.highest),
    }
    for measure in measures:
        stated = bought.stated_of(measure.name)
        figure = _between(stated.value, stated.lowest, stated.highest) if stated else "as by hand"
        rows[f"{measure.words}, {measure.unit}"] = figure
    return rows.get(row, "-")


def _between(value: float, low: float, high: float) -> str:
    return f"{value:.3g}" if low == high else f"{value:.3g} ({low:.3g} to {high:.3g})"


def _about(bought: Commercial, comparison: Comparison) -> str:
    """What the machine to buy is, how much less time it takes than the hand, and where its times come from."""
    seconds, labour = bought.seconds_per_unit, bought.labour_s_per_unit
    manual_s = comparison.manual.cycle_time_s.mean
    value, low, high = (100 * (1 - each / manual_s) for each in (seconds.value, seconds.highest, seconds.lowest))
    found = percent(Estimate(value, low, high), "less", "more", "time")
    return (
        f"To buy: {bought.machine}, {found} than the hand. It is not simulated; in brackets: lowest to highest. "
        f"Its time is {seconds.status}: {seconds.source}. The person's is {labour.status}: {labour.source}."
    )


def verdict(comparison: Comparison) -> str:
    """The difference in one sentence, both ways."""
    time = percent(comparison.less_time_percent, "less", "more", f"time for each {comparison.unit}")
    output = percent(comparison.more_output_percent, "more", "less", "output")
    return f"The cell takes {time}: {output}."


def percent(estimate: Estimate, more: str, less: str, of: str) -> str:
    """A difference in words: "12.3 % less time (10.1 to 14.5)"; negative figures turn the word round."""
    sign, word = (1, more) if estimate.mean >= 0 else (-1, less)
    text = f"{sign * estimate.mean:.1f} % {word} {of}"
    if estimate.ci95_low is None or estimate.ci95_high is None:
        return text
    low, high = sorted((sign * estimate.ci95_low, sign * estimate.ci95_high))
    return f"{text} ({low:.1f} to {high:.1f})"


def saving(measure: Measure, less: Estimate, unit: str) -> str:
    """A difference in a measure in one sentence."""
    sign, word = (1, "less") if less.mean >= 0 else (-1, "more")
    low, high = (None, None) if less.ci95_low is None or less.ci95_high is None else (less.ci95_low, less.ci95_high)
    sure = "" if low is None or high is None else " ({:.3g} to {:.3g})".format(*sorted((sign * low, sign * high)))
    words = measure.words[:1].upper() + measure.words[1:]
    of = measure.unit if measure.unit != "%" else "percentage points"
    return f"{words}: by the cell {sign * less.mean:.3g} {of} {word} a {unit} than by hand{sure}."


def shared_work(scenario: Scenario) -> list[str]:
    """Elements that the hand does, and the person who tends the cell as well."""
    by_hand = {element.name for element in scenario.manual_elements()}
    return [element.name for element in scenario.tending() if element.name in by_hand]


def _rows(outcomes: Sequence[Outcome], unit: str, shift_hours: float) -> list[tuple[str, ...]]:
    spread = [np.percentile(each.cycle_times_s, (5, 95)) for each in outcomes]
    causes = sorted({cause for each in outcomes for cause in each.stops})
    of_shifts = [(each.stops, float(each.cycle_times_s.sum()) / 3600 / shift_hours) for each in outcomes]
    return [
        ("cycle time, s", *(interval(each.cycle_time_s) for each in outcomes)),
        ("  9 cycles of 10, s", *(f"{low:.0f} to {high:.0f}" for low, high in spread)),
        (f"{unit}s an hour", *(interval(each.units_per_hour, 2) for each in outcomes)),
        (
            f"{unit}s a shift ({shift_hours:g} h)",
            *(f"{each.units_per_hour.mean * shift_hours:.1f}" for each in outcomes),
        ),
        (f"person's time a {unit}, s", *(interval(each.labour_s_per_unit) for each in outcomes)),
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
            (f"{measure.words}, {measure.unit}", *(_measured(each, measure) for each in outcomes)),
            (f"  9 units of 10, {measure.unit}", *(_middle(each, measure) for each in outcomes)),
        )
    ]


def _measured(each: Outcome, measure: Measure) -> str:
    return interval(each.measures[measure.name].mean, 2) if measure.name in each.measures else "-"


def _middle(each: Outcome, measure: Measure) -> str:
    if measure.name not in each.measures:
        return "-"
    found = each.measures[measure.name]
    return f"{found.p5:.2f} to {found.p95:.2f}"


def _print_states(out: Console, comparison: Comparison) -> None:
    for title, each in (("Cell", comparison.cell), ("Hand", comparison.manual)):
        spent = sorted(each.time_in_state_s.items(), key=lambda item: -item[1])
        parts = ", ".join(f"{state} {seconds:.0f}" for state, seconds in spent if seconds >= 0.5)
        out.print(f"{title}, s a {comparison.unit}: {parts}.")


def counted(number: int, what: str) -> str:
    """A number of things in words: "1 panel", "2 panels"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _print_of_the_warm_up(outcomes: Sequence[tuple[str, Outcome]]) -> None:
    judged = [(who, each.warm_up()) for who, each in outcomes if len(each.means_s) > 1]
    for who, warm_up in judged:
        if warm_up.was_enough is False:
            console().print(too_short(who, warm_up))
    if any(warm_up.was_enough is None for _, warm_up in judged):
        left_out = judged[0][1].left_out
        console().print(f"Too few cycles to judge whether leaving out {left_out} is enough: {MIN_CYCLES} can tell.")


def too_short(who: str, warm_up: WarmUp) -> str:
    """What a warm-up that was too short did to the mean, and what helps, in one sentence."""
    if warm_up.further_cycles is None:
        return (
            f"The cycle times of {who} have not settled in half of {warm_up.cycles} cycles (MSER-5): simulate longer, "
            "or take the mean for that of the start."
        )
    return (
        f"The warm-up of {warm_up.left_out} cycles was too short for {who}: without the next {warm_up.further_cycles} "
        f"a cycle takes {warm_up.mean_s:.1f} s, which is outside the interval above (MSER-5); simulate longer, so that "
        "the start weighs less."
    )


def _print_if_single(replications: int) -> None:
    if replications == 1:
        console().print("One replication gives no interval; use --replications 20.")
