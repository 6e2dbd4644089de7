"""Batch certificates: what is in each can, asked and dosed, from which drum lot, when. Made from the run log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellwright.errors import InputError


@dataclass(frozen=True, slots=True)
class Portion:
    """What one lot gave to a can, g. asked_g: of the component in all, when the batch was finished or ordered."""

    component: str
    lot: str
    dosed_g: float
    asked_g: float | None = None


@dataclass(slots=True)
class Certificate:
    """The story of one can. Times in s of the run's clock; masses in g, by the scale.

    asked_g: what was ordered. refused: why it cannot be sold, or nothing. remarks: what happened on the way.
    """

    order: str
    recipe: str
    asked_g: float
    can_ml: float
    begun_s: float
    portions: list[Portion] = field(default_factory=list)
    finished_s: float | None = None
    pot_life_min: float = 0.0
    refused: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def dosed_g(self) -> float:
        """All that was dosed into it."""
        return sum(portion.dosed_g for portion in self.portions)

    def text(self) -> str:
        """The certificate as plain text, to print or to put beside the can."""
        lines = [
            f"Batch certificate, order {self.order}: {self.recipe}",
            f"ordered {self.asked_g:.1f} g, dosed {self.dosed_g:.1f} g, can of {self.can_ml:g} ml",
            f"begun {self.begun_s:.0f} s, finished {_moment(self.finished_s)} after the start of the run",
        ]
        if self.pot_life_min:
            lines.append(f"to be used within {self.pot_life_min:g} minutes of mixing")
        lines += [_portion(portion) for portion in self.portions]
        lines += [f"note: {remark}" for remark in self.remarks]
        if self.refused:
            lines.append(f"REFUSED, not to be sold: {self.refused}")
        return "\n".join(lines) + "\n"


def _moment(at_s: float | None) -> str:
    return "never" if at_s is None else f"{at_s:.0f} s"


def _portion(portion: Portion) -> str:
    asked = "" if portion.asked_g is None else f"   asked {portion.asked_g:8.2f} g"
    return f"  {portion.component:<20} lot {portion.lot:<14} dosed {portion.dosed_g:8.2f} g{asked}"


def certificates(log: Path | sqlite3.Connection, replication: int = 0) -> list[Certificate]:
    """The certificates of a run, one a can, refused ones too, in order. Raises InputError for what is no run log."""
    if isinstance(log, sqlite3.Connection):
        return list(_read(log, replication))
    if not log.is_file():
        raise InputError(f"There is no run log {log}.")
    connection = sqlite3.connect(f"{log.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return list(_read(connection, replication))
    except sqlite3.DatabaseError as error:
        raise InputError(f"{log} is no run log ({error}).") from error
    finally:
        connection.close()


def _read(connection: sqlite3.Connection, replication: int) -> Iterator[Certificate]:
    rows = connection.execute(
        "SELECT at_s, what, value, detail FROM event WHERE source = 'batch' AND replication = ? ORDER BY rowid",
        (replication,),
    )
    batch: Certificate | None = None
    came: list[Portion] = []
    for at_s, what, value, detail in rows:
        facts: dict[str, Any] = json.loads(detail)
        if what == "begun":
            if batch is not None:
                yield _unfinished(batch, came)
            batch = Certificate(facts["order"], facts["recipe"], value, facts["can_ml"], at_s)
            came = []
        elif batch is None:
            continue
        elif what == "came":
            came.append(Portion(facts["component"], facts["lot"], value))
        elif what == "dosed":
            batch.portions.append(Portion(facts["component"], facts["lot"], value, facts["asked_g"]))
        elif what in ("trouble", "drum changed"):
            batch.remarks.append(facts.get("reason") or f"drum changed, lot {facts['lot']}")
        elif what == "finished":
            batch.finished_s, batch.pot_life_min = at_s, facts["pot_life_min"]
            yield batch
            batch = None
        elif what == "lost":
            batch.refused = facts["reason"]
            yield _unfinished(batch, came)
            batch = None
    if batch is not None:
        yield _unfinished(batch, came)


def _unfinished(batch: Certificate, came: list[Portion]) -> Certificate:
    """A batch that was broken off: what had come by then, lot by lot."""
    batch.refused = batch.refused or "the run ended before the can was finished"
    batch.portions = _summed(came)
    return batch


def _summed(came: list[Portion]) -> list[Portion]:
    totals: dict[tuple[str, str], float] = {}
    for portion in came:
        key = (portion.component, portion.lot)
        totals[key] = totals.get(key, 0.0) + portion.dosed_g
    return [Portion(component, lot, dosed_g) for (component, lot), dosed_g in totals.items()]
