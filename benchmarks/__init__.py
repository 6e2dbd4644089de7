"""Time studies of manual work, comparison of cell and manual work, economics, sweeps, charts and reports."""

from cellwright.benchmarks.comparison import Comparison, Outcome, outcome, paired
from cellwright.benchmarks.experiments.compare import StudyComparison, compare
from cellwright.benchmarks.experiments.economics import StudyEconomics, compute_economics, compute_economics_of_guess
from cellwright.benchmarks.time_study.stopwatch_csv import read_stopwatch

__all__ = [
    "Comparison",
    "Outcome",
    "StudyComparison",
    "StudyEconomics",
    "compare",
    "compute_economics",
    "compute_economics_of_guess",
    "outcome",
    "paired",
    "read_stopwatch",
]
