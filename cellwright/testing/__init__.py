"""Test support for cells: run one in virtual time, on a model board or a virtual Arduino, and assert what it did."""

from cellwright.testing.factories import on_model, on_virtual
from cellwright.testing.intervals import Interval, Intervals
from cellwright.testing.rig import CellAssertion, CellRig
from cellwright.testing.timeline import TimelineEntry

__all__ = ["CellAssertion", "CellRig", "Interval", "Intervals", "TimelineEntry", "on_model", "on_virtual"]
