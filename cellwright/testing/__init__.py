"""Cells under test: put together on a model board or a virtual Arduino, run in virtual time, and watched."""

from cellwright.testing.factories import on_model, on_virtual
from cellwright.testing.rig import CellAssertion, CellRig
from cellwright.testing.spans import Span, Spans
from cellwright.testing.timeline import Entry

__all__ = ["CellAssertion", "CellRig", "Entry", "Span", "Spans", "on_model", "on_virtual"]
