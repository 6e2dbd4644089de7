"""A device that no file of the product names works on every target, in ``check`` and in the fault matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cellwright import Button, Cell
from cellwright.hardware.board import Board, OutputPort
from cellwright.hardware.device import Device
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.pins import contact_pin, output_pin
from cellwright.sequences.description import description_problems
from cellwright.sim import CellPlant, ManualMethod, OperatorParameters, Study, model_rig, virtual_rig
from cellwright.sim.fault_matrix import inject_fault, possible_faults
from cellwright.sim.targets.emulated import emulated_rig, wiring_of

BUILT = Path("build/emulator").is_dir()


@dataclass(kw_only=True)
class Fan(Device):
    """A fan behind a relay that is on when its pin is low, and the contact of its hood: the hood stops the cell."""

    pin: int
    hood_pin: int
    output: OutputPort = field(init=False, repr=False)
    hood: DigitalInput = field(init=False, repr=False)

    def pins(self):
        return {
            "relay": output_pin(self.pin, active_low=True),
            "hood": contact_pin(self.hood_pin, fault_prefix="hood_"),
        }

    def attach(self, board: Board) -> None:
        self.board = board
        self.output = board.declare_output(self.pin, safe=True)
        self.hood = board.declare_input(self.hood_pin, at_rest=True)
        self.hood.on_change = lambda level: None if level else self.when_closed()

    def stops_cell_when_closed(self):
        return True

    def blow(self, seconds):
        return self.output.pulse(self, False, seconds, 0.1)


class Drier(Cell):
    """Blows at one piece after the other."""

    cycle_ends_with = "dry"
    resets_with = "reset_button"
    fan = Fan(pin=4, hood_pin=8)
    reset_button = Button(pin=7)
    states = ["blowing"]
    transitions = [["dry", "blowing", "blowing"]]

    def blowing(self):
        yield self.fan.blow(2.0)
        return "dry"


@dataclass(kw_only=True)
class Nothing:
    """The plant has no parameters."""


class Workshop(CellPlant):
    """Counts how often the air moved."""

    def connect(self):
        self.gusts = 0
        self.board.on_output(self.cell.fan.pin, self._gust, levels=[False])

    def _gust(self, _):
        self.gusts += 1


@dataclass(kw_only=True)
class NoManual(ManualMethod):
    """Nobody does this by hand."""

    def elements(self, parameters):
        return [self.element("wave", 10)]

    def tending(self, parameters):
        return []


STUDY = Study(
    cell=Drier,
    plant=Workshop,
    plant_parameters=Nothing(),
    manual=NoManual(),
    operator=OperatorParameters(),
    measures=(),
)


@pytest.fixture
def scenario():
    return STUDY.scenario()


@pytest.mark.parametrize(
    "make_rig",
    [
        model_rig,
        virtual_rig,
        pytest.param(
            emulated_rig,
            marks=[pytest.mark.emulated, pytest.mark.skipif(not BUILT, reason="the emulated chip is not built")],
        ),
    ],
)
def test_it_runs_on_every_target_and_its_hood_stops_the_cell(make_rig, scenario):
    rig = make_rig(scenario, 1, 0)
    world = getattr(rig, "model", None) or rig.world
    try:
        rig.env.run(until=rig.env.now + 6.0)
        assert rig.plant.gusts in (2, 3)
        world.set_input(8, False)
        rig.env.run(until=rig.env.now + 1.0)
        assert rig.cell.state == "stopped"
        assert rig.cell.last_stop.reason == "test_own_device, blowing: fan was pressed"
        assert world.output(4).level  # off
    finally:
        if hasattr(rig, "arduino") and hasattr(rig.arduino, "close"):
            rig.arduino.close()


def test_check_sees_its_pins(scenario):
    parameters = Drier.parameters()
    assert description_problems(Drier, parameters) == []
    parameters["fan"].hood_pin = 7
    assert description_problems(Drier, parameters) == [
        "test_own_device: pin 7 is used twice, by fan (hood) and by reset_button (button)."
    ]


def test_its_faults_follow_from_its_pins(scenario):
    own = [str(fault) for fault in possible_faults(scenario.parameters) if fault.device == "fan"]
    assert own == ["fan:dead", "fan:hood_open", "fan:hood_closed", "fan:hood_bouncing=8"]
    faults = {str(fault): fault for fault in possible_faults(scenario.parameters)}
    closed = inject_fault(scenario, 1, "blowing", faults["fan:hood_closed"])
    assert (closed.outcome, closed.reason) == ("stopped", "test_own_device, blowing: fan was pressed")
    assert closed.safe_after_s is not None and closed.safe_after_s < 0.1
    assert inject_fault(scenario, 1, "blowing", faults["fan:hood_open"]).outcome == "finished"


def test_its_wiring_follows_from_its_pins():
    assert wiring_of([Drier.fan]).resting == {4: True}
