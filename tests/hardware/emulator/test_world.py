"""The pins of an emulated Uno as a plant meets them, round a small firmware."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cellwright.errors import DescriptionError
from cellwright.hardware import ModelBoard
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.chip import CLOCK_HZ, ResetCause
from cellwright.hardware.emulator.fault_injection import PinFaultInjector
from cellwright.hardware.emulator.world import ENCODER_EDGES_PER_S, STANDSTILL_S, PinWorld, Wiring
from cellwright.hardware.fault_injection import FaultyLink, read_fault
from cellwright.hardware.model.axes import TripPoint
from cellwright.hardware.model.world import World
from cellwright.hardware.pins import contact_pin, encoder_pins, output_pin, stepper_pins

pytestmark = pytest.mark.emulated

STEP, DIR, SWITCH, PWM = 2, 3, 4, 6  # the exerciser's, see its source
A, B, DATA, CLOCK = 8, 9, 14, 15


class Desk:
    """An Uno that has started, and its world."""

    def __init__(self, env, hex_path, wiring):
        self.env = env
        self.uno = EmulatedArduino(env, hex_path, watched=())
        self.world = PinWorld(self.uno, wiring)
        self.received = bytearray()
        self.uno.link.on_bytes = self.received.extend
        self.run(0.002)

    def run(self, seconds):
        self.env.run(until=self.env.now + seconds)

    def send(self, command, seconds):
        self.received.clear()
        self.uno.link.write(command)
        self.run(seconds)
        return bytes(self.received)


@pytest.fixture
def put_up(exercisers, env):
    """Puts up desks with what is wired to their pins."""
    desks = []

    def make(**wiring):
        desks.append(Desk(env, exercisers / "atmega328p.hex", Wiring(**wiring)))
        return desks[-1]

    yield make
    for desk in desks:
        desk.uno.close()


def test_both_worlds_offer_plants_the_same(put_up, env):
    worlds: list[World] = [put_up().world, ModelBoard(env)]
    for world in worlds:
        assert world.input(7).level  # a pull-up
        world.set_input(7, False)
        assert not world.input(7).level
        assert not world.output(12).level
        assert world.levels.get(5) is None


def test_an_axis_is_where_the_steps_bring_it(put_up):
    desk = put_up(drivers={STEP: (DIR, False)})
    axis = desk.world.axis(STEP)
    desk.world.set_input(SWITCH, True)
    axis.set_true_position(1000)
    assert (axis.true_position, axis.is_moving, axis.due_s) == (1000, False, -math.inf)
    assert desk.send(b"f", 0.01) == b""
    assert 1000 < axis.true_position < 1200
    assert (axis.is_moving, axis.due_s) == (True, math.inf)
    desk.run(0.02 + STANDSTILL_S)
    assert (axis.true_position, axis.is_moving) == (1200, False)
    assert axis.due_s == pytest.approx(0.002 + 10 / 57_600 + 0.02, abs=0.001)
    axis.slip(5)
    assert axis.true_position == 1195


def test_a_motor_wired_the_other_way_goes_the_other_way(put_up):
    desk = put_up(drivers={STEP: (DIR, True)})
    desk.world.set_input(SWITCH, True)
    desk.world.axis(STEP)
    desk.send(b"f", 0.03)
    assert desk.world.axis(STEP).true_position == -200


def test_an_axis_closes_its_switch_and_the_firmware_stops_at_that_step(put_up):
    desk = put_up(drivers={STEP: (DIR, False)})
    axis = desk.world.axis(STEP)
    axis.trip_points.append(TripPoint(SWITCH, at=0, level=False))
    axis.set_true_position(80)
    assert desk.world.input(SWITCH).level
    assert desk.send(b"b", 0.03) == bytes([80])
    assert not desk.world.input(SWITCH).level
    axis.slip(-3)  # by hand, away from it
    assert desk.world.input(SWITCH).level


def test_a_step_pin_without_a_driver_is_said(put_up):
    with pytest.raises(DescriptionError, match="Pin 2 is no stepper driver's step pin"):
        put_up().world.axis(STEP)


def test_output_changes_are_reported_and_rest_on_their_resistors(put_up):
    desk = put_up(resting={12: True, 11: False})
    received = []
    desk.world.on_output(STEP, received.append, levels=[True])
    desk.world.set_input(SWITCH, True)
    assert (desk.world.output(12).level, desk.world.output(11).level) == (True, False)
    desk.send(b"f", 0.03)
    assert received == [True] * 200


def test_an_encoder_catches_up_edge_by_edge(put_up):
    desk = put_up()
    encoder = desk.world.declare_encoder(A, B)
    assert desk.world.declare_encoder(A, B) is encoder
    desk.uno.link.write(b"e")
    desk.run(0.001)
    encoder.true_count = 90
    assert encoder.true_count == 90
    assert desk.uno.chip.encoder_count(0) == 0
    desk.run(45 / ENCODER_EDGES_PER_S + 1e-5)
    assert desk.uno.chip.encoder_count(0) == 45
    desk.run(0.4)
    assert bytes(desk.received)[-1] == 90


def test_a_scale_converts_at_its_own_rate_once_a_plant_says_what(put_up):
    desk = put_up(samples_per_s={(DATA, CLOCK): 80.0})
    asked_s = []

    def convert():
        asked_s.append(desk.env.now)
        return -len(asked_s)

    desk.world.declare_hx711(DATA, CLOCK).convert = convert
    assert desk.send(b"s", 0.06) == b"\xff\xff\xff\x01"
    desk.run(0.05)
    assert asked_s[1] - asked_s[0] == pytest.approx(1 / 80, abs=10 / CLOCK_HZ)


def test_a_scale_that_nothing_stands_behind_sends_nothing_until_a_plant_does(put_up):
    desk = put_up()
    scale = desk.world.declare_hx711(DATA, CLOCK)
    assert desk.send(b"s", 1.0) == b""
    scale.convert = lambda: 0x123456
    desk.run(0.11)
    assert bytes(desk.received) == b"\x12\x34\x56\x01"


def test_a_scale_and_an_axis_are_there_whether_or_not_a_plant_asks_for_them(put_up):
    desk = put_up(drivers={STEP: (DIR, False)}, samples_per_s={(DATA, CLOCK): 80.0})
    assert desk.send(b"s", 1.0) == b""  # nothing stands behind it
    desk = put_up(drivers={STEP: (DIR, False)})
    desk.world.set_input(SWITCH, True)
    desk.send(b"f", 0.03)
    assert desk.world.axis(STEP).true_position == 200
    assert [axis.true_position for axis in desk.world.axes] == [200]


class Register:
    """A device on the bus that sends what it was sent."""

    def __init__(self):
        self.written = b""

    def write(self, data):
        self.written = data

    def read(self, count):
        return (self.written * count)[:count]


def test_devices_on_the_bus_come_and_go(put_up):
    desk = put_up()
    bus, device = desk.world.i2c_devices, Register()
    bus[0x2A] = device
    assert (list(bus), len(bus), bus[0x2A]) == ([0x2A], 1, device)
    assert desk.send(b"i", 0.01) == b"\x18\x40\x12\x34\x12"
    assert bus.pop(0x2A) is device
    assert desk.send(b"i", 0.01) == b"\x20"
    with pytest.raises(KeyError):
        del bus[0x2A]


def test_a_duty_is_seen(put_up):
    desk = put_up(pwm=frozenset({PWM}))
    assert desk.world.levels[PWM].value == 0
    desk.send(b"p", 0.01)
    assert desk.world.levels[PWM].value == 0.25


def test_a_restart_by_the_watchdog_is_reported(put_up):
    desk = put_up()
    causes = []
    desk.uno.on_restart = causes.append
    received = desk.send(b"w", 0.03)
    assert causes == [ResetCause.WATCHDOG]
    assert received[0] == ResetCause.WATCHDOG


# ---- what may befall it ----


class Described:
    """A device with these pins."""

    name = "it"
    is_plugged_into_computer = False

    def __init__(self, pins=None, address=None):
        self._pins = pins or {}
        self._address = address

    def pins(self):
        return self._pins

    def i2c_addresses(self):
        return () if self._address is None else (self._address,)


def strike(desk, fault, **devices):
    link = FaultyLink(desk.env, desk.uno.link, np.random.default_rng(1))
    link.on_bytes = desk.received.extend  # it is the host's end now
    PinFaultInjector(desk.world, devices, np.random.default_rng(1), link).schedule(read_fault(fault, devices))


def test_a_stuck_contact_stays_whatever_moves_it(put_up):
    desk = put_up(drivers={STEP: (DIR, False)})
    axis = desk.world.axis(STEP)
    axis.trip_points.append(TripPoint(SWITCH, at=0, level=False))
    axis.set_true_position(20)
    strike(desk, "bridge:home_open", bridge=Described({"home switch": contact_pin(SWITCH, fault_prefix="home_")}))
    axis.set_true_position(-20)
    assert desk.world.input(SWITCH).level
    strike(desk, "button:closed", button=Described({"button": contact_pin(12)}))
    desk.world.set_input(12, True)
    assert not desk.world.input(12).level


def test_a_contact_bounces_and_settles(put_up):
    desk = put_up()
    desk.world.set_input(12, True)
    strike(desk, "button:bouncing=5", button=Described({"button": contact_pin(12)}))
    desk.uno.watch(12)
    desk.world.set_input(12, False)
    desk.run(0.01)
    levels = [level for _, level in desk.uno.edges(12)]
    assert len(levels) >= 3
    assert not levels[-1]


def test_an_axis_slips_a_wheel_comes_off_an_output_and_a_device_fall_silent(put_up):
    desk = put_up(drivers={STEP: (DIR, False)})
    desk.world.axis(STEP).set_true_position(50)
    strike(desk, "bridge:slips=7", bridge=Described(stepper_pins(STEP, DIR)))
    encoder = desk.world.declare_encoder(A, B)
    strike(desk, "wheel:stuck", wheel=Described(encoder_pins(A, B)))
    received = []
    desk.world.on_output(STEP, received.append)
    strike(desk, "valve:dead", valve=Described({"solenoid": output_pin(STEP)}))
    desk.world.i2c_devices[0x2A] = Register()
    strike(desk, "scale:silent", scale=Described(address=0x2A))
    desk.world.set_input(SWITCH, True)
    encoder.true_count = 90
    assert desk.send(b"i", 0.05) == b"\x20"
    assert desk.world.axis(STEP).true_position == 43
    desk.send(b"f", 0.03)
    assert desk.world.axis(STEP).true_position == 243
    assert received == []
    assert (encoder.true_count, desk.uno.chip.encoder_count(0)) == (90, 0)


@pytest.mark.parametrize(("fault", "cause"), [("reset", ResetCause.BUTTON), ("brownout", ResetCause.BROWN_OUT)])
def test_the_chip_restarts(put_up, fault, cause):
    desk = put_up(drivers={STEP: (DIR, False)})
    axis = desk.world.axis(STEP)
    axis.set_true_position(100)
    desk.received.clear()
    strike(desk, fault)
    desk.run(0.002)
    assert desk.received[0] == cause
    assert axis.true_position == 100 if cause == ResetCause.BUTTON else abs(axis.true_position - 100) <= 4
