"""Random draws for the fast path: from the same named streams; durations in blocks, each accessible by its number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from cellwright.sim.fast_path.conditions import Guard, NotExact, Symbol
from cellwright.sim.fast_path.symbolic import Traced
from cellwright.sim.streams import Distribution, Streams

DRAWS_PER_BLOCK = 256


class DrawRequest(NamedTuple):
    """A request for a number from a stream, such as ("jam", "geometric", (0.0005,))."""

    stream: str
    method: str
    arguments: tuple[Any, ...]


class RecordedDraws(NamedTuple):
    """What the path that is being recorded has drawn so far."""

    guard: Guard
    draws: list[Distribution]
    drawn_s: list[float]
    requests: list[DrawRequest]


class DrawnStreams(Streams):
    """The streams of one replication. A path can use buffered draws without the code that requests them."""

    def __init__(self, seed: int, replication: int) -> None:
        super().__init__(seed, replication)
        self.recording: RecordedDraws | None = None
        self.used: dict[str, int] = {}
        self._sources: dict[str, Distribution] = {}
        # The draws that are buffered, with the number of draws discarded before them.
        self._drawn: dict[str, tuple[int, np.ndarray]] = {}
        self._numbers: dict[str, tuple[int, list[tuple[DrawRequest, Any]]]] = {}

    def generator(self, name: str) -> np.random.Generator:
        """The NumPy generator of a stream."""
        return super().__getitem__(name)

    def __getitem__(self, name: str) -> Any:
        """The stream as a plant sees it: each requested number is recorded."""
        if name in self._sources:
            raise NotExact(f"it takes durations and other numbers from one stream, {name!r}")
        return _Stream(self, name)

    def draw(self, source: Distribution) -> Any:
        """The next duration of ``source``, s; a traced number while a path is being recorded, unless it never varies.

        Two durations of 0, or two that are always the same, do not race each other.
        """
        if self._sources.setdefault(source.name, source) != source or source.name in self._numbers:
            raise NotExact(f"it draws different things from one stream, {source.name!r}")
        number = self.used.get(source.name, 0)
        self.used[source.name] = number + 1
        value = float(self.durations(source.name, number, number + 1)[0])
        if self.recording is None:
            return value
        self.recording.draws.append(source)
        self.recording.drawn_s.append(value)
        if source.constant_s is not None:
            return source.constant_s
        return Traced(self.recording.guard, {Symbol("draw", len(self.recording.draws) - 1): 1}, 0, value)

    def durations_used(self) -> dict[str, int]:
        """How many draws of each source of durations were used."""
        return {name: self.used.get(name, 0) for name in self._sources}

    def register(self, source: Distribution) -> None:
        """Declare ``source``, from which a path recorded in another replication draws."""
        if self._sources.setdefault(source.name, source) != source:
            raise NotExact(f"it draws different things from one stream, {source.name!r}")

    def durations(self, name: str, start: int, end: int) -> np.ndarray:
        """Draws ``start`` to ``end`` of a source, ``end`` excluded, s."""
        before, drawn = self._drawn.get(name, (0, np.zeros(0)))
        missing = end - before - len(drawn)
        if missing > 0:
            more = self._sources[name].sample_many(
                self.generator(name), max(DRAWS_PER_BLOCK, len(drawn), missing), self
            )
            drawn = np.concatenate([drawn, more])
            self._drawn[name] = before, drawn
        return drawn[start - before : end - before]

    def discard(self, used: Mapping[str, int]) -> None:
        """Discard the first ``used`` draws of each stream from the buffer."""
        for name, count in used.items():
            if name in self._drawn:
                before, drawn = self._drawn[name]
                self._drawn[name] = count, drawn[count - before :].copy()
            elif name in self._numbers:
                before, known = self._numbers[name]
                self._numbers[name] = count, known[count - before :]

    def draw_number(self, request: DrawRequest) -> Any:
        """The next number requested from a stream; a traced number while a path is being recorded."""
        position = self.used.get(request.stream, 0)
        value = self.peek(request, position)
        self.used[request.stream] = position + 1
        if self.recording is None:
            return value
        self.recording.requests.append(request)
        return Traced(self.recording.guard, {Symbol("number", len(self.recording.requests) - 1): 1}, 0, value)

    def peek(self, request: DrawRequest, position: int) -> Any:
        """Number ``position`` of a stream; drawn now if it has not been drawn yet."""
        before, known = self._numbers.setdefault(request.stream, (0, []))
        while len(known) <= position - before:
            value = getattr(self.generator(request.stream), request.method)(*request.arguments)
            if not isinstance(value, (int, float)):
                raise NotExact(f"it draws more than one number at a time from the stream {request.stream!r}")
            known.append((request, value))
        drawn_as, value = known[position - before]
        if drawn_as != request:
            raise NotExact(f"what it draws from the stream {request.stream!r} depends on what it drew before")
        return value


class _Stream:
    """A stream as a plant sees it."""

    def __init__(self, streams: DrawnStreams, name: str) -> None:
        self._streams = streams
        self._name = name

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def draw(*arguments: Any, **keywords: Any) -> Any:
            if keywords:
                raise NotExact(f"it draws from the stream {self._name!r} with keyword arguments")
            concrete = tuple(each.concretize() if type(each) is Traced else each for each in arguments)
            return self._streams.draw_number(DrawRequest(self._name, method, concrete))

        return draw
