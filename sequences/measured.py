"""A TOML file of measured parameters with their intervals; ``--set measured.toml`` applies it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cellwright import files
from cellwright.provenance import Figure, measured

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
DIGITS = 6
"""Significant digits in the file: more than any run can determine."""


class MeasuredValue(BaseModel):
    """One parameter ("carriage.max_acceleration") in the parameter's own unit, with its 95 % interval.

    ci95_high: None where there is no upper bound. n: number of observations. method: how it was measured, in words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    parameter: Annotated[str, Field(pattern=r"^\w+\.\w+$")]
    value: Amount
    ci95_low: Amount
    ci95_high: Amount | None = None
    n: Annotated[int, Field(ge=1)]
    method: str = ""

    @model_validator(mode="after")
    def _lies_in_its_interval(self) -> Self:
        if self.value < self.ci95_low or (self.ci95_high is not None and self.value > self.ci95_high):
            raise ValueError(f"{self.parameter} = {self.value:g} lies outside its own interval, {self.interval}")
        return self

    @property
    def interval(self) -> str:
        """The interval in words."""
        if self.ci95_high is None:
            return f"at least {self.ci95_low:.4g}"
        return f"{self.ci95_low:.4g} to {self.ci95_high:.4g}"


class LineTime(BaseModel):
    """Time that the serial line adds to a move, there and back, s. The model board has no line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    move_s: Amount
    ci95_low_s: Amount
    ci95_high_s: Amount
    n: Annotated[int, Field(ge=1)]


class MeasuredFile(BaseModel):
    """The values measured in one run of ``cell`` on ``target``; ``log`` names the run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cell: str
    log: str
    target: str = ""
    line: LineTime | None = None
    measured: tuple[MeasuredValue, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a TOML file. Raises InputError with file, line and what is wrong."""
        return files.read_model(cls, path)

    def figure(self, value: MeasuredValue) -> Figure:
        """The value as an input with its provenance."""
        where = f"{self.log}, {self.cell} on {self.target}" if self.target else f"{self.log}, {self.cell}"
        return measured(value.value, f"{where}: n = {value.n}, 95 %: {value.interval}; {value.method}")

    def write(self, path: Path, remark: str) -> None:
        """Write the whole file or nothing; ``remark`` is its first line. Raises InputError if it cannot be written."""
        files.write_atomically(path, "\n".join([f"# {remark}", *self._lines(), ""]).encode())

    def _lines(self) -> list[str]:
        top = self.model_dump(exclude={"line", "measured"})
        lines = [f"{key} = {_toml(value)}" for key, value in top.items()]
        if self.line is not None:
            lines += ["", "[line]  # not in the model board: it has no line", *_pairs(self.line)]
        for each in self.measured:
            lines += ["", "[[measured]]", *_pairs(each)]
        return lines


def _pairs(model: BaseModel) -> list[str]:
    return [f"{key} = {_toml(value)}" for key, value in model.model_dump(exclude_none=True).items()]


def _toml(value: object) -> str:
    """A text or a number in TOML: a JSON string is a basic string of TOML."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def rounded(value: float) -> float:
    """Round to ``DIGITS`` significant digits."""
    return float(f"{value:.{DIGITS}g}")
