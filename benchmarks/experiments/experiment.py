"""An experiment: what is simulated of a study, how often, and under which random numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellwright import __version__, cells
from cellwright.errors import InputError, nearest
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.sim import Length, Precision, Scenario, Study

SHIFT_HOURS = 7.5
"""A Norwegian working day: 37.5 hours a week over five days."""
DEFAULT_REPLICATIONS = 20

Progress = Callable[[str, int, int], None]
"""Called as ``progress(what, done, total)``: when a part of the work begins, with 0 done or what was done before,
and after each step of it."""


def no_progress(_what: str, _done: int, _total: int) -> None:
    """Nobody wants to know how far the work is."""


def steps(progress: Progress, what: str, total: int) -> Callable[[], None]:
    """Begin a part of the work; what is returned is called after each of its steps."""
    done = itertools.count(1)
    progress(what, 0, total)
    return lambda: progress(what, next(done), total)


@dataclass(frozen=True, slots=True)
class Experiment:
    """What is simulated of a study, and how; the options of the command line have the same names.

    Attributes:
        study: A study, or the name of a cell or its file, as on the command line.
        cycles: Units after the warm-up, or
        hours: hours after it; without either, one shift of 7.5 h.
        replications: So many; 20 if neither they nor a precision are given.
        precision: Instead, until the simulation's noise is at most so many per cent.
        seed: Of the random streams; the same seed gives the same result.
        overrides: Of parameters: "carriage.max_speed=200", or a TOML file of them.
        firmware: What steps the axes.
        jobs: Processes; all cores if it is None. With 1, everything is computed in this process.
        accept: Whether implausible inputs and unknown elements are taken as they are.

    Example:
        >>> Experiment("drill_press.py", hours=8, overrides=["spindle.speed=200"]).length.hours
        8

    Raises:
        InputError: Both replications and precision are given, or one of the numbers cannot be.
    """

    study: Study | str | Path
    cycles: int | None = None
    hours: float | None = None
    replications: int | None = None
    precision: float | None = None
    seed: int = 1
    overrides: Sequence[str] = ()
    firmware: SteppingFirmware = DEFAULT_FIRMWARE
    jobs: int | None = None
    accept: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.overrides, str):  # one override, not one for each letter
            object.__setattr__(self, "overrides", (self.overrides,))
        if self.replications is not None and self.precision is not None:
            raise InputError(
                "Replications say how often to simulate, a precision how exact the result must be; give one of them."
            )
        if self.precision is not None:
            Precision(self.precision)  # refuses what cannot be asked for before anything is simulated
        if self.max_replications < 1:
            raise InputError(f"{self.max_replications} replications show nothing; simulate at least 1.")
        _ = self.length  # refuses what no simulation can last
        if self.seed < 0:
            raise InputError(f"A seed of {self.seed} cannot be used; give 0 or more.")
        if self.jobs is not None and self.jobs < 1:
            raise InputError(f"{self.jobs} processes compute nothing; give at least 1 job.")
        if self.firmware not in STEP_TIMINGS:
            raise InputError(f"There is no firmware {self.firmware!r}; {nearest(self.firmware, STEP_TIMINGS)}")

    @property
    def cell(self) -> str:
        """The name of the cell: as it was given, or that of the study's cell."""
        return self.study.cell.name() if isinstance(self.study, Study) else str(self.study)

    @property
    def rule(self) -> Precision | None:
        """When to stop; None for a fixed number of replications."""
        return None if self.precision is None else Precision(self.precision)

    @property
    def max_replications(self) -> int:
        """How many replications there are; with a precision, at most."""
        if self.rule is not None:
            return self.rule.max_replications
        return DEFAULT_REPLICATIONS if self.replications is None else self.replications

    @property
    def length(self) -> Length:
        """How much to simulate; one shift by default."""
        if self.cycles is None and self.hours is None:
            return Length(hours=SHIFT_HOURS)
        return Length(self.cycles, self.hours)

    def load(self) -> Study:
        """The study. Raises InputError if there is no such cell."""
        return self.study if isinstance(self.study, Study) else cells.load(str(self.study))

    def scenario(self) -> Scenario:
        """The scenario to simulate. Raises InputError if there is no such cell, or an override cannot be set."""
        return self.load().scenario(self.overrides, firmware=self.firmware)

    def head(self, scenario: Scenario, replications: int) -> dict[str, Any]:
        """The facts at the top of all JSON output."""
        return {
            "cell": self.cell,
            "target": "model",
            "firmware": self.firmware,
            "seed": self.seed,
            "version": __version__,
            "input_hash": scenario.input_hash(),
            "replications": replications,
        }
