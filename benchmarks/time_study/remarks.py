"""What the remarks above a study's table say: the status of the times, who timed whom and when, the pace rating."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from cellwright.errors import InputError
from cellwright.files import Remark
from cellwright.files.numbers import readings
from cellwright.provenance import Status

STATUS_WORDS: dict[str, Status] = {
    "measured": "measured",
    "målt": "measured",
    "published": "published",
    "publisert": "published",
    "vendor": "vendor",
    "leverandør": "vendor",
    "assumed": "assumed",
    "antatt": "assumed",
}
STANDARD_RATING = 100.0
"""The standard rating of BS 3138's scale from 0 to 100: the pace of a qualified worker over a shift."""
MIN_RATING, MAX_RATING = 40.0, 200.0
_GAP = r"[\s:=;,\t\"']*"
_STATUS = re.compile(rf"\bstatus\b{_GAP}(.*)", re.IGNORECASE | re.DOTALL)
_DOUBT = re.compile(r"\?|\b(not|never|no|ikke|aldri|partly|delvis|perhaps|kanskje|or|eller)\b", re.IGNORECASE)
_NOT_MEASURED = re.compile(r"\b(?:not|never|ikke|aldri)\s+(?:\w+\s+)?(?:measured|timed|målt)\b", re.IGNORECASE)
_KEYS = {
    "observer": "observer|observatør|observed by|timed by|tidtaker|tatt av",
    "person": "person|worker|operator|operatør|arbeider",
    "rating": "pace rating|rating|takt|tempo",
}
_PATTERNS = {
    key: re.compile(rf"(?:{words})\s*[:=;,\t]{_GAP}(.+)", re.IGNORECASE | re.DOTALL) for key, words in _KEYS.items()
}
_NEXT_KEY = re.compile(rf"[;,\t]\s*(?=(?:{'|'.join(_KEYS.values())}|status|date|dato)\s*[:=])", re.IGNORECASE)
"""Where a remark ends and the next begins on the same line: "observer: Kari, date: 2026-11-24"."""
_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_NORWEGIAN_DAY = re.compile(r"\b(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})\b")


@dataclass(frozen=True, slots=True)
class StudyRemarks:
    """What the remarks say.

    status_stated: whether they state a status that can be read. note: a sentence on why the times are assumed although
    no status says so; empty otherwise. rating: of the whole study, on BS 3138's scale.
    """

    status: Status
    status_stated: bool
    note: str
    observer: str
    person: str
    dates: tuple[datetime.date, ...]
    rating: float


def read_remarks(remarks: Sequence[Remark]) -> StudyRemarks:
    """Read the remarks of a study. Raises InputError for a rating that cannot be one."""
    remarks = [Remark(each.where, part.strip()) for each in remarks for part in _NEXT_KEY.split(each.text)]
    observer, person = _value("observer", remarks), _value("person", remarks)
    dates = days_in(remark.text for remark in remarks)
    status, stated, note = _status(remarks, is_identified=bool(observer or person or dates))
    return StudyRemarks(status, stated, note, observer, person, dates, _rating(remarks))


def _value(key: str, remarks: Sequence[Remark]) -> str:
    matches = (_PATTERNS[key].fullmatch(remark.text) for remark in remarks)
    return next((match[1].strip("\"' ;,\t") for match in matches if match), "")


def _status(remarks: Sequence[Remark], is_identified: bool) -> tuple[Status, bool, str]:
    found: set[Status] = set()
    for remark in remarks:
        match = _STATUS.search(remark.text)
        if match is None:
            continue
        status = _status_of(match[1])
        if status is None:
            text = match[1].strip("\"' ;,\t")
            return "assumed", False, f"{remark.where}: {text!r} is no status, so the times count as assumed."
        found.add(status)
    if len(found) > 1:
        return "assumed", False, "The remarks state several statuses, so the times count as assumed."
    if found:
        return found.pop(), True, ""
    denied = next((remark for remark in remarks if _NOT_MEASURED.search(remark.text)), None)
    if denied is not None:
        return "assumed", False, f"{denied.where} says that the times were not measured; they count as assumed."
    if is_identified:
        return "measured", False, ""
    return (
        "assumed",
        False,
        "The study states neither its status nor who timed it, whom, or when, so its times count as assumed; "
        "put a line such as '# observer: NAME, date: 2026-11-30' above the header.",
    )


def _status_of(text: str) -> Status | None:
    """The status that a remark states after the word status; None if it states none, several, or a doubt."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    if words and words[0] == "oppgitt":
        words = [word for word in words if word not in ("oppgitt", "av")]
    named = {STATUS_WORDS[word] for word in words if word in STATUS_WORDS}
    if not words or words[0] not in STATUS_WORDS or len(named) > 1 or _DOUBT.search(text):
        return None
    return named.pop()


def days_in(texts: Iterable[str]) -> tuple[datetime.date, ...]:
    """The days that texts name, as 2026-11-24 or 24.11.2026, the earliest first."""
    found = set()
    for text in texts:
        for year, month, day in _ISO_DAY.findall(text):
            with suppress(ValueError):  # no day of the calendar
                found.add(datetime.date(int(year), int(month), int(day)))
        for day, month, year in _NORWEGIAN_DAY.findall(text):
            with suppress(ValueError):
                found.add(datetime.date(int(year), int(month), int(day)))
    return tuple(sorted(found))


def _rating(remarks: Sequence[Remark]) -> float:
    for remark in remarks:
        match = _PATTERNS["rating"].fullmatch(remark.text)
        if match:
            text = match[1].strip("\"' ;,\t%")
            values = readings(text)
            return checked_rating(min(values.values(), default=None), text, remark.where)
    return STANDARD_RATING


def checked_rating(rating: float | None, text: str, where: str) -> float:
    """A pace rating on the scale on which 100 is standard. Raises InputError for one that cannot be meant."""
    if rating is None or not MIN_RATING <= rating <= MAX_RATING:
        meant = f"; {rating:g} as a share would be {100 * rating:g}" if rating and 0.4 <= rating <= 2 else ""
        raise InputError(
            f"{where}: {text!r} is no pace rating; write one from {MIN_RATING:g} to {MAX_RATING:g}, 100 being the "
            f"standard{meant}."
        )
    return rating
