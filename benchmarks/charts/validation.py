"""A chart of prediction against run: cycle time and time in each state, before and after the model was fitted."""

from __future__ import annotations

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cellwright.benchmarks.calibration.validation import Prediction
from cellwright.benchmarks.charts.style import CELL, FAINT, INK, MANUAL, drawing, plain

MIN_SHOWN_STATE_S = 0.5
"""States with less time than this are left out, s."""


def prediction_chart(name: str, unit: str, run: Prediction, before: Prediction, after: Prediction) -> Figure:
    """Two panels: the cycle time of run and model, and what each state takes. name: of the cell, for the title."""
    with drawing():
        figure = Figure(figsize=(8.2, 5.6), layout="constrained")
        figure.suptitle(fill(f"{name}: {finding(run, before, after)}", 72), x=0.01, ha="left", weight="bold", size=13)
        above, below = figure.subplots(2, 1, height_ratios=(1, 2))
        _draw_cycle_times(above, unit, run, before, after)
        _draw_states(below, unit, run, before, after)
        figure.supxlabel(
            f"Run: n = {run.n} cycles; model: n = {before.n} replications. Lines: 95 % intervals (Student's t).",
            x=0.01,
            ha="left",
            size=9.5,
            color=FAINT,
        )
    return figure


def finding(run: Prediction, before: Prediction, after: Prediction) -> str:
    """The finding, in one sentence without its full stop."""
    was, now = abs(before.off_percent(run)), abs(after.off_percent(run))
    if not before.off_s(run).is_significant:
        return f"the model was {was:.1f} % off the run, no more than chance, and is {now:.1f} % off now"
    return f"the model was {was:.1f} % off the run, and is {now:.1f} % off now"


def _draw_cycle_times(axes: Axes, unit: str, run: Prediction, before: Prediction, after: Prediction) -> None:
    rows = (("after", after, CELL), ("before", before, MANUAL), ("run", run, INK))
    for at, (_, prediction, colour) in enumerate(rows):
        time_s = prediction.cycle_time_s
        if time_s.ci95_low is not None and time_s.ci95_high is not None:
            axes.plot([time_s.ci95_low, time_s.ci95_high], [at, at], color=colour, linewidth=3, solid_capstyle="butt")
        axes.plot(time_s.mean, at, "o", color=colour, markersize=8)
        axes.annotate(
            f"{time_s.mean:.1f} s", (time_s.mean, at), xytext=(0, 8), textcoords="offset points", ha="center", size=9.5
        )
    axes.set_yticks(range(len(rows)), [label for label, _, _ in rows])
    axes.set_ylim(-0.5, len(rows) - 0.2)
    axes.set_xlabel(f"seconds a {unit}, mean")
    plain(axes)


def _draw_states(axes: Axes, unit: str, run: Prediction, before: Prediction, after: Prediction) -> None:
    everywhere = {state: None for prediction in (run, before, after) for state in prediction.time_in_state_s}
    mean_s = {
        state: [prediction.time_in_state_s.get(state, 0.0) for prediction in (run, before, after)]
        for state in everywhere
    }
    states = [state for state in reversed(mean_s) if max(mean_s[state]) >= MIN_SHOWN_STATE_S]
    for which, (label, colour) in enumerate((("run", INK), ("before", MANUAL), ("after", CELL))):
        places = [at + 0.27 * (1 - which) for at in range(len(states))]
        axes.barh(places, [mean_s[state][which] for state in states], height=0.25, color=colour, label=label)
    axes.set_yticks(range(len(states)), states)
    axes.set_xlabel(f"seconds a {unit} in each state, mean")
    axes.legend(loc="lower right", frameon=False)
    plain(axes)
