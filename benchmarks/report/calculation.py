"""The workbook's calculation: the economics at the most likely values as live formulas, so that others can be tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from cellwright.benchmarks.economics.results import Alternative, AlternativeResult
from cellwright.benchmarks.report.context import ReportContext
from cellwright.benchmarks.report.document import Cell, Formula, Sheet
from cellwright.benchmarks.report.inputs import Money
from cellwright.benchmarks.report.translations import capital
from cellwright.sim import FreeTime, Measure

METHODS = ("manual", "best", "cell", "commercial", "decisive")
"""The columns of the results; the last compares the cell with the best manual method."""


def calculation_sheets(context: ReportContext) -> tuple[Sheet, ...]:
    """The calculation, and the pieces of free time that it counts; nothing without prices."""
    money = context.inputs.money
    if money is None:
        return ()
    free = money.as_given.free
    sheets = [Sheet(context.translations("tables.calculation"), tuple(_Calculation(context, money).rows()))]
    if free is not None and free.pieces_s:
        name = context.translations("tables.pieces")
        sheets.append(
            Sheet(name, ((context.translations("calculation.pieces"),), *((each,) for each in free.pieces_s)))
        )
    return tuple(sheets)


@dataclass
class _Calculation:
    """Rows as they are added, and where each number stands."""

    context: ReportContext
    money: Money
    lines: list[tuple[Cell, ...]] = field(default_factory=list)
    at: dict[str, str] = field(default_factory=dict)

    def rows(self) -> list[tuple[Cell, ...]]:
        self._inputs()
        self.lines.append(())
        self._results()
        return self.lines

    # ---- what went in ----

    def _say(self, key: str, **values: object) -> str:
        return self.context.translations(f"calculation.{key}", **values)

    def _inputs(self) -> None:
        self.lines.append(tuple(self._say(key) for key in ("given", "low", "likely", "high", "unit")))
        numbers = dict(self.money.economics.numbers("economics"))
        if self.money.commercial is not None and self.money.result.commercial is not None:
            numbers |= dict(self.money.commercial.numbers("commercial"))
        for name, number in numbers.items():
            label = capital(self.context.translations.input(name))
            self.lines.append((label, number.lowest, number.value, number.highest, name))
            self.at[name] = f"$C${len(self.lines)}"
        parts = [
            f"{each.quantity}*{self.at[f'economics.parts.{each.key}.price_nok']}" for each in self.money.economics.parts
        ]
        hours = f"{self._of('building_h')}*{self._of('building_nok_per_h')}"
        self.lines.append((self._say("build"), "", Formula(f"={'+'.join([*parts, hours])}")))
        self.at["build"] = f"$C${len(self.lines)}"

    def _of(self, name: str) -> str:
        return self.at[f"economics.{name}"]

    # ---- what comes out ----

    def _results(self) -> None:
        given = self.money.as_given
        found: dict[str, Alternative | AlternativeResult | None] = {
            "manual": given.manual, "best": given.best_manual, "cell": given.cell, "commercial": given.commercial,
            "decisive": given.beyond_best,
        }  # fmt: skip
        self.columns = {name: "BCDEF"[place] for place, name in enumerate(each for each in METHODS if found[each])}
        self.lines.append((self._say("result"), *(self._say(name) for name in self.columns)))
        self._numbers("seconds", lambda name: float(_known(found[name]).seconds[0]))
        self._numbers("labour", lambda name: float(_known(found[name]).labour_s[0]))
        self._line("bound", self._bound)
        self._line("scrap", lambda name: f"{self._scrap(name)}/100")
        for measure in self._measures():
            label = f"{capital(self.context.translations.term(measure.words))}, {measure.unit}"
            self._numbers(measure.name, partial(_measured, found, measure.name), label)
        year_h = "*".join(self._of(name) for name in ("shifts_per_day", "hours_per_shift", "days_per_year"))
        self._line("capacity", lambda name: f"3600*{year_h}*(1-{self._at('scrap', name)})/{self._at('seconds', name)}")
        self._line("units", self._units, but=("manual",))
        self._line("time", self._time, but=("manual",))
        self._line("material", self._material, but=("manual",))
        self._line("scrap_nok", self._scrap_nok, but=("manual",))
        self._line("energy", self._energy, but=("manual",))
        self._line("maintenance", self._maintenance, but=("manual",))
        self._line("method", self._method, but=("manual",))
        added = ("time", "material", "scrap_nok", "energy", "maintenance", "method")
        self._line("saving", lambda name: "+".join(self._at(each, name) for each in added), but=("manual",))
        self._line("annuity", self._annuity, but=("manual",))
        self._line(
            "npv",
            lambda name: f"{self._at('saving', name)}*{self._at('annuity', name)}-{self._investment(name)}",
            but=("manual",),
        )
        self._line("payback", self._payback, but=("manual",))
        self._line("yearly", lambda name: f"{self._at('npv', name)}/{self._at('annuity', name)}", but=("manual",))

    def _measures(self) -> list[Measure]:
        valued = {each.measure for each in self.money.economics.valued}
        own = self.context.inputs.scenario.study.measures
        return [each for each in own if each.name in valued or each.unit == "NOK"]

    def _numbers(self, key: str, of: Callable[[str], Cell], label: str = "") -> None:
        self.lines.append((label or self._say(key), *(of(name) for name in self.columns)))
        self.at |= {f"{key} {name}": f"{column}{len(self.lines)}" for name, column in self.columns.items()}

    def _line(self, key: str, of: Callable[[str], str], but: tuple[str, ...] = ()) -> None:
        row = tuple("" if name in but else Formula(f"={of(name)}") for name in self.columns)
        self.lines.append((self._say(key), *row))
        self.at |= {f"{key} {name}": f"{column}{len(self.lines)}" for name, column in self.columns.items()}

    def _at(self, key: str, name: str) -> str:
        return self.at[f"{key} {name}"]

    def _baseline(self, name: str) -> str:
        return "best" if name == "decisive" else "manual"

    def _input_of(self, name: str, key: str) -> str:
        """An input that cell and commercial machine both have."""
        return self.at[f"commercial.{key}"] if name == "commercial" else self._of(key)

    def _scrap(self, name: str) -> str:
        if name == "commercial":
            return self.at["commercial.scrap_percent"]
        return self._of("scrap_by_hand_percent" if name in ("manual", "best") else "scrap_by_cell_percent")

    def _bound(self, name: str) -> str:
        seconds, labour = self._at("seconds", name), self._at("labour", name)
        free, longest = f"MAX(0,{seconds}-{labour})", f"MAX({seconds},{labour})"
        least = f"MAX({self._of('min_free_s')},{self._of('switching_s')})"
        pieces = self.money.as_given.free
        if name not in ("cell", "decisive") or pieces is None:
            return f"{longest}-IF({free}>={least},{free}-{self._of('switching_s')},0)"
        if not pieces.pieces_s or sum(pieces.pieces_s) <= 0:
            return longest
        return f"{longest}-{self._counted(free, least, name, pieces)}"

    def _counted(self, free: str, least: str, name: str, pieces: FreeTime) -> str:
        """The free time of a unit that counts: of the pieces observed, as many times longer as its free time is."""
        at = f"'{self.context.translations('tables.pieces')}'!$A$2:$A${len(pieces.pieces_s) + 1}"
        cell = self.money.as_given.cell
        base_s = float(cell.seconds[0] - cell.labour_s[0])
        scale = f"(MAX(0.000000000001,{self._at('seconds', name)}-{self._at('labour', name)})/{base_s!r})"
        long_enough = f'{at},">="&{least}/{scale}'
        counted = f"SUMIF({long_enough})-{self._of('switching_s')}/{scale}*COUNTIF({long_enough})"
        return f"{free}*MAX(0,{counted})/SUM({at})"

    def _units(self, name: str) -> str:
        if name == "best":
            demand, capacity = self.at.get("economics.demand_units_per_year"), self._at("capacity", "cell")
        else:
            demand, capacity = self.at.get("economics.demand_units_per_year"), self._at("capacity", name)
        return f"MIN({capacity},{demand})" if demand else capacity

    def _saved(self, key: str, name: str) -> str:
        """What a good unit saves of a figure that scrapped units need as well."""
        before, after = (f"{self._at(key, of)}/(1-{self._at('scrap', of)})" for of in (self._baseline(name), name))
        return f"({before}-{after})"

    def _time(self, name: str) -> str:
        return f"{self._at('units', name)}*{self._saved('bound', name)}/3600*{self._of('person_nok_per_h')}"

    def _scrap_nok(self, name: str) -> str:
        return f"{self._at('units', name)}*{self._saved('scrap', name)}*{self._of('scrap_nok_per_unit')}"

    def _material(self, name: str) -> str:
        given = self.money.as_given
        result = {"commercial": given.commercial}.get(name, given.cell)
        terms = []
        for measure in self._measures():
            if result is None or measure.name not in result.measured or measure.name not in given.manual.measured:
                continue
            nok = self.at.get(f"economics.valued.{measure.name}.nok", "1")
            terms.append(f"({self._at(measure.name, self._baseline(name))}-{self._at(measure.name, name)})*{nok}")
        return f"{self._at('units', name)}*({'+'.join(terms) or '0'})"

    def _energy(self, name: str) -> str:
        if name == "best":
            return "0"
        kwh = f"{self._input_of(name, 'power_w')}/1000*{self._at('seconds', name)}/3600/(1-{self._at('scrap', name)})"
        return f"-{self._at('units', name)}*{kwh}*{self._of('electricity_nok_per_kwh')}"

    def _investment(self, name: str) -> str:
        if name == "best":
            return "0"
        return self.at["commercial.price_nok"] if name == "commercial" else self.at["build"]

    def _maintenance(self, name: str) -> str:
        if name == "best":
            return "0"
        return f"-{self._input_of(name, 'maintenance_percent')}/100*{self._investment(name)}"

    def _method(self, name: str) -> str:
        cost = self.at.get("economics.best_manual_nok_per_year", "0")
        return {"best": f"-{cost}", "decisive": cost}.get(name, "0")

    def _annuity(self, name: str) -> str:
        rate, life = f"{self._of('discount_percent')}/100", self._input_of(name, "lifetime_years")
        return f"IF({rate}=0,{life},(1-(1+{rate})^(-{life}))/({rate}))"

    def _payback(self, name: str) -> str:
        saving, never = self._at("saving", name), self.context.translations("numbers.never")
        return f'IF({saving}>0,12*{self._investment(name)}/{saving},"{never}")'


def _known(found: Alternative | AlternativeResult | None) -> Alternative | AlternativeResult:
    assert found is not None  # only alternatives that were found have a column
    return found


def _measured(found: Mapping[str, Alternative | AlternativeResult | None], measure: str, name: str) -> Cell:
    drawn = _known(found[name]).measured.get(measure)
    value = math.nan if drawn is None else float(drawn[0])
    return value if math.isfinite(value) else ""
