"""Rates and prices that can hardly be meant are refused with what probably was."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellwright.benchmarks.economics.commercial import read_commercial
from cellwright.benchmarks.economics.inputs import read_economics
from cellwright.benchmarks.economics.plausibility import refuse_unlikely_allowance, refuse_unlikely_percent
from cellwright.errors import InputError

STAPLER = Path(__file__).resolve().parents[3] / "cells" / "stapler"


@pytest.mark.parametrize(("share", "percent"), [(0.07, "7"), (0.1, "10"), (0.05, "5")])
def test_a_discount_rate_written_as_a_share_is_refused_by_line(tmp_path: Path, share: float, percent: str) -> None:
    lines = (STAPLER / "economics.toml").read_text(encoding="utf-8").splitlines()
    number = next(at for at, line in enumerate(lines) if line.startswith("discount_percent"))
    lines[number] = f'discount_percent = {{ value = {share}, status = "assumed", source = "ours" }}'
    path = tmp_path / "economics.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=rf"line {number + 1}: discount_percent = {share} is .*write {percent} for"):
        refuse_unlikely_percent(read_economics(path, []), path)


def test_the_shipped_rates_and_none_at_all_are_likely(tmp_path: Path) -> None:
    for path in STAPLER.parent.glob("*/economics.toml"):
        text = path.read_text(encoding="utf-8")
        if "like" not in text.split("\n[[valued]]")[0] and "[[valued]]" not in text:
            refuse_unlikely_percent(read_economics(path, []), path)
    refuse_unlikely_allowance(0.15)
    refuse_unlikely_allowance(0)


@pytest.mark.parametrize(
    ("allowance", "words"), [(15, "15 % is 0.15"), (12.5, "12.5 % is 0.125"), (-0.1, "is below 0")]
)
def test_an_allowance_in_percent_is_refused(allowance: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        refuse_unlikely_allowance(allowance)


def test_a_price_below_zero_is_refused_with_what_to_do_when_it_is_not_known(tmp_path: Path) -> None:
    text = (STAPLER / "commercial.toml").read_text(encoding="utf-8")
    price = next(line for line in text.splitlines() if line.startswith("price_nok"))
    path = tmp_path / "commercial.toml"
    path.write_text(
        text.replace(price, 'price_nok = { value = -1, status = "assumed", source = "?" }'), encoding="utf-8"
    )
    with pytest.raises(InputError, match="at least 0, and is -1; leave the line out if it is not known"):
        read_commercial(path, [])
