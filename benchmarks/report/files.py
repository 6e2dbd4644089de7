"""All files of a report, written into one folder."""

from __future__ import annotations

from pathlib import Path

from cellwright.benchmarks.figures import as_svg, save
from cellwright.benchmarks.report import renderers
from cellwright.benchmarks.report.building import build, summaries_text
from cellwright.benchmarks.report.material import Material
from cellwright.benchmarks.report.words import Words
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


def write_report(folder: Path, material: Material, words: Words) -> list[Path]:
    """Write PDF, page, workbook, summaries and figures; returns the files, the PDF first.

    Raises InputError if the folder cannot be written.
    """
    contents = build(material, words)
    stem = words("files.report")
    written = [folder / f"{stem}.{kind}" for kind in ("pdf", "html", "xlsx")]
    summary = folder / f"{words('files.summary')}.txt"
    drawings = []
    for drawing in contents.drawings():
        for kind in ("svg", "png"):
            drawings.append(folder / f"{drawing.name}.{kind}")
            save(drawing.figure, drawings[-1])
    inline = {each.name: as_svg(each.figure, prefix=each.name) for each in contents.drawings()}
    svg = {each.name: (folder / f"{each.name}.svg").read_bytes() for each in contents.drawings()}
    write_whole(written[0], renderers.as_pdf(contents, svg))
    write_whole(written[1], renderers.as_html(contents, inline).encode())
    write_whole(written[2], renderers.as_xlsx(contents))
    write_whole(summary, summaries_text(contents, words).encode())
    return [*written, summary, *drawings]
