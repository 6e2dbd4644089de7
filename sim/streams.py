"""Random streams by name: one for each (seed, replication, source name)."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class Distribution(Protocol):
    """A distribution of durations, drawn from the stream of its name."""

    @property
    def name(self) -> str:
        """The name of its stream."""
        ...

    @property
    def constant_s(self) -> float | None:
        """The duration if it is always the same, s."""
        ...

    def sample(self, generator: np.random.Generator, streams: Streams) -> float:
        """The next draw, s."""
        ...

    def sample_many(self, generator: np.random.Generator, count: int, streams: Streams) -> np.ndarray:
        """The next ``count`` draws, s: the same as successive calls of ``sample``."""
        ...


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Positive durations with the given mean, s, and coefficient of variation ``spread`` (sd / mean)."""

    name: str
    mean: float
    spread: float

    @property
    def constant_s(self) -> float | None:
        """The mean if there is no spread, s; 0 where the mean is 0."""
        return float(self.mean) if self.mean == 0.0 or self.spread == 0.0 else None

    def sample(self, generator: np.random.Generator, streams: Streams) -> float:  # noqa: ARG002
        draw = generator.standard_normal()
        if self.mean == 0.0:
            return 0.0
        variance = math.log1p(self.spread * self.spread)
        return self.mean * math.exp(math.sqrt(variance) * draw - variance / 2)

    def sample_many(self, generator: np.random.Generator, count: int, streams: Streams) -> np.ndarray:  # noqa: ARG002
        variance = math.log1p(self.spread * self.spread)
        draws = np.exp(math.sqrt(variance) * generator.standard_normal(count) - variance / 2)
        return np.asarray(float(self.mean) * draws)


class Streams:
    """The random streams of one replication.

    A stream depends on nothing but the seed, the replication and its own name: adding a source changes no
    other, and two designs simulated under one seed get the same draws (common random numbers).
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed = seed
        self.replication = replication
        self._streams: dict[str, np.random.Generator] = {}

    def __getitem__(self, name: str) -> np.random.Generator:
        """The stream of the source ``name``; always the same object, so that it continues."""
        if name not in self._streams:
            digest = hashlib.sha256(name.encode()).digest()
            words = [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 16, 4)]
            sequence = np.random.SeedSequence(self.seed, spawn_key=(self.replication, *words))
            self._streams[name] = np.random.Generator(np.random.PCG64(sequence))
        return self._streams[name]

    def draw(self, source: Distribution) -> float:
        """The next duration of ``source``, s."""
        return source.sample(self[source.name], self)

    def lognormal(self, name: str, mean: float, spread: float) -> float:
        """A positive draw with the given mean and coefficient of variation ``spread`` (sd / mean)."""
        return self.draw(Lognormal(name, mean, spread))
