"""Random draws for the fast path: from the same named streams, durations in blocks, each to be had by its number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from cellwright.sim.fast_path.conditions import Guard, NotExact, Symbol
from cellwright.sim.fast_path.symbolic import Traced
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
        # What is drawn and not forgotten yet, with how many draws came before.
        self._drawn: dict[str, tuple[int, np.ndarray]] = {}
        self._numbers: dict[str, tuple[int, list[tuple[Asked, Any]]]] = {}

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
        value = float(self.durations(source.name, number, number + 1)[0])
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

    def durations(self, name: str, start: int, end: int) -> np.ndarray:
        """Draws ``start`` to ``end`` of a source, the last left out, s."""
        before, drawn = self._drawn.get(name, (0, np.zeros(0)))
        missing = end - before - len(drawn)
        if missing > 0:
            more = self._sources[name].many(self.generator(name), max(BLOCK, len(drawn), missing), self)
            drawn = np.concatenate([drawn, more])
            self._drawn[name] = before, drawn
        return drawn[start - before : end - before]

    def forget(self, used: Mapping[str, int]) -> None:
        """The first ``used`` draws of each stream will not be asked for again."""
        for name, count in used.items():
            if name in self._drawn:
                before, drawn = self._drawn[name]
                self._drawn[name] = count, drawn[count - before :].copy()
            elif name in self._numbers:
                before, known = self._numbers[name]
                self._numbers[name] = count, known[count - before :]

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
        before, known = self._numbers.setdefault(asked.stream, (0, []))
        while len(known) <= position - before:
            value = getattr(self.generator(asked.stream), asked.method)(*asked.arguments)
            if not isinstance(value, (int, float)):
                raise NotExact(f"it draws more than one number at a time from the stream {asked.stream!r}")
            known.append((asked, value))
        drawn_as, value = known[position - before]
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
