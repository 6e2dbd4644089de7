"""What all sections of a report have at hand: the words, the material, and the figures that recur, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws
from cellwright.benchmarks.report.document import Table
from cellwright.benchmarks.report.inputs import ReportInputs
from cellwright.benchmarks.report.translations import Translations
from cellwright.benchmarks.sweeps.screening import NPV
from cellwright.sim import Estimate


@dataclass(frozen=True)
class ReportContext:
    """A report being told: ``words`` in its language, ``inputs`` that it rests on."""

    words: Translations
    inputs: ReportInputs

    @property
    def unit(self) -> str:
        """What the cell makes, in the report's language."""
        return self.words.term(self.inputs.comparison.unit)

    @property
    def units(self) -> str:
        """Several of them."""
        return self.words.term(f"{self.inputs.comparison.unit}s")

    @property
    def runs(self) -> str:
        """How often cell and hand were simulated: "20 times"."""
        return self.times(self.inputs.comparison.replications)

    def times(self, count: int) -> str:
        """So many times, in words."""
        return self.words("title.run") if count == 1 else self.words("title.runs", runs=count)

    @property
    def hours(self) -> str:
        """Hours of one replication."""
        return self.words.plain(self.inputs.hours)

    def say(self, key: str, **values: object) -> str:
        """A sentence with ``values`` put in; the unit stands in for itself."""
        return self.words(key, **{"unit": self.unit, "units": self.units, **values})

    def sure(self, found: Estimate, sign: int = 1, key: str = "output.brackets") -> str:
        """The interval in brackets with a space before it; nothing where there is none."""
        if found.ci95_low is None:
            return ""
        digits = 1 if key == "finding.sure" else None
        return self.words(key, interval=self.words.interval(found, sign, digits))

    def difference(self, percent: Estimate) -> str:
        """A difference in per cent, in the words of a table."""
        sign = 1 if percent.mean >= 0 else -1
        if not is_clear(percent):
            return self.words("output.same", sure=self._percent_sure(percent, 1))
        key = "output.less" if sign > 0 else "output.more"
        return self.words(key, percent=self.words.percent(percent.mean), sure=self._percent_sure(percent, sign))

    def _percent_sure(self, percent: Estimate, sign: int) -> str:
        if percent.ci95_low is None:
            return ""
        return self.words("output.brackets", interval=f"{self.words.interval(percent, sign, 1)} %")

    def mean(self, found: Estimate, times: float = 1.0) -> str:
        """A mean with its interval in brackets."""
        ends = (found.ci95_low, found.ci95_high)
        low, high = (None if end is None else times * end for end in ends)
        scaled = Estimate(times * found.mean, low, high)
        return self.words.short(scaled.mean) + self.sure(scaled)

    def finding(self) -> str:
        """What the comparison shows, in one sentence."""
        saved = self.inputs.comparison.less_time_percent
        if not is_clear(saved):
            return self.say("finding.unclear", sure=self.sure(saved, 1, "finding.sure"))
        key, sign = ("finding.less", 1) if saved.mean > 0 else ("finding.more", -1)
        return self.say(key, percent=self.words.percent(saved.mean), sure=self.sure(saved, sign, "finding.sure"))

    def labour(self) -> str:
        """What it means for a person's time, in one sentence."""
        saved = self.inputs.comparison.less_labour_percent
        if not is_clear(saved):
            return self.say("finding.labour_same")
        key = "finding.labour_less" if saved.mean > 0 else "finding.labour_more"
        return self.say(key, percent=self.words.percent(saved.mean))

    def table(
        self,
        key: str,
        head: tuple[str, ...],
        rows: Sequence[tuple[str, ...]],
        widths: tuple[int, ...],
        note: str = "",
        raw_head: tuple[str, ...] = (),
        raw: Sequence[tuple[str | float, ...]] = (),
    ) -> Table:
        """A table whose sheet is named ``tables.key``."""
        name = self.words(f"tables.{key}")
        return Table(name, head, tuple(rows), widths, note, tuple(raw), raw_head)

    def money_spread(self, draws: Draws) -> str:
        """The middle of the draws and where nine of ten lie, as sums."""
        spread = Percentiles.of(draws)
        middle, low, high = (self.words.money(each) for each in (spread.p50, spread.p5, spread.p95))
        return middle if low == high else f"{middle} ({self.words.between(low, high)})"

    def money_between(self, draws: Draws) -> str:
        """Where nine draws of ten lie, as sums."""
        spread = Percentiles.of(draws)
        return self.words.between(self.words.money(spread.p5), self.words.money(spread.p95))

    def screened(self, value: float) -> str:
        """A value of what the inputs are weighed by: a sum, or a percentage."""
        return self.words.money(value) if self.inputs.screening.figure == NPV else self.words.number(value, 1)

    def months_spread(self, draws: Draws) -> str:
        """The middle payback and where nine of ten lie, in months."""
        spread = Percentiles.of(draws)
        middle, low, high = (self.words.months(each) for each in (spread.p50, spread.p5, spread.p95))
        return middle if low == high else f"{middle} ({self.words.between(low, high)})"
