"""Devices that no file of the product names: on every target, in ``check``, the fault matrix, ``agree`` and ``fit``."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import pytest

from cellwright import Button, Cell
from cellwright.benchmarks.calibration.fit import fit
from cellwright.benchmarks.calibration.run_log_reader import read_run_log_data
from cellwright.cli.commands.describe import find_problems
from cellwright.errors import InputError
from cellwright.hardware.board import Board, OutputPort
from cellwright.hardware.device import Device, FittedPulse
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.pins import Feature, Need, contact_pin, output_pin
from cellwright.sequences import RunLog
from cellwright.sim import CellPlant, Length, ManualMethod, OperatorParameters, Study, model_rig, run_cell, virtual_rig
from cellwright.sim.agreement import run_on_target
from cellwright.sim.fault_matrix import inject_fault, possible_faults
from cellwright.sim.targets.emulated import emulated_rig, wiring_of
from cellwright.testing import on_model


@cache
def is_built():
    """Whether the emulated chip is built."""
    try:
        return find_library().exists()
    except InputError:
        return False


def emulated(value):
    """A parameter of a test that needs the emulated chip."""
    skip = pytest.mark.skipif(not is_built(), reason="the emulated chip is not built")
    return pytest.param(value, marks=[pytest.mark.emulated, skip])


@dataclass(kw_only=True)
class Fan(Device):
    """A fan behind a relay that is on when its pin is low, and the contact of its hood: the hood stops the cell."""

    pulse_events = ("blow",)
    file_parameters = ("curve",)

    pin: int
    hood_pin: int
    gust_s: float = 2.0
    pause_s: float = 0.1
    curve: str = ""
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

    def fitted_pulse(self):
        return FittedPulse("blow", on_s="gust_s", rest_s="pause_s")

    def blow(self):
        pulse = self.output.pulse(self, False, self.gust_s, self.pause_s)
        self.note("blow", self.gust_s, until=pulse)
        return pulse


class Drier(Cell):
    """Blows at one piece after the other."""

    cycle_ends_with = "dry"
    resets_with = "reset_button"
    fan = Fan(pin=4, hood_pin=8)
    reset_button = Button(pin=7)
    states = ["blowing"]
    transitions = [["dry", "blowing", "blowing"]]

    def blowing(self):
        yield self.fan.blow()
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
    [model_rig, virtual_rig, emulated(emulated_rig)],
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


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("fan.gust_s=1", ""),
        ("fan.hood_pin=7", "pin 7 is used twice, by fan (hood) and by reset_button (button)."),
        (
            "fan.pin=53",
            "fan needs a digital output on pin 53; this board runs CellwrightFirmata 1.0 and has pins 0 to 19.",
        ),
    ],
)
def test_check_sees_its_pins_and_its_needs(override, problem):
    assert find_problems(STUDY.scenario([override])) == ([f"test_own_device: {problem}"] if problem else [])


def test_check_refuses_a_pin_that_it_declares_and_does_not_name():
    class Quiet(Fan):
        def pins(self):
            return {"relay": output_pin(self.pin, active_low=True)}

    scenario = STUDY.scenario()
    scenario.parameters["fan"] = Quiet(pin=4, hood_pin=8)
    assert find_problems(scenario) == [
        "test_own_device: fan declares pin 8, which its pins() does not name; name it there."
    ]


def test_what_it_needs_of_a_board_follows_from_its_pins():
    assert Drier.fan.needs() == (Need(Feature.OUTPUT, (4,)), Need(Feature.INPUT, (8,)))


def test_its_faults_follow_from_its_pins(scenario):
    own = [str(fault) for fault in possible_faults(scenario.parameters) if fault.device == "fan"]
    assert own == ["fan:dead", "fan:hood_open", "fan:hood_closed", "fan:hood_bouncing=8"]
    faults = {str(fault): fault for fault in possible_faults(scenario.parameters)}
    closed = inject_fault(scenario, 1, "blowing", faults["fan:hood_closed"])
    assert (closed.outcome, closed.reason) == ("stopped", "test_own_device, blowing: fan was pressed")
    assert closed.safe_after_s is not None and closed.safe_after_s < 0.1
    assert inject_fault(scenario, 1, "blowing", faults["fan:hood_open"]).outcome == "finished"


@pytest.mark.parametrize("target", ["model", "virtual", emulated("emulated")])
def test_agree_counts_its_actions(target, scenario):
    assert run_on_target(target, scenario, units=5, seed=1).actions == {"fan blow": 5}


def test_a_fit_corrects_its_pulse(tmp_path, scenario):
    path = tmp_path / "run.db"
    with RunLog(path) as log:
        log.describe(cell="test_own_device", target="virtual", seed=1, firmware="cellwright")
        truth = STUDY.scenario(["fan.gust_s=1.5", "fan.pause_s=0.3"])
        run_cell(truth, Length(cycles=30), 1, 0, log)
    fitted = fit(read_run_log_data(path, "test_own_device", scenario), scenario)
    values = {each.parameter: each.value for each in fitted.values}
    assert values == {"fan.gust_s": 1.5, "fan.pause_s": pytest.approx(0.3, abs=1e-3)}


def test_its_file_is_an_input_by_its_contents_not_its_path(tmp_path):
    hashes = []
    for name, content in (("a", "1 2"), ("b", "1 2"), ("c", "1 3")):
        (tmp_path / name).write_text(content)
        hashes.append(STUDY.scenario([f"fan.curve={tmp_path / name}"]).input_hash())
    assert hashes[0] == hashes[1] != hashes[2] and STUDY.scenario().input_hash() not in hashes


def test_a_test_of_its_cell_opens_its_contact_by_name():
    rig = on_model(STUDY)
    rig.run(seconds=1.0)
    rig.close("fan hood")
    assert rig.on("fan relay") and rig.cell.state == "stopped"
    rig.open("fan hood")
    rig.press("reset_button")
    rig.run(seconds=3.0)
    assert rig.cell.state == "blowing" and rig.contacts["fan hood"].pulses == 1


def test_its_wiring_follows_from_its_pins():
    assert wiring_of([Drier.fan]).resting == {4: True, 8: True}
