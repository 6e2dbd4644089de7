"""The hand timed, cell and hand compared, and the pictures and pages that show it."""

from cellwright.benchmarks.comparison import Comparison, Outcome, compare, outcome
from cellwright.benchmarks.time_study.stopwatch_csv import read_stopwatch

__all__ = ["Comparison", "Outcome", "compare", "outcome", "read_stopwatch"]
