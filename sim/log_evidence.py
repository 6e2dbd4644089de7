"""What a run log can say of a cell's parameters: which events count for a rate, which two bound a person's work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Seen:
    """An event of the run log: from which device (or "cell"), what it is, and in which state, if that matters."""

    source: str
    what: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A parameter that says how often something happens: so many ``happens`` in ``per`` of ``each``."""

    parameter: str
    happens: Seen
    each: tuple[Seen, ...]
    per: float = 1000.0


@dataclass(frozen=True, slots=True)
class Span:
    """A person's work between two events: the ``elements`` of tending that lie between, in any order.

    called: the first event calls the person, so the response and the walk lie between as well. fits: the parameter of
    the hand that this time settles ("manual.refill_mods"); empty if its elements are taken as they are described.
    """

    name: str
    begins: Seen
    ends: Seen
    elements: tuple[str, ...]
    called: bool = False
    fits: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a cell's run log says of its plant and of its person; its devices speak for themselves."""

    rates: tuple[Rate, ...] = ()
    spans: tuple[Span, ...] = ()
