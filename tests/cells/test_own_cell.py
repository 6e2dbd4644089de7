"""Cells of a user's own, named by their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from cellwright import cells
from cellwright.cli import run
from cellwright.errors import InputError

BLINKER = '''
"""A lamp."""

from dataclasses import dataclass

from cellwright import Cell, Lamp
from cellwright.sim import CellPlant, Element, Study, ManualMethod


class Blinker(Cell):
    """Blinks."""

    unit = "blink"
    cycle_ends_with = "dark"
    lamp = Lamp(pin=13)
    states = ["on", "off"]
    transitions = [["lit", "on", "off"], ["dark", "off", "on"]]

    def on(self):
        self.lamp.on()
        yield self.env.timeout({seconds})
        return "lit"

    def off(self):
        self.lamp.off()
        yield self.env.timeout(1)
        return "dark"


@dataclass(kw_only=True)
class Nothing:
    """No parameters."""


class Dark(CellPlant):
    """Nothing round it."""

    def connect(self):
        pass


class ByHand(ManualMethod):
    """A switch."""

    def elements(self, parts):
        return [Element("switch", 3.0, 0.1)]

    def tending(self, parts):
        return []


STUDY = Study(cell=Blinker, plant=Dark, plant_parameters=Nothing(), manual=ByHand())
'''


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_is_a_cell_like_any_other_in_other_processes_too(tmp_path, capsys):
    path = write(tmp_path, "blinker_here.py", BLINKER.format(seconds=1))
    for command in ("describe", "check"):
        assert run([command, str(path)]) == 0
    assert run(["compare", str(path), "--hours", "0.1", "-R", "2", "--jobs", "2"]) == 0
    assert "blinks an hour" in capsys.readouterr().out
    assert cells.load(str(path)).cell.name() == "blinker_here"


def test_a_folder_is_a_cell_too_and_two_of_one_name_are_told_apart(tmp_path):
    first = write(tmp_path, "one/blink_pair/__init__.py", BLINKER.format(seconds=1)).parent
    second = write(tmp_path, "two/blink_pair/__init__.py", BLINKER.format(seconds=2)).parent
    loaded = [cells.load(str(folder)) for folder in (first, second, first)]
    assert len({study.cell.__module__ for study in loaded}) == 1
    assert loaded[0].cell is not loaded[1].cell


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("empty_cell.py", "x = 1\n", "empty_cell.py has no study; end it with STUDY = Study(cell="),
        ("broken_cell.py", "x = 1\nclass C(\n", "broken_cell.py, line 2: "),
        ("wrong_cell.py", "x = 1\n\nx.y\n", "wrong_cell.py, line 3: AttributeError: "),
        ("json.py", "STUDY = 1\n", "json.py has the name of another Python module"),
    ],
)
def test_a_file_that_is_no_cell_is_refused_with_its_line(tmp_path, name, text, message):
    with pytest.raises(InputError) as refused:
        cells.load(str(write(tmp_path, name, text)))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_and_a_name_that_nobody_knows():
    with pytest.raises(InputError, match=r"There is no file none\.py\."):
        cells.load("none.py")
    with pytest.raises(InputError, match=r"did you mean 'stapler'\? A cell of your own is named by its file"):
        cells.load("staplr")
