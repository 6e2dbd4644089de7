"""The commercial machine in ``compare``, beside the cell and the manual method."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellwright.cli import run

ROOT = Path(__file__).resolve().parents[4]
pytestmark = pytest.mark.usefixtures("simulated_once")
FAST = ["--hours", "1", "-R", "2", "--jobs", "1"]


def test_compare_has_three_columns_and_says_where_the_third_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "stapler", *FAST]) == 0
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 80
    flat = " ".join(shown.split())
    assert "commercial" in flat and "80 (60 to" in flat and "70 (40 to" in flat and "45 (30 to 60)" in flat
    assert (
        "Commercial machine: a CNC nailing table, " in flat
        and "It is not simulated; in brackets: lowest to highest." in flat
    )
    assert "Its time is assumed: such tables make 35 to 90 pallets an hour" in flat


@pytest.mark.usefixtures("short_trials")
def test_measures_that_it_states_stand_beside_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "digital_tape", *FAST]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if "│" in line]
    assert any("0.41 (0.38" in row for row in rows)
    assert any("as by hand" in row for row in rows)


def test_json_keeps_its_keys_and_adds_the_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", "stapler", *FAST, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert {"cell", "manual", "less_time_percent", "provenance", "seed", "version"} <= set(figures)
    commercial = figures["commercial"]
    assert commercial["machine"] == "a CNC nailing table"
    assert commercial["seconds_per_unit"] | {"source": ""} == {
        "value": 80, "low": 60, "high": 120, "status": "assumed", "source": "",
    }  # fmt: skip
    assert commercial["units_per_hour"] == {"value": 45, "high": 60, "low": 30}
    manual_s = figures["manual"]["cycle_time_s"]["mean"]
    less = commercial["less_time_percent"]
    assert less["value"] == pytest.approx(100 * (1 - 80 / manual_s)) and less["low"] < less["value"] < less["high"]


def test_a_cell_with_no_machine_has_two_columns(drill_press: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compare", str(drill_press), *FAST]) == 0
    assert "commercial" not in capsys.readouterr().out.lower()
    assert run(["compare", str(drill_press), *FAST, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["commercial"] is None


def test_a_machine_of_ones_own_is_named_and_needs_no_price(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "cells/stapler/commercial.toml").read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    own.write_text("\n".join(line for line in text.splitlines() if not line.startswith("price_nok")), encoding="utf-8")
    assert run(["compare", "stapler", *FAST, "--commercial", str(own)]) == 0
    assert "80 (60 to" in capsys.readouterr().out
    own.write_text(text.replace("value = 80, low = 60", "value = -80, low = -90"), encoding="utf-8")
    assert run(["compare", "stapler", *FAST, "--commercial", str(own)]) == 2
    assert "seconds_per_unit must be above 0" in " ".join(capsys.readouterr().err.split())


def test_the_demos_page_has_it_too(tmp_path: Path) -> None:
    assert run(["demo", "stapler", "-o", str(tmp_path)]) == 0
    page = " ".join((tmp_path / "index.html").read_text(encoding="utf-8").split())
    assert 'scope="col">Commercial</th>' in page and "80.0 (60.0 to 120)" in page
    assert "Commercial machine: a CNC nailing table. It is not simulated" in page
