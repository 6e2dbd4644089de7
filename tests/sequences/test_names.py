"""Names in a user's class that would replace what its base class needs."""

from __future__ import annotations

import pytest

from cellwright import Button, Cell, DescriptionError, Settings, Switch
from cellwright.sequences.description import TO_REPLACE
from cellwright.sequences.names import PARTS_OF_STUDY, names_of
from cellwright.sim import CellPlant

TAKEN = sorted(names_of(Cell) | Cell.base_attributes)


class Speeds(Settings):
    """Anything that is no device."""

    fast: float = 1.0


def step(self):
    yield self.env.timeout(1)
    return "done"


def made(**attributes):
    """A cell's class with one state and these attributes."""
    table = {
        "states": ["working"],
        "transitions": [["done", "working", "working"]],
        "cycle_ends_with": "done",
        "working": step,
    }
    return type("Own", (Cell,), table | attributes)


def test_the_list_of_taken_names_comes_from_the_class_itself():
    assert {"stop", "end", "fault", "env", "state", "name", "board", "run", "reset", "notes", "together"} <= {*TAKEN}
    assert not any(name.startswith("__") for name in TAKEN)


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize(("part", "kind"), [(Button(pin=8, stops_cell=True), "device"), (Speeds(), "setting")])
def test_no_device_and_no_setting_has_a_name_that_the_cell_needs(name, part, kind):
    with pytest.raises(DescriptionError, match=f"the {kind} '{name}' has a name that every cell needs for itself"):
        made(**{name: part})


@pytest.mark.parametrize("name", TAKEN)
def test_no_state_has_such_a_name(name):
    if name in ("states", "transitions"):
        return  # these are the tables themselves
    attributes = {"states": ["working", name], name: step}
    with pytest.raises(DescriptionError, match=f"the state '{name}' has a name that every cell needs for itself"):
        made(**attributes)


@pytest.mark.parametrize("name", PARTS_OF_STUDY)
def test_no_device_has_the_name_of_a_part_of_the_study(name):
    with pytest.raises(DescriptionError, match=f"the device '{name}' has the name of a part of every study"):
        made(**{name: Switch(pin=3)})


@pytest.mark.parametrize("name", sorted({*TAKEN} - TO_REPLACE))
def test_no_step_assigns_to_what_the_cell_needs(name):
    namespace = {}
    exec(f"def working(self):\n    x = 1\n    self.{name} = x\n    yield self.env.timeout(1)\n", namespace)
    with pytest.raises(DescriptionError, match=rf"line 3: working\(\) sets self\.{name}, which Own has from its base"):
        made(working=namespace["working"])


def test_the_sentence_says_where_and_what_to_write_instead():
    with pytest.raises(DescriptionError) as refused:

        class Press(Cell):
            """A press."""

            lamp_button = Button(pin=7)
            stop = Button(pin=8, stops_cell=True)

    line = test_the_sentence_says_where_and_what_to_write_instead.__code__.co_firstlineno + 7
    assert str(refused.value) == (
        f"test_names.py, line {line}: the device 'stop' has a name that every cell needs for itself; "
        "call it stop_button, for example."
    )


def test_what_a_cell_sets_itself_and_own_names_are_let_through():
    class Press(Cell):
        """A press."""

        unit = "block"
        states = ["working"]
        transitions = [["done", "working", "working"]]
        cycle_ends_with = "done"
        stop_button = Button(pin=8, stops_cell=True)

        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.unit = "plank"
            self.taken_out = 0

        def problems(self):
            return []

        working = step


def test_a_cell_derived_from_an_own_cell_is_looked_at_too():
    with pytest.raises(DescriptionError, match="'reset'"):
        type("Derived", (made(),), {"reset": Button(pin=2)})


def test_a_plant_does_not_replace_its_own_methods():
    with pytest.raises(DescriptionError, match=r"connect\(\) sets self\.press, which Yard has from its base class"):

        class Yard(CellPlant):
            """Presses something."""

            def connect(self):
                self.press = 3
