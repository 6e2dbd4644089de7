"""Sensitivity, one input at a time: each made smaller and larger by the same share, under the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

from cellwright.benchmarks.sweeps.sweep import Sweep
from cellwright.errors import InputError, nearest
from cellwright.provenance import Status
from cellwright.sequences import inputs_of


@dataclass(frozen=True, slots=True)
class SensitivityRange:
    """The effect of one input on the result.

    low, high: the result with the input smaller and larger; None where the input cannot have that value.
    value: the input unchanged. problem: why it cannot be changed, if it cannot. tried_low, tried_high: the changed
    values.
    """

    name: str
    status: Status
    value: float
    low: float | None
    high: float | None
    problem: str = ""
    tried_low: float | None = None
    tried_high: float | None = None

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
    yield base_figure
    for (name, value, _, status), (low, high) in zip(inputs, futures, strict=True):
        yield _sensitivity_range(name, status, value, low.result(), high.result())


def changed_text(value: float, factor: float, is_whole: bool) -> str:
    """An input made ``factor`` times as large, as ``--set`` takes it; a whole one stays whole, and changes."""
    changed = value * factor
    if not is_whole:
        return f"{changed:.10g}"
    nearest_whole = round(changed)
    return str(nearest_whole if nearest_whole != value else round(value) + (1 if factor > 1 else -1))


def _figure(sweep: Sweep, text: str, figure: str) -> float | str:
    """A figure with one input changed, or why it cannot be changed."""
    row = dict(zip(sweep.columns(), sweep.evaluate(0, (text,) if sweep.names else ()), strict=True))
    return row["problem"] or float(row[figure])


def _sensitivity_range(
    name: str, status: Status, value: float, low: float | str, high: float | str
) -> SensitivityRange:
    problems = [each for each in (low, high) if isinstance(each, str)]
    return SensitivityRange(
        name,
        status,
        value,
        None if isinstance(low, str) else low,
        None if isinstance(high, str) else high,
        problems[0] if len(problems) == 2 else "",
    )


def ranked(ranges: Sequence[SensitivityRange], base: float) -> list[SensitivityRange]:
    """The ranges of inputs that can be changed, the largest effect first."""
    return sorted((each for each in ranges if not each.problem), key=lambda each: -each.width(base))
