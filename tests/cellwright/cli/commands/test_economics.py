from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellwright.cli import run

ROOT = Path(__file__).resolve().parents[4]
pytestmark = pytest.mark.usefixtures("simulated_once")
FAST = ["--hours", "1", "-R", "2", "--jobs", "1"]
ECONOMICS = (ROOT / "cells/stapler/economics.toml").read_text()
COMMERCIAL = (ROOT / "cells/stapler/commercial.toml").read_text()


def test_the_table_states_all_that_a_decision_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["economics", "stapler", *FAST]) == 0
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines()) <= 80
    flat = " ".join(shown.split())
    for words in (
        "What the money is made of", "manual", "best manual", "cell", "commercial", "investment,", "saving, NOK a",
        "payback,", "NPV, NOK",
        "On these inputs the cell", "a CNC nailing table", "Prices are without VAT, before tax",
        "ISO 22400, cell: availability", "OEE index", "assumed,", "published,", "vendor.",
    ):  # fmt: skip
        assert words in flat


@pytest.mark.usefixtures("simulated_anew")
def test_the_same_seed_gives_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for _ in range(2):
        assert run(["economics", "stapler", *FAST, "--json"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]


@pytest.mark.usefixtures("short_trials")
def test_json_has_units_in_its_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["economics", "digital_tape", *FAST, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == [
        "cell", "target", "firmware", "seed", "version", "input_hash", "replications", "draws", "prices",
        "saving_by_nok_per_year", "manual", "best_manual", "best_manual_economics", "cell_economics",
        "cell_against_best_manual", "commercial_economics", "commercial_left_out", "cell_beats_commercial_percent",
        "commercial_assumes", "free_time", "iso_22400", "finding", "provenance",
    ]  # fmt: skip
    for machine in (figures["cell_economics"], figures["commercial_economics"]):
        assert machine["npv_nok"]["p5"] <= machine["npv_nok"]["p50"] <= machine["npv_nok"]["p95"]
        assert 0 <= machine["no_payback_in_life_percent"] <= 100
    assert figures["draws"] >= 10_000 and figures["prices"] == "without VAT"
    assert set(figures["iso_22400"]["cell"]) == {
        "availability_percent", "effectiveness_percent", "quality_ratio_percent", "oee_index_percent",
    }  # fmt: skip
    assert figures["provenance"]["economics.person_nok_per_h"] == "assumed"
    assert figures["provenance"]["commercial.price_nok"] == "assumed"


def test_the_input_hash_follows_the_prices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dearer = tmp_path / "dearer.toml"
    dearer.write_text(ECONOMICS.replace("value = 5000, low = 4000", "value = 5500, low = 4000"))
    hashes = []
    for more in ([], ["--economics", str(dearer)]):
        assert run(["economics", "stapler", *FAST, "--json", *more]) == 0
        hashes.append(json.loads(capsys.readouterr().out)["input_hash"])
    assert hashes[0] != hashes[1]


def test_a_machine_without_a_price_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "commercial.toml"
    path.write_text("\n".join(line for line in COMMERCIAL.splitlines() if not line.startswith("price_nok")))
    assert run(["economics", "stapler", *FAST, "--commercial", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "A CNC nailing table is left out: its file gives no price_nok." in shown
    assert "commercial" not in shown.lower().replace("commercial.toml", "")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("price_nok = { value = 15000, low = 5000", "price_nok = { value = 15000, low = -5",
         "price_nok must be at least 0, and is -5."),
        ("{ value = 5000, low = 2000, high = 8000", "{ value = 0",
         "demand_units_per_year must be above 0, and is 0; leave the line out for as many as can be made."),
        ("{ value = 7, low = 5, high = 10", "{ value = 300",
         "discount_percent must be below 100, and is 300; it is in percent: 7 means 7 %."),
        ("shifts_per_day =", "shifts_a_day =", "'shifts_a_day' is not a setting here; did you mean 'shifts_per_day'?"),
        ("high = 600", "hihg = 600", "'hihg' is not a setting here; did you mean 'high'?"),
        ("value = 500, low = 400", "value = 300, low = 400", "low 400, value 300, high 600 are not in this order."),
        ("value = 500, low = 400", "value = 500", "give both low and high, or neither."),
        ("value = 7.5", "value = nan", "value = nan: input should be a finite number."),
        ("value = 7.5", "value = 25", "shifts_per_day x hours_per_shift is 25 hours; a day has 24."),
        ("{ value = 7.5, status", "7.5 # {", 'hours_per_shift = 7.5: write it as { value = …, status = "assumed", '
         'source = "…" }, with low and high if it is uncertain.'),
        ('status = "published"', 'status = "rumoured"', "status = 'rumoured': input should be 'measured', 'published', "
         "'vendor' or 'assumed'."),
        ('name = "prototype"', "", "name is missing."),
        ('name = "prototype"', 'name = "prototype"\nquantity = 0', "quantity = 0: input should be greater than or "
         "equal to 1."),
        ('name = "prototype"', 'name = "guards, emergency stop, risk assessment"', "is there twice."),
        ('vat = "without"', 'vat = "with"', "prices are without VAT, those of economics.toml with; state both in the "
         "same way."),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence_with_file_and_line_and_exit_2(
    old: str,
    new: str,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert old in ECONOMICS
    text = ECONOMICS.replace(old, new, 1)
    Path("economics.toml").write_text(text)
    assert run(["economics", "stapler", *FAST, "--economics", "economics.toml"]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert printed.err.startswith("cellwright: ") and printed.err.endswith(words + "\n")
    named, line = printed.err.removeprefix("cellwright: ").split(":")[0].split(", line ")
    if "same way" in words:
        assert Path(named).name == "commercial.toml" and COMMERCIAL.splitlines()[int(line) - 1].startswith("vat")
    elif "missing" in words or "twice" in words:
        assert text.splitlines()[int(line) - 1] == "[[parts]]"
    else:
        assert new.split("\n")[-1] in text.splitlines()[int(line) - 1]


GUARDS = "value = 15000, low = 5000, high = 40000"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("value = 500, low = 400, high = 600, status = \"assumed\", source = \"as hour_nok", "value = 1500, status = "
         "\"assumed\", source = \"as hour_nok", "the cell is worth building, against work by hand, with a pneumatic"),
        (GUARDS, GUARDS, "the cell may be worth building or not ("),
        (GUARDS, "value = 5e6", "the cell is not worth building, against work by hand"),
    ],
)  # fmt: skip
def test_the_finding_follows_the_figures(
    old: str, new: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "economics.toml"
    assert old in ECONOMICS
    path.write_text(ECONOMICS.replace(old, new))
    assert run(["economics", "stapler", *FAST, "--economics", str(path)]) == 0
    assert words in " ".join(capsys.readouterr().out.split())


def test_a_cell_that_saves_nothing_never_pays_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "economics.toml"
    path.write_text(ECONOMICS.replace("value = 10, low = 5, high = 20", "value = 99.9").replace("15000", "40000"))
    stopwatch = tmp_path / "manual.csv"
    stopwatch.write_text(
        "cycle,element,seconds\n1,staple,3\n2,staple,3\n1,lay slats,3\n2,lay slats,3\n"
    )  # manual work faster than any cell
    arguments = ["economics", "stapler", *FAST, "--economics", str(path), "--manual", str(stopwatch), "--accept"]
    assert run(arguments) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert ": it costs " in shown and " NOK a year more, never pays back" in shown
    assert run([*arguments, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["cell_against_best_manual"]
    assert figures["simple_payback_months"] == {"p5": None, "p50": None, "p95": None}
    assert figures["no_payback_in_life_percent"] == 100


def test_a_cell_without_prices_says_what_to_do(drill_press: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["economics", str(drill_press), *FAST]) == 2
    assert "drill_press.py has no economics.toml in its folder" in capsys.readouterr().err
    assert run(["economics", "stapler", "--economics", "none.toml"]) == 2
    assert "none.toml cannot be read: No such file" in capsys.readouterr().err


def test_the_picture_shows_from_how_many_units_a_day_it_pays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "break_even.svg"
    assert run(["economics", "stapler", *FAST, "--picture", str(picture)]) == 0
    assert picture.read_text(encoding="utf-8").startswith("<?xml")
    assert run(["economics", "stapler", *FAST, "--picture", str(tmp_path / "break_even.pdf")]) == 2
    assert "neither .svg nor .png" in capsys.readouterr().err


STUDY = "cycle,element,seconds\n" + "".join(f"{n},all,{300 + 7 * n}\n" for n in range(1, 9))


def test_without_a_cell_a_study_and_a_guess_are_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prices.toml").write_text(ECONOMICS)
    (tmp_path / "times.csv").write_text(STUDY)
    given = ["--manual", str(tmp_path / "times.csv"), "--economics", str(tmp_path / "prices.toml")]
    assert run(["economics", *given, "--seconds", "200:240,5:300", "--labour", "100", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["cell"] is None and figures["cycles_timed"] == 8
    # (300 + 7 x 4.5) s with 15 % for rest and interruptions
    assert figures["manual"]["seconds_per_unit"]["p50"] == pytest.approx(1.15 * 331.5, rel=0.005)
    assert figures["cell_economics"]["labour_s_per_unit"]["p50"] == 100
    assert figures["provenance"]["guess.seconds_per_unit"] == "assumed"
    assert run(["economics", *given, "--seconds", "240"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "The cell is a guess: 240 s a unit, of which a person is busy all." in shown


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "Name a cell, or guess at its --seconds"),
        (["stapler", "--seconds", "240"], "one of the two"),
        (["--labour", "3"], "Name a cell, or guess"),
        (["--seconds", "240"], "needs the stopwatch study of the manual work (--manual) and the prices"),
        (["--seconds", "-3", "GIVEN"], "--seconds -3: write the seconds of a unit, such as 240"),
        (["--seconds", "3:2:1", "GIVEN"], "lowest, likely and highest: 200:240:300"),
        (["--seconds", "9", "--labour", "soon", "GIVEN"], "--labour soon: write"),
        (["--seconds", "9", "ONE"], "time at least two cycles"),
    ],
)
def test_a_wrong_guess_is_refused_in_one_sentence(
    more: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "prices.toml").write_text(ECONOMICS)
    (tmp_path / "times.csv").write_text(STUDY if more[-1:] != ["ONE"] else "cycle,element,seconds\n1,all,3\n")
    if more[-1:] in (["GIVEN"], ["ONE"]):
        more = [*more[:-1], "--manual", str(tmp_path / "times.csv"), "--economics", str(tmp_path / "prices.toml")]
    assert run(["economics", *more]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
