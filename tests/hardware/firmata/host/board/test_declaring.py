"""A Firmata board before a run: what it declares and in what order, and what it refuses."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.actuators import Lamp, Solenoid, Stepper
from cellwright.errors import CapabilityError, CellFault, InputError
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.sensors import Button, Switch
from cellwright.sequences import STOPPED, Cell


class Sorter(Cell):
    """A cell with a device of each common kind."""

    cycle_ends_with = "again"
    states = ["waiting"]
    transitions = [["again", "waiting", "waiting"]]
    carriage = Stepper(
        step=2, dir=5, home_pin=9, steps_per_mm=40, max_speed=100, max_acceleration=1000, travel=(0, 300), enable=8
    )
    relay = Solenoid(pin=4, pulse_s=0.1, rest_s=0.1, max_on_s=0.2, active_low=True)
    lamp = Lamp(pin=13)
    panel = Switch(pin=12)
    door = Switch(pin=7, active_low=False)
    stop_button = Button(pin=11, stops_cell=True)

    @classmethod
    def name(cls):
        return "sorter"

    def waiting(self):
        yield self.env.timeout(1)
        return "again"


@pytest.fixture
def standard(make_rig):
    return make_rig(firmware="standard")


def test_ready_comes_with_the_boards_own_words_and_no_fixed_wait(rig):
    assert rig.ready_s - rig.arduino.boot_s < 0.1
    assert rig.board.session.description == "this board runs ConfigurableFirmata 2.12 and has pins 0 to 19"


def test_a_mega_is_ready_at_57600_baud(make_rig):
    rig = make_rig(kind="mega", baud=57600)
    assert rig.board.session.description.endswith("has pins 0 to 69")
    assert rig.ready_s - rig.arduino.boot_s < 0.3


def test_nothing_is_driven_before_anything_is_declared(rig):
    rig.run(5)
    assert not [each for each in rig.sent if each.data[0] & 0xF0 in (messages.DIGITAL_MESSAGE, messages.ANALOG_MESSAGE)]
    assert not [each for each in rig.sent if each.data[0] in (messages.SET_PIN_MODE, messages.SET_DIGITAL_PIN_VALUE)]


@pytest.mark.parametrize(("safe", "port_bits"), [(False, "00 00"), (True, "10 00")])
def test_an_output_takes_its_safe_level_in_the_write_that_makes_it_one(rig, safe, port_bits):
    before_s = rig.env.now
    rig.board.declare_output(4, safe=safe)
    assert [each.data.hex(" ") for each in rig.sent_since(before_s)] == [f"f4 04 01 90 {port_bits}"]
    rig.run(0.01)
    assert rig.model.outputs[4] == safe


def test_an_active_low_relay_on_stock_firmware_stays_off(standard):
    """After its boot every pin is a low output, so that is all of its being on that there may be."""
    changes = standard.watch(4)
    standard.board.declare_output(4, safe=True)
    standard.board.declare_output(5, safe=False)
    standard.prepare().run(1)
    assert [(pin, level) for _, pin, level in changes] == [(4, True)]


def test_outputs_that_are_driven_keep_their_level_while_others_are_declared(rig):
    first = rig.board.declare_output(4, safe=False)
    first.write(True)
    rig.run(0.01)
    changes = rig.watch(4)
    rig.board.declare_output(5, safe=True)
    rig.run(0.01)
    assert rig.model.outputs[4]
    assert rig.model.outputs[5]
    assert changes == []


def test_all_that_a_firmware_lacks_is_said_in_one_sentence(standard):
    class Both(Sorter):
        bridge = Stepper(
            step=3, dir=6, home_pin=10, steps_per_mm=40, max_speed=100, max_acceleration=1000, travel=(0, 300)
        )

    with pytest.raises(InputError) as caught:
        Both(standard.board)
    assert str(caught.value) == (
        "sorter: carriage needs AccelStepper on pin 2 (which this firmware has on no pin), "
        "bridge needs AccelStepper on pin 3 (which this firmware has on no pin); "
        "this board runs StandardFirmata 2.5 and has pins 0 to 19."
    )


def test_pins_that_an_uno_does_not_have_are_named(rig):
    class Large(Sorter):
        relay = Solenoid(pin=54, pulse_s=0.1, rest_s=0.1, max_on_s=0.2)
        panel = Switch(pin=20)
        serial = Switch(pin=0)

    with pytest.raises(InputError) as caught:
        Large(rig.board)
    assert str(caught.value) == (
        "sorter: relay needs a digital output on pin 54, panel needs a digital input on pin 20, "
        "serial needs a digital input on pin 0 (the serial line's); "
        "this board runs ConfigurableFirmata 2.12 and has pins 0 to 19."
    )


@pytest.mark.parametrize(
    ("declare", "need"),
    [
        (lambda board: board.declare_analog(5), "an analog input on pin 5 (it has that on A0 to A5)"),
        (lambda board: board.declare_pwm(4), "PWM on pin 4 (it has that on 3, 5, 6 and 9 to 11)"),
        (lambda board: board.declare_servo(14, 90), "a servo on A0 (pin 14) (it has that on 2 to 13)"),
        (lambda board: board.declare_encoder(2, 4), "an encoder on pin 4 (it has that on 2 and 3)"),
        (lambda board: board.declare_input(1, True), "a digital input on pin 1 (the serial line's)"),
        (lambda board: board.declare_output(-1, True), "a digital output on pin -1"),
        (lambda board: board.declare_stepper(SimpleNamespace(name="a"), 2, 20, False), "AccelStepper on pin 20"),
    ],
)
def test_what_a_pin_cannot_do_is_refused_and_sends_nothing(rig, declare, need):
    before_s = rig.env.now
    with pytest.raises(CapabilityError) as caught:
        declare(rig.board)
    assert str(caught.value) == f"needs {need}; {rig.board.session.description}."
    assert rig.sent_since(before_s) == []


def test_an_analog_pin_of_which_the_board_gave_no_channel_is_refused(rig):
    rig.board.session.client.identity.channels[15] = None
    with pytest.raises(CapabilityError, match="needs an analog channel for pin 15; this board runs"):
        rig.board.declare_analog(15)


def test_there_are_ten_steppers_and_five_encoders_and_no_more(make_rig):
    rig = make_rig(kind="mega")
    for number in range(10):
        rig.stepper(number)
    with pytest.raises(CapabilityError, match="one stepper more than the firmware's 10"):
        rig.stepper(10)
    for _ in range(5):
        rig.board.declare_encoder(18, 19)
    with pytest.raises(CapabilityError, match="one encoder more than the firmware's 5"):
        rig.board.declare_encoder(20, 21)


def test_the_tenth_stepper_moves(make_rig):
    rig = make_rig(kind="mega")
    port, axis = [rig.stepper(number) for number in range(10)][9]
    rig.arrive(port.move_to(300, 1000, 5000))
    assert axis.true_position == port.position == 300
    assert rig.arduino.complaints == []


def test_a_cell_that_fits_is_declared_without_complaints(rig):
    rig.start(Sorter)
    rig.run(3)
    assert rig.arduino.complaints == []
    assert rig.cell.last_stop is None
    assert rig.model.outputs == {4: True, 8: True, 13: False, **dict.fromkeys((3, 6, 10), False)}
    assert [rig.arduino.program.pins.modes[pin] for pin in (12, 7)] == [PinMode.PULLUP, PinMode.INPUT]
    assert rig.board.notes == []


def test_a_stop_button_that_is_pressed_at_the_start_stops_the_cell(rig):
    rig.model.set_input(11, False)
    rig.start(Sorter)
    rig.run(1)
    assert (rig.cell.state, rig.cell.last_stop.reason) == (STOPPED, "sorter, waiting: stop_button was pressed")
    rig.cell.reset()
    assert rig.cell.state == STOPPED


@pytest.mark.parametrize("firmware", ["configurable", "standard"])
def test_what_is_not_yet_an_input_counts_as_no_press(make_rig, firmware):
    """Reports of a port before all its pins are inputs have the others low: pressed."""

    class Buttons(Cell):
        cycle_ends_with = "again"
        states = ["waiting"]
        transitions = [["again", "waiting", "waiting"]]
        first = Button(pin=8)
        stop_button = Button(pin=9, stops_cell=True)
        last = Button(pin=10, stops_cell=True)

        def waiting(self):
            yield self.env.timeout(1)
            return "again"

    rig = make_rig(firmware=firmware)
    rig.start(Buttons)
    presses = []
    rig.cell.first.when_closed = lambda: presses.append(rig.env.now)
    rig.run(2)
    assert rig.cell.last_stop is None
    assert presses == []


def test_a_host_that_comes_back_to_a_running_board_hears_no_press_while_it_declares(rig):
    """A board that did not reset still reports its ports as the last host asked."""
    rig.arduino.program.pins.enable_port_reporting(1, True)
    stop_button = rig.board.declare_input(9, at_rest=True)
    seen = []
    stop_button.on_change = seen.append
    rig.run(0.1)
    rig.board.declare_input(8, at_rest=True)
    rig.run(0.1)
    rig.prepare().run(0.1)
    assert seen == []


def test_what_a_board_without_a_scheduler_cannot_do_is_noted(standard):
    before_s = standard.env.now
    standard.prepare()
    assert standard.board.notes == [
        "This board cannot protect itself from a lost link: its firmware has no scheduler. If the cable is pulled, or "
        "if this program is killed, its outputs stay as they are. Keep the power switch within reach."
    ]
    assert standard.env.now - before_s < 0.02  # and that is known without a fixed wait
    standard.run(1)
    assert standard.sent_since(before_s, messages.SCHEDULER_DATA)[1:] == []


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_board_that_falls_silent_before_it_is_prepared_is_a_fault(rig, is_lost):
    rig.board.declare_input(8, at_rest=True)
    rig.board.on_failure(rig.troubles.append)
    if is_lost:
        rig.line.cut("the cable was pulled")
    else:
        rig.replies = lambda data: b""
    with pytest.raises(CellFault) as caught:
        rig.prepare()
    assert str(caught.value) == "the board on a virtual Uno did not answer within 1 s; check its cable and its supply."


def test_a_round_trip_whose_answer_is_lost_does_not_delay_the_next(rig):
    rig.lose_replies("f0 6a")
    lost = rig.board.round_trip()
    rig.run(1.1)
    rig.lose_replies("aa")
    asked_s = rig.env.now
    rig.arrive(rig.board.round_trip())
    assert rig.env.now - asked_s < 0.01
    assert not lost.triggered


def test_trouble_that_nobody_hears_of_is_raised(rig):
    with pytest.raises(CellFault, match="The link to a virtual Uno was lost: the cable was pulled"):
        rig.line.cut("the cable was pulled")


def test_a_board_is_there_until_its_link_is_lost(rig):
    assert rig.board.is_connected
    rig.board.on_failure(rig.troubles.append)
    rig.line.cut("the cable was pulled")
    assert not rig.board.is_connected
