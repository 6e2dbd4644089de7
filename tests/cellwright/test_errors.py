"""Errors are one plain sentence: nothing of the libraries that found them shows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, TypeAdapter, ValidationError

from cellwright import files
from cellwright.errors import InputError, clause
from cellwright.sequences import parameters

THEIRS = re.compile(r"Value error|Assertion failed|Input should|type=|pydantic|Traceback")


def _even(value: int) -> int:
    if value % 2:
        raise ValueError("an even number is needed")
    return value


def _small(value: int) -> int:
    assert value < 100, "a number below 100 is needed"
    return value


class Numbers(BaseModel):
    even: Annotated[int, AfterValidator(_even)] = 0
    small: Annotated[int, AfterValidator(_small)] = 0


@given(st.sampled_from(["even", "small"]), st.integers(101, 10_000).map(lambda each: 2 * each + 1))
def test_a_validators_sentence_stands_alone(field: str, value: int) -> None:
    with pytest.raises(ValidationError) as found:
        Numbers.model_validate({field: value})
    theirs = found.value.errors()[0]["msg"]
    ours = clause(theirs)
    assert THEIRS.search(theirs)
    assert ours.endswith("number is needed" if field == "even" else "number below 100 is needed")
    assert not THEIRS.search(ours)


@pytest.mark.parametrize("text", ["even = 3", "small = 101", 'even = "x"'])
def test_a_file_is_refused_in_our_words(tmp_path: Path, text: str) -> None:
    path = tmp_path / "numbers.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=r"line 1: ") as refused:
        files.read_model(Numbers, path)
    assert not THEIRS.search(str(refused.value))


@pytest.mark.parametrize(("kind", "text"), [(Annotated[int, AfterValidator(_even)], "3"), (float, "x"), (bool, "3")])
def test_an_override_is_refused_in_our_words(kind: Any, text: str) -> None:
    assert TypeAdapter(kind)
    with pytest.raises(InputError) as refused:
        parameters._parse(text, kind, f"axis.speed={text}")
    assert str(refused.value).startswith(f"--set axis.speed={text}: ")
    assert not THEIRS.search(str(refused.value))


def test_an_abbreviation_keeps_its_capitals() -> None:
    assert clause("BTLx is needed.") == "BTLx is needed"
    assert clause("Value error, The file is empty.") == "the file is empty"
