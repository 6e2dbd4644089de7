"""Which inputs a result hangs on: each alone made smaller and larger by the same share, under the same seed."""

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
    """What one input does to the result.

    low, high: the result with the input smaller and larger; None where it cannot be.
    value: the input as it is. problem: why it cannot be changed, if it cannot. tried_low, tried_high: what it was
    changed to.
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
        """How far the result moves, at most between the three."""
        moved = [each for each in (self.low, base, self.high) if each is not None]
        return max(moved) - min(moved)


def sensitivity(sweep: Sweep, figure: str, share: float, executor: Executor) -> Iterator[SensitivityRange | float]:
    """The result as it is, and then the swing of each input made ``share`` (0 to 1) smaller and larger, as they come.

    sweep: what to simulate and how; its names and designs are not used. Inputs that are 0, pairs and pins are left out.
    Raises InputError for a figure that a sweep does not have.
    """
    plain = replace(sweep, names=(), designs=())
    if figure not in plain.columns():
        raise InputError(f"There is no figure {figure!r}; {nearest(figure, plain.columns()[1:-1])}")
    if not 0 < share < 1:
        raise InputError(f"Inputs cannot be changed by {100 * share:g} %; give more than 0 and less than 100.")
    parameters = sweep.study.scenario(sweep.settings).parameters
    inputs = [
        (name, float(value), isinstance(value, int), status)
        for name, value, status in inputs_of(parameters)
        if isinstance(value, (int, float)) and value != 0
    ]
    base = executor.submit(_figure, plain, "", figure)
    asked = []
    for name, value, is_whole, _ in inputs:
        varied = replace(sweep, names=(name,), designs=())
        texts = [changed_text(value, factor, is_whole) for factor in (1 - share, 1 + share)]
        asked.append([executor.submit(_figure, varied, text, figure) for text in texts])
    found = base.result()
    if isinstance(found, str):
        raise InputError(found)
    yield found
    for (name, value, _, status), (low, high) in zip(inputs, asked, strict=True):
        yield _sensitivity_range(name, status, value, low.result(), high.result())


def changed_text(value: float, factor: float, is_whole: bool) -> str:
    """An input made ``factor`` times as large, as ``--set`` takes it; a whole one stays whole, and moves at least 1."""
    changed = value * factor
    if not is_whole:
        return f"{changed:.10g}"
    nearest_whole = round(changed)
    return str(nearest_whole if nearest_whole != value else round(value) + (1 if factor > 1 else -1))


def _figure(sweep: Sweep, text: str, figure: str) -> float | str:
    """A figure with one input changed, or why it cannot be."""
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
    """Those that can be changed, the one that moves the result most first."""
    return sorted((each for each in ranges if not each.problem), key=lambda each: -each.width(base))
