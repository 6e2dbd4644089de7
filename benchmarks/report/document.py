"""What a report says, free of how it is shown: headings, paragraphs, tables and drawings, all numbers as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; ``kind`` is "text", "warning" (what must not be passed over) or "code" (as it is typed)."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Bullets:
    """Short sentences, one under the other."""

    items: tuple[str, ...]


Cell = str | float
"""What a table holds: text as it is shown, or a number that only the workbook needs."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table. name: its sheet in the workbook, at most 31 characters. widths: shares of the page, one a column."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]
    note: str = ""
    raw: tuple[tuple[Cell, ...], ...] = ()
    """The same figures unrounded, under ``raw_head``, for the workbook; empty where the text is all there is."""
    raw_head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure; ``name`` is its file's, ``caption`` states what it shows."""

    name: str
    caption: str
    figure: Figure


Block = Paragraph | Bullets | Table | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and what stands below it. key: the same in all languages."""

    key: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """A large figure on the first page, and what it means."""

    shown: str
    means: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. finding: the one sentence that says what came out. footer: stands on every page."""

    language: str
    title: str
    finding: str
    headlines: tuple[Headline, ...]
    about: str
    sections: tuple[Section, ...]
    page_words: str
    summaries: tuple[tuple[int, str], ...]
    """Summaries for the fields of a form: how many characters the field holds, and the text."""

    def tables(self) -> Iterator[Table]:
        """Every table, in order."""
        yield from (block for section in self.sections for block in section.blocks if isinstance(block, Table))

    def drawings(self) -> Iterator[Drawing]:
        """Every figure, in order."""
        yield from (block for section in self.sections for block in section.blocks if isinstance(block, Drawing))
