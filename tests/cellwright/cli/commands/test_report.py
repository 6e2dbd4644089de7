"""``cellwright report``: all files, and what is refused."""

from __future__ import annotations

import errno
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from cellwright.benchmarks.report.translations import read_translations
from cellwright.cli import run

ROOT = Path(__file__).resolve().parents[4]
pytestmark = pytest.mark.usefixtures("simulated_once")
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
    drawn = ("money", "times", "break_even", "present_value", "assumptions", "plan")
    pictures = {f"{name}.{kind}" for name in drawn for kind in ("svg", "png")}
    assert {path.name for path in folder.iterdir()} == {page, workbook, pdf, summary} | pictures
    assert (folder / pdf).read_bytes().startswith(b"%PDF")
    assert "cellwright report stapler" in (folder / page).read_text(encoding="utf-8")
    words = read_translations("en" if more else "nb")
    sheets = openpyxl.load_workbook(folder / workbook).sheetnames
    assert sheets == [
        words(f"tables.{each}")
        for each in (
            "money", "free_time", "baseline", "alternatives", "method", "output", "economics", "parts", "cash",
            "climate", "statuses", "assumptions", "packages", "milestones", "budget", "again", "inputs", "calculation",
            "pieces",
        )
    ]  # fmt: skip
    printed = capsys.readouterr()
    assert pdf in "".join(printed.out.split("\n")) and printed.err == ""


def test_a_cell_of_ones_own_without_files_in_its_folder_is_reported_all_the_same(
    drill_press: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "out"
    assert run(["report", str(drill_press), *FAST, "-o", str(folder)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "no section on economics" in printed and "no milestones and no budget" in printed
    assert not (folder / "present_value.svg").exists() and not (folder / "plan.svg").exists()
    page = (folder / "rapport.html").read_text(encoding="utf-8")
    assert "Cellen «drill press» mot manuelt arbeid" in page
    assert "Avsnittet om økonomi er utelatt" in page and "Det er ingen fil med arbeidspakker" in page
    assert "% mindre tid per block" in page


def test_times_of_a_stopwatch_are_in_the_sensitivity_analysis_and_their_days_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "times.csv"
    text = (ROOT / "cells/stapler/example_stopwatch.csv").read_text(encoding="utf-8").split("\n", 2)[2]
    remarks = "# Timed with cellwright timestudy stapler, begun 2026-03-05.\n# date: 2026-03-19\n"
    kept = [line for line in text.splitlines() if "lift off" not in line]
    study.write_text(remarks + "\n".join(kept), encoding="utf-8")
    assert run(["report", "stapler", *FAST, "--manual", str(study), "-o", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "rapport.html").read_text(encoding="utf-8")
    assert "fra 05.03.2026 til 19.03.2026" in page
    assert "Ikke tidtatt: løfte av." in page
    assert "Not timed: lift off; predetermined times stand in for them." in capsys.readouterr().out
    assert "Sekunder på å stifte" in page and "Bevegelser per stift for hånd</th><td>publisert" not in page


def test_a_machine_without_a_price_is_left_out_and_that_is_stated(tmp_path: Path) -> None:
    lines = (ROOT / "cells/stapler/commercial.toml").read_text(encoding="utf-8").splitlines()
    machine = tmp_path / "machine.toml"
    machine.write_text("\n".join(line for line in lines if not line.startswith("price_nok")), encoding="utf-8")
    assert run(["report", "stapler", *FAST, "--commercial", str(machine), "-o", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "rapport.html").read_text(encoding="utf-8")
    assert (
        "er ikke regnet med, fordi prisen ikke er kjent" in page
        and "Ingen maskin på markedet er regnet med her" in page
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("economics", "price_nok = { value = 5000, low = 4000", "price_nok = { value = -5, low = -6", "at least 0"),
        ("economics", "year = { value = 5000, low = 2000", "year = { value = 0, low = 0", "must be above 0"),
        ("economics", "discount_percent = { value = 7, low = 5, high = 10", "discount_percent = { value = 300",
         "must be below 100, and is 300; it is in percent: 7 means 7 %"),
        ("commercial", "nok = { value = 3170000, low = 2700000", "nok = { value = -1, low = -2", "at least 0"),
        ("project", "own_nok = { value = 62500", "own_nok = { value = -1", "at least 0"),
    ],
)  # fmt: skip
def test_bad_prices_are_one_sentence_and_nothing_is_written(
    file: str, old: str, new: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "cells/stapler" / f"{file}.toml").read_text(encoding="utf-8")
    assert old in text
    wrong = tmp_path / f"{file}.toml"
    wrong.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert run(["report", "stapler", *FAST, f"--{file}", str(wrong), "-o", str(tmp_path / "out")]) == 2
    err = capsys.readouterr().err
    assert (
        message in " ".join(err.split()) and f"{wrong}, line" in err and "Traceback" not in err and err.count("\n") == 1
    )
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert run(["report", "stapler", *FAST, "-o", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert "cannot be written (No space left on device); make room there" in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_what_is_refused_is_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "stapler", "--lang", "sv", "-o", str(tmp_path)]) == 2
    assert "There is no report in 'sv'; choose one of nb, en." in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert run(["report", "stapler", "-o", str(tmp_path / "file")]) == 2
    message = capsys.readouterr().err
    assert "cannot be written (" in message and message.count("\n") == 1
