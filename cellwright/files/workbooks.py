"""Sheets of XLSX workbooks as rows of cells."""

from __future__ import annotations

import datetime
import io
import warnings
from pathlib import Path
from typing import Any

from cellwright.errors import InputError, nearest
from cellwright.files.numbers import Cell
from cellwright.files.text import read_bytes

SUFFIXES = (".xlsx", ".xlsm")
ZIP_MARK = b"PK\x03\x04"
OLD_EXCEL_MARK = b"\xd0\xcf\x11\xe0"


def split_sheet(path: Path) -> tuple[Path, str]:
    """The file and the sheet of "times.xlsx#Sheet2"; the sheet is empty where none is named."""
    if path.exists():
        return path, ""
    name, number_sign, sheet = path.name.partition("#")
    if number_sign and Path(name).suffix.lower() in SUFFIXES:
        return path.with_name(name), sheet
    return path, ""


def read_sheet(path: Path, sheet: str) -> tuple[str, list[list[Cell]]]:
    """The name of a sheet (the first one if ``sheet`` is empty) and its rows; empty cells are empty texts.

    Raises InputError if the file is no workbook or has no such sheet.
    """
    import openpyxl  # type: ignore[import-untyped]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of parts that openpyxl does not read, such as pictures
            workbook = openpyxl.load_workbook(io.BytesIO(read_bytes(path)), data_only=True)
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers do
        raise InputError(f"{path} is no workbook that can be read; save it as .xlsx or as CSV (UTF-8).") from error
    names = [each.title for each in workbook.worksheets]
    wanted = {name.casefold(): name for name in names}.get(sheet.casefold(), sheet) if sheet else names[0]
    if wanted not in names:
        raise InputError(f"{path} has no sheet {sheet!r}; {nearest(sheet, names)}")
    rows = workbook[wanted].iter_rows(values_only=True)
    return wanted, [[_cell(value) for value in row] for row in rows]


def _cell(value: Any) -> Cell:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, datetime.time):
        return datetime.timedelta(
            hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
        )
    if isinstance(value, (datetime.datetime, datetime.timedelta)):
        return value
    return str(value)
