"""How ``compare``, ``economics`` and ``report`` show the stopwatch study that ``--manual`` names."""

from __future__ import annotations

from cellwright.benchmarks import Comparison
from cellwright.benchmarks.experiments.manual_times import TimedScenario
from cellwright.cli.terminal import console


def print_study(timed: TimedScenario) -> None:
    """Print the sentences on a study in bold: nobody may overlook that times are missing or not measured."""
    for line in timed.lines():
        console().print(line, style="bold")


def outlier_effect_sentence(kept: Comparison, without: Comparison) -> str:
    """What the comparison is without the outliers of the study, beside what it is with them."""
    manual = f"{without.manual.cycle_time_s.mean:.1f} s by hand instead of {kept.manual.cycle_time_s.mean:.1f}"
    cell = f"{without.cell.cycle_time_s.mean:.1f} s at the cell instead of {kept.cell.cycle_time_s.mean:.1f}"
    percents = without.less_time_percent.mean, kept.less_time_percent.mean
    word = "more" if percents[0] < 0 else "less"
    now, before = (percent if word == "less" else -percent for percent in percents)
    less = f"{now:.1f} % {word} time instead of {before:.1f} %"
    return f"Without the outliers a {kept.unit} takes {manual} and {cell}: {less}."
