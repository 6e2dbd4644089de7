"""Host, CellwrightFirmata and the world at its pins, port by port: real firmware on an emulated chip of each kind."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.world import PinWorld, Wiring
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmware_profiles import firmware_hex

pytestmark = pytest.mark.emulated

DEVICE = SimpleNamespace(name="device")
STEP, DIR, LAMP, CONTACT, MOTOR, DATA, CLOCK = 4, 5, 7, 8, 6, 11, 12
A, B = 2, 3
SERVO = 9
SERVO_ACCURACY_DEG = 1.0  # 10 µs, where no axis moves


class Bench:
    """A board on real firmware with a world round its pins."""

    def __init__(self, env, kind):
        self.env = env
        self.analog = {"uno": 14, "nano": 21, "mega": 69}[kind]  # A0, A7 and A15
        self.arduino = EmulatedArduino(env, firmware_hex(kind), kind=kind, watched=())
        wiring = Wiring(
            {STEP: (DIR, False)}, frozenset({MOTOR}), {LAMP: False}, {(DATA, CLOCK): 80.0}, frozenset({SERVO})
        )
        self.world = PinWorld(self.arduino, wiring)
        self.board = connect(env, self.arduino.link)

    def prepare(self):
        self.env.run(until=self.env.process(self.board.prepare()))

    def run(self, seconds):
        self.env.run(until=self.env.now + seconds)


@pytest.fixture(params=["uno", "nano", "mega"])
def bench(request, env, emulator_library):
    """A bench with each chip."""
    bench = Bench(env, request.param)
    yield bench
    bench.arduino.close()


def test_an_output_and_an_input_cross(bench):
    lamp = bench.board.declare_output(LAMP, safe=False)
    contact = bench.board.declare_input(CONTACT, at_rest=True)
    bench.prepare()
    seen = []
    bench.world.on_output(LAMP, lambda level: seen.append((bench.env.now, level)))
    began_s = bench.env.now
    lamp.write(True)
    bench.world.set_input(CONTACT, False)
    bench.run(0.05)
    assert [level for _, level in seen] == [True]
    assert seen[0][0] - began_s < 0.002
    assert not contact.level
    bench.board.make_safe()
    bench.run(0.05)
    assert not bench.world.output(LAMP).level


def test_a_move_takes_as_many_steps_as_commanded_in_the_time_of_its_trapezoid(bench):
    stepper = bench.board.declare_stepper(DEVICE, STEP, DIR, False)
    bench.prepare()
    axis = bench.world.axis(STEP)
    axis.set_true_position(100)
    began_s = bench.env.now
    bench.env.run(until=stepper.move_to(4000, 8000.0, 20_000.0))
    assert axis.true_position == 4100
    assert bench.env.now - began_s == pytest.approx(4000 / 8000 + 8000 / 20_000, abs=0.02)


def test_a_duty_is_on_the_pin(bench):
    motor = bench.board.declare_pwm(MOTOR)
    bench.prepare()
    motor.write(0.4)
    bench.run(0.05)
    assert bench.world.levels[MOTOR].value == pytest.approx(0.4, abs=0.005)
    bench.board.make_safe()
    bench.run(0.05)
    assert bench.world.levels[MOTOR].value == 0


@pytest.mark.parametrize("to", [1000, -1000])
def test_an_encoder_is_counted_edge_by_edge(bench, to):
    port = bench.board.declare_encoder(A, B)
    bench.prepare()
    encoder = bench.world.declare_encoder(A, B)
    encoder.true_count = to
    bench.run(0.3)
    assert port.count == to
    encoder.true_count = 0
    bench.run(0.3)
    assert port.count == 0


def test_a_scale_is_read_by_the_firmware(bench):
    port = bench.board.declare_hx711(DATA, CLOCK)
    shown = iter(range(-3000, 0))
    bench.world.declare_hx711(DATA, CLOCK).convert = lambda: next(shown)
    bench.prepare()
    bench.run(0.5)
    first = bench.env.run(until=port.sample(DEVICE, 1.0))
    bench.run(1.0)
    later = bench.env.run(until=port.sample(DEVICE, 1.0))
    assert -3000 <= first < later
    assert later - first == pytest.approx(80, abs=3)
    assert bench.arduino.chip.hx711_pulses(0) == 25
    assert bench.arduino.chip.hx711_longest_high(0) < 50 * 16  # µs, of 60 at which it would power down


@pytest.mark.parametrize("volts", [0.0, 0.003, 1.25, 3.3333, 4.999, 5.0, -0.2, 5.3])
def test_volts_of_the_plant_are_read(bench, volts):
    port = bench.board.declare_analog(bench.analog)
    bench.world.declare_analog(bench.analog).volts = volts
    bench.prepare()
    assert port.volts == pytest.approx(min(max(volts, 0.0), 5.0), abs=5 / 1024)
    bench.world.declare_analog(bench.analog).volts = 2.0
    bench.run(0.05)
    assert port.volts == pytest.approx(2.0, abs=5 / 1024)


def test_a_servos_pulses_turn_it(bench):
    port = bench.board.declare_servo(SERVO, safe=45)
    assert bench.world.levels.get(SERVO) is None and SERVO not in bench.world.levels
    bench.prepare()
    bench.run(0.1)
    assert SERVO in set(bench.world.levels) and len(bench.world.levels) == 2
    assert bench.world.levels[SERVO].value == pytest.approx(45, abs=SERVO_ACCURACY_DEG)
    for angle in (0, 33.3, 90, 133.3, 180):
        port.write(angle)
        bench.run(0.07)
        assert bench.world.levels[SERVO].value == pytest.approx(angle, abs=SERVO_ACCURACY_DEG)


def test_a_servo_keeps_still_beside_a_fast_axis(bench):
    port = bench.board.declare_servo(SERVO, safe=45)
    stepper = bench.board.declare_stepper(DEVICE, STEP, DIR, False)
    bench.prepare()
    stepper.move_to(1_000_000, 20_000.0, 100_000.0)
    for angle in (10, 77.7, 165):
        port.write(angle)
        bench.run(0.07)
        for _ in range(15):
            bench.run(0.02)
            assert bench.world.levels[SERVO].value == pytest.approx(angle, abs=2.5)  # 26 µs


def test_a_stopped_board_leaves_a_servo_where_it_is_and_a_released_one_turns_it_to_its_safe_angle(bench):
    port = bench.board.declare_servo(SERVO, safe=45)
    bench.prepare()
    port.write(120)
    bench.run(0.1)
    bench.run(0.0133)  # in mid-pulse or between two, whichever comes
    bench.board.make_safe()
    bench.run(0.2)
    assert bench.world.levels[SERVO].value == pytest.approx(120, abs=SERVO_ACCURACY_DEG)
    bench.board.release()
    bench.run(0.1)
    assert bench.world.levels[SERVO].value == pytest.approx(45, abs=SERVO_ACCURACY_DEG)


class Register:
    """A device on the bus that sends back what it was sent."""

    def __init__(self):
        self.written = b"\x00"

    def write(self, data):
        self.written = data

    def read(self, count):
        return (self.written * count)[:count]


def test_a_device_on_the_bus_is_written_to_and_read(bench):
    port = bench.board.declare_i2c(0x2A)
    device = bench.world.i2c_devices[0x2A] = Register()
    bench.prepare()
    port.write(b"\x12\x34\x56")
    bench.run(0.05)
    assert device.written == b"\x12\x34\x56"
    assert bench.env.run(until=port.read(DEVICE, 0x07, 2, 0.5)) == b"\x07\x07"
