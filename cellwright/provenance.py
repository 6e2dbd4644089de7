"""Numbers with a provenance; all folders may import it.

A ``Figure`` is a float with a status and a source, and can be used wherever a float can::

    max_speed = published(300, "Marlin configuration for belt printers")

Arithmetic on it gives plain floats: the provenance belongs to the input, not to computed values.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

Status = Literal["measured", "published", "vendor", "assumed"]
STATUSES: tuple[Status, ...] = get_args(Status)


class Figure(float):
    """A number with a status (``measured``, ``published``, ``vendor``, ``assumed``) and a source in words."""

    status: Status
    source: str

    def __new__(cls, value: float, status: Status = "assumed", source: str = "") -> Figure:
        """Make a figure of ``value``, in the unit of the place where it is used."""
        figure = super().__new__(cls, value)
        figure.status = status
        figure.source = source
        return figure

    def __getnewargs__(self) -> tuple[Any, ...]:
        """Keep status and source when a figure is pickled for another process."""
        return (float(self), self.status, self.source)


def measured(value: float, source: str) -> Figure:
    """A number that somebody measured; ``source`` states who, when and how often."""
    return Figure(value, "measured", source)


def published(value: float, source: str) -> Figure:
    """A number from a publication; ``source`` cites it."""
    return Figure(value, "published", source)


def vendor(value: float, source: str) -> Figure:
    """A number that the manufacturer of a part states."""
    return Figure(value, "vendor", source)


def assumed(value: float, source: str = "") -> Figure:
    """A number that nobody has measured yet; ``source`` states its basis."""
    return Figure(value, "assumed", source)


def status_of(value: object) -> Status:
    """The status of any input; a plain number counts as assumed."""
    return value.status if isinstance(value, Figure) else "assumed"
