"""A small cell that presses pins into blocks from a magazine, to be varied by what a test is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from cellwright import Button, Cell, Lamp, Solenoid, Switch
from cellwright.sim import CellPlant, Element, ManualMethod, Study

OPERATOR_TIMEOUT_S = 3600


class Presser(Cell):
    """Presses four pins into each block."""

    unit = "block"
    cycle_ends_with = "taken"
    stop_triggers: ClassVar = {"empty": "no pins"}
    ram = Solenoid(pin=4, pulse_s=0.1, rest_s=0.1, max_on_s=0.2)
    seated = Switch(pin=11)
    block = Switch(pin=12)
    start_button = Button(pin=7)
    lamp = Lamp(pin=13)
    states = ["waiting", "pressing", "filling", "presenting"]
    transitions = [
        ["start", "waiting", "pressing"],
        ["empty", "pressing", "filling"],
        ["filled", "filling", "pressing"],
        ["pressed", "pressing", "presenting"],
        ["taken", "presenting", "waiting"],
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pins_left = 6
        self.to_press = 4

    def waiting(self):
        self.lamp.on()
        yield self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        self.lamp.off()
        self.to_press = 4
        return "start"

    def pressing(self):
        while self.to_press:
            if not self.pins_left:
                return "empty"
            yield self.ram.fire()
            self.pins_left -= 1
            if self.seated.is_closed:
                self.to_press -= 1
        return "pressed"

    def filling(self):
        self.lamp.on()
        yield self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        self.lamp.off()
        self.pins_left = 6
        return "filled"

    def presenting(self):
        yield self.env.timeout(0.4)
        self.lamp.on()
        yield self.block.open(within_s=OPERATOR_TIMEOUT_S)
        return "taken"


@dataclass(kw_only=True)
class Shop:
    """misses: how often a pin does not seat."""

    misses: float = 0.1


class Bench(CellPlant):
    """A person who lays in blocks and fills the magazine; a pin may miss."""

    def connect(self):
        self.has_block = False
        self.pins = 6
        self.seated = 0
        self.close(self.cell.seated)
        self.board.on_output(self.cell.ram.pin, self._press, levels=[True])
        self.call_by(self.cell.lamp, self._visit)

    def _press(self, _: bool) -> None:
        self.pins -= 1
        if self.misses():
            self.open(self.cell.seated)
        else:
            self.seated += 1
            self.close(self.cell.seated)

    def misses(self) -> bool:
        return self.streams["miss"].random() < self.parameters.misses

    def _visit(self):
        if self.has_block and self.seated < 4:
            yield from self.do("fill")
            self.pins = 6
        else:
            if self.has_block:
                yield from self.do("take out")
                self.has_block, self.seated = False, 0
                self.open(self.cell.block)
            yield from self.do("lay in")
            self.has_block = True
            self.close(self.cell.block)
        yield from self.do("press start")
        self.press(self.cell.start_button)


@dataclass(kw_only=True)
class ByHand(ManualMethod):
    """With a mallet."""

    def elements(self, parameters):
        return [Element("lay in", 3.0, 0.2), Element("hammer", 8.0, 0.2), Element("take out", 2.0, 0.2)]

    def tending(self, parameters):
        lay_in, _, take_out = self.elements(parameters)
        return [lay_in, take_out, Element("fill", 9.0, 0.2), Element("press start", 1.0, 0.2)]


@pytest.fixture
def study():
    """A study of this cell, or of one derived from it, and of its plant or one derived from that."""

    def make(cell: type[Cell] = Presser, plant: type[CellPlant] = Bench, **more: Any) -> Study:
        return Study(cell=cell, plant=plant, plant_parameters=Shop(), manual=ByHand(), **more)

    return make


@pytest.fixture
def presser() -> type[Presser]:
    return Presser


@pytest.fixture
def bench() -> type[Bench]:
    return Bench
