"""The translations of a report: sentences from a TOML file, and numbers as the language writes them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from cellwright import files
from cellwright.errors import InputError
from cellwright.sim import Estimate, Scenario

LANGUAGES = ("nb", "en")
HERE = Path(__file__).parent
TranslatedText = Annotated[str, Field(min_length=1, max_length=2000)]


class About(BaseModel):
    """The description of a cell: its name in a sentence, the need, the solution, and what is new in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: TranslatedText
    need: TranslatedText
    solution: TranslatedText
    novelty: TranslatedText


class CellTranslations(BaseModel):
    """A cell's own translations. terms: by the English term (units, elements, states, sources)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    about: About
    terms: dict[str, TranslatedText]


@dataclass(frozen=True)
class Translations:
    """All texts of one language. table: its TOML file. terms: translations of a cell's terms, by the English term."""

    language: str
    table: dict[str, Any]
    terms: dict[str, str]
    about: About

    def __call__(self, key: str, **values: object) -> str:
        """The sentence at ``key`` ("cost.payback"), with ``values`` put in."""
        section, _, name = key.partition(".")
        text: str = self.table[section][name]
        return text.format(**values) if values else text

    def term(self, english: str) -> str:
        """A term of a cell, such as "panel", in this language; the English one where there is no translation.

        Of "analysed, not observed: W5 E2" only the part before the colon is looked up.
        """
        if english in self.terms:
            return self.terms[english]
        head, colon, tail = english.partition(": ")
        return f"{self.terms[head]}: {tail}" if colon and head in self.terms else english

    def part(self, name: str) -> str:
        """The name of a device or setting; the key "the saw" separates it from work of the same name."""
        return self.terms.get(f"the {name}") or self.term(name).replace("_", " ")

    def input(self, name: str) -> str:
        """The name of an input in words: "economics.parts.frame.price_nok" is the price of the frame."""
        if name in self.terms:
            return self.terms[name]
        if name.startswith("best_manual."):
            return self("inputs.best_of", what=self.input(name.removeprefix("best_")))
        for start, end, key in NAME_PATTERNS:
            if name.startswith(start) and name.endswith(end):
                return self(f"inputs.{key}", what=self.term(name[len(start) : -len(end)]))
        device, _, parameter = name.partition(".")
        if f"*.{parameter}" in self.terms:
            return f"{self.part(device)}: {self.terms[f'*.{parameter}']}"
        element = name.removeprefix("manual.")
        is_timed = element != name and "_" not in element  # a stopwatch's element, not a parameter
        return self("inputs.seconds_of", what=self.term(element)) if is_timed else name

    # ---- numbers ----

    def number(self, value: float, digits: int = 0) -> str:
        """A number with ``digits`` decimals, a separator for thousands, and a true minus sign."""
        text = f"{abs(value):,.{digits}f}"
        sign = "−" if value < 0 and any(each in "123456789" for each in text) else ""
        text = text.replace(",", "\0").replace(".", self("numbers.point")).replace("\0", self("numbers.thousands"))
        return sign + text

    def short(self, value: float) -> str:
        """Three significant digits, and at most two decimals."""
        size = abs(value)
        if value == 0:
            return "0"
        return self.number(value, 0 if size >= 99.95 else 1 if size >= 9.995 else 2)

    def plain(self, value: object) -> str:
        """An input with as many digits as it was given."""
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
        """A sum rounded to three significant figures, which is all its inputs support."""
        if abs(value) < 0.5:
            return "0"
        digits = max(0, math.floor(math.log10(abs(value))) - 2)
        return self.number(round(value, -digits))

    def months(self, value: float) -> str:
        """A payback in months, or the word for never."""
        if not math.isfinite(value):
            return self("numbers.never")
        return self.number(value, 1) if value < 10 else self.money(value)

    def count(self, value: float) -> str:
        """A number of units a day: one decimal below 10, none above."""
        return self.number(value, 1 if value < 9.95 else 0)

    def percent(self, value: float) -> str:
        """A percentage without its sign, with one decimal; the caller adds "%"."""
        return self.number(abs(value), 1)

    def between(self, low: str, high: str) -> str:
        """A range: "12 to 14"; one figure where both are the same."""
        return low if low == high else self("numbers.between", low=low, high=high)

    def interval(self, found: Estimate, sign: int = 1, digits: int | None = None) -> str:
        """The ends of the 95 % interval; a dash where a single replication gives none."""
        if found.ci95_low is None or found.ci95_high is None:
            return "–"
        low, high = sorted((sign * found.ci95_low, sign * found.ci95_high))
        show = self.short if digits is None else lambda value: self.number(value, digits)
        return self.between(show(low), show(high))

    def listed(self, items: list[str]) -> str:
        """Items as an enumeration: "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self('numbers.and')} {items[-1]}"


NAME_PATTERNS = (
    ("economics.parts.", ".price_nok", "price_of"),
    ("economics.valued.", ".nok", "value_of"),
    ("commercial.stated.", ".figure", "stated_of"),
    ("project.budget.", ".own_nok", "own_of"),
    ("project.budget.", ".applied_nok", "applied_of"),
)
"""Inputs whose name contains a name from a file: prefix, suffix, key of the sentence."""


def read_translations(language: str, cell: str = "", folder: Path | None = None) -> Translations:
    """The translations into ``language``, with those of the cell ``cell`` if its ``folder`` holds ``report.nb.toml``.

    Raises InputError for an unknown language and for an invalid file.
    """
    if language not in LANGUAGES:
        raise InputError(f"There is no report in {language!r}; choose one of {', '.join(LANGUAGES)}.")
    table, _ = files.read_toml(HERE / f"{language}.toml")
    terms, _ = files.read_toml(HERE / f"terms.{language}.toml")
    about = table.pop("about")
    about["name"] = about["name"].format(cell=Path(cell).stem.replace("_", " "))
    cell_file = None if folder is None else folder / f"report.{language}.toml"
    content = {"about": about, "terms": terms}
    if cell_file is None or not cell_file.is_file():
        return _translations(language, table, CellTranslations.model_validate(content))
    for layer in files.read_layers(cell_file):
        content = {
            name: {**content[name], **part} if name in content and isinstance(part, dict) else part
            for name, part in {**content, **layer}.items()
        }
    return _translations(
        language, table, files.checked(CellTranslations, content, str(cell_file), files.read_text(cell_file))
    )


def _translations(language: str, table: dict[str, Any], cell_file: CellTranslations) -> Translations:
    return Translations(language, table, dict(cell_file.terms), cell_file.about)


def with_element_names(translations: Translations, scenario: Scenario) -> Translations:
    """The translations with the names of the elements of work, which stand where the elements are described."""
    if translations.language != "nb":
        return translations
    names = {each.name: each.name_nb for each in scenario.predetermined_elements() if each.name_nb}
    return replace(translations, terms=translations.terms | names)


def capital(text: str) -> str:
    """The text with a capital first letter; the name of an input stays as it is written."""
    return text if "." in text.partition(" ")[0] else text[:1].upper() + text[1:]


def chance(translations: Translations, share: float) -> str:
    """A probability in percent, without decimals; never 0 or 100, which no simulation can show."""
    if share < 0.01:
        return translations("numbers.less_than", value=1)
    if share > 0.99:
        return translations("numbers.more_than", value=99)
    return translations.number(100 * share)
