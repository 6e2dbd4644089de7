"""Numbers and times as spreadsheets of any language write them. What can be read in two ways is never guessed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass

Mark = str
"""A decimal mark: "," or "."."""
Cell = str | float | datetime.datetime | datetime.timedelta
"""The content of a cell: text, or what a workbook stores."""
MARKS = (",", ".")
NAMES = {",": "comma", ".": "point"}
DAY_S = 86_400.0
MAX_DAY_FRACTION = 0.2
"""A column of seconds below this throughout, with many decimals, is a spreadsheet's fractions of a day."""
MIN_FRACTION_DIGITS = 6
_GROUP_SPACES = re.compile(r"(?<=\d)[ '\u00a0\u2009\u202f](?=\d{3}(?:\D|$))")
_INTEGER = re.compile(r"[+-]?\d+")
_BY_MARK = {
    mark: re.compile(
        rf"[+-]?(?:(?:\d+|[1-9]\d{{0,2}}(?:{other}\d{{3}})+)?{own}\d+(?:[eE][+-]?\d+)?|[1-9]\d{{0,2}}(?:{other}\d{{3}})+)"
    )
    for mark, own, other in ((",", ",", r"\."), (".", r"\.", ","))
}
_EXPONENT = re.compile(r"[+-]?\d+[eE][+-]?\d+")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:[.,]\d+)?)")
_WITHIN_TEXT = re.compile(r"\d+(?:[.,]\d+)+")


class AmbiguousError(ValueError):
    """A number that can be read in two ways; the message is a clause that names both."""


def readings(text: str) -> dict[Mark, float]:
    """The value of a number under each decimal mark it can have; a whole number has both. Empty for no number."""
    plain = _GROUP_SPACES.sub("", text.strip().replace("−", "-"))
    if _INTEGER.fullmatch(plain) or _EXPONENT.fullmatch(plain):
        return dict.fromkeys(MARKS, float(plain))
    found = {}
    for mark, pattern in _BY_MARK.items():
        if pattern.fullmatch(plain):
            other = "." if mark == "," else ","
            found[mark] = float(plain.replace(other, "").replace(mark, "."))
    return found


def is_ambiguous(values: dict[Mark, float]) -> bool:
    """Whether the decimal mark matters: "1,200" is 1.2 or 1200."""
    return len(set(values.values())) > 1


@dataclass(frozen=True, slots=True)
class DecimalMark:
    """The decimal mark of a file. mark: None where nothing shows it. why: a clause that says what shows it."""

    mark: Mark | None
    why: str = ""

    def number(self, text: str, whole: bool = False) -> float | None:
        """The value of a number; None for what is none. Raises AmbiguousError for what can be read in two ways."""
        values = readings(text)
        if not values:
            return None
        if not is_ambiguous(values):
            return next(iter(values.values()))
        written = "," if "," in text else "."
        if whole or written != self.mark:
            raise AmbiguousError(_both(text, values, self.why))
        return values[self.mark]

    def within(self, text: str) -> str:
        """A text with the numbers in it written with a decimal point: "0,6 l" is "0.6 l"."""

        def canonical(match: re.Match[str]) -> str:
            value = self.number(match[0])
            return match[0] if value is None else typed_number(value)

        return _WITHIN_TEXT.sub(canonical, text)


def _both(text: str, values: dict[Mark, float], why: str) -> str:
    low, high = sorted(values.values())
    return (
        f"{text!r} can be {low:g} or {high:g}{'; ' + why if why else ''}; "
        f"write {low:g} with another number of decimals, or {high:g} without a mark"
    )


def typed_number(value: float) -> str:
    """A number as it is handed on, with a decimal point where it needs one."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def decimal_mark(cells: Sequence[tuple[str, str]], separator: str) -> DecimalMark:
    """The decimal mark that the numbers of a file show: pairs of place ("line 2") and text.

    Raises AmbiguousError if some show a comma and others a point.
    """
    shown: dict[Mark, tuple[str, str]] = {}
    for place, text in cells:
        for token in [text, *_WITHIN_TEXT.findall(text)] if not readings(text) else [text]:
            values = readings(token)
            if len(values) == 1:
                shown.setdefault(next(iter(values)), (place, token))
    if len(shown) == 2:
        comma, point = shown[","], shown["."]
        raise AmbiguousError(
            f"{comma[1]!r} in {comma[0]} has a decimal comma and {point[1]!r} in {point[0]} a decimal point; "
            "write all numbers in one way"
        )
    if shown:
        ((mark, (place, token)),) = shown.items()
        return DecimalMark(mark, f"{token!r} in {place} has a decimal {NAMES[mark]}")
    usual = {";": ",", ",": "."}.get(separator)
    return DecimalMark(usual, f"files separated by {separator!r} have decimal {NAMES[usual]}s" if usual else "")


# ---- times ----


def clock_s(text: str) -> tuple[str, float] | None:
    """The form of a time of day or duration ("m:ss" or "h:mm:ss") and its seconds; None for anything else.

    Raises AmbiguousError for minutes or seconds above 59.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match[1], int(match[2]), float(match[3].replace(",", "."))
    if seconds >= 60 or (hours is not None and minutes >= 60):
        raise AmbiguousError(f"{text!r} is no time: minutes and seconds end at 59")
    return ("m:ss" if hours is None else "h:mm:ss"), 3600 * int(hours or 0) + 60 * minutes + seconds


def _text_of_duration(cell: Cell) -> str | float:
    """A workbook's duration as h:mm:ss; a text or a number as it is."""
    if isinstance(cell, datetime.timedelta):
        total_s = cell.total_seconds()
        hours, rest_s = divmod(total_s, 3600)
        minutes, seconds = divmod(rest_s, 60)
        return f"{int(hours)}:{int(minutes):02d}:{round(seconds, 6):09.6f}"
    return str(cell) if isinstance(cell, datetime.datetime) else cell


def seconds_of(cells: Sequence[tuple[str, Cell]], mark: DecimalMark) -> tuple[list[float | None], str]:
    """The seconds of a column of times, and a sentence on how it was read if that is not as seconds.

    The form of the whole column decides: numbers of seconds, m:ss, h:mm:ss, or fractions of a day. None stands for
    what is no time. Raises AmbiguousError where the forms are mixed, or a form can mean two things.
    """
    texts = [(place, _text_of_duration(cell)) for place, cell in cells]
    values: list[float | None] = []
    forms: dict[str, tuple[str, str]] = {}
    for place, text in texts:
        try:
            clock = clock_s(text) if isinstance(text, str) else None
            number = None if clock else text if isinstance(text, float) else mark.number(_without_unit(text))
        except AmbiguousError as error:
            raise AmbiguousError(f"{place}\0{error}") from error
        values.append(clock[1] if clock else number)
        if clock or number is not None:
            forms.setdefault(clock[0] if clock else "seconds", (place, str(text)))
    if len(forms) > 1:
        (form, (first, text)), (other, (place, odd)) = list(forms.items())[:2]
        raise AmbiguousError(
            f"{place}\0{odd!r} is written as {other}, and {text!r} in {first} as {form}; write all times in one form"
        )
    if "h:mm:ss" in forms:
        _refuse_hours_for_minutes(texts, values)
    known = [each for each in values if each is not None]
    if "seconds" in forms and _are_fractions_of_a_day(texts, known):
        place, text = forms["seconds"]
        read = [each if each is None else round(DAY_S * each, 6) for each in values]
        return read, f"The times are read as a spreadsheet's fractions of a day: {text} in {place} is {read[0]:g} s."
    return values, ""


def _without_unit(text: str) -> str:
    return re.sub(r"(?<=\d)\s*(?:s|sek|sec)\.?$", "", text.strip(), flags=re.IGNORECASE)


def _refuse_hours_for_minutes(texts: Sequence[tuple[str, Cell]], values: Sequence[float | None]) -> None:
    """A spreadsheet takes 5:12 for five hours and twelve minutes, and saves 05:12:00."""
    known = [(place, text, value) for (place, text), value in zip(texts, values, strict=True) if value is not None]
    if all(value % 60 == 0 for *_, value in known) and any(value >= 3600 for *_, value in known):
        place, text, value = next(each for each in known if each[2] >= 3600)
        raise AmbiguousError(
            f"{place}\0{text!r} can be {value:g} s, or {value / 60:g} s that a spreadsheet took for hours and minutes; "
            "write the times of this column in seconds"
        )


def _are_fractions_of_a_day(texts: Sequence[tuple[str, Cell]], values: Sequence[float]) -> bool:
    if not values or max(values) >= MAX_DAY_FRACTION or min(values) <= 0:
        return False
    decimals = [re.sub(r"^.*[.,]", "", repr(text) if isinstance(text, float) else str(text)) for _, text in texts]
    long = sum(len(each) >= MIN_FRACTION_DIGITS for each in decimals)
    return 2 * long >= len(texts)
