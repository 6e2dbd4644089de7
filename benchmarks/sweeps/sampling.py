"""The designs of a sweep: every point of a grid, or points sampled over the ranges (scipy.stats.qmc)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cellwright.errors import InputError, nearest

Method = Literal["grid", "latin", "sobol"]
METHODS: tuple[Method, ...] = get_args(Method)
MAX_DESIGNS = 100_000
Design = tuple[str, ...]
"""The value of each varied parameter, as text that ``--set`` takes."""


@dataclass(frozen=True, slots=True)
class VariedParameter:
    """An input that is varied from ``low`` to ``high``, both included; ``count`` values on a grid."""

    name: str
    low: float
    high: float
    count: int

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are tried: the grid names every one of them, as in slats=3:15:13."""
        return float(self.low).is_integer() and self.high - self.low + 1 == self.count

    def text(self, value: float) -> str:
        """A value as ``--set`` takes it."""
        return f"{round(value)}" if self.is_whole else f"{value:.10g}"

    def grid(self) -> list[str]:
        """``count`` values, evenly spread."""
        step = (self.high - self.low) / (self.count - 1)
        return [self.text(self.low + number * step) for number in range(self.count)]


def read_varied_parameter(text: str) -> VariedParameter:
    """The varied parameter that "device.parameter=from:to:n" describes. Raises InputError for anything else."""
    name, equals, span = text.partition("=")
    words = span.split(":")
    if not equals or "." not in name or len(words) != 3:
        raise InputError(f"--vary {text}: write it as device.parameter=from:to:n, as in carriage.max_speed=100:400:7.")
    try:
        low, high, count = float(words[0]), float(words[1]), int(words[2])
    except ValueError:
        raise InputError(f"--vary {text}: from and to are numbers, n is a whole number.") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InputError(f"--vary {text}: from must be below to.")
    if count < 2:
        raise InputError(f"--vary {text}: n must be at least 2, or there is nothing to vary.")
    return VariedParameter(name.strip(), low, high, count)


def designs(parameters: Sequence[VariedParameter], method: str, samples: int, seed: int) -> list[Design]:
    """The designs to try, in a fixed order.

    method: "grid" takes every combination; "latin" (Latin hypercube) and "sobol" take ``samples`` points. Sobol points
    are balanced only if ``samples`` is a power of 2. Raises InputError for too many, or an unknown method.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}; {nearest(method, METHODS)}")
    names = [parameter.name for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"{name} is varied twice; give each input one --vary.")
    total = math.prod(parameter.count for parameter in parameters) if method == "grid" else samples
    if not 1 <= total <= MAX_DESIGNS:
        raise InputError(f"{total} designs cannot be tried; from 1 to {MAX_DESIGNS} can.")
    if method == "grid":
        return list(itertools.product(*(parameter.grid() for parameter in parameters)))
    return _spread(parameters, method, samples, seed)


def _spread(parameters: Sequence[VariedParameter], method: str, samples: int, seed: int) -> list[Design]:
    import warnings

    from scipy.stats import qmc

    sampler = (
        qmc.LatinHypercube(len(parameters), rng=seed) if method == "latin" else qmc.Sobol(len(parameters), rng=seed)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Sobol's about powers of 2: the docstring says it
        unit = sampler.random(samples)
    points = qmc.scale(unit, [parameter.low for parameter in parameters], [parameter.high for parameter in parameters])
    return [
        tuple(parameter.text(value) for parameter, value in zip(parameters, point, strict=True)) for point in points
    ]
