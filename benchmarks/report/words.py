"""A report's language: its sentences from one TOML file, and numbers as that language writes them."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellwright.errors import InputError
from cellwright.sim import Estimate

LANGUAGES = ("nb", "en")


@dataclass(frozen=True)
class Words:
    """The words of one language. table: what its TOML file holds."""

    language: str
    table: dict[str, Any]

    def __call__(self, key: str, **values: object) -> str:
        """The sentence at ``key`` ("cost.payback"), with ``values`` put in."""
        section, _, name = key.partition(".")
        text: str = self.table[section][name]
        return text.format(**values) if values else text

    def term(self, english: str) -> str:
        """A word of a cell, such as "panel", in this language; the English one where there is no other."""
        found: str = self.table["terms"].get(english, english)
        return found

    def about_cell(self, name: str, what: str) -> str:
        """What is said of one cell: "need", "solution", "novelty"; of an unknown cell, what holds for all."""
        cells: dict[str, dict[str, str]] = self.table["cells"]
        return cells.get(name, cells["any"])[what]

    # ---- numbers ----

    def number(self, value: float, digits: int = 0) -> str:
        """A number with ``digits`` behind the point, thousands apart, and a true minus."""
        text = f"{abs(value):,.{digits}f}"
        sign = "−" if value < 0 and any(each in "123456789" for each in text) else ""
        text = text.replace(",", "\0").replace(".", self("numbers.point")).replace("\0", self("numbers.thousands"))
        return sign + text

    def short(self, value: float) -> str:
        """Three digits that count, and never more than two behind the point."""
        size = abs(value)
        if value == 0:
            return "0"
        return self.number(value, 0 if size >= 99.95 else 1 if size >= 9.995 else 2)

    def plain(self, value: object) -> str:
        """An input as it was given: as many digits as it has."""
        if isinstance(value, tuple):
            return "; ".join(self.plain(each) for each in value)
        if not isinstance(value, (int, float)):
            return str(value)
        if abs(value) >= 1e5:
            return self.number(float(value))
        text = f"{abs(float(value)):.6g}"
        if "e" in text:
            return ("−" if value < 0 else "") + text.replace(".", self("numbers.point"))
        return self.number(float(value), len(text.partition(".")[2]))

    def money(self, value: float) -> str:
        """A sum to three figures; nobody knows it better."""
        if abs(value) < 0.5:
            return "0"
        digits = max(0, math.floor(math.log10(abs(value))) - 2)
        return self.number(round(value, -digits))

    def months(self, value: float) -> str:
        """A payback in months, or the word for never."""
        if not math.isfinite(value):
            return self("numbers.never")
        return self.number(value, 1 if value < 10 else 0)

    def percent(self, value: float) -> str:
        """A percentage without its sign, one digit behind the point; the reader puts "%" after it."""
        return self.number(abs(value), 1)

    def between(self, low: str, high: str) -> str:
        """From one figure to another: "12 to 14"; the figure alone where both are the same."""
        return low if low == high else self("numbers.between", low=low, high=high)

    def interval(self, found: Estimate, sign: int = 1, digits: int | None = None) -> str:
        """The ends of the 95 % interval; a dash where one replication gives none."""
        if found.ci95_low is None or found.ci95_high is None:
            return "–"
        low, high = sorted((sign * found.ci95_low, sign * found.ci95_high))
        show = self.short if digits is None else lambda value: self.number(value, digits)
        return self.between(show(low), show(high))

    def listed(self, items: list[str]) -> str:
        """Items in a row: "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self('numbers.and')} {items[-1]}"


def read_words(language: str) -> Words:
    """The words of ``language``. Raises InputError for one that there is not."""
    if language not in LANGUAGES:
        raise InputError(f"There is no report in {language!r}; choose one of {', '.join(LANGUAGES)}.")
    text = (Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8")
    return Words(language, tomllib.loads(text))


def capital(text: str) -> str:
    """The text with a capital first letter; the name of an input stays as it is written."""
    return text if "." in text.partition(" ")[0] else text[:1].upper() + text[1:]


def chance(words: Words, share: float) -> str:
    """A chance in per cent, without decimals; never quite 0 or 100, which no simulation can know."""
    if share < 0.01:
        return words("numbers.less_than", value=1)
    if share > 0.99:
        return words("numbers.more_than", value=99)
    return words.number(100 * share)
