"""The same script on the virtual Arduino with CellwrightFirmata and on the firmware itself, on an emulated chip."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.hardware import CELLWRIGHT_FIRMATA, ModelBoard
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.world import PinWorld, Wiring
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.model.axes import TripPoint
from cellwright.hardware.transport.loopback import LoopbackLine

AXIS = SimpleNamespace(name="axis")
VALVE = SimpleNamespace(name="valve")
STEP, DIR, OUTPUT, HOME, STOP = 4, 5, 7, 8, 12
SPEED, ACCELERATION = 4000.0, 20_000.0


class Bench:
    """A board with an axis on its rail, an output and an emergency stop, on either Arduino."""

    def __init__(self, env, arduino, world, link):
        self.env, self.arduino, self.world = env, arduino, world
        self.board = connect(env, link)
        self.troubles = []
        self.board.on_failure(self.troubles.append)
        self.board.declare_input(STOP, at_rest=True)
        self.board.declare_stop_input(STOP, active=False)
        self.output = self.board.declare_output(OUTPUT, safe=True, max_on_s=0.1, max_duty=0.5)
        self.axis = self.board.declare_stepper(AXIS, STEP, DIR, False)
        self.board.declare_input(HOME, at_rest=True)
        self.axis.watch_limit(HOME, active=False)
        self.rail = world.axis(STEP)
        self.rail.trip_points.append(TripPoint(HOME, at=0, level=False))
        self.rail.set_true_position(400)
        world.set_input(STOP, True)
        self.changes = []
        world.on_output(OUTPUT, lambda level: self.changes.append((env.now, level)))
        env.run(until=env.process(self.board.prepare()))
        self.run(0.05)

    def run(self, seconds):
        self.env.run(until=self.env.now + seconds)

    def arrive(self, wait):
        """Run until a wait is over, and not from within it: the chip is dispatching its events just then."""
        self.env.run(until=wait | self.env.timeout(wait.limit_s))
        assert wait.processed, f"{wait.what}; {self.troubles}"

    def move(self, steps):
        return self.axis.move_to(steps, SPEED, ACCELERATION)

    @property
    def is_safe(self):
        """Whether the output is at its safe level, and no step is made in what follows."""
        level, position = self.world.output(OUTPUT).level, self.rail.true_position
        self.run(0.01)
        return level and self.rail.true_position == position


@pytest.fixture(params=["virtual", pytest.param("emulated", marks=pytest.mark.emulated)])
def bench(request, env):
    if request.param == "virtual":
        model, line = ModelBoard(env, CELLWRIGHT_FIRMATA), LoopbackLine(env, 57600)
        yield Bench(env, VirtualArduino(env, line.board, model, firmware="cellwright"), model, line.host)
        return
    library = request.getfixturevalue("emulator_library")
    arduino = EmulatedArduino(env, firmware_hex("uno"), library, kind="uno", watched=())
    world = PinWorld(arduino, Wiring({STEP: (DIR, False)}, frozenset(), {OUTPUT: True}, {}))
    yield Bench(env, arduino, world, arduino.link)
    arduino.close()


def test_a_pulse_is_timed_by_the_board(bench):
    bench.changes.clear()
    bench.arrive(bench.output.pulse(VALVE, False, 0.06, 0.06))
    (on_s, on), (off_s, off) = bench.changes
    assert (on, off) == (False, True)
    assert off_s - on_s == pytest.approx(0.06, abs=1e-4)
    for _ in range(20):
        bench.arrive(bench.output.pulse(VALVE, False, 0.06, 0.06))
    assert bench.troubles == []


def test_a_pulse_over_the_duty_is_refused(bench):
    bench.output.pulse(VALVE, False, 0.1, 0.0)
    bench.run(0.102)
    bench.output.pulse(VALVE, False, 0.1, 0.0)
    bench.run(0.02)
    assert len(bench.troubles) == 1
    assert bench.troubles[0].startswith("valve did not fire: it would have been on for longer")
    assert bench.is_safe


def test_an_output_that_is_left_on_goes_back_by_itself(bench):
    bench.output.write(False)
    bench.run(0.1)
    assert not bench.world.output(OUTPUT).level
    bench.run(0.05)
    assert bench.world.output(OUTPUT).level
    assert "'pin 7 was on too long'" in bench.troubles[0]


def test_homing_moves_and_a_controlled_stop(bench):
    home = bench.axis.home(SPEED, 400.0, ACCELERATION, 80, 2000)
    bench.arrive(home)
    assert home.value is None
    assert bench.rail.true_position == bench.axis.position == 0
    bench.arrive(bench.move(3000))
    bench.move(0)
    bench.run(0.4)
    bench.arrive(bench.axis.slow_down())
    assert 0 < bench.axis.position < 3000
    bench.arrive(bench.move(1000))
    assert bench.rail.true_position == bench.axis.position == 1000
    assert bench.troubles == []


def test_a_search_that_finds_no_switch_says_so(bench):
    home = bench.axis.home(SPEED, 400.0, ACCELERATION, 80, 300)
    bench.arrive(home)
    assert home.value == "close"
    assert bench.axis.position == -300


def test_a_limit_on_the_way_is_trouble(bench):
    bench.move(-2000)
    bench.run(1.0)
    assert len(bench.troubles) == 1
    assert bench.troubles[0].startswith("axis was stopped by its limit switch at step -400 on its way to step -2000;")
    assert bench.rail.true_position == 0


def test_the_emergency_stop_stops_all_within_a_millisecond_and_says_where(bench):
    bench.move(20_000)
    bench.output.write(False)
    bench.run(0.05)
    bench.world.set_input(STOP, False)
    bench.run(0.001)
    assert bench.is_safe
    bench.run(0.05)
    (reported,) = bench.troubles
    assert "stopped itself: its emergency stop was pressed" in reported
    assert reported.endswith(f"with axis at step {bench.rail.true_position - 400}).")
    bench.board.make_safe()
    bench.world.set_input(STOP, True)
    bench.run(0.1)
    bench.board.release()
    bench.arrive(bench.move(0))
    assert bench.rail.true_position == 400


def test_when_the_host_falls_silent_all_is_safe_within_its_time(bench):
    bench.move(100_000)
    bench.output.pulse(VALVE, False, 0.09, 0.0)
    bench.run(0.03)
    bench.board.watchdog._keep_alive.stop()  # as a host that hangs
    bench.board.session.client.send = lambda data: None
    bench.run(0.55)
    assert bench.is_safe
    bench.run(0.2)
    assert "stopped itself: it heard nothing from this computer for 0.5 s" in bench.troubles[0]


def test_a_reset_is_explained_and_all_is_declared_again(bench):
    bench.arrive(bench.move(100))
    bench.arduino.reset()
    bench.run(3.0)
    (reported,) = [each for each in bench.troubles if "reset itself" in each]
    assert "its reset button was pressed" in reported
    assert "with axis at step 100" in reported
    assert bench.is_safe
    bench.board.release()
    bench.run(0.1)
    bench.arrive(bench.move(150))
    assert bench.rail.true_position == 550


def test_a_reset_of_the_link_is_noticed(bench):
    bench.board.session.client.send(messages.RESET)
    bench.run(1.0)
    assert "it was reset over the line" in bench.troubles[0]
    bench.board.release()
    bench.run(0.1)
    bench.arrive(bench.move(150))
    assert bench.rail.true_position == 550


def test_a_write_in_mid_pulse_counts_and_the_pulse_is_over_when_it_is_due(bench):
    bench.output.pulse(VALVE, False, 0.05, 0.0)
    bench.run(0.02)
    bench.output.write(True)
    bench.run(0.01)
    assert bench.world.output(OUTPUT).level
    bench.run(0.1)
    assert bench.is_safe
    assert bench.troubles == []
