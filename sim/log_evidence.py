"""What to read from a run log: the events that determine a rate, and those that delimit a person's work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogEvent:
    """An event of the run log: its source (a device or "cell"), what happened, and the state, if that matters."""

    source: str
    what: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A parameter that is a rate: so many ``happens`` per ``per`` of ``each``."""

    parameter: str
    happens: LogEvent
    each: tuple[LogEvent, ...]
    per: float = 1000.0


@dataclass(frozen=True, slots=True)
class WorkInterval:
    """A person's work between two events: the ``elements`` of tending done in between, in any order.

    called: the first event calls the person, so the time includes the response and the walk. fits: the parameter of the
    manual method that this time determines ("manual.refill_mods"); empty if the elements are taken as described.
    """

    name: str
    begins: LogEvent
    ends: LogEvent
    elements: tuple[str, ...]
    called: bool = False
    fits: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What to read from the run log of a cell about its plant and its operator; devices describe their own events."""

    rates: tuple[Rate, ...] = ()
    spans: tuple[WorkInterval, ...] = ()
