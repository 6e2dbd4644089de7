"""The fast path: a cell's cycles as arrays, the same as by events, where they come again and again in the same way."""

from cellwright.sim.fast.guard import NotExact
from cellwright.sim.fast.run import FastPath, fast_path_of

__all__ = ["FastPath", "NotExact", "fast_path_of"]
