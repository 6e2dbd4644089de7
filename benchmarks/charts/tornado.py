"""A tornado chart: the inputs that a result depends on, the most important on top."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from cellwright.benchmarks.charts.style import CELL, CHANCE, FAINT, INK, MANUAL, drawing, plain, short
from cellwright.benchmarks.charts.sweep import figure_label
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange, ranked

MAX_BARS = 12


def tornado(ranges: Sequence[SensitivityRange], base: float, figure: str, share: float, replications: int) -> Figure:
    """Bars from the result with an input smaller to that with it larger. share: by how much, 0 to 1."""
    shown = [each for each in ranked(ranges, base) if each.width(base) > 0][:MAX_BARS]
    with drawing():
        drawn = Figure(figsize=(6.8, 1.6 + 0.34 * max(1, len(shown))), layout="constrained")
        axes = drawn.subplots()
        drawn.suptitle(finding(ranges, base, share), x=0.01, ha="left", weight="bold", size=12)
        for level, each in enumerate(reversed(shown)):
            for (end, is_clear), colour in zip(each.ends(base), (MANUAL, CELL), strict=True):
                if end is not None:
                    shade = colour if is_clear else CHANCE
                    axes.barh(level, end - base, left=base, height=0.62, color=shade, alpha=0.8)
        axes.axvline(base, color=INK, linewidth=1.2)
        axes.set_yticks(range(len(shown)), [f"{each.name} ({each.status})" for each in reversed(shown)])
        axes.set_xlabel(figure_label(figure))
        drawn.supxlabel(
            f"Orange: the input {100 * share:g} % smaller; blue: larger. Line: {short(base)}, all inputs unchanged.\n"
            f"{_chance_note(shown, base)}"
            f"{replications} simulated runs each; {len(ranges)} inputs tried, the {len(shown)} that matter most shown.",
            x=0.01, ha="left", size=9.5, color=FAINT,
        )  # fmt: skip
        plain(axes)
    return drawn


def _chance_note(shown: Sequence[SensitivityRange], base: float) -> str:
    ends = [end for each in shown for end in each.ends(base)]
    if all(is_clear for end, is_clear in ends if end not in (None, base)):
        return ""
    return "Grey: may be chance; the 95 % interval of the difference, run by run, includes 0.\n"


def finding(ranges: Sequence[SensitivityRange], base: float, share: float) -> str:
    """The most important input, and whether any single input reverses the result, in two lines."""
    order = ranked(ranges, base)
    if not order or order[0].width(base) == 0:
        return "No input changes the result"
    order = [each for each in order if each.width(base) > 0 and not each.may_be_chance(base)]
    if not order:
        return "No input changes the result by more than\nthe simulation's noise"
    first = order[0]
    ends = sorted(each for each in (first.low, base, first.high) if each is not None)
    reversing = [
        each.name for each in order if any(end is not None and end * base < 0 for end in (each.low, each.high))
    ]
    reversal = f"{reversing[0]} reverses it" if reversing else "no single one reverses it"
    return (
        f"It depends most on {first.name}: {short(ends[0])} to {short(ends[-1])}\n"
        f"for {100 * share:g} % less or more; {reversal}"
    )
