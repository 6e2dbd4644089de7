"""Batch certificates from the run log: each can's components with target and dosed mass, drum lots and times."""

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
    """The mass from one lot in a can, g. target_g: of the whole component; None in an unfinished batch."""

    component: str
    lot: str
    dosed_g: float
    target_g: float | None = None


@dataclass(slots=True)
class Certificate:
    """The record of one can. Times in s of the run's clock; masses in g, by the scale.

    ordered_g: the mass ordered. refused: why it cannot be sold, or empty. remarks: troubles and drum changes.
    """

    order: str
    recipe: str
    ordered_g: float
    can_ml: float
    begun_s: float
    portions: list[Portion] = field(default_factory=list)
    finished_s: float | None = None
    pot_life_min: float = 0.0
    refused: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def dosed_g(self) -> float:
        """The mass dosed, g."""
        return sum(portion.dosed_g for portion in self.portions)

    def text(self, moment: Callable[[float], str]) -> str:
        """The certificate as plain text. moment: formats a time of the run's clock."""
        finished = "never" if self.finished_s is None else moment(self.finished_s)
        lines = [
            f"Batch certificate, order {self.order}: {self.recipe}",
            f"ordered {self.ordered_g:.1f} g, dosed {self.dosed_g:.1f} g, can of {self.can_ml:g} ml",
            f"begun: {moment(self.begun_s)}; finished: {finished}",
        ]
        if self.pot_life_min:
            lines.append(f"to be used within {self.pot_life_min:g} minutes of mixing")
        lines += [_portion_line(portion) for portion in self.portions]
        lines += [f"note: {remark}" for remark in self.remarks]
        if self.refused:
            lines.append(f"REFUSED, not to be sold: {self.refused}")
        return "\n".join(lines) + "\n"


def _portion_line(portion: Portion) -> str:
    target = "" if portion.target_g is None else f"   target {portion.target_g:8.2f} g"
    return f"  {portion.component:<20} lot {portion.lot:<14} dosed {portion.dosed_g:8.2f} g{target}"


def certificates(log: sqlite3.Connection, replication: int = 0) -> list[Certificate]:
    """The certificates of a run in order, one for each can, refused cans included."""
    return list(_read(log, replication))


def certificate_texts(log: sqlite3.Connection, replication: int = 0) -> list[str]:
    """The certificates of a run as plain text, with date and time if the run was on a real board."""
    return [certificate.text(partial(moment, log)) for certificate in certificates(log, replication)]


def _read(connection: sqlite3.Connection, replication: int) -> Iterator[Certificate]:
    rows = connection.execute(
        "SELECT at_s, what, value, detail FROM event WHERE source = 'batch' AND replication = ? ORDER BY rowid",
        (replication,),
    )
    batch: Certificate | None = None
    partial: list[Portion] = []
    for at_s, what, value, detail in rows:
        facts: dict[str, Any] = json.loads(detail)
        if what == "begun":
            if batch is not None:
                yield _unfinished(batch, partial)
            batch = Certificate(facts["order"], facts["recipe"], value, facts["can_ml"], at_s)
            partial = []
        elif batch is None:
            continue
        elif what == "came":
            partial.append(Portion(facts["component"], facts["lot"], value))
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
            yield _unfinished(batch, partial)
            batch = None
    if batch is not None:
        yield _unfinished(batch, partial)


def _unfinished(batch: Certificate, partial: list[Portion]) -> Certificate:
    """The certificate of an interrupted batch: the mass dosed until then, by lot."""
    batch.refused = batch.refused or "the run ended before the can was finished"
    batch.portions = _sum_by_lot(partial)
    return batch


def _sum_by_lot(partial: list[Portion]) -> list[Portion]:
    totals: dict[tuple[str, str], float] = {}
    for portion in partial:
        key = (portion.component, portion.lot)
        totals[key] = totals.get(key, 0.0) + portion.dosed_g
    return [Portion(component, lot, dosed_g) for (component, lot), dosed_g in totals.items()]
