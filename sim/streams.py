"""Random streams by name: one for each (seed, replication, source name)."""

from __future__ import annotations

import hashlib
import math

import numpy as np


class Streams:
    """The random streams of one replication.

    A stream depends on nothing but the seed, the replication and its own name: adding a source disturbs no
    other, and two designs simulated under one seed meet the same draws (common random numbers).
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._streams: dict[str, np.random.Generator] = {}

    def __getitem__(self, name: str) -> np.random.Generator:
        """The stream of the source ``name``; always the same object, so that it goes on where it was."""
        if name not in self._streams:
            digest = hashlib.sha256(name.encode()).digest()
            words = [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 16, 4)]
            sequence = np.random.SeedSequence(self.seed, spawn_key=(self.replication, *words))
            self._streams[name] = np.random.Generator(np.random.PCG64(sequence))
        return self._streams[name]

    def lognormal(self, name: str, mean: float, spread: float) -> float:
        """A positive draw with the given mean and coefficient of variation ``spread`` (sd / mean)."""
        draw = self[name].standard_normal()
        if mean == 0.0:
            return 0.0
        variance = math.log1p(spread * spread)
        return mean * math.exp(math.sqrt(variance) * draw - variance / 2)
