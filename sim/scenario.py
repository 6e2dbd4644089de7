"""Studies and scenarios: a cell with its plant, the person who tends it, and the manual method it replaces."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellwright import files
from cellwright.errors import DescriptionError, InputError, nearest
from cellwright.hardware.device import Device
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware
from cellwright.provenance import Status
from cellwright.sequences import Cell, Settings, apply_overrides, inputs_of
from cellwright.sim.log_evidence import Evidence
from cellwright.sim.people.elements import Element, ManualMethod, of_whole_units, with_observed
from cellwright.sim.people.operator import OperatorParameters
from cellwright.sim.plants.plant import CellPlant


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a unit other than its time, less being better: "beyond_order_g", "lacquer beyond the order", "g".

    material: whether it is consumed material, in g or m.
    """

    name: str
    words: str
    unit: str
    material: bool = False


@dataclass(frozen=True, slots=True)
class BestManual:
    """The best manual method: the same units made by hand, better than today and without the cell.

    name: in words, "by hand with the cutting plan". overrides: of the manual method's parameters
    ("manual.plans_by_list=0"). note: what it rests on, in one sentence.
    """

    name: str
    overrides: tuple[str, ...]
    note: str

    def __post_init__(self) -> None:
        foreign = [each for each in self.overrides if not each.startswith("manual.")]
        if foreign:
            raise DescriptionError(f"The best manual method sets {foreign[0]!r}; it can set parameters of manual only.")


@dataclass(frozen=True)
class Study:
    """A simulation study: a cell with its plant, its operator and the manual method; each cell folder defines one.

    fault_rehearsal_overrides: by state, for rare states: overrides that make the state come soon when the fault matrix
    injects faults in it ("plant.jams=30").
    certificates: for cells that write them: the contents of each unit, as texts, from a run log and a replication.
    evidence: what to read from its run log about the plant and the operator.
    prepare: what to compute once from the parameters before replications are shared out among processes; it has to
    travel with the parameters when they are pickled.
    best_manual: what the firm could do by hand without the cell; None if nobody knows of anything better than today.
    """

    cell: type[Cell]
    plant: type[CellPlant]
    plant_parameters: Any
    manual: ManualMethod
    measures: tuple[Measure, ...] = ()
    fault_rehearsal_overrides: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    certificates: Callable[[sqlite3.Connection, int], Sequence[str]] | None = None
    operator: OperatorParameters = dataclasses.field(default_factory=OperatorParameters)
    evidence: Evidence = dataclasses.field(default_factory=Evidence)
    prepare: Callable[[Mapping[str, Any]], object] | None = None
    best_manual: BestManual | None = None

    def __post_init__(self) -> None:
        for name, value, needed in (
            ("cell", self.cell, "the class of a cell"),
            ("plant", self.plant, "the class of a plant"),
            ("manual", self.manual, "a manual method"),
            ("operator", self.operator, "an OperatorParameters"),
            ("plant_parameters", self.plant_parameters, "an instance of a dataclass, with the plant's parameters"),
        ):
            if not _is_what_a_study_needs(name, value):
                raise DescriptionError(f"Study(…): {name} is {value!r}; it must be {needed}.")

    def check_measures(self, recorded: Iterable[str], of: str) -> None:
        """Refuse what ``of``, the plant or the manual method, records by a name that no measure has.

        Raises:
            DescriptionError: With the nearest name. A study without measures may record what it likes.
        """
        known = [measure.name for measure in self.measures]
        for name in recorded if known else ():
            if name not in known:
                raise DescriptionError(
                    f"{of} records {name!r} of each unit, which no measure of the study is called; "
                    f"{nearest(name, known)}"
                )

    def scenario(
        self,
        overrides: Sequence[str] = (),
        observed: Sequence[Element] = (),
        firmware: SteppingFirmware = DEFAULT_FIRMWARE,
    ) -> Scenario:
        """The scenario with ``overrides`` ("device.parameter=value") and times ``observed`` with a stopwatch.

        Raises InputError for what cannot be set, DescriptionError for a cell that contradicts itself.
        """
        parameters = {
            **self.cell.parameters(),
            "plant": self.plant_parameters,
            "operator": self.operator,
            "manual": self.manual,
        }
        parameters = apply_overrides(parameters, overrides)
        parameters |= self.cell.parameters(parameters)  # an override may name a pin that has a number there
        for name in ("operator", "manual"):
            _refuse_negative(name, parameters[name])
        return Scenario(self, parameters, tuple(observed), firmware)


@dataclass(frozen=True)
class Scenario:
    """A study with all parameters set.

    parameters: devices, settings, "plant", "operator" and "manual", by name. observed: elements from a time study; they
    replace the predetermined ones of the same name. firmware: what steps the axes. work_factors: by element, how many
    times as long it takes, by hand and at the cell; for what-if runs.
    """

    study: Study
    parameters: dict[str, Any]
    observed: tuple[Element, ...] = ()
    firmware: SteppingFirmware = DEFAULT_FIRMWARE
    work_factors: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def prepare(self) -> None:
        """Compute what all replications need, so that no process computes it again."""
        if self.study.prepare is not None:
            self.study.prepare(self.parameters)

    @property
    def manual(self) -> ManualMethod:
        """The manual method with its parameters."""
        method: ManualMethod = self.parameters["manual"]
        return method

    def with_best_manual(self) -> Scenario | None:
        """The same with the best manual method; None if the study has none, or if this one works so already.

        A stopwatch timed today's method: an observed element takes as many times longer or shorter as the description
        of its work does.
        """
        if self.study.best_manual is None:
            return None
        parameters = apply_overrides(self.parameters, self.study.best_manual.overrides)
        if _plain_fields(parameters["manual"]) == _plain_fields(self.parameters["manual"]):
            return None
        best: ManualMethod = parameters["manual"]
        before_s, after_s = (
            {each.name: each.mean_s * each.per_unit for each in method.elements(self.parameters)}
            for method in (self.manual, best)
        )
        observed = tuple(
            each.scaled(after_s[each.name] / before_s[each.name])
            if before_s.get(each.name) and each.name in after_s
            else each
            for each in self.observed
        )
        return dataclasses.replace(self, parameters=parameters, observed=observed)

    def manual_elements(self) -> list[Element]:
        """The elements of a unit made by hand: those observed, and predetermined ones for what nobody timed."""
        predetermined = self.manual.elements(self.parameters)
        known = {element.name for element in self.predetermined_elements()}
        own = [element for element in self.observed if element.name not in known]
        return self._with_factors([*with_observed(predetermined, self.observed), *own])

    def predetermined_elements(self) -> list[Element]:
        """The elements that the cell knows, without those observed: of the manual method, then of tending alone."""
        by_hand = self.manual.elements(self.parameters)
        names = {element.name for element in by_hand}
        return by_hand + [each for each in self.manual.tending(self.parameters) if each.name not in names]

    def untimed(self) -> list[str]:
        """The elements of the manual method that a time study left out; none if there is no study."""
        timed = {element.name for element in self.observed}
        return [each.name for each in self.manual.elements(self.parameters) if timed and each.name not in timed]

    def tending(self) -> list[Element]:
        """The work of the operator for the cell, with observed times where the time study timed the same work."""
        tending = self.manual.tending(self.parameters)
        known = {element.name: element for element in self.predetermined_elements()}
        here = {element.name: element for element in tending}
        timed = []
        for each in self.observed:
            if each.name in here and not known[each.name].is_per_occurrence:
                # A log sawn by hand has several cuts, the tape calls for one after the other.
                share = here[each.name].mean_s / known[each.name].mean_s if known[each.name].mean_s else 1.0
                timed.append(of_whole_units(each, share))
            else:
                timed.append(each)
        return self._with_factors(with_observed(tending, timed))

    def _with_factors(self, elements: list[Element]) -> list[Element]:
        return [each.scaled(self.work_factors.get(each.name, 1.0)) for each in elements]

    def provenance(self, compared: bool) -> dict[str, Status]:
        """The status of every input by name; those of the manual method alone only if it is ``compared``."""
        status = {name: status for name, _, status in inputs_of(self.parameters)}
        status |= {f"manual.{element.name}": element.status for element in self.observed}
        return status if compared else {name: each for name, each in status.items() if not name.startswith("manual.")}

    def for_fault_rehearsal(self, state: str) -> Scenario:
        """The scenario with the fault-rehearsal overrides of ``state``, by which even a rare state comes soon."""
        return dataclasses.replace(
            self, parameters=apply_overrides(self.parameters, self.study.fault_rehearsal_overrides.get(state, ()))
        )

    def input_hash(self) -> str:
        """SHA-256 of every input: the same hash means the same inputs."""
        described = self._plain_parameters()
        described["observed"] = [dataclasses.asdict(element) for element in self.observed]
        described["firmware"] = self.firmware
        text = json.dumps(described, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def has_the_cell_of(self, other: Scenario) -> bool:
        """Whether the cell does the same in both: it meets the manual method's allowance and work of tending alone."""
        if self.firmware != other.firmware or self.tending() != other.tending():
            return False
        if float(self.manual.allowance) != float(other.manual.allowance):
            return False
        of_cells = [each._plain_parameters() for each in (self, other)]
        for parameters in of_cells:
            del parameters["manual"]
        return of_cells[0] == of_cells[1]

    def _plain_parameters(self) -> dict[str, Any]:
        return {
            name: value.model_dump() if isinstance(value, Settings) else _plain_fields(value)
            for name, value in self.parameters.items()
        }


def _is_what_a_study_needs(name: str, value: object) -> bool:
    match name:
        case "cell":
            return isinstance(value, type) and issubclass(value, Cell)
        case "plant":
            return callable(value)
        case "manual":
            return isinstance(value, ManualMethod)
        case "operator":
            return isinstance(value, OperatorParameters)
    return dataclasses.is_dataclass(value) and not isinstance(value, type)


def _refuse_negative(name: str, holder: Any) -> None:
    """Times, frequencies and spreads of people's work are not below 0."""
    for field, value in _plain_fields(holder).items():
        if isinstance(value, (int, float)) and value < 0:
            raise InputError(f"{name}.{field} is {value:g}; nothing that a person does is below 0: give 0 or more.")


def _plain_fields(holder: Any) -> dict[str, Any]:
    fields = {field.name: getattr(holder, field.name) for field in dataclasses.fields(holder) if field.init}
    if isinstance(holder, Device):
        for name in holder.local_parameters:
            del fields[name]
        for name in holder.file_parameters:
            if fields[name]:
                fields[name] = files.read_text(Path(fields[name]))  # its contents, not its path
    return fields
