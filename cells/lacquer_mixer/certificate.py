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

    ordered_g: the mass ordered. number: counts every can begun in a run. refused: why it cannot be sold, or empty.
    recalled: the same, found only after it was collected. remarks: troubles and drum changes. zero_shift_g: how far the
    scale's zero moved between the weighings of the empty platform before and after it, g; None if it was not weighed.
    calibrated: the date of the scale's calibration; empty without one.
    """

    order: str
    recipe: str
    ordered_g: float
    can_ml: float
    begun_s: float
    number: int = 0
    portions: list[Portion] = field(default_factory=list)
    finished_s: float | None = None
    pot_life_min: float = 0.0
    refused: str = ""
    recalled: str = ""
    remarks: list[str] = field(default_factory=list)
    zero_shift_g: float | None = None
    calibrated: str = ""

    @property
    def dosed_g(self) -> float:
        """The mass dosed, g."""
        return sum(portion.dosed_g for portion in self.portions)

    def text(self, moment: Callable[[float], str]) -> str:
        """The certificate as plain text. moment: formats a time of the run's clock."""
        finished = "never" if self.finished_s is None else moment(self.finished_s)
        lines = [
            f"Batch certificate, order {self.order}: {self.recipe}" + (f" (can {self.number})" if self.number else ""),
            f"ordered {self.ordered_g:.1f} g, dosed {self.dosed_g:.1f} g, can of {self.can_ml:g} ml",
            f"begun: {moment(self.begun_s)}; finished: {finished}",
        ]
        if self.pot_life_min:
            lines.append(f"to be used within {self.pot_life_min:g} minutes of mixing")
        lines += [_portion_line(portion) for portion in self.portions]
        lines += [f"note: {remark}" for remark in self.remarks]
        if self.refused:
            lines.append(f"REFUSED, not to be sold: {self.refused}")
        elif self.recalled:
            lines.append(f"RECALLED, not to be sold: {self.recalled}")
        elif self.finished_s is not None:
            lines += self._verification()
        return "\n".join(lines) + "\n"

    @property
    def is_verified(self) -> bool:
        """Whether the empty scale, weighed before and after it, confirmed what the scale said of it."""
        return self.zero_shift_g is not None and not self.recalled and not self.refused

    def _verification(self) -> list[str]:
        """What was checked after it was collected, and what was not."""
        calibration = f"its calibration of {self.calibrated}" if self.calibrated else "its maker's figures"
        if self.zero_shift_g is None:
            return ["NOT VERIFIED: the empty scale was not weighed both before and after this can"]
        return [
            f"verified: the empty scale, weighed before and after, moved by {self.zero_shift_g:+.2f} g; by as much any "
            "component may differ from what is stated, and is within its tolerance even so",
            f"not verified: the scale's slope, for which {calibration} stands; a zero that moved and came back",
        ]


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
    made: dict[int, Certificate] = {}
    partial: list[Portion] = []
    for at_s, what, value, detail in rows:
        facts: dict[str, Any] = json.loads(detail)
        if what == "begun":
            if batch is not None:
                yield _unfinished(batch, partial)
            batch = Certificate(facts["order"], facts["recipe"], value, facts["can_ml"], at_s, facts.get("can", 0))
            partial = []
        elif what in ("checked", "recalled"):  # after it was collected
            if (judged := made.get(facts["can"])) is not None:
                judged.zero_shift_g, judged.calibrated = value, facts.get("calibrated", "")
                judged.recalled = facts.get("reason", "")
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
            made[batch.number] = batch
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
