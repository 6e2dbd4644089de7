"""Milestones and budget from a TOML file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellwright.benchmarks.economics.project import read_project
from cellwright.errors import InputError

STAPLER = Path(__file__).resolve().parents[3] / "cells/stapler/project.toml"


def test_the_staplers_plan_adds_up_and_every_sum_says_where_it_comes_from() -> None:
    project = read_project(STAPLER)
    assert project.months == 9
    assert project.own_nok == 62500 + 5000 + 7500 + 15000 and project.applied_nok == 62500 + 7500 + 60000
    numbers = dict(project.numbers("project"))
    assert len(numbers) == 2 * len(project.budget) and all(each.source for each in numbers.values())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("to_month = 2", "to_month = 0", "greater than or equal to 1"),
        ("from_month = 2\nto_month = 5", "from_month = 6\nto_month = 5", "it ends before it begins in month 6"),
        ("own_nok = { value = 62500", "own_nok = { value = -62500", "must be at least 0, and is -62500"),
        ("done_when = ", "done = ", "'done' is not a setting here"),
        ('item = "parts of the prototype"', 'item = "felt and slats for trials"', "is there twice"),
        ("[[milestones]]", "[milestones]", "not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "project.toml"
    path.write_text(STAPLER.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_project(path)
    assert said in str(refused.value) and str(path) in str(refused.value)


def test_a_budget_of_nothing_is_refused(tmp_path: Path) -> None:
    nothing = '{ value = 0, status = "assumed", source = "a test" }'
    text = STAPLER.read_text(encoding="utf-8").partition("[[budget]]")[0]
    path = tmp_path / "project.toml"
    path.write_text(f'{text}[[budget]]\nitem = "x"\nown_nok = {nothing}\napplied_nok = {nothing}\n', encoding="utf-8")
    with pytest.raises(InputError, match="the whole budget is 0 NOK"):
        read_project(path)
