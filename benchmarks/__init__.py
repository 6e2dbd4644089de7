"""Time studies of manual work, comparison of cell and manual work, economics, sweeps, charts and reports."""

from cellwright.benchmarks.comparison import Comparison, Outcome, outcome, paired
from cellwright.benchmarks.time_study.stopwatch_csv import read_stopwatch

__all__ = ["Comparison", "Outcome", "outcome", "paired", "read_stopwatch"]
