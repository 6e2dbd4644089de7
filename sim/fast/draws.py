"""Random draws for the fast path: from the same named streams, durations in blocks, each to be had by its number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cellwright.sim.fast.guard import Guard, NotExact, Symbol
from cellwright.sim.fast.traced import Traced
from cellwright.sim.streams import Source, Streams

BLOCK = 256


class Asked(NamedTuple):
    """A number that was asked of a stream itself, such as ("jam", "geometric", (0.0005,))."""

    stream: str
    method: str
    arguments: tuple[Any, ...]


class Recording(NamedTuple):
    """What the piece of a run that is being recorded has drawn so far."""

    guard: Guard
    draws: list[Source]
    drawn_s: list[float]
    numbers: list[Asked]


class DrawnStreams(Streams):
    """The streams of one replication, with every draw kept, so that it can be taken without the code that asks for it.

    durations: the next draw of each source of durations. numbers: likewise of each other stream.
    """

    def __init__(self, seed: int, replication: int) -> None:
        super().__init__(seed, replication)
        self.recording: Recording | None = None
        self.used: dict[str, int] = {}
        self._sources: dict[str, Source] = {}
        self._drawn: dict[str, np.ndarray] = {}
        self._numbers: dict[str, list[tuple[Asked, Any]]] = {}

    def generator(self, name: str) -> np.random.Generator:
        """The stream itself."""
        return super().__getitem__(name)

    def __getitem__(self, name: str) -> Any:
        """What a plant sees of a stream: each number that it asks for is taken down."""
        if name in self._sources:
            raise NotExact(f"it takes durations and other numbers from one stream, {name!r}")
        return _Stream(self, name)

    def draw(self, source: Source) -> Any:
        """The next duration of ``source``, s; a symbol while a piece is being recorded."""
        if self._sources.setdefault(source.name, source) != source or source.name in self._numbers:
            raise NotExact(f"it draws different things from one stream, {source.name!r}")
        number = self.used.get(source.name, 0)
        self.used[source.name] = number + 1
        value = float(self.durations(source.name, number + 1)[number])
        if self.recording is None:
            return value
        self.recording.draws.append(source)
        self.recording.drawn_s.append(value)
        return Traced(self.recording.guard, {Symbol("draw", len(self.recording.draws) - 1): 1}, 0, value)

    def durations_used(self) -> dict[str, int]:
        """How many draws of each source of durations were taken."""
        return {name: self.used.get(name, 0) for name in self._sources}

    def expect(self, source: Source) -> None:
        """A path that was recorded elsewhere draws from ``source``."""
        if self._sources.setdefault(source.name, source) != source:
            raise NotExact(f"it draws different things from one stream, {source.name!r}")

    def durations(self, name: str, count: int) -> np.ndarray:
        """At least the first ``count`` draws of a source, s."""
        drawn = self._drawn.get(name)
        if drawn is None or len(drawn) < count:
            have = 0 if drawn is None else len(drawn)
            more = self._sources[name].many(self.generator(name), max(BLOCK, have, count - have), self)
            drawn = self._drawn[name] = more if drawn is None else np.concatenate([drawn, more])
        return drawn

    def ask(self, asked: Asked) -> Any:
        """The next number that is asked of a stream; a symbol while a piece is being recorded."""
        position = self.used.get(asked.stream, 0)
        value = self.peek(asked, position)
        self.used[asked.stream] = position + 1
        if self.recording is None:
            return value
        self.recording.numbers.append(asked)
        return Traced(self.recording.guard, {Symbol("number", len(self.recording.numbers) - 1): 1}, 0, value)

    def peek(self, asked: Asked, position: int) -> Any:
        """Number ``position`` of a stream, drawn now if it has not been drawn yet."""
        known = self._numbers.setdefault(asked.stream, [])
        while len(known) <= position:
            value = getattr(self.generator(asked.stream), asked.method)(*asked.arguments)
            if not isinstance(value, (int, float)):
                raise NotExact(f"it draws more than one number at a time from the stream {asked.stream!r}")
            known.append((asked, value))
        drawn_as, value = known[position]
        if drawn_as != asked:
            raise NotExact(f"what it draws from the stream {asked.stream!r} depends on what it drew before")
        return value


class _Stream:
    """A stream as a plant sees it."""

    def __init__(self, streams: DrawnStreams, name: str) -> None:
        self._streams = streams
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def draw(*arguments: Any, **named: Any) -> Any:
            if named:
                raise NotExact(f"it asks the stream {self._name!r} for a number with named arguments")
            settled = tuple(each.settle() if type(each) is Traced else each for each in arguments)
            return self._streams.ask(Asked(self._name, method, settled))

        return draw
