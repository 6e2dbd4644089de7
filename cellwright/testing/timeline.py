"""The timeline that a failing test prints: what each device did, and when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

LINES_BEFORE = 8
LINES_AFTER = 4
MAX_LINES = 12


class TimelineEntry(NamedTuple):
    """An event: its time (s), its device (or "cell"), and what happened."""

    at_s: float
    device: str
    what: str


def as_text(entries: Sequence[TimelineEntry]) -> str:
    """A line for each entry."""
    return _lines(entries, range(len(entries)), frozenset())


def around(entries: Sequence[TimelineEntry], from_s: float, to_s: float, devices: Collection[str]) -> str:
    """The lines from one time to another with context before and after; those of ``devices`` in between are marked.

    The last line of each device before that is included. Of a long interval only the beginning is shown.
    """
    first = sum(entry.at_s < from_s for entry in entries)
    last = min(sum(entry.at_s <= to_s for entry in entries), first + MAX_LINES)
    marked = frozenset(place for place in range(first, last) if entries[place].device in devices)
    shown = set(range(max(0, first - LINES_BEFORE), min(len(entries), last + LINES_AFTER)))
    for device in devices:
        shown |= set([place for place in range(first) if entries[place].device == device][-1:])
    return _lines(entries, sorted(shown), marked)


def _lines(entries: Sequence[TimelineEntry], places: Sequence[int], marked: Collection[int]) -> str:
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
