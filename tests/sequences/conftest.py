"""A bench: a cell whose work a test decides, on a model board."""

from __future__ import annotations

import pytest

from cellwright.actuators import Lamp, Solenoid, Stepper
from cellwright.hardware.model.axes import TripPoint
from cellwright.sensors import Button, Switch
from cellwright.sequences import FAULTED, Cell, home

HERE = "bench"


class Bench(Cell):
    """A cell whose second state does whatever a test gives it to do."""

    cycle_ends_with = "done"
    resets_with = "start_button"
    states = ["homing", "working", "waiting"]
    transitions = [["homed", "homing", "working"], ["worked", "working", "waiting"], ["done", "waiting", "working"]]
    axis = Stepper(step=2, dir=5, home_pin=9, steps_per_mm=20, max_speed=100, max_acceleration=1000, travel=(0, 300))
    other = Stepper(step=3, dir=6, home_pin=10, steps_per_mm=20, max_speed=100, max_acceleration=1000, travel=(0, 300))
    valve = Solenoid(pin=4, pulse_s=0.1, rest_s=0.1, max_on_s=0.2)
    panel = Switch(pin=12)
    start_button = Button(pin=7)
    stop_button = Button(pin=8, stops_cell=True)
    lamp = Lamp(pin=13)

    @classmethod
    def name(cls):
        return "bench"

    def homing(self):
        for axis in (self.axis, self.other):
            if not axis.is_homed:
                yield from home(axis)
        return "homed"

    def working(self):
        return self.work()

    def waiting(self):
        self.lamp.on()
        yield self.env.timeout(1)
        self.lamp.off()
        return "done"


class Rig:
    """A bench under way, homed, with its work as a step."""

    def __init__(self, env, board, work, cell=Bench):
        self.env, self.board, self.cell = env, board, cell(board)
        self.cell.work = lambda: work(self.cell)
        for axis, mm in ((self.cell.axis, 20), (self.cell.other, 30)):
            port = board.steppers[axis.step]
            port.trip_points.append(TripPoint(axis.home_pin, at=0, level=False))
            port.set_true_position(round(mm * axis.steps_per_mm))
        self.process = env.process(self.cell.run())

    def until_working(self):
        for _ in range(10_000):
            if self.cell.state != "homing":
                return
            self.env.step()
        raise AssertionError("the homing never ended")

    def run(self, seconds):
        self.env.run(until=self.env.now + seconds)

    def press(self, button):
        self.board.set_input(button.pin, False)

    def release(self, button):
        self.board.set_input(button.pin, True)

    @property
    def positions(self):
        return [port.true_position for port in self.board.steppers.values()]

    def reason(self):
        return self.cell.last_stop.reason.removeprefix(f"{HERE}, {self.cell.last_stop.state}: ")

    def faulted(self):
        assert self.cell.state == FAULTED
        assert self.cell.last_stop.kind == "fault"
        assert self.cell.last_stop.reason.startswith(f"{HERE}, {self.cell.last_stop.state}: ")
        assert self.board.is_safe
        assert self.process.is_alive
        return self.reason()


@pytest.fixture(scope="session")
def bench_class():
    return Bench


@pytest.fixture(scope="session")
def rig_class():
    return Rig


@pytest.fixture
def rig(env, board):
    def make(work, cell=Bench):
        made = Rig(env, board, work, cell)
        made.until_working()
        return made

    return make


class Only:
    """A device of which nothing is known but the members of a protocol."""

    def __init__(self, device, protocol):
        self._device, self._members = device, vars(protocol).keys()

    def __getattr__(self, name):
        if name not in self._members:
            raise AttributeError(f"{name} is no member of the protocol")
        return getattr(self._device, name)


@pytest.fixture(scope="session")
def only():
    return Only
