"""``economics``: savings, payback and net present value of a cell, or of a guess at one, and a commercial machine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cellwright.benchmarks import StudyEconomics, compute_economics_of_guess
from cellwright.benchmarks.economics.business_case import conclusion
from cellwright.benchmarks.economics.guess import guessed
from cellwright.benchmarks.experiments.economics import run_economics
from cellwright.benchmarks.experiments.experiment import Experiment
from cellwright.cli import tables
from cellwright.cli.economics_tables import print_economics
from cellwright.cli.manual_study import print_study
from cellwright.cli.progress import progress_bars
from cellwright.cli.terminal import console, spinner
from cellwright.errors import InputError
from cellwright.sim.people.elements import ALLOWANCE

GUESS_SOURCE = "a guess on the command line"


@dataclass(frozen=True, slots=True)
class EconomicsFiles:
    """The files of ``economics`` that were named; None is the cell's own."""

    manual: Path | None = None
    economics: Path | None = None
    commercial: Path | None = None


def evaluate(experiment: Experiment, given: EconomicsFiles, picture: Path | None, as_json: bool) -> None:
    """Compare a cell with the manual methods, compute its economics, print them, and draw the break-even chart."""
    with progress_bars() as progress:
        case = run_economics(experiment, given.manual, given.economics, given.commercial, progress)
    _show(case, picture, as_json)
    if not as_json and case.compared is not None and case.timed is not None:
        tables.print_comparison_precision(experiment.rule, case.compared.today)
        print_study(case.timed)


def evaluate_without_cell(
    given: EconomicsFiles, guess: tuple[str, str | None], seed: int, accept: bool, picture: Path | None, as_json: bool
) -> None:
    """The economics of a guess at a cell: its seconds of a unit, and the person's, against a stopwatch study.

    Raises:
        InputError: No study or no prices are given, or one of the two cannot be read.
    """
    if given.manual is None or given.economics is None:
        raise InputError(
            "Without a cell, economics needs the stopwatch study of the manual work (--manual) and the prices "
            "(--economics), beside the guess at the cell's --seconds."
        )
    case = compute_economics_of_guess(
        manual=given.manual,
        economics=given.economics,
        seconds=guessed("--seconds", guess[0], GUESS_SOURCE),
        labour=guessed("--labour", guess[1], GUESS_SOURCE) if guess[1] else None,
        commercial=given.commercial,
        seed=seed,
        accept=accept,
    )
    _show(case, picture, as_json)
    if as_json or case.study is None:
        return
    out = console()
    out.print(
        f"The cell is a guess: {guess[0]} s a unit, of which a person is busy {guess[1] or 'all'}"
        f"{' s' if guess[1] else ''}. By hand: {len(case.study.cycles)} timed cycles ({case.study.status}), and "
        f"{100 * float(ALLOWANCE):g} % for rest and interruptions. Material that is saved is not in these figures.",
        style="bold",
    )
    for note in case.study.notes:
        out.print(note, style="bold")


def _show(case: StudyEconomics, picture: Path | None, as_json: bool) -> None:
    """Draw the picture if one is named; print JSON, or the tables."""
    if picture is not None:
        with spinner("drawing the chart"):
            from cellwright.benchmarks.charts.style import save
            from cellwright.benchmarks.report.break_even_chart import break_even_chart

            save(break_even_chart(case.result, conclusion(case), case.unit), picture)
    if as_json:
        print(json.dumps(case.as_json(), indent=2))
    else:
        print_economics(case)
