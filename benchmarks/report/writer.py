"""All files of a report, written into one folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cellwright.benchmarks.charts.style import as_svg, save
from cellwright.benchmarks.report import renderers
from cellwright.benchmarks.report.builder import build, summaries_text
from cellwright.benchmarks.report.inputs import ReportInputs
from cellwright.benchmarks.report.translations import Translations
from cellwright.errors import InputError
from cellwright.files import write_whole


def make_folder(folder: Path) -> None:
    """Make the folder, if it is not there. Raises InputError if it cannot be made, or nothing be written into it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / ".cellwright.part"
        trial.write_bytes(b"")
        trial.unlink()
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be written to: {error.strerror}; choose another with -o."
        ) from error


def write_report(folder: Path, inputs: ReportInputs, words: Translations) -> list[Path]:
    """Write PDF, page, workbook, summaries and figures; returns the files, the PDF first, the figures last.

    Raises InputError if the folder cannot be written.
    """
    by_format = dict(write_formats(folder, inputs, words))
    drawn = by_format.pop("figures")
    return [path for paths in by_format.values() for path in paths] + drawn


def write_formats(folder: Path, inputs: ReportInputs, words: Translations) -> Iterator[tuple[str, list[Path]]]:
    """The same, format by format, as each is written: its name and its files."""
    document = build(inputs, words)
    stem = words("files.report")
    drawn = []
    for drawing in document.drawings():
        for kind in ("svg", "png"):
            drawn.append(folder / f"{drawing.name}.{kind}")
            save(drawing.figure, drawn[-1])
    yield "figures", drawn
    svg = {each.name: (folder / f"{each.name}.svg").read_bytes() for each in document.drawings()}
    yield "pdf", [_written(folder / f"{stem}.pdf", renderers.as_pdf(document, svg))]
    inline = {each.name: as_svg(each.figure, prefix=each.name) for each in document.drawings()}
    yield "html", [_written(folder / f"{stem}.html", renderers.as_html(document, inline).encode())]
    yield "xlsx", [_written(folder / f"{stem}.xlsx", renderers.as_xlsx(document))]
    yield "summaries", [_written(folder / f"{words('files.summary')}.txt", summaries_text(document, words).encode())]


def _written(path: Path, content: bytes) -> Path:
    write_whole(path, content)
    return path
