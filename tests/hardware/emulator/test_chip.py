"""The emulated chip's own instruments, seen by a small firmware that is compiled for both chips."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cellwright.errors import DescriptionError
from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind, ResetCause
from cellwright.hardware.emulator.pin_ports import analog_channel, port_and_bit
from cellwright.hardware.emulator.simavr import find_library

pytestmark = pytest.mark.emulated

US = CLOCK_HZ // 1_000_000
WIRING = {  # step, direction and switch; encoder; HX711; the pins of two timers
    "atmega328p": [("D", 2), ("D", 3), ("D", 4), ("B", 0), ("B", 1), ("C", 0), ("C", 1), ("D", 6), None],
    "atmega2560": [("A", 2), ("A", 3), ("A", 4), ("K", 0), ("K", 1), ("L", 0), ("L", 1), ("B", 7), ("B", 4)],
}


class Bench:
    """A chip that runs the exerciser, and all that it sent."""

    def __init__(self, hex_path, mcu):
        self.chip = EmulatedChip(find_library(), hex_path, mcu=mcu)
        self.step, self.dir, self.switch, self.a, self.b, self.data, self.clock, self.pwm, self.other_pwm = WIRING[mcu]
        self.events = []
        self.shows = iter(())
        self.bus_has = b""
        self.bus_heard = []

    def run(self, ms):
        """The bytes that it sends within ``ms``; conversions and the bus are answered."""
        end, received = self.chip.cycle + ms * 1000 * US, bytearray()
        while self.chip.cycle < end:
            for event in self.chip.run(end):
                self.events.append(event)
                if event.kind is EventKind.BYTE:
                    received.append(event.value)
                elif event.kind is EventKind.CONVERSION:
                    self.chip.give_conversion(event.value, next(self.shows))
                elif event.kind is EventKind.BUS_WRITE:
                    self.bus_heard.append((event.value, self.chip.bus_written()))
                elif event.kind is EventKind.BUS_READ:
                    self.chip.give_bus(self.bus_has)
        return bytes(received)

    def send(self, command, ms=5):
        self.chip.feed(command)
        return self.run(ms)


@pytest.fixture(params=list(WIRING))
def bench(exercisers, request):
    """A chip of each kind that has started."""
    bench = Bench(exercisers / f"{request.param}.hex", request.param)
    bench.first_words = bench.run(2)
    return bench


# ---- starts ----


def test_it_tells_why_it_starts_and_keeps_its_memory_but_through_a_power_cut(bench):
    cause, kept = bench.first_words
    assert cause == ResetCause.POWER_ON
    for number, why in enumerate((ResetCause.BUTTON, ResetCause.BROWN_OUT), start=1):
        bench.chip.reset(why)
        assert bench.run(2) == bytes([why, kept + number])
    bench.chip.reset(ResetCause.POWER_ON)
    assert bench.run(2) == bench.first_words


def test_its_watchdog_restarts_it_and_reports_it(bench):
    _, kept = bench.first_words
    assert bench.send(b"w", ms=30) == bytes([ResetCause.WATCHDOG, kept + 1])
    (restart,) = [event for event in bench.events if event.kind is EventKind.RESTART]
    assert restart.value == ResetCause.WATCHDOG
    assert (restart.cycle - 2000 * US) / US == pytest.approx(16_000, rel=0.02)  # 2048 turns of 128 kHz


def test_memory_is_read_and_spoiled(bench):
    memory_starts = 0x200 if bench.chip.mcu == "atmega2560" else 0x100
    kept = bench.first_words[1] + 1
    where = bench.chip.memory(0, 0x900).index(kept, memory_starts)
    bench.chip.set_memory(where, b"\x77")
    bench.chip.reset(ResetCause.BROWN_OUT)
    assert bench.run(2) == bytes([ResetCause.BROWN_OUT, 0x77])


# ---- steppers ----


def test_steps_are_counted_as_a_driver_sees_them(bench):
    bench.chip.set_input(*bench.switch, True)
    axis = bench.chip.add_axis(bench.step, bench.dir)
    bench.chip.log_steps(axis, 50)
    assert bench.send(b"f", 25) == b"\xc8"
    assert bench.send(b"b", 25) == b"\xc8"
    seen = bench.chip.axis(axis)
    assert (seen.position, seen.steps) == (0, 400)
    assert seen.min_high == pytest.approx(5 * US, abs=4)
    assert seen.min_low == pytest.approx(95 * US, abs=40)
    assert seen.min_interval == pytest.approx(100 * US, abs=40)
    assert seen.min_set_up == pytest.approx(20 * US, abs=20)
    steps = bench.chip.logged_steps(axis)
    assert [position for _, position in steps] == list(range(1, 51))
    gaps = {later - sooner for (sooner, _), (later, _) in pairwise(steps)}
    assert gaps == {seen.min_interval}
    assert not [event for event in bench.events if event.kind is EventKind.PIN]  # none is watched


def test_a_motor_wired_the_other_way_and_a_driver_that_steps_as_the_pulse_ends(bench):
    bench.chip.set_input(*bench.switch, True)
    axis = bench.chip.add_axis(bench.step, bench.dir, forward=False, active=False)
    bench.send(b"f", 25)
    assert bench.chip.axis(axis).position == -200
    step_at = bench.chip.axis(axis).last_step
    assert step_at - bench.chip.pulses(*bench.step).rose == bench.chip.axis(axis).min_high


def test_a_switch_closes_at_the_very_step(bench):
    axis = bench.chip.add_axis(bench.step, bench.dir)
    bench.chip.add_trip_point(axis, 0, bench.switch, level=False)
    assert not bench.chip.level(*bench.switch)
    bench.chip.place_axis(axis, 37)
    assert bench.chip.level(*bench.switch)
    bench.chip.watch(*bench.switch)
    assert bench.send(b"b", 25) == bytes([37])
    (closed,) = [event for event in bench.events if event.kind is EventKind.PIN]
    assert closed[2:] == (0, bench.switch)
    assert closed.cycle == bench.chip.axis(axis).last_step
    assert bench.chip.axis(axis).position == 0


# ---- sensors ----


@pytest.mark.parametrize("to", [60, -60])
def test_an_encoder_turns_edge_by_edge(bench, to):
    encoder = bench.chip.add_encoder(bench.a, bench.b)
    bench.chip.watch(*bench.a)
    bench.chip.watch(*bench.b)
    bench.chip.feed(b"e")
    bench.run(1)
    bench.chip.turn(encoder, to, 20_000)
    (count,) = bench.run(400)
    assert count == to % 256  # a signed byte
    assert bench.chip.encoder_count(encoder) == to
    cycles = [event.cycle for event in bench.events if event.kind is EventKind.PIN]
    assert len(cycles) == 60
    assert (cycles[-1] - cycles[0]) / 59 == pytest.approx(CLOCK_HZ / 20_000, abs=1)


def test_an_encoder_turns_on_through_a_reset(bench):
    encoder = bench.chip.add_encoder(bench.a, bench.b)
    bench.chip.turn(encoder, 100, 10_000)
    bench.run(1)
    bench.chip.reset()
    bench.run(20)
    assert bench.chip.encoder_count(encoder) == 100


def test_an_hx711_is_read_bit_by_bit_at_its_own_rate(bench):
    bench.shows = iter([-2, 0x123456, 7, 8, 9])
    scale = bench.chip.add_hx711(bench.data, bench.clock, per_s=80)
    assert bench.send(b"s", 60) == b"\xff\xff\xfe\x01"
    assert bench.chip.hx711_pulses(scale) == 25
    assert bench.send(b"t", 12) == b"\x12\x34\x56\x01"
    assert bench.chip.hx711_pulses(scale) == 27
    cycles = [event.cycle for event in bench.events if event.kind is EventKind.CONVERSION]
    assert cycles[0] == pytest.approx(4 * CLOCK_HZ / 80 + 2000 * US, abs=20)  # it settles first
    assert cycles[1] - cycles[0] == pytest.approx(CLOCK_HZ / 80, abs=20)
    assert bench.chip.hx711_longest_high(scale) < 3 * US


def test_an_hx711_whose_clock_stays_high_powers_down_and_settles_again(bench):
    bench.shows = iter(range(100))
    scale = bench.chip.add_hx711(bench.data, bench.clock, per_s=80)
    bench.send(b"s", 60)
    before = len(bench.events)
    slept_at = bench.chip.cycle
    assert bench.send(b"d", 2) == b"d"
    assert bench.chip.level(*bench.data)
    assert bench.send(b"s", 70)[-1:] == b"\x01"
    woke = next(event.cycle for event in bench.events[before:] if event.kind is EventKind.CONVERSION)
    assert woke - slept_at == pytest.approx(4 * CLOCK_HZ / 80, abs=500 * US)
    assert bench.chip.hx711_longest_high(scale) == pytest.approx(100 * US, abs=20)


def test_devices_on_the_bus_are_written_to_and_read(bench):
    bench.chip.put_on_bus(0x2A)
    bench.bus_has = b"\xa1\xb2\xc3\xd4"
    said_at = bench.chip.cycle
    assert bench.send(b"i") == b"\x18\x40\xa1\xb2\xc3"  # both addresses acknowledged
    assert bench.bus_heard == [(0x2A, b"\x12\x34")]
    written, read = [e.cycle for e in bench.events if e.kind in (EventKind.BUS_WRITE, EventKind.BUS_READ)]
    assert written == read  # a repeated start
    # A start and three bytes with their acknowledgements at 100 kHz, after the command's own time on the line.
    assert (written - said_at) / US == pytest.approx(10 * 28 + 10 * 1e6 / 57_600, abs=40)
    assert bench.send(b"j") == b"\x20"  # no device is there
    bench.chip.put_on_bus(0x2A, False)
    assert bench.send(b"i") == b"\x20"


# ---- PWM ----


@pytest.mark.parametrize("volts", [0.0, 0.0049, 0.4999, 1.0, 2.5, 4.9999, 5.0])
def test_an_analog_input_is_converted_as_the_datasheet_says(bench, volts):
    """V times 1024 over the reference that the firmware has selected, rounded down; at most 1023."""
    is_mega = bench.chip.mcu == "atmega2560"
    for channel in range(16 if is_mega else 8):
        bench.chip.set_analog(channel, 5.0 - volts)  # what is on the others does not count
    bench.chip.set_analog(15 if is_mega else 7, volts)
    received = bench.send(b"a", ms=10)
    values = [high << 8 | low for high, low in zip(received[::2], received[1::2], strict=True)]
    references = [5.0, 1.1, 2.56 if is_mega else 1.1]
    expected = [min(int(volts * 1024 / reference), 1023) for reference in references]
    assert values[:4] == [*expected, expected[0] << 6]
    assert values[4] == pytest.approx(1.1 * 1023 / 5, abs=1)  # simavr's own


def test_a_servo_follows_a_train_of_pulses_and_not_one_that_is_cut_short(bench):
    assert bench.chip.servo_pulse_us(*bench.step) == 0
    bench.send(b"v", ms=15)
    assert bench.chip.servo_pulse_us(*bench.step) == 0  # the first is not followed yet
    bench.run(10)
    assert bench.chip.servo_pulse_us(*bench.step) == pytest.approx(1500, abs=2)
    bench.run(200)
    assert bench.chip.pulses(*bench.step).width == pytest.approx(700 * US, abs=2 * US)
    assert bench.chip.servo_pulse_us(*bench.step) == pytest.approx(1500, abs=2)
    bench.send(b"v", ms=15)  # the next pulse comes much later: it makes no train with the one that was cut
    assert bench.chip.servo_pulse_us(*bench.step) == pytest.approx(1500, abs=2)
    bench.chip.reset(ResetCause.BUTTON)
    assert bench.chip.servo_pulse_us(*bench.step) == 0


def test_duty_is_read_from_the_timers(bench):
    assert bench.chip.duty(*bench.pwm) == 0.0
    bench.send(b"p")
    assert bench.chip.duty(*bench.pwm) == 64 / 256
    if bench.other_pwm:
        assert bench.chip.duty(*bench.other_pwm) == 51 / 255


# ---- room and pins ----


def test_what_has_no_room_is_refused(bench):
    for _ in range(10):
        bench.chip.add_axis(bench.step, bench.dir)
    with pytest.raises(DescriptionError, match="no room for so many stepper drivers"):
        bench.chip.add_axis(bench.step, bench.dir)


def test_pins_are_where_a_mega_has_them():
    assert [port_and_bit(pin, "mega") for pin in (0, 13, 21, 22, 53, 54, 69)] == [
        ("E", 0),
        ("B", 7),
        ("D", 0),
        ("A", 0),
        ("B", 0),
        ("F", 0),
        ("K", 7),
    ]
    assert len({port_and_bit(pin, "mega") for pin in range(70)}) == 70
    with pytest.raises(DescriptionError, match="Pin 70 is not a pin of a Mega"):
        port_and_bit(70, "mega")
    assert [analog_channel(number, "mega") for number in (3, 54, 69)] == [3, 0, 15]
    assert [analog_channel(number, "nano") for number in (3, 14, 21)] == [3, 0, 7]
