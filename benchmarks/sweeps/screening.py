"""Screening: the inputs of simulation and economics, each varied alone, ranked by their effect on the result.

Inputs of the simulation are made smaller and larger by one share. A number of the economics that has a range goes to
its ends, because they state its uncertainty; one without a range is varied by the same share. Simulating every input in
full takes minutes where there are many, so each is first tried in one short run, and only those with the largest effect
are then simulated in full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial

from cellwright.benchmarks.comparison import Comparison, paired, replicated_figures
from cellwright.benchmarks.economics.inputs import Economics
from cellwright.benchmarks.economics.model import economics_as_given, npv_by_replication_nok
from cellwright.benchmarks.sweeps.one_at_a_time import ReplicatedFigure, SensitivityRange, changed_text, ranked
from cellwright.errors import CellwrightError
from cellwright.provenance import Status
from cellwright.sequences import apply_overrides, inputs_of
from cellwright.sim import FreeTime, Length, Measure, Replication, Scenario, run_cell, run_manual

MAX_SIMULATED_IN_FULL = 10
"""How many inputs are simulated in full."""
SCREENING_SHARE = 0.1
"""The length of the screening run, as a share of a full one."""
MIN_SCREENING_CYCLES = 5
LESS_TIME = "less_time_percent"
NPV = "npv_nok"

Figures = dict[str, ReplicatedFigure]
FigureReader = Callable[[Comparison], Figures]


@dataclass(frozen=True)
class ScreeningExperiment:
    """An experiment: what is simulated, in how many replications, and which figures are read from each comparison."""

    scenario: Scenario
    length: Length
    replications: int
    seed: int
    read: FigureReader

    def shortened(self, comparison: Comparison) -> ScreeningExperiment:
        """The same in one short run, as long as a share of the runs of ``comparison``."""
        cycles = round(SCREENING_SHARE * comparison.cell.cycles / comparison.replications)
        return replace(self, length=Length(cycles=max(MIN_SCREENING_CYCLES, cycles)), replications=1)

    def of_cell(self, scenario: Scenario) -> list[Replication]:
        """The cell's part of the experiment."""
        return [run_cell(scenario, self.length, self.seed, number) for number in range(self.replications)]

    def simulate(self, scenario: Scenario, same_cell: list[Replication] | None = None) -> Figures:
        """The figures of both methods, simulated under the same random numbers. same_cell: ``of_cell`` where known."""
        numbers = range(self.replications)
        of_cell = same_cell or self.of_cell(scenario)
        of_manual = [run_manual(scenario, self.length, self.seed, number) for number in numbers]
        unit, provenance = scenario.study.cell.unit, scenario.provenance(compared=True)
        return self.read(paired(unit, of_cell, of_manual, provenance, self.seed, hours=0.0))

    def simulate_changed(
        self, varied: VariedInput, factor: float, base_cell: list[Replication] | None = None
    ) -> Figures | str:
        """The figures with one input changed, or why it cannot be changed, as a sentence. base_cell: the cell as is."""
        try:
            changed = varied.changed(self.scenario, factor)
            return self.simulate(changed, base_cell if changed.has_the_cell_of(self.scenario) else None)
        except CellwrightError as error:
            return str(error)


@dataclass(frozen=True, slots=True)
class VariedInput:
    """An input of the simulation that is varied: a parameter, or the stopwatch times of an element."""

    name: str
    value: float
    status: Status
    is_whole: bool = False
    is_timed: bool = False

    def changed(self, scenario: Scenario, factor: float) -> Scenario:
        """The scenario with this input ``factor`` times as large. Raises InputError if that is invalid."""
        if self.is_timed:
            return replace(scenario, work_factors={self.name.removeprefix("manual."): factor})
        text = changed_text(self.value, factor, self.is_whole)
        return replace(scenario, parameters=apply_overrides(scenario.parameters, [f"{self.name}={text}"]))


def varied_inputs(scenario: Scenario) -> list[VariedInput]:
    """Every number of the simulation that is not 0, and every element that a stopwatch timed; pairs are left out."""
    numbers = [
        VariedInput(name, float(value), status, isinstance(value, int))
        for name, value, status in inputs_of(scenario.parameters)
        if isinstance(value, (int, float)) and value != 0
    ]
    timed = [VariedInput(f"manual.{each.name}", each.mean_s, each.status, is_timed=True) for each in scenario.observed]
    return numbers + timed


@dataclass(frozen=True)
class ScreeningResult:
    """The effect of each input on the result.

    figure: what the inputs are ranked by. base: the figures with all inputs unchanged. ranges: by figure; of the inputs
    that were simulated in full, and of the economics. n_inputs: how many inputs of the simulation were screened.
    without_effect: how many changed nothing in the screening run. left_out: how many changed little.
    max_effect_left_out: the largest effect among these, in the figure's unit.
    """

    figure: str
    base: Mapping[str, float]
    ranges: Mapping[str, Sequence[SensitivityRange]]
    n_inputs: int
    without_effect: int
    left_out: int
    max_effect_left_out: float

    def ranked_inputs(self) -> list[SensitivityRange]:
        """The inputs with an effect on the result, the largest first."""
        base = self.base[self.figure]
        return [each for each in ranked(self.ranges[self.figure], base) if each.width(base) > 0]

    def time_range(self, name: str) -> SensitivityRange | None:
        """The effect of an input of the simulation on the time."""
        return next((each for each in self.ranges[LESS_TIME] if each.name == name), None)


def less_time(comparison: Comparison) -> Figures:
    """How much less time the cell takes than manual work, %."""
    by_replication = tuple(replicated_figures(comparison)[LESS_TIME].tolist())
    return {LESS_TIME: ReplicatedFigure(comparison.less_time_percent.mean, by_replication)}


def read_net_present_value(
    comparison: Comparison,
    economics: Economics,
    measures: Sequence[Measure],
    free: FreeTime | None = None,
    is_best: bool = False,
) -> Figures:
    """The same, and the cell's net present value, NOK, with each number of the economics at its value.

    free: the pieces of the operator's free time. is_best: the cell is compared with the best manual method.
    """
    alternative = economics_as_given(comparison, economics, None, measures, free=free, is_best=is_best).cell
    by_replication = npv_by_replication_nok(comparison, economics, measures, free=free, is_best=is_best)
    npv = ReplicatedFigure(float(alternative.npv_nok[0]), tuple(by_replication.tolist()))
    return less_time(comparison) | {NPV: npv}


def figure_reader(
    economics: Economics | None, measures: Sequence[Measure], free: FreeTime | None = None, is_best: bool = False
) -> FigureReader:
    """The function that reads the figures; with prices, it adds the net present value."""
    if economics is None:
        return less_time
    return partial(read_net_present_value, economics=economics, measures=measures, free=free, is_best=is_best)


def progress_steps(scenario: Scenario) -> int:
    """How often ``screen`` calls ``advance``."""
    inputs = len(varied_inputs(scenario))
    return inputs if inputs <= MAX_SIMULATED_IN_FULL else inputs + MAX_SIMULATED_IN_FULL


def screen(
    question: ScreeningExperiment,
    comparison: Comparison,
    economics: Economics | None,
    share: float,
    executor: Executor,
    advance: Callable[[], None] = lambda: None,
    free: FreeTime | None = None,
    is_best: bool = False,
) -> ScreeningResult:
    """The effect of each input alone on the result.

    comparison: the full one, which the ranges start from. economics: prices, if there are any. share: 0 to 1.
    advance: called after each input of the simulation. free, is_best: as for ``figure_reader``.
    """
    figure = LESS_TIME if economics is None else NPV
    ends = (1 - share, 1 + share)
    inputs = varied_inputs(question.scenario)
    kept, effects = inputs, dict[str, float]()
    if len(inputs) > MAX_SIMULATED_IN_FULL:
        short, tried = _simulated_ranges(question.shortened(comparison), inputs, ends, executor, advance)
        effects = {each.name: each.width(short[figure].value) for each in tried[figure]}
        order = sorted(inputs, key=lambda each: -effects[each.name])
        kept = [each for each in order[:MAX_SIMULATED_IN_FULL] if effects[each.name] > 0]
    base_of_experiment, simulated = _simulated_ranges(question, kept, ends, executor, advance)
    base = {name: each.value for name, each in question.read(comparison).items()}
    ranges = {
        name: [_shifted(each, base_of_experiment[name].value, base[name]) for each in simulated[name]] for name in base
    }
    if economics is not None:
        as_given = partial(
            economics_as_given,
            comparison,
            economics,
            None,
            question.scenario.study.measures,
            free=free,
            is_best=is_best,
        )
        ranges[NPV] += _economics_ranges(economics, share, lambda changed: float(as_given(changed).cell.npv_nok[0]))
    left_out = [effects[each.name] for each in inputs if each not in kept]
    without_effect = left_out.count(0.0)
    return ScreeningResult(
        figure, base, ranges, len(inputs), without_effect, len(left_out) - without_effect, max(left_out, default=0.0)
    )


def _simulated_ranges(
    question: ScreeningExperiment,
    inputs: Sequence[VariedInput],
    ends: tuple[float, float],
    executor: Executor,
    advance: Callable[[], None],
) -> tuple[Figures, dict[str, list[SensitivityRange]]]:
    """The figures with all inputs unchanged, and by figure the range of each input."""
    base_cell = question.of_cell(question.scenario)
    futures = [[executor.submit(question.simulate_changed, each, end, base_cell) for end in ends] for each in inputs]
    base = question.simulate(question.scenario, base_cell)
    ranges: dict[str, list[SensitivityRange]] = {name: [] for name in base}
    for each, pair in zip(inputs, futures, strict=True):
        low, high = (future.result() for future in pair)
        for name, found in ranges.items():
            found.append(_range_of_figures(each, ends, name, base, low, high))
        advance()
    return base, ranges


def _range_of_figures(
    varied: VariedInput,
    ends: tuple[float, float],
    figure: str,
    base: Figures,
    low: Figures | str,
    high: Figures | str,
) -> SensitivityRange:
    problem = low if isinstance(low, str) and isinstance(high, str) else ""
    tried = [float(changed_text(varied.value, end, varied.is_whole)) for end in ends]
    return SensitivityRange(
        varied.name,
        varied.status,
        varied.value,
        None if isinstance(low, str) else low[figure].value,
        None if isinstance(high, str) else high[figure].value,
        problem,
        tried_low=tried[0],
        tried_high=tried[1],
        low_half_width=None if isinstance(low, str) else low[figure].half_width_from(base[figure]),
        high_half_width=None if isinstance(high, str) else high[figure].half_width_from(base[figure]),
    )


def _shifted(range_: SensitivityRange, old: float, new: float) -> SensitivityRange:
    """The range moved to the full comparison's base: fewer replications give a slightly different one."""
    low, high = (None if end is None else new if end == old else end - old + new for end in (range_.low, range_.high))
    return replace(range_, low=low, high=high)


def _economics_ranges(
    economics: Economics, share: float, npv_nok: Callable[[Mapping[str, float]], float]
) -> Iterator[SensitivityRange]:
    for name, number in economics.numbers("economics"):
        low, high = number.lowest, number.highest
        if low == high:
            low, high = number.value * (1 - share), number.value * (1 + share)
        if low == high:
            continue
        found = [npv_nok({name: end}) for end in (low, high)]
        yield SensitivityRange(name, number.status, number.value, found[0], found[1], "", low, high, 0.0, 0.0)
