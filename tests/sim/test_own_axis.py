"""An axis that no file of the product names: in a plant, in the tests of its cell, and in a fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cellwright import Cell
from cellwright.benchmarks.calibration.fit import fit
from cellwright.benchmarks.calibration.run_log_reader import read_run_log_data
from cellwright.errors import DescriptionError
from cellwright.hardware.board import Board, StepperPort
from cellwright.hardware.device import Device
from cellwright.hardware.linear_axis import LinearAxis
from cellwright.hardware.pins import Feature, Need, contact_pin, stepper_pins
from cellwright.sequences import RunLog
from cellwright.sim import CellPlant, Length, ManualMethod, OperatorParameters, Study, run_cell, virtual_rig
from cellwright.sim.agreement import run_on_target
from cellwright.sim.fault_matrix import possible_faults
from cellwright.sim.targets.emulated import wiring_of
from cellwright.testing import on_model, on_virtual

PER_MM = 40


@dataclass(kw_only=True)
class Slide(Device):
    """A slide of 200 mm on a stepper driver, which trusts that it stands at home at power-up."""

    state_events = ("move",)

    step: int
    dir: int
    home_pin: int
    max_speed: float
    max_acceleration: float
    port: StepperPort = field(init=False, repr=False)

    def pins(self):
        return {**stepper_pins(self.step, self.dir), "home": contact_pin(self.home_pin)}

    def linear_axis(self):
        return LinearAxis(self.step, self.home_pin, False, PER_MM, self.max_speed, self.max_acceleration, (0, 200))

    def attach(self, board: Board) -> None:
        self.board = board
        self.port = board.declare_stepper(self, self.step, self.dir, False)
        board.declare_input(self.home_pin, at_rest=True)

    def slide(self, mm):
        wait = self.port.move_to(round(mm * PER_MM), self.max_speed * PER_MM, self.max_acceleration * PER_MM)
        self.note("move", mm, until=wait)
        return wait


class Shuttle(Cell):
    """Slides out and back, by three distances in turn."""

    cycle_ends_with = "back"
    slide = Slide(step=2, dir=5, home_pin=9, max_speed=100, max_acceleration=500)
    states = ["sliding"]
    transitions = [["back", "sliding", "sliding"]]

    def sliding(self):
        self.slide.note("homed", None)
        for mm in (2.0, 20.0, 150.0):
            yield self.slide.slide(mm)
            yield self.slide.slide(0.0)
        return "back"


@dataclass(kw_only=True)
class Nothing:
    """The plant has no parameters."""


class Rails(CellPlant):
    """Puts the slide at its home switch."""

    def connect(self):
        self.place_axis(self.cell.slide, 0.0)


@dataclass(kw_only=True)
class NoManual(ManualMethod):
    """Nobody does this by hand."""

    def elements(self, parameters):
        return [self.element("push", 10)]

    def tending(self, parameters):
        return []


STUDY = Study(
    cell=Shuttle,
    plant=Rails,
    plant_parameters=Nothing(),
    manual=NoManual(),
    operator=OperatorParameters(),
    measures=(),
)


@pytest.mark.parametrize("put", [on_model, on_virtual])
def test_a_test_of_its_cell_sees_its_moves(put):
    rig = put(STUDY)
    rig.run_until_finished(2)
    assert [round(move.to_mm) for move in rig.axes["slide"].moves[:6]] == [2, 0, 20, 0, 150, 0]
    rig.assert_only(rig.closed("slide home"), while_=rig.in_state("sliding"))
    assert rig.closed("slide home")


def test_without_a_plant_it_starts_in_the_middle_of_its_travel():
    assert on_model(Shuttle).axes["slide"].position_mm == pytest.approx(100)


def test_a_fit_corrects_its_speed_and_acceleration(tmp_path):
    path = tmp_path / "run.db"
    with RunLog(path) as log:
        log.describe(cell="test_own_axis", target="model", seed=1, firmware="cellwright")
        run_cell(STUDY.scenario(["slide.max_speed=80", "slide.max_acceleration=700"]), Length(cycles=20), 1, 0, log)
    described = STUDY.scenario()
    values = {
        each.parameter: each.value
        for each in fit(read_run_log_data(path, "test_own_axis", described), described).values
    }
    assert values == {
        "slide.max_speed": pytest.approx(80, rel=0.01),
        "slide.max_acceleration": pytest.approx(700, rel=0.02),
    }


def test_targets_are_compared_by_its_moves():
    accounts = [run_on_target(target, STUDY.scenario(), units=3, seed=1) for target in ("model", "virtual")]
    assert [each.actions for each in accounts] == [{"slide move": 18}] * 2
    assert accounts[0].cycle_time_s == pytest.approx(accounts[1].cycle_time_s, rel=0.01)


def test_its_faults_its_wiring_and_its_needs_follow_from_its_pins():
    own = [str(fault) for fault in possible_faults(STUDY.scenario().parameters) if fault.device == "slide"]
    assert own == ["slide:slips=20", "slide:open", "slide:closed", "slide:bouncing=8"]
    assert wiring_of([Shuttle.slide]).drivers == {2: (5, False)}
    assert Shuttle.slide.needs() == (Need(Feature.STEPPER, (2, 5)), Need(Feature.INPUT, (9,)))


def test_a_plant_that_places_what_is_no_axis_is_told_so():
    @dataclass(kw_only=True)
    class Still(Slide):
        def linear_axis(self):
            return None

    scenario = STUDY.scenario()
    still = Still(step=2, dir=5, home_pin=9, max_speed=100, max_acceleration=500)
    scenario.parameters["slide"] = still
    with pytest.raises(
        DescriptionError, match=r"^slide moves no axis; its class must return one from linear_axis\(\)\.$"
    ):
        virtual_rig(scenario, 1, 0)
