"""A report's content, independent of its format: headings, paragraphs, tables and drawings, all numbers as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; ``kind`` is "text", "warning" or "code"."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of short sentences."""

    items: tuple[str, ...]


Cell = str | float
"""A value in a table: text as it is shown, or a number that only the workbook needs."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. name: its sheet in the workbook, at most 31 characters. widths: shares of the page, one a column."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    note: str = ""
    raw: tuple[tuple[Cell, ...], ...] = ()
    """The same figures unrounded, under ``raw_head``, for the workbook; empty where there is only text."""
    raw_head: tuple[str, ...] = ()


class Formula(str):
    """A formula of the workbook, "=C4*C5"; any other text that begins so stays a text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that only the workbook has. name: at most 31 characters. rows: texts, numbers and formulas."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure; ``name`` is its file's, ``caption`` states what it shows. narrow: the same for a phone."""

    name: str
    caption: str
    figure: Figure
    narrow: Figure | None = None


Block = Paragraph | Bullets | Table | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its blocks. key: the same in all languages."""

    key: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """A large figure on the first page: its value as text, and what it states."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. finding: the result in one sentence. page_words: "Page|of" in its language, for the footer."""

    language: str
    title: str
    finding: str
    headlines: tuple[Headline, ...]
    about: str
    sections: tuple[Section, ...]
    page_words: str
    summaries: tuple[tuple[int, str], ...]
    """Summaries for the fields of a form: how many characters the field holds, and the text."""
    sheets: tuple[Sheet, ...] = ()
    """What the workbook has beyond the tables."""

    def tables(self) -> Iterator[Table]:
        """Every table, in order."""
        yield from (block for section in self.sections for block in section.blocks if isinstance(block, Table))

    def drawings(self) -> Iterator[Drawing]:
        """Every figure, in order."""
        yield from (block for section in self.sections for block in section.blocks if isinstance(block, Drawing))
