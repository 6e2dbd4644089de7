"""Time studies of manual work, comparison of cell and manual work, economics, sweeps, charts and reports."""

from cellwright.benchmarks.comparison import Comparison, Outcome, outcome, paired
from cellwright.benchmarks.experiments.compare import StudyComparison, compare
from cellwright.benchmarks.experiments.economics import StudyEconomics, compute_economics, compute_economics_of_guess
from cellwright.benchmarks.experiments.report import report_inputs
from cellwright.benchmarks.experiments.sensitivity import StudySensitivity, compute_sensitivity
from cellwright.benchmarks.experiments.sweep import StudySweep, compute_sweep
from cellwright.benchmarks.time_study.stopwatch_csv import read_stopwatch

__all__ = [
    "Comparison",
    "Outcome",
    "StudyComparison",
    "StudyEconomics",
    "StudySensitivity",
    "StudySweep",
    "compare",
    "compute_economics",
    "compute_economics_of_guess",
    "compute_sensitivity",
    "compute_sweep",
    "outcome",
    "paired",
    "read_stopwatch",
    "report_inputs",
]
