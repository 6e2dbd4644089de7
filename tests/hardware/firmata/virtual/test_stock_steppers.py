"""The virtual Arduino's steppers and groups of steppers."""

from __future__ import annotations

import pytest

from cellwright.hardware import CONFIGURABLE_FIRMATA, move_time
from cellwright.hardware.firmata.protocol import accelstepper as stepper
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode

SETTLED_S = 2e-4


def configure(desk, device=0, step=2, direction=5, speed=1000, acceleration=5000, **more):
    """A stepper, with no answer: configuring gives none."""
    said = desk.tell(
        stepper.configure(device, step, direction, **more),
        stepper.speed(device, speed),
        stepper.acceleration(device, acceleration),
    )
    assert said == ""
    return desk.board.axis(step)


def complete(device, position):
    return stepper.move_complete(device, position).hex(" ")


def test_a_move_takes_its_time_and_says_when_it_is_complete(desk):
    axis = configure(desk)
    duration_s = move_time(CONFIGURABLE_FIRMATA, 400, 1000, 5000)
    assert desk.tell(stepper.move_to(0, 400), wait_s=duration_s - 0.001) == ""
    assert 390 < axis.position < 400
    assert desk.tell(wait_s=0.002) == complete(0, 400)
    assert axis.position == 400
    assert desk.arduino.complaints == []


def test_steps_are_relative_and_positions_are_not(desk):
    configure(desk)
    assert desk.tell(stepper.move_to(0, 40), wait_s=1) == complete(0, 40)
    assert desk.tell(stepper.move_by(0, -50), wait_s=1) == complete(0, -10)
    assert desk.tell(stepper.move_to(0, -20), wait_s=1) == complete(0, -20)
    assert desk.tell(stepper.query_position(0)) == "f0 62 06 00 14 00 00 00 08 f7"


def test_a_move_to_where_it_is_is_complete_at_once(desk):
    configure(desk)
    assert desk.tell(stepper.move_to(0, 0)) == complete(0, 0)


def test_until_told_otherwise_it_makes_a_step_a_second(desk):
    desk.tell(stepper.configure(0, 2, 5))
    assert desk.tell(stepper.move_to(0, 3), wait_s=1.9) == ""
    assert desk.board.axis(2).position == 2
    assert desk.tell(wait_s=0.2) == complete(0, 3)


def test_acceleration_0_is_full_speed_at_once(desk):
    configure(desk, acceleration=0)
    assert desk.tell(stepper.move_to(0, 500), wait_s=0.525) == complete(0, 500)


def test_the_plants_axis_is_the_one_that_moves(desk):
    axis = desk.board.axis(2)
    axis.set_true_position(120)
    configure(desk)
    desk.tell(stepper.move_to(0, -20), wait_s=1)
    assert axis.true_position == 100
    assert axis.position == -20


def test_zero_names_the_place(desk):
    axis = configure(desk)
    desk.tell(stepper.move_to(0, 40), wait_s=1)
    assert desk.tell(stepper.zero(0)) == ""
    assert axis.position == 0
    assert desk.tell(stepper.move_to(0, 5), wait_s=1) == complete(0, 5)
    assert axis.true_position == 45


def test_zero_in_mid_move_ends_the_move_there(desk):
    axis = configure(desk)
    desk.tell(stepper.move_to(0, 4000), wait_s=1)
    assert desk.tell(stepper.zero(0)) == complete(0, 0)
    stood_at = axis.true_position
    assert desk.tell(wait_s=10) == ""
    assert axis.true_position == stood_at


def test_a_stop_is_dead_and_said_at_once(desk):
    axis = configure(desk)
    desk.tell(stepper.move_to(0, 4000), wait_s=1)
    moving_at = axis.position
    assert desk.tell(stepper.stop(0), wait_s=SETTLED_S) == complete(0, axis.position)
    assert axis.position == pytest.approx(moving_at, abs=1)
    assert desk.tell(wait_s=10) == ""


def test_a_move_after_a_stop_without_zero_is_complained_of(desk):
    configure(desk)
    desk.tell(stepper.move_to(0, 4000), wait_s=1)
    desk.tell(stepper.stop(0), stepper.zero(0), stepper.move_to(0, 100), wait_s=1)
    assert desk.arduino.complaints == []
    desk.tell(stepper.move_to(0, 4000), wait_s=1)
    desk.tell(stepper.stop(0), stepper.move_to(0, 4000), wait_s=1)
    assert desk.arduino.complaints == [
        "stepper 0 was moved after a stop without zero: real firmware starts at full speed."
    ]


def test_a_stop_of_one_that_stands_leaves_no_speed(desk):
    configure(desk)
    assert desk.tell(stepper.stop(0)) == complete(0, 0)
    assert desk.tell(stepper.move_to(0, 10), wait_s=1) == complete(0, 10)
    assert desk.arduino.complaints == []


def test_a_controlled_stop_goes_on_for_the_steps_it_was_given(desk):
    axis = configure(desk)
    desk.tell(stepper.move_to(0, 4000), wait_s=2)
    moving_at = axis.position
    steps = 1000**2 // (2 * 5000) + 1
    said = desk.tell(stepper.move_by(0, steps), wait_s=1)
    assert axis.position == pytest.approx(moving_at + steps, abs=1)
    assert said == complete(0, axis.position)
    assert desk.arduino.complaints == []


@pytest.mark.parametrize(("inverted", "on"), [(0, True), (stepper.INVERT_ENABLE, False)])
def test_the_driver_is_on_from_configuring_and_switched_by_enable(desk, inverted, on):
    configure(desk, enable_pin=8, inverted=inverted)
    assert desk.board.outputs[8] is on
    desk.tell(stepper.enable(0, False))
    assert desk.board.outputs[8] is not on
    desk.tell(stepper.enable(0, True))
    assert desk.board.outputs[8] is on


def test_configuring_again_stops_and_forgets(desk):
    axis = configure(desk)
    desk.tell(stepper.move_to(0, 4000), wait_s=1)
    configure(desk)
    assert axis.position == 0
    assert desk.tell(wait_s=10) == ""
    assert desk.tell(messages.query_pin_state(2)) == "f0 6e 02 08 00 f7"


def test_two_at_once_are_slower_than_one(desk):
    configure(desk, 0, 2, 5, speed=10_000, acceleration=50_000)
    configure(desk, 1, 3, 6, speed=10_000, acceleration=50_000)
    alone_s = move_time(CONFIGURABLE_FIRMATA, 4000, 10_000, 50_000)
    assert desk.tell(stepper.move_to(0, 4000), stepper.move_to(1, 4000), wait_s=alone_s * 1.5) == ""
    both = desk.tell(wait_s=alone_s)
    assert sorted([both[: len(complete(0, 4000))], both[-len(complete(0, 4000)) :]]) == [
        complete(0, 4000),
        complete(1, 4000),
    ]


def test_resets_stop_and_forget(desk):
    axis = configure(desk)
    desk.tell(stepper.move_to(0, 4000), wait_s=1)
    desk.tell(messages.RESET)
    stood_at = axis.true_position
    assert desk.tell(stepper.query_position(0), wait_s=10) == ""
    assert axis.true_position == stood_at < 4000
    assert desk.arduino.complaints == ["Stepper 0 was used before it was configured."]
    configure(desk)
    desk.tell(stepper.move_to(0, 4000), wait_s=1)
    desk.arduino.reset()
    stood_at = axis.true_position
    desk.wait(10)
    assert axis.true_position == stood_at


# ---- groups ----


def pair_of_devices(desk):
    first, second = configure(desk, 0, 2, 5, speed=500), configure(desk, 1, 3, 6, speed=500)
    desk.tell(stepper.configure_group(2, [0, 1]))
    return first, second


def test_a_group_arrives_together_and_says_so_once(desk):
    first, second = pair_of_devices(desk)
    desk.tell(stepper.move_group_to(2, [500, -100]), wait_s=0.5)
    assert first.position == pytest.approx(250, rel=0.05)
    assert second.position == pytest.approx(-50, rel=0.05)
    assert desk.tell(wait_s=0.6) == "f0 62 24 02 f7"
    assert (first.position, second.position) == (500, -100)
    assert desk.tell(stepper.move_group_to(2, [500, -100])) == "f0 62 24 02 f7"
    assert desk.arduino.complaints == []


def test_a_group_is_stopped_dead(desk):
    first, second = pair_of_devices(desk)
    desk.tell(stepper.move_group_to(2, [500, -100]), wait_s=0.5)
    assert desk.tell(stepper.stop_group(2)) == "f0 62 24 02 f7"
    stood_at = first.position, second.position
    assert desk.tell(wait_s=2) == ""
    assert (first.position, second.position) == stood_at


# ---- what a host should not do ----


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (stepper.move_to(3, 5), "Stepper 3 was used before it was configured."),
        (stepper.move_to(12, 5), "AccelStepper has no device or group 12."),
        (stepper.move_group_to(1, [5]), "Stepper group 1 was used before it was configured: real firmware crashes."),
        (stepper.configure_group(5, [0]), "Stepper group 5 is out of range: real firmware crashes."),
        (stepper.configure_group(0, [0, 4]), "Stepper group 0 has devices that are not configured: [4]."),
        ("f0 62 00 00 10 02 05 f7", "Stepper 0 was configured without its invert byte: real "),
        ("f0 62 00 00 20 02 05 00 f7", "Stepper 0 has no driver; only drivers are modelled."),
        (stepper.configure(0, 2, 1), "Stepper 0 cannot be on pin 1, which is no digital pin."),
        ("f0 62 03 00 05 f7", "AccelStepper message 03 00 05 is too short."),
        ("f0 62 30 00 f7", "AccelStepper was sent 30 00, which is no message of its own."),
        ("f0 62 f7", "AccelStepper was sent nothing, which is no message of its own."),
    ],
)
def test_wrong_use_is_ignored_in_silence_and_complained_of(desk, wrong, complaint):
    axis = configure(desk)
    assert desk.tell(wrong, wait_s=1) == ""
    assert len(desk.arduino.complaints) == 1
    assert desk.arduino.complaints[0].startswith(complaint)
    assert axis.position == 0


def test_speed_0_moves_nothing(desk):
    configure(desk, speed=0)
    assert desk.tell(stepper.move_to(0, 5), wait_s=10) == ""
    assert desk.arduino.complaints == ["stepper 0 was moved at speed 0."]


@pytest.mark.parametrize("sign", [1, -1])
def test_bits_from_28_on_are_lost(desk, sign):
    configure(desk)
    assert desk.tell(stepper.move_to(0, sign * (2**28 + 7)), wait_s=1) == complete(0, sign * 7)
    assert len(desk.arduino.complaints) == 1
    assert "real firmware loses all from 2^28 on" in desk.arduino.complaints[0]


def test_a_group_configured_twice_is_complained_of_even_after_a_system_reset(desk):
    pair_of_devices(desk)
    desk.tell(messages.RESET)
    pair_of_devices(desk)
    assert desk.arduino.complaints == ["Stepper group 2 was configured twice: real firmware adds up its devices."]
    desk.arduino.reset()
    desk.wait(3)
    desk.sent()
    pair_of_devices(desk)
    assert len(desk.arduino.complaints) == 1


def test_the_pins_of_a_stepper_are_not_driven_by_hand(desk):
    configure(desk)
    desk.tell(messages.set_pin(2, True))
    assert 2 not in desk.board.outputs
    assert desk.arduino.program.pins.modes[2] == PinMode.STEPPER
