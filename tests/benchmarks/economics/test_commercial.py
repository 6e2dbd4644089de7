from pathlib import Path

import pytest

from cellwright import cells
from cellwright.benchmarks.economics.commercial import read_commercial
from cellwright.benchmarks.economics.finance import Percentiles
from cellwright.benchmarks.economics.inputs import read_economics
from cellwright.benchmarks.economics.model import evaluate_economics
from cellwright.errors import InputError

from .test_economics import NOK, economics, replication, simulated

ROOT = Path(__file__).resolve().parents[3]
ASSUMED = 'status = "assumed", source = "a test"'
MACHINE = f"""\
machine = "a big press"
vat = "without"
price_nok = {{ value = 100000, {ASSUMED} }}
seconds_per_unit = {{ value = 60, {ASSUMED} }}
labour_s_per_unit = {{ value = 36, {ASSUMED} }}
scrap_percent = {{ value = 0, {ASSUMED} }}
power_w = {{ value = 0, {ASSUMED} }}
maintenance_percent = {{ value = 5, {ASSUMED} }}
lifetime_years = {{ value = 10, {ASSUMED} }}
"""
STATED = f"""
[[stated]]
measure = "waste_nok"
figure = {{ value = 2, {ASSUMED} }}
"""
MEASURES = ["waste_nok", "waste_m"]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "commercial.toml"
    path.write_text(text)
    return path


def measured():
    cell = [replication(180, 90, waste_nok=1, waste_m=1)] * 2
    return simulated(cell, [replication(360, 360, waste_nok=5, waste_m=3)] * 2)


def test_the_machine_is_worked_out_as_the_cell_is(tmp_path: Path) -> None:
    machine = read_commercial(written(tmp_path, MACHINE + STATED), MEASURES)
    found = evaluate_economics(measured(), economics(), machine, NOK)
    machine = found.commercial
    # 1000 x (360 - 36) s = 90 h x 500 = 45,000; waste (5 - 2) x 1000 = 3000; less 5 % of 100,000
    assert machine.saving_nok == pytest.approx(45_000 + 3000 - 5000)
    assert machine.saved_h == pytest.approx(90)
    assert machine.payback_months == pytest.approx(12 * 100 / 43)
    assert (machine.years == 10).all()
    assert found.provenance["commercial.stated.waste_nok.figure"] == "assumed"
    # worth a year over its life, 10 years against 3: 43,000 - 100,000 / 6.14457 against 41,500 - 20,000 / 2.48685
    assert Percentiles.of(machine.yearly_nok).p50 == pytest.approx(43_000 - 16_275, abs=1)
    assert found.cell_better_probability == 1


def test_machines_of_unequal_lives_are_compared_by_their_annual_value(tmp_path: Path) -> None:
    found = evaluate_economics(measured(), economics(), read_commercial(written(tmp_path, MACHINE), MEASURES), NOK)
    assert (found.commercial.npv_nok > found.cell.npv_nok).all()  # over 10 years, and over 3
    assert found.cell_better_probability == 1


def test_where_it_states_nothing_it_is_as_by_hand(tmp_path: Path) -> None:
    machine = read_commercial(written(tmp_path, MACHINE), MEASURES)
    assert evaluate_economics(measured(), economics(), machine, NOK).commercial.saving_by["material"] == pytest.approx(
        0
    )


def test_without_a_price_it_is_left_out_and_that_is_said(tmp_path: Path) -> None:
    text = "\n".join(line for line in MACHINE.splitlines() if not line.startswith("price"))
    found = evaluate_economics(measured(), economics(), read_commercial(written(tmp_path, text), MEASURES), NOK)
    assert found.commercial is None and found.cell_better_probability is None
    assert found.left_out == "A big press is left out: its file gives no price_nok."


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "value = 100000",
            "value = -1",
            "line 3: price_nok must be at least 0, and is -1; leave the line out if it is not known.",
        ),
        ("value = 100000", "value = 1e10", "line 3: price_nok must be at most 1e+09, and is 1e+10."),
        ("value = 60", "value = 0", "line 4: seconds_per_unit must be above 0, and is 0."),
        ("power_w", "powr_w", "line 7: 'powr_w' is not a setting here; did you mean 'power_w'?"),
        ("{ value = 36", "{ valeu = 36", "line 5: 'valeu' is not a setting here; did you mean 'value'?"),
        ('"waste_nok"', '"waste_nk"', "line 12: the cell has no measure 'waste_nk'; did you mean 'waste_nok'?"),
        ('vat = "without"', 'vat = "free"', "line 2: vat = 'free': input should be 'without' or 'with'."),
        ("[[stated]]", "[stated]", "write [[stated]] once for each, with two brackets."),
        (STATED, STATED + STATED, "line 11: 'waste_nok' is there twice."),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = written(tmp_path, (MACHINE + STATED).replace(old, new, 1))
    with pytest.raises(InputError) as refused:
        read_commercial(path, MEASURES)
    assert str(refused.value).startswith(f"{path}") and str(refused.value).endswith(words)


@pytest.mark.parametrize("folder", sorted(path.parent for path in ROOT.glob("cells/*/commercial.toml")), ids=str)
def test_every_number_of_the_files_that_come_with_the_cells_has_a_source(folder: Path) -> None:
    measures = [measure.name for measure in cells.load(folder.name).measures]
    machine = read_commercial(folder / "commercial.toml", measures)
    prices = read_economics(folder / "economics.toml", measures)
    assert machine.vat == prices.vat == "without"
    assert all(each.source for _, each in [*machine.numbers("commercial"), *prices.numbers("economics")])


def test_the_prototypes_price_is_the_one_that_the_programme_reports() -> None:
    (prototype,) = [
        part.price_nok for part in read_economics(ROOT / "cells/stapler/economics.toml", []).parts if part.quantity == 1
        and part.name == "prototype"
    ]  # fmt: skip
    assert (prototype.value, prototype.status) == (5000, "published")
    assert "Industri 4.0 Trøndelag final report, 15 January 2025" in prototype.source
