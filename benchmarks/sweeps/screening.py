"""What the conclusion hangs on: inputs of the simulation and of the economics, each alone, by how far they move it.

Inputs of the simulation are made smaller and larger by one share. A number of the economics that has a range goes to
its ends, because they say how far it may be off; one without goes as far as the others. Simulating every input in full
takes minutes where there are many, so each is first tried in one short run, and only those that move most are then
simulated in full.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from cellwright.benchmarks.comparison import Comparison, compare
from cellwright.benchmarks.economics.inputs import Economics
from cellwright.benchmarks.economics.model import economics_as_given
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange, changed_text, ranked
from cellwright.errors import CellwrightError
from cellwright.provenance import Status
from cellwright.sequences import apply_overrides, inputs_of
from cellwright.sim import Element, Length, Measure, Scenario, run_cell, run_manual

KEPT = 10
"""How many inputs are simulated in full."""
SCREENING_SHARE = 0.1
"""How long the run that sorts out is, as a share of a full one."""
MIN_CYCLES = 5
LESS_TIME = "less_time_percent"
NPV = "npv_nok"

Figures = dict[str, float]
Read = Callable[[Comparison], Figures]


@dataclass(frozen=True)
class Question:
    """What is simulated, in how many replications, and which figures are read from each comparison."""

    scenario: Scenario
    length: Length
    replications: int
    seed: int
    read: Read

    def shortened(self, comparison: Comparison) -> Question:
        """The same in one short run, as long as a share of the runs of ``comparison``."""
        cycles = round(SCREENING_SHARE * comparison.cell.cycles / comparison.replications)
        return replace(self, length=Length(cycles=max(MIN_CYCLES, cycles)), replications=1)

    def answer(self, scenario: Scenario) -> Figures:
        """The figures of cell and hand simulated under the same random numbers."""
        numbers = range(self.replications)
        of_cell = [run_cell(scenario, self.length, self.seed, number) for number in numbers]
        of_manual = [run_manual(scenario, self.length, self.seed, number) for number in numbers]
        unit, provenance = scenario.study.cell.unit, scenario.provenance(compared=True)
        return self.read(compare(unit, of_cell, of_manual, provenance, self.seed, hours=0.0))

    def answer_changed(self, varied: Varied, factor: float) -> Figures | str:
        """The figures with one input changed; why it cannot be, as a sentence."""
        try:
            return self.answer(varied.changed(self.scenario, factor))
        except CellwrightError as refused:
            return str(refused)


@dataclass(frozen=True, slots=True)
class Varied:
    """An input of the simulation that is varied: a parameter, or what a stopwatch says of an element."""

    name: str
    value: float
    status: Status
    is_whole: bool = False
    is_timed: bool = False

    def changed(self, scenario: Scenario, factor: float) -> Scenario:
        """The scenario with this input ``factor`` times as large. Raises InputError if that cannot be."""
        if self.is_timed:
            times = tuple(
                _scaled(each, factor) if f"manual.{each.name}" == self.name else each for each in scenario.observed
            )
            return replace(scenario, observed=times)
        text = changed_text(self.value, factor, self.is_whole)
        return replace(scenario, parameters=apply_overrides(scenario.parameters, [f"{self.name}={text}"]))


def _scaled(element: Element, factor: float) -> Element:
    observed_s = tuple(factor * each for each in element.observed_s)
    return dataclasses.replace(element, mean_s=factor * element.mean_s, observed_s=observed_s)


def varied_inputs(scenario: Scenario) -> list[Varied]:
    """Every number of the simulation that is not 0, and every element that a stopwatch timed; pairs are left out."""
    numbers = [
        Varied(name, float(value), status, isinstance(value, int))
        for name, value, status in inputs_of(scenario.parameters)
        if isinstance(value, (int, float)) and value != 0
    ]
    timed = [Varied(f"manual.{each.name}", each.mean_s, each.status, is_timed=True) for each in scenario.observed]
    return numbers + timed


@dataclass(frozen=True)
class ScreeningResult:
    """What each input does to the result.

    figure: what they are sorted by. base: the figures with all inputs as they are. swings: by figure; those of the
    inputs that were simulated in full, and of the economics. tried: how many inputs of the simulation there were.
    still: how many moved nothing at all when sorted out, and left_out how many moved little; most_left_out: how far the
    first of these moved the result then, in the figure's unit.
    """

    figure: str
    base: Figures
    ranges: Mapping[str, Sequence[SensitivityRange]]
    tried: int
    still: int
    left_out: int
    most_left_out: float

    def moving(self) -> list[SensitivityRange]:
        """The inputs that move the result, the most important first."""
        base = self.base[self.figure]
        return [each for each in ranked(self.ranges[self.figure], base) if each.width(base) > 0]

    def beside(self, name: str) -> SensitivityRange | None:
        """What an input of the simulation does to the time."""
        return next((each for each in self.ranges[LESS_TIME] if each.name == name), None)


def less_time(comparison: Comparison) -> Figures:
    """How much less time the cell takes than the hand, %."""
    return {LESS_TIME: comparison.less_time_percent.mean}


def read_money(comparison: Comparison, economics: Economics, measures: Sequence[Measure]) -> Figures:
    """The same, and the cell's net present value, NOK, with each number of the economics at its value."""
    alternative = economics_as_given(comparison, economics, None, measures).cell
    return less_time(comparison) | {NPV: float(alternative.npv_nok[0])}


def reader(economics: Economics | None, measures: Sequence[Measure]) -> Read:
    """What is read from a comparison; with prices, the net present value as well."""
    return less_time if economics is None else partial(read_money, economics=economics, measures=measures)


def steps(scenario: Scenario) -> int:
    """How often ``screen`` says that it got on."""
    inputs = len(varied_inputs(scenario))
    return inputs if inputs <= KEPT else inputs + KEPT


def screen(
    question: Question,
    comparison: Comparison,
    economics: Economics | None,
    share: float,
    executor: Executor,
    advance: Callable[[], None] = lambda: None,
) -> ScreeningResult:
    """How far each input alone moves the result.

    comparison: the full one, which the swings start from. economics: prices, if there are any. share: 0 to 1.
    advance: called after each input of the simulation.
    """
    figure = LESS_TIME if economics is None else NPV
    ends = (1 - share, 1 + share)
    inputs = varied_inputs(question.scenario)
    kept, moved = inputs, dict[str, float]()
    if len(inputs) > KEPT:
        base, ranges = _simulated(question.shortened(comparison), inputs, ends, executor, advance)
        moved = {each.name: each.width(base[figure]) for each in ranges[figure]}
        order = sorted(inputs, key=lambda each: -moved[each.name])
        kept = [each for each in order[:KEPT] if moved[each.name] > 0]
    of_few, found = _simulated(question, kept, ends, executor, advance)
    base = question.read(comparison)
    ranges = {name: [_shifted(each, base[name] - of_few[name]) for each in found[name]] for name in base}
    if economics is not None:
        ranges[NPV] += _of_economics(comparison, economics, question.scenario.study.measures, share)
    out = [moved[each.name] for each in inputs if each not in kept]
    still = out.count(0.0)
    return ScreeningResult(figure, base, ranges, len(inputs), still, len(out) - still, max(out, default=0.0))


def _simulated(
    question: Question,
    inputs: Sequence[Varied],
    ends: tuple[float, float],
    executor: Executor,
    advance: Callable[[], None],
) -> tuple[Figures, dict[str, list[SensitivityRange]]]:
    """The figures with all inputs as they are, and by figure the swing of each input."""
    as_is = executor.submit(question.answer, question.scenario)
    asked = [[executor.submit(question.answer_changed, each, end) for end in ends] for each in inputs]
    base = as_is.result()
    ranges: dict[str, list[SensitivityRange]] = {name: [] for name in base}
    for each, pair in zip(inputs, asked, strict=True):
        low, high = (future.result() for future in pair)
        for name, found in ranges.items():
            found.append(_sensitivity_range(each, ends, name, low, high))
        advance()
    return base, ranges


def _sensitivity_range(
    varied: Varied, ends: tuple[float, float], figure: str, low: Figures | str, high: Figures | str
) -> SensitivityRange:
    problem = low if isinstance(low, str) and isinstance(high, str) else ""
    tried = [float(changed_text(varied.value, end, varied.is_whole)) for end in ends]
    return SensitivityRange(
        varied.name,
        varied.status,
        varied.value,
        None if isinstance(low, str) else low[figure],
        None if isinstance(high, str) else high[figure],
        problem,
        *tried,
    )


def _shifted(range_: SensitivityRange, by: float) -> SensitivityRange:
    """The swing as seen from the full comparison: fewer runs stand a little apart, all by the same."""
    low, high = (None if end is None else end + by for end in (range_.low, range_.high))
    return replace(range_, low=low, high=high)


def _of_economics(
    comparison: Comparison, economics: Economics, measures: Sequence[Measure], share: float
) -> Iterator[SensitivityRange]:
    for name, number in economics.numbers("economics"):
        low, high = number.lowest, number.highest
        if low == high:
            low, high = number.value * (1 - share), number.value * (1 + share)
        if low == high:
            continue
        found = [
            float(economics_as_given(comparison, economics, None, measures, {name: end}).cell.npv_nok[0])
            for end in (low, high)
        ]
        yield SensitivityRange(name, number.status, number.value, found[0], found[1], "", low, high)
