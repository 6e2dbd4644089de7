"""The economics before there is a cell: a stopwatch study of manual work, and a guess at the cell's times."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cellwright.benchmarks.economics.commercial import Commercial
from cellwright.benchmarks.economics.inputs import Draws, Economics, UncertainNumber
from cellwright.benchmarks.economics.model import (
    DRAWS,
    LENGTHS_S,
    at_length,
    commercial_alternative,
    investment,
    numbers_of,
)
from cellwright.benchmarks.economics.results import Alternative, EconomicResult
from cellwright.benchmarks.economics.saving import NO_DRAWS, evaluate_alternative
from cellwright.errors import InputError
from cellwright.provenance import Status
from cellwright.sim import Streams


@dataclass(frozen=True)
class GuessedCell:
    """A cell that nobody has described yet.

    cycles_s: each timed cycle of the manual work, s, without allowance. allowance: for rest and interruptions, as a
    share of work time. seconds, labour_s: a guess at the cell's time of a unit, and the person's. status: of the study.
    """

    cycles_s: tuple[float, ...]
    allowance: float
    seconds: UncertainNumber
    labour_s: UncertainNumber
    status: Status

    def provenance(self) -> dict[str, Status]:
        """The status of its inputs by name."""
        return {
            "manual.cycle_s": self.status,
            "guess.seconds_per_unit": self.seconds.status,
            "guess.labour_s_per_unit": self.labour_s.status,
        }

    def manual_s(self, streams: Streams, draws: int) -> Draws:
        """Draws of the true mean of a unit by hand, s: Student's t in its logarithm, so that it stays above 0."""
        count, mean = len(self.cycles_s), math.fsum(self.cycles_s) / len(self.cycles_s)
        deviation = float(np.std(self.cycles_s, ddof=1)) / math.sqrt(count) / mean
        drawn = streams["guess manual mean"].standard_t(count - 1, draws)
        return np.asarray((1 + self.allowance) * mean * np.exp(np.clip(deviation * drawn, -3, 3)))


def evaluate_guess(
    guess: GuessedCell, economics: Economics, commercial: Commercial | None, seed: int, draws: int = DRAWS
) -> EconomicResult:
    """The economics of a guessed cell; its free time is taken as one piece for each unit.

    Raises InputError for fewer than two timed cycles, which do not say how far their mean may be off.
    """
    if len(guess.cycles_s) < 2:
        raise InputError("A study of one cycle does not say how far its mean may be off; time at least two cycles.")
    streams, numbers = Streams(seed, 0), numbers_of(economics, commercial)
    drawn = {name: each.draw(streams[name], draws) for name, each in numbers.items()}
    manual_s = guess.manual_s(streams, draws)
    manual = Alternative(manual_s, manual_s, drawn["economics.scrap_by_hand_percent"] / 100)
    cell = Alternative(
        guess.seconds.draw(streams["guess seconds"], draws),
        guess.labour_s.draw(streams["guess labour"], draws),
        drawn["economics.scrap_by_cell_percent"] / 100,
        {},
        investment(economics, drawn),
        drawn["economics.power_w"],
        drawn["economics.maintenance_percent"] / 100,
        drawn["economics.lifetime_years"],
    )
    machine = commercial_alternative(commercial, drawn) if commercial and not commercial.why_left_out else None
    return EconomicResult(
        manual,
        evaluate_alternative(manual, cell, drawn, {}),
        evaluate_alternative(manual, machine, drawn, {}) if machine else None,
        commercial.why_left_out if commercial else "",
        guess.provenance() | {name: each.status for name, each in numbers.items()},
        by_length=tuple(at_length(each, manual, cell, NO_DRAWS, drawn, {}) for each in LENGTHS_S),
    )


def guessed(
    name: str, given: float | str | Sequence[float] | UncertainNumber, source: str = "a guess"
) -> UncertainNumber:
    """A guess at seconds: 240, or lowest, likely and highest; as text "240" or "200:240:300".

    Args:
        name: What is guessed, as its user calls it.
        given: The guess.
        source: What its number is said to come from.

    Raises:
        InputError: It is not a time above 0, or not in this order.
    """
    if isinstance(given, UncertainNumber):
        return given
    try:
        if isinstance(given, str):
            numbers = [float(each.replace(",", ".")) for each in given.split(":")]
        else:
            numbers = [float(each) for each in (given if isinstance(given, Sequence) else (given,))]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) == 1 and numbers[0] > 0:
        numbers = 3 * numbers
    if len(numbers) != 3 or not 0 < numbers[0] <= numbers[1] <= numbers[2] <= 1e6:
        raise InputError(
            f"{name} {given}: write the seconds of a unit, such as 240, or lowest, likely and highest: 200:240:300."
        )
    low, value, high = numbers
    return UncertainNumber(value=value, low=low, high=high, status="assumed", source=source)
