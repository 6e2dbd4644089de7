"""``cellwright report``: all files, and what is refused."""

from __future__ import annotations

from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from cellwright.benchmarks.report.words import read_words
from cellwright.cli import run

FAST = ["-R", "2", "--hours", "0.5", "--jobs", "1"]


@pytest.mark.parametrize(
    ("cell", "more", "page", "workbook", "pdf", "summary"),
    [
        ("stapler", [], "rapport.html", "rapport.xlsx", "rapport.pdf", "sammendrag.txt"),
        ("stapler", ["--lang", "en"], "report.html", "report.xlsx", "report.pdf", "summary.txt"),
    ],
)
def test_all_files_are_there(
    cell: str, more: list[str], page: str, workbook: str, pdf: str, summary: str,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "made" / "here"
    assert run(["report", cell, *FAST, *more, "-o", str(folder)]) == 0
    pictures = {f"{name}.{kind}" for name in ("times", "present_value", "assumptions") for kind in ("svg", "png")}
    assert {path.name for path in folder.iterdir()} == {page, workbook, pdf, summary} | pictures
    assert (folder / pdf).read_bytes().startswith(b"%PDF")
    assert "cellwright report stapler" in (folder / page).read_text(encoding="utf-8")
    words = read_words("en" if more else "nb")
    sheets = openpyxl.load_workbook(folder / workbook).sheetnames
    assert sheets == [
        words(f"tables.{each}")
        for each in (
            "baseline", "alternatives", "method", "output", "worth", "parts", "climate", "statuses", "assumptions",
            "again", "inputs",
        )
    ]  # fmt: skip
    printed = capsys.readouterr()
    assert pdf in "".join(printed.out.split("\n")) and printed.err == ""


def test_a_cell_without_prices_is_reported_without_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "digital_tape_stop", *FAST, "-o", str(tmp_path)]) == 0
    assert "says nothing of money" in " ".join(capsys.readouterr().out.split())
    assert not (tmp_path / "present_value.svg").exists()


def test_what_is_refused_is_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "stapler", "--lang", "sv", "-o", str(tmp_path)]) == 2
    assert "There is no report in 'sv'; choose one of nb, en." in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert run(["report", "stapler", "-o", str(tmp_path / "file")]) == 2
    said = capsys.readouterr().err
    assert "cannot be written to" in said and said.count("\n") == 1
