"""Claims that were made to somebody, such as a funder, and whether a comparison still supports them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from cellwright import files
from cellwright.errors import InputError, nearest
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE, SteppingFirmware


class Claim(BaseModel):
    """One claim. It holds if the whole 95 % interval of its figure is within the limits, or the figure without one.

    claim: in words, as it was made. made_to: to whom and when. cell, overrides, firmware, hours, replications, seed:
    the comparison that supports it. figure: its name in the comparison's JSON, with dots: "less_time_percent",
    "less.beyond_order_g", "cell.measures.dose_error_g.p95". at_least, at_most: the promised limits; one of them or
    both.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    RENAMED: ClassVar[Mapping[str, str]] = {"settings": "overrides"}
    """Settings of files written for version 0.1.0, by their names there."""

    claim: Annotated[str, Field(min_length=1)]
    made_to: str = ""
    cell: Annotated[str, Field(min_length=1)]
    figure: Annotated[str, Field(min_length=1)]
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    overrides: tuple[str, ...] = ()
    firmware: SteppingFirmware = DEFAULT_FIRMWARE
    hours: Annotated[float, Field(gt=0, le=1e6)] = 7.5
    replications: Annotated[int, Field(ge=2, le=10_000)] = 20
    seed: Annotated[int, Field(ge=0)] = 1

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("a claim promises something: give at_least or at_most")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least = {self.at_least:g} is more than at_most = {self.at_most:g}")
        return self

    @property
    def comparison(self) -> tuple[str, tuple[str, ...], SteppingFirmware, float, int, int]:
        """What must be simulated; claims that share it need only one comparison."""
        return self.cell, self.overrides, self.firmware, self.hours, self.replications, self.seed

    @property
    def promised(self) -> str:
        """The promised limits in words."""
        parts = [
            f"{bound} {value:g}"
            for bound, value in (("at least", self.at_least), ("at most", self.at_most))
            if value is not None
        ]
        return " and ".join(parts)


class Claims(BaseModel):
    """A TOML file with one ``[[claims]]`` each."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file of claims. Raises InputError with file, line and what is wrong."""
        return files.read_model(cls, path)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a claim holds. low, high: the ends of the figure's 95 % interval, or the figure itself twice."""

    claim: Claim
    low: float
    high: float
    holds: bool

    @property
    def shown(self) -> str:
        """The present figure in words."""
        return f"{self.low:.4g}" if self.low == self.high else f"{self.low:.4g} to {self.high:.4g} (95 %)"


def check_claim(claim: Claim, figures: Mapping[str, Any]) -> Verdict:
    """Look a claim's figure up in a comparison's JSON. Raises InputError, with the nearest name, if it is not there."""
    low, high = _interval(claim, figures)
    holds = (claim.at_least is None or low >= claim.at_least) and (claim.at_most is None or high <= claim.at_most)
    return Verdict(claim, low, high, holds)


def _interval(claim: Claim, figures: Mapping[str, Any]) -> tuple[float, float]:
    figure: Any = figures
    for name in claim.figure.split("."):
        if not isinstance(figure, Mapping) or name not in figure:
            known = nearest(name, figure if isinstance(figure, Mapping) else ())
            raise InputError(f"{claim.claim!r}: there is no figure {claim.figure!r}; at {name!r} {known}")
        figure = figure[name]
    if isinstance(figure, Mapping) and "mean" in figure:
        low, high = figure.get("ci95_low"), figure.get("ci95_high")
        return (figure["mean"], figure["mean"]) if low is None or high is None else (low, high)
    if isinstance(figure, bool) or not isinstance(figure, (int, float)):
        raise InputError(f"{claim.claim!r}: {claim.figure!r} is no single figure; name one inside it.")
    return float(figure), float(figure)
