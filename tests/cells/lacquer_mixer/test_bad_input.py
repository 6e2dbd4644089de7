"""Files that cannot be used: each is refused with file, line and one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from mixing import write

from cellwright.cells.lacquer_mixer import STUDY
from cellwright.cells.lacquer_mixer.orders import Orders
from cellwright.cells.lacquer_mixer.recipes import Drums, Recipe
from cellwright.errors import InputError
from cellwright.sim import model_rig

COMPONENT = '\n[[components]]\nmaterial = "{}"\npercent = {}\ndensity_g_per_ml = 1.0\nsystems = ["{}"]\n'
CUPS = "cup_s_at_20 = 25\ncup_s_at_28 = 16\n"
HEAD = 'name = "mine"\npot_life_min = 180\nprice_nok_per_kg = 200\n'


def recipe(*components: tuple[str, float, str]) -> str:
    return HEAD + "".join(COMPONENT.format(*each) + CUPS for each in components)


def refused(read, path: Path) -> str:
    with pytest.raises(InputError) as error:
        read(path)
    sentence = str(error.value)
    assert sentence.startswith(str(path)) and sentence[-1] in ".?" and "\n" not in sentence
    assert error.value.exit_code == 2
    return sentence


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (recipe(("a", 70, "pu"), ("b", 20, "pu")), 5, "the components add up to 90 % and not to 100 %"),
        (recipe(("a", 70, "pu"), ("b", 30, "nc")), 5, "b (nc) does not go with a (pu)"),
        (recipe(("a", 70, "pu"), ("a", 30, "pu")), 5, "a stands here twice"),
        (recipe(("a", 100, "pu")), 7, "percent = 100"),
        (recipe(("a", 70, "pu"), ("b", -5, "pu")), 15, "percent = -5"),
        (recipe(("a", 70, "pu")), 5, "at least 2"),
        (recipe(*((f"c{n}", 10, "pu") for n in range(10))), 5, "at most 8"),
        (recipe(("a", 70, "pu"), ("b", 30, "pu")).replace("percent = 30", "procent = 30"), 15, "'procent' is not"),
        (recipe(("a", 70, "pu"), ("b", 30, "pu")).replace('name = "mine"', "name = 3"), 1, "name = 3"),
        (recipe(("a", 70, "pu"), ("b", 30, "pu")).replace("pot_life_min = 180\n", ""), None, "pot_life_min is missing"),
        (recipe(("a", 70, "pu"), ("b", 30, "pu")) + "=", None, "is not valid TOML"),
    ],
)
def test_a_recipe_that_cannot_be_mixed(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    sentence = refused(Recipe.read, write(tmp_path, "mine.toml", text))
    assert message in sentence
    if line is not None:
        assert f", line {line}: " in sentence


@pytest.mark.parametrize(
    ("rows", "line", "message"),
    [
        ("1,pu_clear,730 g,1,500", 2, "the order needs 736 ml, and the can holds 500 ml"),
        ("1,pu_clear,9 kg,1,", 2, "and the can holds 2500 ml"),
        ("1,pu_clear,730 oz,1,", 2, "'oz' is no unit here; known are g, kg, l, ml"),
        ("1,pu_clear,730,1,", 2, "has no unit; known are g, kg, ml, l"),
        ("1,pu_clear,a lot,1,", 2, "where an amount such as '730 g' belongs"),
        ("1,pu_clear,0 g,1,", 2, "where an amount such as"),
        ("1,pu_clear,-5 g,1,", 2, "where an amount such as"),
        ("1,pu_clear,730 g,1,\n2,pu_cleer,1 kg,1,", 3, "there is no recipe 'pu_cleer'; did you mean 'pu_clear'?"),
        ("1,pu_clear,730 g,99,", 2, "a number from 0 to 20"),
        ("1,pu_clear,730 g,1,333", 2, "there is no such can; the sizes are 250, 500, 1000, 2500 ml"),
        ("1,pu_clear,730 g,1,1000,x", 2, "6 values for 5 columns"),
        ("1,pu_clear,3 g,1,", 2, "0.56 g of pu_hardener; the smallest dose is 1 g"),
    ],
)
def test_an_order_that_cannot_be_filled(tmp_path: Path, rows: str, line: int, message: str) -> None:
    path = write(tmp_path, "mine.csv", "order,recipe,amount,tolerance_percent,can_ml\n" + rows + "\n")
    sentence = refused(Orders.read, path)
    assert f", line {line}: " in sentence and message in sentence


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("mine.csv", "order,recipe\n", "line 1: the column amount is missing"),
        ("mine.csv", "order,recipe,amount,colour\n", "line 1: 'colour' is no column here"),
        ("mine.csv", "order,recipe,amount\n", "has no orders"),
        ("mine.csv", "", "is empty; begin with the line order,recipe,amount"),
        ("mine.toml", "[[orders]]\norder = 1\nrecipe = 'pu_clear'\n", "line 1: the column amount is missing"),
        ("mine.toml", "x = 1\n", "has no [[orders]]"),
        ("mine.toml", "[[orders]\n", "is not valid TOML"),
    ],
)
def test_a_file_of_orders_that_is_none(tmp_path: Path, name: str, text: str, message: str) -> None:
    assert message in refused(Orders.read, write(tmp_path, name, text))


def test_orders_in_toml_and_a_recipe_beside_them(tmp_path: Path) -> None:
    write(tmp_path, "mine.toml", recipe(("pu_base", 80, "pu"), ("pu_hardener", 20, "pu")))
    path = write(
        tmp_path, "day.toml", "[[orders]]\norder = 7\nrecipe = 'mine'\namount = '0.5 l'\ntolerance_percent = 2\n"
    )
    order = Orders.read(path).orders[0]
    assert (order.number, order.mass_g, order.can_ml, order.tolerance_percent) == ("7", 500, 500, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[drums]]\nmaterial = "a"\nlot = ""\nnet_g = 1\n', "line 3: lot = ''"),
        ('[[drums]]\nmaterial = "a"\nlot = "x"\nnet_g = 0\n', "line 4: net_g = 0"),
        ('[[drums]]\nmaterial = "a"\nlot = "x"\nnet_kg = 2\n', "'net_kg' is not a setting here; did you mean 'net_g'"),
        ('[[drums]]\nmaterial = "a"\nlot = "x"\nnet_g = 1\n' * 2, "line 1: two drums hold a"),
    ],
)
def test_drums_that_cannot_hang_there(tmp_path: Path, text: str, message: str) -> None:
    assert message in refused(Drums.read, write(tmp_path, "mine.toml", text))


def test_a_component_without_a_drum_names_the_order_that_needs_it(tmp_path: Path) -> None:
    write(tmp_path, "mine.toml", recipe(("pu_base", 80, "pu"), ("pu_blue", 20, "pu")))
    path = write(tmp_path, "day.csv", "order,recipe,amount\n1,pu_clear,730 g\n2,mine,500 g\n")
    scenario = STUDY.scenario([f"orders={path}"])
    with pytest.raises(InputError, match=r"day\.csv, line 3: mine needs pu_blue, and no drum holds it; did you mean"):
        model_rig(scenario, 1, 0)
