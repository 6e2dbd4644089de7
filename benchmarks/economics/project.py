"""The project that builds a cell: work packages, milestones and budget, from a TOML file that a user edits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from cellwright import files
from cellwright.benchmarks.economics.inputs import InputModel, NonNegativeNumber, Vat, must_be_a_list, refuse_duplicates

ShortText = Annotated[str, Field(min_length=1, max_length=500)]
Month = Annotated[int, Field(strict=True, ge=1, le=120)]


class WorkPackage(InputModel):
    """Work from the first day of ``from_month`` to the last of ``to_month``; month 1 is the project's first."""

    name: ShortText
    from_month: Month
    to_month: Month
    who: ShortText
    result: ShortText

    @field_validator("to_month")
    @classmethod
    def _ends_after_it_begins(cls, to_month: int, info: ValidationInfo) -> int:
        if to_month < info.data.get("from_month", 1):
            raise ValueError(f"it ends before it begins in month {info.data['from_month']}")
        return to_month

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


class Milestone(InputModel):
    """What is reached at the end of ``month``; done_when: the criterion."""

    name: ShortText
    month: Month
    done_when: ShortText

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


class BudgetLine(InputModel):
    """One item of the budget: the firm's own share, and the grant applied for, NOK."""

    item: ShortText
    own_nok: NonNegativeNumber
    applied_nok: NonNegativeNumber

    @property
    def key(self) -> str:
        """Its part of an input's name."""
        return self.item


class Project(InputModel):
    """A project.

    vat: whether the sums are "without" or "with" VAT. novelty_to_industry, unsolved_question: what SkatteFUNN asks for;
    empty where nobody has answered yet.
    """

    vat: Vat
    novelty_to_industry: Annotated[str, Field(max_length=2000)] = ""
    unsolved_question: Annotated[str, Field(max_length=2000)] = ""
    work_packages: Annotated[tuple[WorkPackage, ...], BeforeValidator(must_be_a_list), Field(min_length=1)]
    milestones: Annotated[tuple[Milestone, ...], BeforeValidator(must_be_a_list), Field(min_length=1)]
    budget: Annotated[tuple[BudgetLine, ...], BeforeValidator(must_be_a_list), Field(min_length=1)]

    @field_validator("work_packages", "milestones", "budget")
    @classmethod
    def _each_once(cls, entries: tuple[InputModel, ...]) -> tuple[InputModel, ...]:
        return refuse_duplicates(entries)

    @field_validator("budget")
    @classmethod
    def _costs_something(cls, lines: tuple[BudgetLine, ...]) -> tuple[BudgetLine, ...]:
        if not any(line.own_nok.value + line.applied_nok.value for line in lines):
            raise ValueError("the whole budget is 0 NOK; say what the project costs")
        return lines

    @property
    def months(self) -> int:
        """Its duration, months."""
        return max([*(each.to_month for each in self.work_packages), *(each.month for each in self.milestones)])

    @property
    def total_nok(self) -> float:
        """All that the project costs."""
        return self.own_nok + self.applied_nok

    @property
    def aid_intensity(self) -> float:
        """The grant applied for, as a share of what the project costs."""
        return self.applied_nok / self.total_nok

    @property
    def own_nok(self) -> float:
        """The firm's own share of all lines."""
        return sum(line.own_nok.value for line in self.budget)

    @property
    def applied_nok(self) -> float:
        """The grant applied for on all lines."""
        return sum(line.applied_nok.value for line in self.budget)


def read_project(path: Path) -> Project:
    """Read ``path``. Raises InputError with file, line and what is wrong."""
    return files.read_variant(Project, path)
