"""All files of a report, written into one folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cellwright.benchmarks.charts.style import as_svg, save
from cellwright.benchmarks.report import renderers
from cellwright.benchmarks.report.builder import build, summaries_text
from cellwright.benchmarks.report.inputs import ReportInputs
from cellwright.benchmarks.report.translations import Translations
from cellwright.files import unwritable, write_atomically


def make_folder(folder: Path) -> None:
    """Create the folder if it is missing. Raises InputError if it cannot be created or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".cellwright.part"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise unwritable(folder, error) from error


def write_report(folder: Path, inputs: ReportInputs, translations: Translations) -> list[Path]:
    """Write PDF, page, workbook, summaries and figures; returns the files, the PDF first, the figures last.

    Raises InputError if the folder cannot be written.
    """
    by_format = dict(write_formats(folder, inputs, translations))
    figure_paths = by_format.pop("figures")
    return [path for paths in by_format.values() for path in paths] + figure_paths


def write_formats(folder: Path, inputs: ReportInputs, translations: Translations) -> Iterator[tuple[str, list[Path]]]:
    """The same, format by format, as each is written: its name and its files."""
    document = build(inputs, translations)
    stem = translations("files.report")
    figure_paths = []
    for drawing in document.drawings():
        for kind in ("svg", "png"):
            figure_paths.append(folder / f"{drawing.name}.{kind}")
            save(drawing.figure, figure_paths[-1])
    yield "figures", figure_paths
    svg = {each.name: (folder / f"{each.name}.svg").read_bytes() for each in document.drawings()}
    yield "pdf", [_write(folder / f"{stem}.pdf", renderers.as_pdf(document, svg))]
    inline = {each.name: as_svg(each.figure, prefix=each.name) for each in document.drawings()}
    inline |= {
        f"{each.name}_narrow": as_svg(each.narrow, prefix=f"{each.name}-narrow")
        for each in document.drawings()
        if each.narrow is not None
    }
    yield "html", [_write(folder / f"{stem}.html", renderers.as_html(document, inline).encode())]
    yield "xlsx", [_write(folder / f"{stem}.xlsx", renderers.as_xlsx(document))]
    yield (
        "summaries",
        [_write(folder / f"{translations('files.summary')}.txt", summaries_text(document, translations).encode())],
    )


def _write(path: Path, content: bytes) -> Path:
    write_atomically(path, content)
    return path
