"""The hand timed, cell and hand compared, and the pictures and pages that show it."""

from cellwright.benchmarks.comparison import Comparison, Outcome, compare, outcome
from cellwright.benchmarks.stopwatch import read_stopwatch

__all__ = ["Comparison", "Outcome", "compare", "outcome", "read_stopwatch"]
