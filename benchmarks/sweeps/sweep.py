"""Sweeps: many designs of a cell, each compared with manual work; rows are written as they finish, and resumed."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from cellwright.benchmarks.comparison import Comparison, paired
from cellwright.benchmarks.sweeps.sampling import Design
from cellwright.errors import CellwrightError, InputError
from cellwright.files import one_line, unwritable
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware
from cellwright.sim import Estimate, Length, Scenario, Study, run_cell, run_manual

DESIGNS_AHEAD = 4
"""How many designs are submitted for each worker, so that none is idle."""


@dataclass(frozen=True)
class Sweep:
    """What is swept. names: the inputs that are varied. overrides: what is set for all designs ("device.parameter=1").

    firmware: what steps the axes. base: the scenario without the designs' changes, for a worker (``for_workers``).
    Each design is simulated in ``replications`` under the same ``seed``, so that designs use the same random numbers.
    """

    study: Study
    cell: str
    names: tuple[str, ...]
    designs: Sequence[Design]
    overrides: tuple[str, ...]
    length: Length
    replications: int
    seed: int
    version: str
    firmware: SteppingFirmware = DEFAULT_FIRMWARE
    base: Scenario | None = None

    def for_workers(self) -> Sweep:
        """What goes to a worker with each design: without the designs, with what was prepared for the base case."""
        base = self.study.scenario(self.overrides, firmware=self.firmware)
        with suppress(CellwrightError):  # the base case need not be possible; the row of a design says what is not
            base.prepare()
        return replace(self, designs=(), base=base)

    def identity(self) -> str:
        """One line that identifies the sweep, the same on every machine and number of cores."""
        base = self.study.scenario(self.overrides, firmware=self.firmware).input_hash()
        length = f"{self.length.hours:g} h" if self.length.hours else f"{self.length.cycles} cycles"
        varied = ", ".join(self.names)
        return one_line(
            f"# sweep of {self.cell}: {varied}; {len(self.designs)} designs, {self.replications} replications of "
            f"{length}, seed {self.seed}, version {self.version}, inputs {base}"
        )

    def overrides_of(self, design: Design) -> list[str]:
        """The overrides of one design."""
        return [*self.overrides, *(f"{name}={value}" for name, value in zip(self.names, design, strict=True))]

    def scenario(self, design: Design) -> Scenario:
        """What is simulated for one design. Raises InputError or DescriptionError for an invalid one."""
        return self.study.scenario(self.overrides_of(design), firmware=self.firmware)

    def columns(self) -> list[str]:
        """The names of a row's values, units in the names."""
        measured = [measure.name for measure in self.study.measures]
        figures = ["cycle_time_s", "units_per_hour", "labour_s_per_unit", "less_time_percent", "less_labour_percent"]
        spread = [f"{name}{end}" for name in (*figures, *measured) for end in ("", "_ci95_low", "_ci95_high")]
        return ["design", *self.names, *spread, "problem"]

    def evaluate(self, number: int, design: Design) -> list[str]:
        """Simulate all replications of one design; returns its row. The row of an invalid design states the problem."""
        try:
            figures = self.figures(self.comparison(design))
        except CellwrightError as error:
            empty = [""] * (len(self.columns()) - len(design) - 2)
            return [str(number), *design, *empty, str(error)]
        return [str(number), *design, *figures, ""]

    def comparison(self, design: Design) -> Comparison:
        """Simulate all replications of one design; its intervals are over the simulation's noise alone.

        Raises:
            CellwrightError: The design is invalid, or its cell faults.
        """
        scenario = self.scenario(design)
        numbers = range(self.replications)
        of_cell = [run_cell(scenario, self.length, self.seed, number) for number in numbers]
        of_manual = [run_manual(scenario, self.length, self.seed, number) for number in numbers]
        return paired(
            self.study.cell.unit, of_cell, of_manual, scenario.provenance(compared=True), self.seed, hours=0.0
        )

    def figures(self, found: Comparison) -> list[str]:
        """The figures of a design's row: each mean, and the ends of its interval."""
        estimates = [
            found.cell.cycle_time_s,
            found.cell.units_per_hour,
            found.cell.labour_s_per_unit,
            found.less_time_percent,
            found.less_labour_percent,
            *(found.cell.measures[measure.name].mean for measure in self.study.measures),
        ]
        return [text for each in estimates for text in _estimate_texts(each)]


def _estimate_texts(each: Estimate) -> list[str]:
    return ["" if value is None else f"{value:.10g}" for value in (each.mean, each.ci95_low, each.ci95_high)]


def write_sweep(sweep: Sweep, path: Path, executor: Executor, workers: int) -> Iterator[int]:
    """Simulate the designs missing from the CSV at ``path``; yields after each how many are in it.

    Rows are in the order of the designs, each on the disk before the next, so the file does not depend on the
    number of workers, and an interrupted sweep resumes where it was. Raises InputError if ``path`` holds something
    else, or cannot be written; computed rows are kept.
    """
    try:
        done = _count_rows(sweep, path)
        yield done
        numbers = iter(range(done, len(sweep.designs)))
        with path.open("a", encoding="utf-8", newline="") as file:
            if done == 0 and file.tell() == 0:
                _write(file, sweep.identity() + "\n" + _csv_line(sweep.columns()))
            for row in _rows_in_order(sweep, numbers, executor, workers):
                _write(file, _csv_line(row))
                done += 1
                yield done
    except OSError as error:
        raise unwritable(path, error, "what was computed so far is kept") from error


def _rows_in_order(sweep: Sweep, numbers: Iterator[int], executor: Executor, workers: int) -> Iterator[list[str]]:
    """Each design's row in order, with some designs submitted ahead."""
    pending: list[Future[list[str]]] = []
    work = sweep.for_workers().evaluate
    for number in numbers:
        pending.append(executor.submit(work, number, sweep.designs[number]))
        if len(pending) >= DESIGNS_AHEAD * workers:
            yield pending.pop(0).result()
    for future in pending:
        yield future.result()


def _write(file: IO[str], text: str) -> None:
    file.write(text)
    file.flush()
    os.fsync(file.fileno())


def _csv_line(values: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(map(one_line, values))
    return text.getvalue()


def _count_rows(sweep: Sweep, path: Path) -> int:
    """How many rows of this sweep the file holds; an incomplete last row, as after a power cut, is removed."""
    if not path.exists() or path.stat().st_size == 0:
        return 0
    head = f"{sweep.identity()}\n{_csv_line(sweep.columns())}"
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not text.startswith(head):
        if head.startswith(text):
            path.write_bytes(b"")
            return 0
        raise InputError(f"{path} holds something else than this sweep; choose another file, or remove it.")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        os.truncate(path, len(whole.encode()))  # not rewritten: a power cut meanwhile would lose it all
    return len(list(csv.reader(io.StringIO(whole[len(head) :]))))


def read_sweep(path: Path) -> list[dict[str, Any]]:
    """The rows of a sweep by column, numbers as floats or None. Raises InputError for a file that is no sweep."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not lines or not lines[0].startswith("# sweep of "):
        raise InputError(f"{path} is no sweep: it does not begin with '# sweep of'.")
    rows = csv.DictReader(lines[1:])
    return [{name: value if name == "problem" else _number(value) for name, value in row.items()} for row in rows]


def _number(text: str | None) -> float | None:
    return float(text) if text else None
