"""Files that say what they are like, and the words of each cell."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cellwright import cells
from cellwright.benchmarks.economics.commercial import read_commercial
from cellwright.benchmarks.economics.inputs import read_economics
from cellwright.benchmarks.report.translations import LANGUAGES, read_translations
from cellwright.errors import InputError
from cellwright.files import read_layers
from cellwright.sequences import inputs_of

CELLS = Path(cells.__file__).parent


@pytest.mark.parametrize("name", cells.names())
def test_every_cell_that_comes_along_has_prices_a_machine_and_words(name: str) -> None:
    study = cells.load(name)
    measures = [each.name for each in study.measures]
    assert read_economics(CELLS / name / "economics.toml", measures).parts
    assert read_commercial(CELLS / name / "commercial.toml", measures).machine
    for language in LANGUAGES:
        translations = read_translations(language, name, CELLS / name)
        assert translations.about != read_translations(language).about


def test_a_variant_says_what_is_its_own_and_takes_the_rest() -> None:
    small, large = (read_economics(CELLS / name / "economics.toml", ["beyond_order_nok"])
                    for name in ("lacquer_mixer", "lacquer_mixer_mega"))  # fmt: skip
    assert large.parts[0].quantity == 8 and small.parts[0].quantity == 3
    assert large.person_nok_per_h == small.person_nok_per_h and large.building_h != small.building_h


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["stapler", "digital_tape", "lacquer_mixer"])
def test_no_name_of_an_input_in_a_cells_words_is_misspelt(name: str, language: str) -> None:
    study = cells.load(name)
    measures = [each.name for each in study.measures]
    known = {each for each, _, _ in inputs_of(study.scenario().parameters)}
    known |= {each for each, _ in read_economics(CELLS / name / "economics.toml", measures).numbers("economics")}
    known |= {each for each, _ in read_commercial(CELLS / name / "commercial.toml", measures).numbers("commercial")}
    terms = tomllib.loads((CELLS / name / f"report.{language}.toml").read_text(encoding="utf-8"))["terms"]
    named = {each for each in terms if "." in each.partition(" ")[0] and not each.partition(".")[0][-1].isdigit()}
    named = {each for each in named if each.partition(".")[0] in {one.partition(".")[0] for one in known}}
    assert named and not named - known


@pytest.mark.parametrize("name", cells.names())
def test_a_norwegian_reader_meets_norwegian_states_devices_and_sources(name: str) -> None:
    study = cells.load(name)
    translations = read_translations("nb", name, CELLS / name)
    english = [each for each in (*study.cell.states, *study.cell.parameters()) if each not in translations.terms]
    assert english == []
    economics = read_economics(CELLS / name / "economics.toml", [each.name for each in study.measures])
    assert [
        each.source for _, each in economics.numbers("economics") if translations.term(each.source) == each.source
    ] == []


def test_files_that_are_like_each_other_or_like_nothing_are_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text('like = "other.toml"\na = 1\n')
    other.write_text('like = "one.toml"\n')
    with pytest.raises(InputError, match=r"other\.toml, line 1: one\.toml is like this file in turn"):
        read_layers(one)
    other.write_text("b = 2\n")
    assert read_layers(one) == [{"b": 2}, {"a": 1}]
    other.unlink()
    with pytest.raises(InputError, match=r"one\.toml, line 1: there is no file"):
        read_layers(one)
    one.write_text("like = 3\n")
    with pytest.raises(InputError, match="in quotation marks"):
        read_layers(one)


def test_a_cell_without_translations_uses_the_shared_ones(tmp_path: Path) -> None:
    translations = read_translations("nb", "drill_press.py", tmp_path)
    assert translations.about.name == "Cellen «drill press»"
    assert translations.term("waiting") == "venter" and translations.term("block") == "block"


def test_wrong_words_are_refused_by_file(tmp_path: Path) -> None:
    (tmp_path / "report.nb.toml").write_text("[about]\nneed = 3\n")
    with pytest.raises(InputError, match=r"report\.nb\.toml"):
        read_translations("nb", "mine", tmp_path)
    (tmp_path / "report.nb.toml").write_text('[about]\nneeed = "x"\n')
    with pytest.raises(InputError, match="'neeed' is not a setting here"):
        read_translations("nb", "mine", tmp_path)
