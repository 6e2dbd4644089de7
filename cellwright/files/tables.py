"""Tables that users write: CSV in every dialect that spreadsheets save, and XLSX. One reader for all of them."""

from __future__ import annotations

import csv
import datetime
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from cellwright.errors import InputError, clause
from cellwright.files.numbers import (
    AmbiguousError,
    Cell,
    DecimalMark,
    decimal_mark,
    seconds_of,
    typed_number,
)
from cellwright.files.text import decode, read_bytes
from cellwright.files.toml_files import Model
from cellwright.files.workbooks import OLD_EXCEL_MARK, ZIP_MARK, read_sheet, split_sheet

Kind = Literal["text", "number", "whole", "seconds", "quantity"]
SEPARATORS = (";", "\t", ",")
SEPARATOR_NAMES = {";": "semicolons", "\t": "tabs", ",": "commas"}
_SEP_LINE = re.compile(r'"?sep=(.)"?[;,\t]*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its name, what it holds, and other headings for it, such as the bokmål one.

    A "quantity" is a text with numbers in it: "0,6 l". Headings are compared without case, spaces and brackets.
    """

    name: str
    kind: Kind = "text"
    aliases: tuple[str, ...] = ()


class InputRow(NamedTuple):
    """The non-empty values of one line, by column, and the place of the line.

    values: numbers have a decimal point, times are in seconds. typed: the same as the file has them.
    """

    where: str
    values: dict[str, str]
    typed: Mapping[str, str] = {}

    def error(self, message: str) -> InputError:
        """An error about this line."""
        return InputError(f"{self.where}: {message}")

    def text(self, column: str) -> str:
        """What the file has in a column."""
        return self.typed.get(column, self.values.get(column, ""))

    def checked(self, model: type[Model], **more: Any) -> Model:
        """Build a ``model`` from the row. Raises InputError that names file, line and column."""
        try:
            return model.model_validate({**self.values, **more})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            message = clause(first["msg"])
            column = str(first["loc"][0]) if first["loc"] else ""
            if first["type"] == "missing":
                raise InputError(f"{self.where}, column {column}: there is no value.") from error
            value = f"{self.text(column)!r}: " if column in self.values else ""
            place = f"{self.where}, column {column}: " if column else f"{self.where}: "
            raise InputError(f"{place}{value}{message}.") from error


class Remark(NamedTuple):
    """A line above the header that begins with #: its place, and its text without the sign."""

    where: str
    text: str


@dataclass(frozen=True)
class Table:
    """A table that was read. columns: in the file's order. headings: as the file has them. notes: how it was read."""

    path: Path
    remarks: tuple[Remark, ...]
    columns: tuple[str, ...]
    headings: tuple[str, ...]
    rows: tuple[InputRow, ...]
    separator: str
    encoding: str
    mark: DecimalMark
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of cells. place: "line 3"."""

    place: str
    cells: list[Cell]

    def is_empty(self) -> bool:
        return not any(_shown(cell) for cell in self.cells)


def read_rows(path: Path, columns: Sequence[Column], needed: Sequence[str]) -> Iterator[InputRow]:
    """The rows of a table with a header. Raises InputError with file, line and column."""
    yield from read_table(path, columns, needed).rows


def read_table(path: Path, columns: Sequence[Column], needed: Sequence[str]) -> Table:
    """Read a CSV or XLSX file; "times.xlsx#Sheet2" names a sheet.

    Lines that begin with # above the header are remarks; below it every line that is not empty is a row.

    Raises:
        InputError: The file cannot be read, a column is unknown or missing, or a number can be read in two ways.
    """
    path, sheet = split_sheet(path)
    content = read_bytes(path)
    if content.startswith(OLD_EXCEL_MARK):
        raise InputError(f"{path} is a workbook in the old .xls form; save it as .xlsx or as CSV (UTF-8).")
    if content.startswith(ZIP_MARK):
        name, sheet_rows = read_sheet(path, sheet)
        lines = [_Line(f"line {number}", cells) for number, cells in enumerate(sheet_rows, 1)]
        prefix, separator, encoding = f"{path}, sheet {name}", "", ""
        remarks, lines = _remarks_of_sheet(prefix, lines)
    else:
        text, encoding = decode(content, path)
        prefix = str(path)
        remarks, start, first_line, separator = _above_header(prefix, text)
        separator = separator or _separator(text[start:], columns)
        lines = list(_lines(prefix, text[start:], first_line, separator))
    lines = [line for line in lines if not line.is_empty()]
    if not lines:
        raise InputError(f"{path} is empty; begin with the line {','.join(needed)}.")
    return _table(path, prefix, remarks, lines, columns, needed, (separator, encoding))


# ---- above the header ----


def _above_header(prefix: str, text: str) -> tuple[tuple[Remark, ...], int, int, str]:
    """The remarks, where the header begins, the number of its line, and the separator that a first line names."""
    remarks: list[Remark] = []
    at, number, separator = 0, 1, ""
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text)
        line = text[at:end].strip().lstrip("\ufeff")
        bare = line.strip(";,\t ")
        sep_line = _SEP_LINE.fullmatch(text[at:end].strip("\ufeff\n "))  # not stripped of tabs: sep= may name one
        if sep_line and not remarks and not separator:
            separator = sep_line[1]
        elif line == "\ufeff" or not bare:
            pass
        elif re.match(r'"[\s"]*#', line):  # a spreadsheet puts a remark with a separator in it into quotes
            reader = csv.reader(io.StringIO(text[at:]), delimiter=separator or _after_quotes(text[at:]))
            cells = next(reader)
            end = at + sum(len(each) for each in text[at:].splitlines(keepends=True)[: reader.line_num])
            remarks.append(_remark(f"{prefix}, line {number}", "; ".join(cell for cell in cells if cell.strip())))
        elif line.startswith("#"):
            remarks.append(_remark(f"{prefix}, line {number}", line))
        else:
            break
        number += text.count("\n", at, end)
        at = end
    return tuple(remarks), at, number, separator


def _after_quotes(text: str) -> str:
    """The separator after a first cell in quotes."""
    match = re.match(r'(?:"(?:[^"]|"")*")([;,\t])', text.lstrip())
    return match[1] if match else ","


def _remark(where: str, text: str) -> Remark:
    return Remark(where, text.strip().lstrip("#").strip(";,\t ").strip('"').strip(";,\t "))


def _remarks_of_sheet(prefix: str, lines: list[_Line]) -> tuple[tuple[Remark, ...], list[_Line]]:
    remarks: list[Remark] = []
    for number, line in enumerate(lines):
        words = [_shown(cell) for cell in line.cells if _shown(cell)]
        if words and not words[0].startswith("#"):
            return tuple(remarks), lines[number:]
        if words:
            remarks.append(_remark(f"{prefix}, {line.place}", "; ".join(words)))
    return tuple(remarks), []


# ---- lines and columns ----


def _separator(text: str, columns: Sequence[Column]) -> str:
    """The separator under which the header has the most known headings."""
    header = text.split("\n", 1)[0]
    known = _headings(columns)

    def score(separator: str) -> tuple[int, int]:
        cells = [_normal(cell.strip('" ')) for cell in header.split(separator)]
        return sum(cell in known for cell in cells), len(cells)

    return max(SEPARATORS, key=score)


def _lines(prefix: str, text: str, first_line: int, separator: str) -> Iterator[_Line]:
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    while True:
        number = first_line + reader.line_num
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InputError(f"{prefix}, line {number}: {error}; look for a quotation mark too many.") from error
        yield _Line(f"line {number}", [cell.strip().strip("\ufeff") for cell in cells])


def _normal(heading: str) -> str:
    return re.sub(r"[\W_]+", "_", heading.casefold()).strip("_")


def _headings(columns: Sequence[Column]) -> dict[str, str]:
    return {_normal(each): column.name for column in columns for each in (column.name, *column.aliases)}


def check_columns(where: str, names: Sequence[str], columns: Sequence[str], needed: Sequence[str]) -> None:
    """Raise InputError for a column that is unknown, duplicate or missing."""
    for name in names:
        if name not in columns:
            raise InputError(f"{where}: {name!r} is no column here; the columns are {', '.join(columns)}.")
        if names.count(name) > 1:
            raise InputError(f"{where}: the column {name} is there twice.")
    for name in needed:
        if name not in names:
            raise InputError(f"{where}: the column {name} is missing.")


# ---- rows ----


def _table(
    path: Path,
    prefix: str,
    remarks: tuple[Remark, ...],
    lines: list[_Line],
    columns: Sequence[Column],
    needed: Sequence[str],
    form: tuple[str, str],
) -> Table:
    header, *below = lines
    headings = [_shown(cell) for cell in header.cells]
    while headings and not headings[-1]:
        headings.pop()
    known = _headings(columns)
    used = [number for number, heading in enumerate(headings) if heading or _has_values(below, number)]
    names = {number: known.get(_normal(headings[number]), headings[number].lower()) for number in used}
    check_columns(f"{prefix}, {header.place}", list(names.values()), [column.name for column in columns], needed)
    by_name = {column.name: column for column in columns}
    for line in below:
        _check_width(prefix, line, len(headings), form[0])
    cells = [{name: line.cells[number] for number, name in names.items() if number < len(line.cells)} for line in below]
    places = [line.place for line in below]
    rows, mark, notes = _Reader(prefix, form[0], by_name).rows(places, cells)
    shown = tuple(headings[number] for number in used)
    return Table(path, remarks, tuple(names.values()), shown, tuple(rows), *form, mark, notes)


def _has_values(lines: Sequence[_Line], number: int) -> bool:
    return any(len(line.cells) > number and _shown(line.cells[number]) for line in lines)


def _check_width(prefix: str, line: _Line, width: int, separator: str) -> None:
    used = max(number for number, cell in enumerate(line.cells, 1) if _shown(cell))
    if used > width:
        advice = ""
        if separator == ",":
            advice = "; put a number with a decimal comma into quotation marks, or separate the values by semicolons"
        raise InputError(f"{prefix}, {line.place}: there are {used} values for {width} columns{advice}.")


@dataclass(frozen=True)
class _Reader:
    """Turns the cells of a table into rows: numbers get a decimal point, times become seconds."""

    prefix: str
    separator: str
    columns: Mapping[str, Column]

    def rows(
        self, places: list[str], cells: list[dict[str, Cell]]
    ) -> tuple[list[InputRow], DecimalMark, tuple[str, ...]]:
        self._refuse_split_numbers(places, cells)
        numeric = [
            (place, cell)
            for place, row in zip(places, cells, strict=True)
            for name, cell in row.items()
            if self.columns[name].kind != "text" and isinstance(cell, str)
        ]
        try:
            mark = decimal_mark(numeric, self.separator)
        except AmbiguousError as error:
            raise InputError(f"{self.prefix}: {error}.") from error
        seconds, notes = self._seconds(places, cells, mark)
        rows = []
        for number, (place, row) in enumerate(zip(places, cells, strict=True)):
            where = f"{self.prefix}, {place}"
            typed = {name: _shown(cell) for name, cell in row.items() if _shown(cell)}
            values = {name: self._value(where, name, row[name], mark) for name in typed}
            for name, column_s in seconds.items():
                found = column_s[number]
                if name in values and found is not None:
                    values[name] = typed_number(found)
            rows.append(InputRow(where, values, typed))
        return rows, mark, notes

    def _value(self, where: str, name: str, cell: Cell, mark: DecimalMark) -> str:
        kind, text = self.columns[name].kind, _shown(cell)
        if not isinstance(cell, str) or kind in ("text", "seconds"):
            return text
        try:
            if kind == "quantity":
                return mark.within(text)
            value = mark.number(text, whole=kind == "whole")
        except AmbiguousError as error:
            raise InputError(f"{where}, column {name}: {error}.") from error
        return text if value is None else typed_number(value)

    def _seconds(
        self, places: list[str], cells: list[dict[str, Cell]], mark: DecimalMark
    ) -> tuple[dict[str, list[float | None]], tuple[str, ...]]:
        found, notes = {}, []
        for name, column in self.columns.items():
            if column.kind != "seconds" or not any(name in row for row in cells):
                continue
            given = [(place, row.get(name, "")) for place, row in zip(places, cells, strict=True)]
            try:
                found[name], note = seconds_of(given, mark)
            except AmbiguousError as error:
                place, _, message = str(error).partition("\0")
                raise InputError(f"{self.prefix}, {place}, column {name}: {message}.") from error
            notes += [note] if note else []
        return found, tuple(notes)

    def _refuse_split_numbers(self, places: list[str], cells: list[dict[str, Cell]]) -> None:
        """A decimal comma in a file separated by commas ends a number early: 300,35 becomes 300 and a remark 35."""
        if self.separator != ",":
            return
        for place, row in zip(places, cells, strict=True):
            for (name, before), (following, after) in itertools.pairwise(row.items()):
                is_split = self.columns[name].kind in ("number", "seconds") and self.columns[following].kind == "text"
                if is_split and _is_digits(before) and _is_digits(after):
                    raise InputError(
                        f"{self.prefix}, {place}, column {name}: '{before},{after}' can be {before}.{after}, or "
                        f"{before} with {after} in column {following}; separate the values by semicolons."
                    )


def _is_digits(cell: Cell) -> bool:
    return isinstance(cell, str) and re.fullmatch(r"\d+", cell) is not None


def _shown(cell: Cell) -> str:
    """A cell as a person sees it."""
    if isinstance(cell, float):
        return typed_number(cell)
    if isinstance(cell, datetime.datetime):
        return f"{cell:%Y-%m-%d}" if not (cell.hour or cell.minute or cell.second) else str(cell)
    return str(cell).strip()
