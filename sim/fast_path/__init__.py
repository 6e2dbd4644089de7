"""The fast path: computes cycles that repeat in the same way as arrays, with the same result as event by event."""

from cellwright.sim.fast_path.conditions import NotExact
from cellwright.sim.fast_path.engine import FastPath, fast_path_of, is_too_short

__all__ = ["FastPath", "NotExact", "fast_path_of", "is_too_short"]
