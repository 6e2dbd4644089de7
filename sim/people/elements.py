"""Manual work as timed elements, from predetermined times or from a time study."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cellwright.errors import DescriptionError, nearest
from cellwright.provenance import Figure, Status, assumed, published
from cellwright.sim.streams import Distribution, Lognormal, Streams

MODAPTS = "MODAPTS: 1 MOD = 0.129 s"
ALLOWANCE = published(0.15, "29 CFR 525.12(h)(2)(ii), a US rule: at least 15 % of work time")
_CODE = re.compile(r"([A-Z]\d+)(?:\*(\d+))?")
MODAPTS_CODES = (
    *("M1", "M2", "M3", "M4", "M5", "M7", "G0", "G1", "G3", "P0", "P2", "P5"),  # move, get, put
    *("L1", "E2", "R2", "D3", "A4", "X4", "C4", "J2"),  # load, eyes, regrasp, decide, press, force, crank, juggle
    *("F3", "W5", "B17", "S30"),  # foot, walk, bend, sit
)
"""The codes of MODAPTS that are known here; the number of each is its time in MODs."""


def modapts(codes: str) -> Figure:
    """The MODs of an element written in MODAPTS codes: "M4 G1 W5*6" is 4 + 1 + 6 x 5.

    The number in a code is its time in MODs. That the element is done this way is assumed, so the sum is.
    Raises DescriptionError for what is no code.
    """
    total = 0.0
    for word in codes.split():
        match = _CODE.fullmatch(word)
        if match is None:
            raise DescriptionError(f"{word!r} is no MODAPTS code; write for example M4, G1 or W5*6.")
        if match[1] not in MODAPTS_CODES:
            raise DescriptionError(f"{match[1]!r} is no MODAPTS code; {nearest(match[1], MODAPTS_CODES)}")
        total += float(match[1][1:]) * int(match[2] or 1)
    return assumed(total, f"analysed, not observed: {codes}")


@dataclass(frozen=True, slots=True)
class Element:
    """An element of manual work, timed without allowances.

    mean_s: seconds for all its repetitions within a unit. spread: coefficient of variation from unit to unit.
    per_unit: frequency, for work that is not done for every unit. observed_s: times by stopwatch, one for each
    occurrence; two or more replace the mean and the spread. stop_cause: set if it interrupts the work, such as a
    refill. cycle_sums_s, cycle_counts: seconds and occurrences in each timed cycle of the study, 0 where it did not
    occur; the same cycles in the same order for all elements of a study. name_nb: its name in bokmål.
    """

    name: str
    mean_s: float
    spread: float = 0.0
    per_unit: float = 1.0
    observed_s: tuple[float, ...] = ()
    stop_cause: str = ""
    status: Status = "assumed"
    cycle_sums_s: tuple[float, ...] = ()
    cycle_counts: tuple[int, ...] = ()
    name_nb: str = ""

    @property
    def is_per_occurrence(self) -> bool:
        """Whether its time is that of one occurrence, such as a refill; otherwise it is done once a unit."""
        return bool(self.stop_cause) or self.per_unit != 1

    def scaled(self, factor: float) -> Element:
        """The same element, taking ``factor`` times as long."""
        if factor == 1.0:
            return self
        return replace(
            self,
            mean_s=factor * self.mean_s,
            observed_s=tuple(factor * each for each in self.observed_s),
            cycle_sums_s=tuple(factor * each for each in self.cycle_sums_s),
        )

    def draw(self, streams: Streams) -> float:
        """Seconds for one occurrence. The n-th draw under one seed is the same for whoever does the work."""
        return streams.draw(self.source())

    def source(self) -> Distribution:
        """The distribution of its times."""
        if len(self.observed_s) > 1:
            return EmpiricalTimes(self.name, self.observed_s)
        return Lognormal(f"work {self.name}", self.mean_s, self.spread)


@dataclass(frozen=True, slots=True)
class EmpiricalTimes:
    """Times of an element by stopwatch, s; each draw is one of them.

    How far their mean may be off is no part of the draws: it is the same in every replication, so no number of
    replications would show it. It is added to the intervals of the comparison.
    """

    element: str
    times_s: tuple[float, ...]

    @property
    def name(self) -> str:
        """The name of its stream."""
        return f"work {self.element}"

    @property
    def constant_s(self) -> float | None:
        """The time if all are the same, s."""
        return self.times_s[0] if len(set(self.times_s)) == 1 else None

    def sample(self, generator: np.random.Generator, streams: Streams) -> float:  # noqa: ARG002
        return self.times_s[int(generator.integers(len(self.times_s)))]

    def sample_many(self, generator: np.random.Generator, count: int, streams: Streams) -> np.ndarray:  # noqa: ARG002
        return np.array(self.times_s)[generator.integers(len(self.times_s), size=count)]


@dataclass(kw_only=True)
class ManualMethod(ABC):
    """The manual method that the cell replaces. Its dataclass fields are parameters (``--set manual.field=value``).

    allowance: personal, fatigue and delay, as a share of work time (standard = normal x (1 + allowance)).
    spread: coefficient of variation of an element from unit to unit. mod_s: seconds per MOD. relative_error: how far
    all predetermined times together may be off, as a share of them, in 95 of 100 cases.
    """

    mod_s: float = published(0.129, MODAPTS)
    allowance: float = ALLOWANCE
    spread: float = assumed(0.10, "a practised worker's pace varies some 10 % from unit to unit")
    relative_error: float = assumed(0.10, "predetermined times against the same person's, 95 of 100 within it")

    @abstractmethod
    def elements(self, parameters: Mapping[str, Any]) -> list[Element]:
        """The elements for one unit, in order; ``parameters`` are the cell's devices and settings."""

    @abstractmethod
    def tending(self, parameters: Mapping[str, Any]) -> list[Element]:
        """The work that a person does for the cell, by the same names where it is the same work."""

    def results(self, parameters: Mapping[str, Any], streams: Streams) -> Mapping[str, float]:  # noqa: ARG002
        """The measures of one unit made by hand, by the names in the study."""
        return {}

    def element(self, name: str, mods: float, times: float = 1, **more: Any) -> Element:
        """An element of ``mods`` MODs, done ``times`` times in a unit."""
        return Element(name, float(mods * times * self.mod_s), float(self.spread), **more)


def with_observed(elements: Sequence[Element], observed: Sequence[Element]) -> list[Element]:
    """The elements; those observed in a time study replace the predetermined ones of the same name.

    They keep what their description says of them: the name in bokmål and the cause of a stop.
    """
    timed = {element.name: element for element in observed}
    return [
        replace(timed[element.name], stop_cause=element.stop_cause, name_nb=element.name_nb)
        if element.name in timed
        else element
        for element in elements
    ]


def of_whole_units(element: Element, share: float = 1.0) -> Element:
    """An observed element whose times are those of a unit, or of ``share`` of it.

    Rows of one cycle are parts of the same work.
    """
    times_s = tuple(share * seconds for seconds in element.cycle_sums_s if seconds)
    if not times_s:
        return element
    return replace(element, observed_s=times_s, mean_s=sum(times_s) / len(times_s), per_unit=1.0)
