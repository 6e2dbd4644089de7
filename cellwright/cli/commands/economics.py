"""``economics``: savings, payback and net present value of a cell, or of a guess at one, and a commercial machine."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cellwright
from cellwright import files
from cellwright.benchmarks.economics.commercial import Commercial, read_commercial
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.guess import GuessedCell, evaluate_guess
from cellwright.benchmarks.economics.inputs import Economics, InputModel, UncertainNumber, read_economics
from cellwright.benchmarks.economics.model import DRAWS, evaluate_economics
from cellwright.benchmarks.economics.plausibility import refuse_unlikely_percent
from cellwright.cli import tables
from cellwright.cli.business_case import BusinessCase, conclusion, free_time_sentence, machine_sentences
from cellwright.cli.cell_files import cell_folder, read_commercial_machine
from cellwright.cli.commands.simulate import SimulationOptions, precision_json, run_comparisons
from cellwright.cli.economics_tables import print_economics
from cellwright.errors import InputError
from cellwright.sim import Scenario, observe_free_time
from cellwright.sim.people.elements import ALLOWANCE


@dataclass(frozen=True, slots=True)
class EconomicsFiles:
    """The files of ``economics`` that were named; None is the cell's own."""

    manual: Path | None = None
    economics: Path | None = None
    commercial: Path | None = None


def evaluate(options: SimulationOptions, given: EconomicsFiles, picture: Path | None, as_json: bool) -> None:
    """Compare a cell with the manual methods, compute its economics, print them, and draw the break-even chart."""
    timed = options.timed_scenario(given.manual)
    scenario = timed.scenario
    prices, machine = read_economics_files(options, scenario, given.economics, given.commercial)
    compared = run_comparisons(options, scenario)
    result = evaluate_economics(
        compared.today,
        prices,
        machine,
        scenario.study.measures,
        free=observe_free_time(scenario, options.length, options.seed),
        best=compared.best,
    )
    case = BusinessCase(prices, machine, result, compared.today.unit, scenario, compared)
    today = compared.today
    head = options.head(scenario, today.replications) | {"input_hash": input_hash(scenario, prices, machine)}
    more = timed.as_json() | precision_json(options.rule, today.cell.means_s, today.manual.means_s)
    _show(case, head, picture, more if as_json else None)
    if not as_json:
        tables.print_comparison_precision(options.rule, today)
        timed.print_lines()


def evaluate_without_cell(
    given: EconomicsFiles, guess: tuple[str, str | None], seed: int, accept: bool, picture: Path | None, as_json: bool
) -> None:
    """The economics of a guess at a cell: its seconds of a unit, and the person's, against a stopwatch study.

    Raises:
        InputError: No study or no prices are given, or one of the two cannot be read.
    """
    from cellwright.benchmarks.time_study.stopwatch_csv import read_study, whole_cycles_s

    if given.manual is None or given.economics is None:
        raise InputError(
            "Without a cell, economics needs the stopwatch study of the manual work (--manual) and the prices "
            "(--economics), beside the guess at the cell's --seconds."
        )
    study = read_study(given.manual)
    prices = read_economics(given.economics, [])
    machine = read_commercial(given.commercial, []) if given.commercial else None
    _refuse_what_does_not_fit(accept, prices, given.economics, machine, given.commercial or Path())
    seconds = guessed("--seconds", guess[0])
    labour_s = guessed("--labour", guess[1]) if guess[1] else seconds
    guessed_cell = GuessedCell(whole_cycles_s(study), float(ALLOWANCE), seconds, labour_s, study.status)
    result = evaluate_guess(guessed_cell, prices, machine, seed)
    head = {
        "cell": None,
        "study": str(given.manual),
        "cycles_timed": len(study.cycles),
        "seed": seed,
        "version": cellwright.__version__,
        "input_hash": _hash([guessed_cell.cycles_s, seconds.model_dump(), labour_s.model_dump()], prices, machine),
    }
    _show(BusinessCase(prices, machine, result), head, picture, {} if as_json else None)
    if as_json:
        return
    out = tables.console()
    out.print(
        f"The cell is a guess: {guess[0]} s a unit, of which a person is busy {guess[1] or 'all'}"
        f"{' s' if guess[1] else ''}. By hand: {len(study.cycles)} timed cycles ({study.status}), and "
        f"{100 * float(ALLOWANCE):g} % for rest and interruptions. Material that is saved is not in these figures.",
        style="bold",
        markup=False,
    )
    for note in study.notes:
        out.print(note, style="bold", markup=False)


def guessed(option: str, text: str) -> UncertainNumber:
    """A guess as it is written: "240", or "200:240:300" for lowest, likely and highest.

    Raises:
        InputError: It is not a time above 0, or not in this order.
    """
    try:
        numbers = [float(each.replace(",", ".")) for each in text.split(":")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and numbers[0] > 0:
        numbers = 3 * numbers
    if len(numbers) != 3 or not 0 < numbers[0] <= numbers[1] <= numbers[2] <= 1e6:
        raise InputError(
            f"{option} {text}: write the seconds of a unit, such as 240, or lowest, likely and highest: 200:240:300."
        )
    low, value, high = numbers
    return UncertainNumber(value=value, low=low, high=high, status="assumed", source="a guess on the command line")


def _show(case: BusinessCase, head: dict[str, Any], picture: Path | None, more: dict[str, Any] | None) -> None:
    """Draw the picture if one is named; print JSON with ``more``, or the tables if that is None."""
    if picture is not None:
        from cellwright.benchmarks.charts.style import save
        from cellwright.benchmarks.report.break_even_chart import break_even_chart

        save(break_even_chart(case.result, conclusion(case), case.unit), picture)
    if more is None:
        print_economics(case)
    else:
        print(json.dumps(economics_json(head, case) | more, indent=2))


def read_economics_files(
    options: SimulationOptions, scenario: Scenario, economics_path: Path | None, commercial_path: Path | None
) -> tuple[Economics, Commercial | None]:
    """Both files: those given, or those in the cell's folder.

    Raises:
        InputError: A file is missing or wrong, or the prices of one include VAT and those of the other do not.
    """
    folder = cell_folder(scenario)
    measures = [measure.name for measure in scenario.study.measures]
    economics_path = economics_path or folder / "economics.toml"
    if not economics_path.exists() and economics_path.parent == folder:
        raise InputError(
            f"{options.cell} has no economics.toml in its folder; copy and change the stapler's, and give it with "
            "--economics."
        )
    economics = read_economics(economics_path, measures)
    commercial = read_commercial_machine(scenario, commercial_path)
    _refuse_what_does_not_fit(
        options.accept, economics, economics_path, commercial, commercial_path or folder / "commercial.toml"
    )
    return economics, commercial


def _refuse_what_does_not_fit(
    accept: bool, economics: Economics, economics_path: Path, commercial: Commercial | None, path: Path
) -> None:
    """Raise InputError for rates that can hardly be meant, and for two files that state VAT differently."""
    if not accept:
        refuse_unlikely_percent(economics, economics_path)
        if commercial is not None:
            refuse_unlikely_percent(commercial, path)
    if commercial is not None and commercial.vat != economics.vat:
        line = files.line_of(files.read_text(path), ("vat",))
        where = f"{path}, line {line}" if line else str(path)
        raise InputError(
            f"{where}: prices are {commercial.vat} VAT, those of {economics_path} {economics.vat}; "
            "state both in the same way."
        )


def input_hash(scenario: Scenario, *read: InputModel | None) -> str:
    """SHA-256 of the inputs of the simulation and of the files read."""
    return _hash(scenario.input_hash(), *read)


def _hash(first: object, *read: InputModel | None) -> str:
    given = [first, *(each and each.model_dump() for each in read)]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def economics_json(head: dict[str, Any], case: BusinessCase) -> dict[str, Any]:
    """All figures as JSON, with units in the names; the 5th, 50th and 95th percentiles of the draws."""
    result = case.result
    beats, free = result.cell_better_probability, result.free
    return head | {
        "draws": DRAWS,
        "prices": f"{case.economics.vat} VAT",
        "saving_by_nok_per_year": result.money_json(),
        "manual": {
            "seconds_per_unit": Percentiles.of(result.manual.seconds).as_json(),
            "labour_s_per_unit": Percentiles.of(result.manual.labour_s).as_json(),
            "measures": {name: Percentiles.of(each).as_json() for name, each in result.manual.measured.items()},
        },
        "best_manual": case.best_manual or None,
        "best_manual_economics": result.best_manual.as_json() if result.best_manual else None,
        "cell_economics": result.cell.as_json(),
        "cell_against_best_manual": result.beyond_best.as_json() if result.beyond_best else None,
        "commercial_economics": result.commercial.as_json() if result.commercial else None,
        "commercial_left_out": case.left_out,
        "cell_beats_commercial_percent": None if beats is None else 100 * beats,
        "commercial_assumes": machine_sentences(case) if result.commercial else None,
        "free_time": {
            "rule": free_time_sentence(case),
            "visits_per_hour": None if free is None else free.visits_in(1),
            "free_percent_of_cell_time": None if free is None else 100 * free.free_share,
            "pieces_s": None if free is None else dict(zip(("p5", "p50", "p95"), free.percentiles_s(), strict=True)),
            "by_shortest_piece_that_counts": [each.as_json() for each in result.by_length],
        },
        "iso_22400": {name: each.as_json() if each else None for name, each in case.kpis().items()},
        "finding": conclusion(case),
        "provenance": result.provenance,
    }
