"""``report``: all that a firm and its funder ask of a cell, in files."""

from __future__ import annotations

import inspect
import shlex
from dataclasses import dataclass
from pathlib import Path

import cellwright
from cellwright import cells
from cellwright.benchmarks.commercial import Commercial
from cellwright.benchmarks.economic_inputs import Economics
from cellwright.benchmarks.sensitivity import Swing, sensitivity
from cellwright.benchmarks.sweep import Sweep
from cellwright.cli import tables
from cellwright.cli.progress import progress
from cellwright.cli.simulating import Asked, run_comparison
from cellwright.cli.worthing import input_hash, read_files
from cellwright.sequences import inputs_of
from cellwright.sim import Scenario
from cellwright.sim.replication import cores, process_pool

SHARE = 0.2
"""How much smaller and larger each input is made, to see what the result hangs on."""
SWING_REPLICATIONS = 5


@dataclass(frozen=True, slots=True)
class ReportAsked:
    """What the user asked to have reported, in which language, and where to."""

    asked: Asked
    language: str
    folder: Path
    manual: Path | None
    economics: Path | None
    commercial: Path | None

    def command(self) -> str:
        """The command that gives the same report again, whatever was left to the defaults."""
        asked = self.asked
        words = ["cellwright", "report", asked.cell, "--lang", self.language, "-R", str(asked.replications)]
        words += ["--hours", f"{asked.length.hours:g}", "--seed", str(asked.seed)]
        for option in ("manual", "economics", "commercial"):
            path = getattr(self, option)
            words += [f"--{option}", str(path)] if path else []
        for setting in asked.settings:
            words += ["--set", setting]
        return shlex.join([*words, "-o", str(self.folder)])


def report(wanted: ReportAsked) -> None:
    """Simulate cell and hand, work out what the cell is worth and hangs on, and write every file.

    Raises InputError for a language that there is not, and for a folder that cannot be written, before anything runs.
    """
    from cellwright.benchmarks import read_stopwatch
    from cellwright.benchmarks.report.files import make_folder, write_report
    from cellwright.benchmarks.report.material import Material
    from cellwright.benchmarks.report.words import read_words

    words, asked = read_words(wanted.language), wanted.asked
    scenario = asked.scenario(read_stopwatch(wanted.manual) if wanted.manual else [])
    prices = _prices(wanted, scenario)
    make_folder(wanted.folder)
    comparison = run_comparison(asked, scenario)
    base, swings = _weighed(asked)
    money = None
    if prices is not None:
        from cellwright.benchmarks.economics import worth
        from cellwright.benchmarks.report.material import Money

        money = Money(*prices, worth(comparison, *prices, scenario.kit.measures))
    material = Material(
        cell=asked.cell,
        scenario=scenario,
        comparison=comparison,
        hours=asked.length.hours or 0.0,
        money=money,
        swings=swings,
        base=base,
        share=SHARE,
        swing_replications=_swing_replications(asked),
        command=wanted.command(),
        version=cellwright.__version__,
        input_hash=input_hash(scenario, *prices) if prices else scenario.input_hash(),
    )
    with tables.busy("Writing the report"):
        written = write_report(wanted.folder, material, words)
    out = tables.console()
    if money is None:
        out.print(f"{asked.cell} has no economics.toml beside it: the report says nothing of money.")
    out.print(f"Wrote {written[0]}; beside it are {', '.join(path.name for path in written[1:])}.")


def _prices(wanted: ReportAsked, scenario: Scenario) -> tuple[Economics, Commercial | None] | None:
    """The economics and the machine to buy; None if the cell has no economics and none was named."""
    beside = Path(inspect.getfile(scenario.kit.cell)).parent / "economics.toml"
    if wanted.economics is None and not beside.exists():
        return None
    return read_files(wanted.asked, scenario, wanted.economics, wanted.commercial)


def _swing_replications(asked: Asked) -> int:
    return min(asked.replications, SWING_REPLICATIONS)


def _weighed(asked: Asked) -> tuple[float, list[Swing]]:
    """How much less time the cell takes, %, and what each input alone does to that."""
    kit = cells.load(asked.cell)
    replications = _swing_replications(asked)
    plain = Sweep(
        kit, asked.cell, (), (), tuple(asked.settings), asked.length, replications, asked.seed, cellwright.__version__
    )
    total = 1 + sum(1 for _ in inputs_of(kit.scenario(asked.settings).groups))
    base, swings = 0.0, []
    with (
        process_pool(asked.jobs or cores()) as pool,
        progress(f"{total} inputs of {asked.cell}, one at a time", total) as advance,
    ):
        for found in sensitivity(plain, "less_time_percent", SHARE, pool):
            if isinstance(found, float):
                base = found
            else:
                swings.append(found)
            advance()
    return base, swings
