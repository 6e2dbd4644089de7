"""The timeline that a failing test prints: what each device did, and when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

LINES_BEFORE = 8
LINES_AFTER = 4
LINES_AT_MOST = 12


class Entry(NamedTuple):
    """Something that happened: when (s), to which device (or "cell"), and what."""

    at_s: float
    device: str
    what: str


def as_text(entries: Sequence[Entry]) -> str:
    """A line for each entry."""
    return _lines(entries, range(len(entries)), frozenset())


def around(entries: Sequence[Entry], from_s: float, to_s: float, devices: Collection[str]) -> str:
    """The lines from one time to the other with some before and after, those of ``devices`` in between marked.

    What each of the devices last did before that is shown too. Of a long time only the beginning is.
    """
    first = sum(entry.at_s < from_s for entry in entries)
    last = min(sum(entry.at_s <= to_s for entry in entries), first + LINES_AT_MOST)
    marked = frozenset(place for place in range(first, last) if entries[place].device in devices)
    shown = set(range(max(0, first - LINES_BEFORE), min(len(entries), last + LINES_AFTER)))
    for device in devices:
        shown |= set([place for place in range(first) if entries[place].device == device][-1:])
    return _lines(entries, sorted(shown), marked)


def _lines(entries: Sequence[Entry], places: Sequence[int], marked: Collection[int]) -> str:
    if not places:
        return "    (nothing happened)"
    width = max(len(entries[place].device) for place in places)
    lines = []
    for before, place in zip([places[0] - 1, *places], places, strict=False):
        if place != before + 1:
            lines.append(f"    {'...':>12}")
        at_s, device, what = entries[place]
        lines.append(f"{'  > ' if place in marked else '    '}{at_s:12.4f} s  {device:{width}}  {what}")
    return "\n".join(lines)
