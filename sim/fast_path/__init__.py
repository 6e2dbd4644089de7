"""The fast path: a cell's cycles as arrays, the same as by events, where they come again and again in the same way."""

from cellwright.sim.fast_path.conditions import NotExact
from cellwright.sim.fast_path.engine import FastPath, fast_path_of

__all__ = ["FastPath", "NotExact", "fast_path_of"]
