"""Writes one table in every form that spreadsheets save: for tests that all forms are read alike."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
from hypothesis import strategies as st

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")
Value = str | int | float


@dataclass(frozen=True)
class CsvDialect:
    """A form of a table. times: how seconds are written. padding: empty cells after each row."""

    separator: str = ","
    comma: bool = False
    encoding: str = "utf-8"
    newline: str = "\n"
    sep_line: bool = False
    quoting: int = csv.QUOTE_MINIMAL
    padding: int = 0
    blank_lines: bool = False
    capital: bool = False
    spaces: bool = False
    times: str = "seconds"
    workbook: bool = False

    def write(
        self,
        folder: Path,
        headings: Sequence[str],
        rows: Sequence[Mapping[str, Value]],
        seconds: str = "",
        remarks: Sequence[str] = (),
    ) -> Path:
        """Write ``rows`` (by heading) below ``remarks``; the column ``seconds`` in the dialect's form of times."""
        table = [[heading.upper() if self.capital else heading for heading in headings]]
        is_time = [heading == seconds for heading in headings]
        if self.workbook:
            return self._write_workbook(folder, table[0], rows, headings, is_time, remarks)
        for row in rows:
            table.append(
                [self.text(row.get(heading, ""), time) for heading, time in zip(headings, is_time, strict=True)]
            )
            if self.blank_lines:
                table.append([""] * len(headings))
        out = io.StringIO()
        if self.sep_line:
            out.write(f"sep={self.separator}{self.newline}")
        writer = csv.writer(out, delimiter=self.separator, lineterminator=self.newline, quoting=self.quoting)
        for remark in remarks:
            writer.writerow([f"# {remark}", *[""] * (len(headings) - 1)])
        for cells in table:
            writer.writerow([*(f" {cell} " if self.spaces else cell for cell in cells), *[""] * self.padding])
        path = folder / "table.csv"
        path.write_bytes(out.getvalue().encode(self.encoding))
        return path

    def text(self, value: Value, is_time: bool) -> str:
        """A value as this dialect writes it."""
        if is_time and self.times != "seconds":
            return self._time(float(value))
        if isinstance(value, float):
            return f"{value:.2f}".replace(".", "," if self.comma else ".")
        return str(value)

    def _time(self, seconds: float) -> str:
        hundredths = round(seconds * 100)
        minutes, rest = divmod(hundredths, 6000)
        mark = "," if self.comma else "."
        if self.times == "m:ss":
            return f"{minutes}:{rest // 100:02d}{mark}{rest % 100:02d}"
        if self.times == "h:mm:ss":
            return f"{minutes // 60}:{minutes % 60:02d}:{rest // 100:02d}{mark}{rest % 100:02d}"
        return f"{seconds / 86400:.12f}".replace(".", mark)

    def _write_workbook(
        self,
        folder: Path,
        shown: Sequence[str],
        rows: Sequence[Mapping[str, Value]],
        headings: Sequence[str],
        is_time: Sequence[bool],
        remarks: Sequence[str],
    ) -> Path:
        workbook = openpyxl.Workbook()
        sheet = workbook.active
        for remark in remarks:
            sheet.append([f"# {remark}"])
        sheet.append(list(shown))
        for row in rows:
            sheet.append(
                [self._cell(row.get(heading, ""), time) for heading, time in zip(headings, is_time, strict=True)]
            )
            for cell in sheet[sheet.max_row]:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # a text that begins like a formula is still a text
            if self.blank_lines:
                sheet.append([None])
        path = folder / "table.xlsx"
        workbook.save(path)
        return path

    def _cell(self, value: Value, is_time: bool) -> Any:
        if value == "":
            return None
        if isinstance(value, str) or not is_time or self.times == "seconds":
            return value
        if self.times == "fraction":
            return float(value) / 86400
        duration = datetime.timedelta(seconds=float(value))
        return duration if self.times == "h:mm:ss" else (datetime.datetime.min + duration).time()


@st.composite
def dialects(draw: st.DrawFn, times: Sequence[str] = ("seconds", "m:ss", "h:mm:ss", "fraction")) -> CsvDialect:
    """Any form that a program may save."""
    separator = draw(st.sampled_from([";", ",", "\t"]))
    return CsvDialect(
        separator=separator,
        comma=draw(st.booleans()),
        encoding=draw(st.sampled_from(ENCODINGS)),
        newline=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        sep_line=draw(st.booleans()),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        padding=draw(st.integers(0, 3)),
        blank_lines=draw(st.booleans()),
        capital=draw(st.booleans()),
        spaces=draw(st.booleans()) and separator != ",",
        times=draw(st.sampled_from(list(times))),
        workbook=draw(st.integers(0, 4)) == 0,
    )
