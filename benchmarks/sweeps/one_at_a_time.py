"""Sensitivity, one input at a time: each made smaller and larger by the same share, under the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from cellwright.benchmarks.comparison import replicated_figures
from cellwright.benchmarks.sweeps.sweep import Sweep
from cellwright.errors import CellwrightError, InputError, nearest
from cellwright.provenance import Status
from cellwright.sequences import inputs_of
from cellwright.sim import estimate


@dataclass(frozen=True, slots=True)
class SensitivityRange:
    """The effect of one input on the result.

    low, high: the result with the input smaller and larger; None where the input cannot have that value.
    value: the input unchanged. problem: why it cannot be changed, if it cannot. tried_low, tried_high: the changed
    values. low_half_width, high_half_width: half the 95 % interval of the difference of low, and of high, from the
    result as it is, in pairs under the same random numbers; None with one replication.
    """

    name: str
    status: Status
    value: float
    low: float | None
    high: float | None
    problem: str = ""
    tried_low: float | None = None
    tried_high: float | None = None
    low_half_width: float | None = None
    high_half_width: float | None = None

    def may_be_chance(self, base: float) -> bool:
        """Whether there is an effect, and no more of it than the simulation's noise makes."""
        return self.width(base) > 0 and not any(is_clear for _, is_clear in self.ends(base))

    def ends(self, base: float) -> list[tuple[float | None, bool]]:
        """``low`` and ``high``, each with whether it differs from ``base`` by more than noise, as far as is known."""
        both = ((self.low, self.low_half_width), (self.high, self.high_half_width))
        return [
            (end, end is not None and end != base and (half_width is None or abs(end - base) > half_width))
            for end, half_width in both
        ]

    def width(self, base: float) -> float:
        """The largest difference between the three results."""
        results = [each for each in (self.low, base, self.high) if each is not None]
        return max(results) - min(results)


def sensitivity(sweep: Sweep, figure: str, share: float, executor: Executor) -> Iterator[SensitivityRange | float]:
    """Yield the result as it is, then the range of each input made ``share`` (0 to 1) smaller and larger.

    sweep: what to simulate and how; its names and designs are not used. Inputs that are 0, pairs and pins are left out.
    Raises InputError for a figure that a sweep does not have.
    """
    unvaried = replace(sweep, names=(), designs=())
    if figure not in unvaried.columns():
        raise InputError(f"There is no figure {figure!r}; {nearest(figure, unvaried.columns()[1:-1])}")
    if not 0 < share < 1:
        raise InputError(f"Inputs cannot be changed by {100 * share:g} %; give more than 0 and less than 100.")
    parameters = sweep.study.scenario(sweep.overrides).parameters
    inputs = [
        (name, float(value), isinstance(value, int), status)
        for name, value, status in inputs_of(parameters)
        if isinstance(value, (int, float)) and value != 0
    ]
    unvaried = unvaried.for_workers()
    base = executor.submit(_figure, unvaried, "", figure)
    futures = []
    for name, value, is_whole, _ in inputs:
        varied = replace(unvaried, names=(name,))
        texts = [changed_text(value, factor, is_whole) for factor in (1 - share, 1 + share)]
        futures.append([executor.submit(_figure, varied, text, figure) for text in texts])
    base_figure = base.result()
    if isinstance(base_figure, str):
        raise InputError(base_figure)
    yield base_figure.value
    for (name, value, _, status), (low, high) in zip(inputs, futures, strict=True):
        yield _sensitivity_range(name, status, value, base_figure, low.result(), high.result())


@dataclass(frozen=True, slots=True)
class ReplicatedFigure:
    """A figure, and what it is in each replication; empty where replications do not have it."""

    value: float
    by_replication: tuple[float, ...] = ()

    def half_width_from(self, base: ReplicatedFigure) -> float | None:
        """Half the 95 % interval of the difference from ``base``, replication by replication (Law, section 10.2)."""
        if len(self.by_replication) < 2 or len(self.by_replication) != len(base.by_replication):
            return None
        pairs = zip(self.by_replication, base.by_replication, strict=True)
        difference = estimate([one - other for one, other in pairs])
        assert difference.ci95_high is not None
        return difference.ci95_high - difference.mean


def changed_text(value: float, factor: float, is_whole: bool) -> str:
    """An input made ``factor`` times as large, as ``--set`` takes it; a whole one stays whole, and changes."""
    changed = value * factor
    if not is_whole:
        return f"{changed:.10g}"
    nearest_whole = round(changed)
    return str(nearest_whole if nearest_whole != value else round(value) + (1 if factor > 1 else -1))


def _figure(sweep: Sweep, text: str, figure: str) -> ReplicatedFigure | str:
    """A figure with one input changed, or why it cannot be changed."""
    try:
        found = sweep.comparison((text,) if sweep.names else ())
    except CellwrightError as error:
        return str(error)
    names = sweep.columns()[1 + len(sweep.names) : -1]
    value = float(dict(zip(names, sweep.figures(found), strict=True))[figure])
    by_replication = replicated_figures(found).get(figure)  # the ends of intervals have none
    return ReplicatedFigure(value, () if by_replication is None else tuple(by_replication.tolist()))


def _sensitivity_range(
    name: str,
    status: Status,
    value: float,
    base: ReplicatedFigure,
    low: ReplicatedFigure | str,
    high: ReplicatedFigure | str,
) -> SensitivityRange:
    problems = [each for each in (low, high) if isinstance(each, str)]
    return SensitivityRange(
        name,
        status,
        value,
        None if isinstance(low, str) else low.value,
        None if isinstance(high, str) else high.value,
        problems[0] if len(problems) == 2 else "",
        low_half_width=None if isinstance(low, str) else low.half_width_from(base),
        high_half_width=None if isinstance(high, str) else high.half_width_from(base),
    )


def ranked(ranges: Sequence[SensitivityRange], base: float) -> list[SensitivityRange]:
    """The ranges of inputs that can be changed, the largest effect first."""
    return sorted((each for each in ranges if not each.problem), key=lambda each: -each.width(base))
