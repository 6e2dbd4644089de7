"""``demo``: a shift of a cell against the manual method, as a table, a web page and charts."""

from __future__ import annotations

from pathlib import Path

import cellwright
from cellwright.benchmarks import compare
from cellwright.benchmarks.best_manual import Compared
from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.cli import tables
from cellwright.cli.progress import progress_bars
from cellwright.cli.terminal import console, spinner
from cellwright.errors import InputError
from cellwright.files import unwritable
from cellwright.provenance import Figure
from cellwright.sequences import RunLog
from cellwright.sim import Length, Scenario, run_cell

TIMELINE_CYCLE = 5
REPLICATIONS = 20
TITLES = {
    "cycle_time": "How long one {unit} takes",
    "measures": "What one {unit} is like",
    "timeline": "One {unit}, second by second",
    "states": "What the cell does, state by state",
}
"""The heading of each chart on the page, by the name of its file."""


def demo(name: str, folder: Path, seed: int) -> None:
    """Compare the cell with the manual method over a shift; write ``index.html`` and the charts to ``folder``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}; choose another with -o.") from error
    with progress_bars() as progress:
        compared = compare(name, replications=REPLICATIONS, seed=seed, accept=True, progress=progress)
    scenario, commercial = compared.scenario, compared.commercial
    page = folder / "index.html"
    with spinner("drawing the charts"):
        _draw(scenario, compared, page, f"cellwright demo {name} --seed {seed}", commercial)
    tables.print_comparison(
        compared.today, tables.shared_work(scenario), scenario.study.measures, commercial, compared.best
    )
    tables.print_best_manual(scenario, compared.best)
    console().print(f"Open {page} in a browser; the charts are in the same folder.")


def _draw(scenario: Scenario, compared: Compared, page: Path, command: str, commercial: Commercial | None) -> None:
    from cellwright.benchmarks.charts import gantt, state_diagram, style
    from cellwright.benchmarks.report.demo_page import write_page

    cell, measures, comparison = scenario.study.cell, scenario.study.measures, compared.today
    method, phone_in = scenario.study.best_manual, style.PHONE_WIDTH_IN
    with RunLog(":memory:") as log:
        run_cell(scenario, Length(cycles=TIMELINE_CYCLE), comparison.seed, 0, log)
        charts = {
            "cycle_time": style.cycle_time_chart(comparison),
            **({"measures": style.measures_chart(comparison, measures)} if comparison.less_measured else {}),
            "timeline": gantt.timeline(log.connection, cell, 0, TIMELINE_CYCLE),
            "states": state_diagram.state_diagram(cell, comparison.cell.time_in_state_s),
        }
        narrow = {
            "timeline": gantt.timeline(log.connection, cell, 0, TIMELINE_CYCLE, phone_in),
            "cycle_time": style.cycle_time_chart(comparison, phone_in),
            **({"measures": style.measures_chart(comparison, measures, phone_in)} if comparison.less_measured else {}),
        }
    try:
        for name, figure in charts.items():
            style.save(figure, page.with_name(f"{name}.png"))
    except OSError as error:
        raise unwritable(page.parent, error) from error
    on_phone: dict[str, str | list[str]] = {
        name: style.as_svg(each, f"{name}-narrow") for name, each in narrow.items()
    } | {"states": state_diagram.in_sentences(cell, comparison.cell.time_in_state_s)}
    write_page(
        page,
        comparison,
        {TITLES[name].format(unit=cell.unit): style.as_svg(figure, prefix=name) for name, figure in charts.items()},
        title=f"The {cell.name().replace('_', ' ')} against manual work",
        command=command,
        version=cellwright.__version__,
        input_hash=scenario.input_hash(),
        sources=_sources(scenario),
        measures=measures,
        commercial=commercial,
        narrow={TITLES[name].format(unit=cell.unit): each for name, each in on_phone.items()},
        against_best=(method, compared.best) if method is not None and compared.best is not None else None,
    )


def _sources(scenario: Scenario) -> dict[str, str]:
    """The source of each input that states one."""
    return {
        f"{group}.{name}": value.source
        for group, part in scenario.parameters.items()
        for name, value in vars(part).items()
        if isinstance(value, Figure) and value.source
    }
