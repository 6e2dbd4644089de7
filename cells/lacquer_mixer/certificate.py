"""Batch certificates: what is in each can, asked and dosed, from which drum lot, when. Made from the run log."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cellwright.sequences.runlog import moment


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

    def text(self, moment: Callable[[float], str]) -> str:
        """The certificate as plain text, to print or to put beside the can. moment: tells a time in words."""
        finished = "never" if self.finished_s is None else moment(self.finished_s)
        lines = [
            f"Batch certificate, order {self.order}: {self.recipe}",
            f"ordered {self.asked_g:.1f} g, dosed {self.dosed_g:.1f} g, can of {self.can_ml:g} ml",
            f"begun: {moment(self.begun_s)}; finished: {finished}",
        ]
        if self.pot_life_min:
            lines.append(f"to be used within {self.pot_life_min:g} minutes of mixing")
        lines += [_portion(portion) for portion in self.portions]
        lines += [f"note: {remark}" for remark in self.remarks]
        if self.refused:
            lines.append(f"REFUSED, not to be sold: {self.refused}")
        return "\n".join(lines) + "\n"


def _portion(portion: Portion) -> str:
    asked = "" if portion.asked_g is None else f"   asked {portion.asked_g:8.2f} g"
    return f"  {portion.component:<20} lot {portion.lot:<14} dosed {portion.dosed_g:8.2f} g{asked}"


def certificates(log: sqlite3.Connection, replication: int = 0) -> list[Certificate]:
    """The certificates of a run, one a can, refused ones too, in order."""
    return list(_read(log, replication))


def certificate_texts(log: sqlite3.Connection, replication: int = 0) -> list[str]:
    """The same as plain text, with the day and time of a run on a real board."""
    return [certificate.text(partial(moment, log)) for certificate in certificates(log, replication)]


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
