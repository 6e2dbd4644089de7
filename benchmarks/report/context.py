"""What all sections of a report share: translations, inputs, and figures that recur, as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cellwright.benchmarks.charts.style import is_clear
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import Draws
from cellwright.benchmarks.report.document import Table
from cellwright.benchmarks.report.inputs import ReportInputs
from cellwright.benchmarks.report.translations import Translations
from cellwright.benchmarks.sweeps.screening import NPV
from cellwright.sim import BestManual, Estimate


@dataclass(frozen=True)
class ReportContext:
    """The context of one report: ``translations`` in its language, and the ``inputs`` that it rests on."""

    translations: Translations
    inputs: ReportInputs

    @property
    def unit(self) -> str:
        """What the cell makes, in the report's language."""
        return self.translations.term(self.inputs.comparison.unit)

    @property
    def units(self) -> str:
        """The plural of ``unit``."""
        return self.translations.term(f"{self.inputs.comparison.unit}s")

    @property
    def best_manual(self) -> BestManual | None:
        """The best manual method, if the result rests on one."""
        money = self.inputs.money
        return self.inputs.scenario.study.best_manual if money is not None and money.result.beyond_best else None

    @property
    def against(self) -> str:
        """What the cell is compared with where it matters: the best manual method, or today's."""
        return self.translations("money.cell_today" if self.best_manual is None else "money.cell_best").lower()

    @property
    def runs(self) -> str:
        """How often both methods were simulated: "20 times"."""
        return self.times(self.inputs.comparison.replications)

    def times(self, count: int) -> str:
        """``count`` as words: "once", "20 times"."""
        if count == 1:
            return self.translations("title.run")
        return self.translations("title.runs", runs=self.translations.number(count))

    @property
    def hours(self) -> str:
        """The length of one replication: "7.5 hours"."""
        return self.hours_text(self.inputs.hours)

    def hours_text(self, hours: float) -> str:
        """Hours as words: "1 hour", "7.5 hours"."""
        if hours == 1:
            return self.translations("title.hour")
        return self.translations("title.hours", hours=self.translations.plain(hours))

    def sentence(self, key: str, **values: object) -> str:
        """The sentence at ``key`` with ``values`` put in; ``unit`` and ``units`` are filled in."""
        return self.translations(key, **{"unit": self.unit, "units": self.units, **values})

    def interval_text(self, found: Estimate, sign: int = 1, key: str = "output.brackets") -> str:
        """The 95 % interval in brackets with a space before it; empty where there is none."""
        if found.ci95_low is None or found.mean == found.ci95_low == found.ci95_high == 0:
            return ""
        digits = 1 if key == "finding.sure" else None
        return self.translations(key, interval=self.translations.interval(found, sign, digits))

    def difference(self, percent: Estimate) -> str:
        """A difference in percent, as a table shows it."""
        sign = 1 if percent.mean >= 0 else -1
        if not is_clear(percent):
            return self.translations("output.same", sure=self._percent_interval(percent, 1))
        key = "output.less" if sign > 0 else "output.more"
        return self.translations(
            key, percent=self.translations.percent(percent.mean), sure=self._percent_interval(percent, sign)
        )

    def _percent_interval(self, percent: Estimate, sign: int) -> str:
        if percent.ci95_low is None:
            return ""
        return self.translations("output.brackets", interval=f"{self.translations.interval(percent, sign, 1)} %")

    def mean(self, found: Estimate, factor: float = 1.0) -> str:
        """A mean with its interval in brackets."""
        ends = (found.ci95_low, found.ci95_high)
        low, high = (None if end is None else factor * end for end in ends)
        scaled = Estimate(factor * found.mean, low, high)
        return self.translations.short(scaled.mean) + self.interval_text(scaled)

    def finding(self) -> str:
        """What the comparison shows, in one sentence."""
        saved = self.inputs.comparison.less_time_percent
        if not is_clear(saved):
            return self.sentence("finding.unclear", sure=self.interval_text(saved, 1, "finding.sure"))
        key, sign = ("finding.less", 1) if saved.mean > 0 else ("finding.more", -1)
        return self.sentence(
            key, percent=self.translations.percent(saved.mean), sure=self.interval_text(saved, sign, "finding.sure")
        )

    def labour(self) -> str:
        """The effect on labour time, in one sentence."""
        saved = self.inputs.comparison.less_labour_percent
        if not is_clear(saved):
            return self.sentence("finding.labour_same")
        key = "finding.labour_less" if saved.mean > 0 else "finding.labour_more"
        return self.sentence(key, percent=self.translations.percent(saved.mean))

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
        """A table whose sheet is named ``tables.key``; names of its unrounded figures are translated too."""
        name = self.translations(f"tables.{key}")
        unrounded = tuple(tuple(map(self._workbook_cell, row)) for row in raw)
        return Table(name, head, tuple(rows), widths, note, unrounded, tuple(map(self._workbook_name, raw_head)))

    def _workbook_cell(self, value: str | float) -> str | float:
        return self._workbook_name(value) if isinstance(value, str) else value

    def _workbook_name(self, name: str) -> str:
        """A column, figure, status, source or input of the workbook; programs read the English names."""
        if self.translations.language == "en":
            return name
        for measure in self.inputs.scenario.study.measures:
            if measure.name == name:
                return f"{self.translations.term(measure.words)}, {self.translations.term(measure.unit)}"
        if name in self._input_names:
            return f"{self.translations.input(name)} ({name})"
        return self.translations.term(name)

    @cached_property
    def _input_names(self) -> frozenset[str]:
        return frozenset(given.name for given in self.inputs.inputs_and_budget())

    def money_percentiles(self, draws: Draws) -> str:
        """The median of the draws and their 5th to 95th percentile, as sums."""
        spread = Percentiles.of(draws)
        middle, low, high = (self.translations.money(each) for each in (spread.p50, spread.p5, spread.p95))
        return middle if low == high else f"{middle} ({self.translations.between(low, high)})"

    def money_range(self, draws: Draws) -> str:
        """The 5th to 95th percentile of the draws, as sums."""
        spread = Percentiles.of(draws)
        return self.translations.between(self.translations.money(spread.p5), self.translations.money(spread.p95))

    def result_text(self, value: float) -> str:
        """A value of the figure that the sensitivity is measured in: a sum, or a percentage."""
        return (
            self.translations.money(value)
            if self.inputs.screening.figure == NPV
            else self.translations.number(value, 1)
        )

    def months_percentiles(self, draws: Draws) -> str:
        """The median payback and its 5th to 95th percentile, in months."""
        spread = Percentiles.of(draws)
        middle, low, high = (self.translations.months(each) for each in (spread.p50, spread.p5, spread.p95))
        return middle if low == high else f"{middle} ({self.translations.between(low, high)})"
