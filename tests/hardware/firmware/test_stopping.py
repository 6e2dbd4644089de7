"""What stops a board with CellwrightFirmata, how soon, and what it tells of it afterwards."""

from __future__ import annotations

import pytest

from cellwright.hardware.emulator.chip import ResetCause
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own

pytestmark = pytest.mark.emulated

SOLENOID, BUTTON, BUSY = 8, 9, 13
HUMMING = (10, 14)
FAR = 1_000_000


def set_going(board, speed=20_000, acceleration=0):
    """Three axes on their way and a solenoid on."""
    board.set_input(BUTTON, True)
    motors = board.three_axes(speed, acceleration)
    board.send(own.output(own.OutputLimits(SOLENOID, safe=False)), own.output(own.OutputLimits(BUSY, safe=False)))
    board.watch(SOLENOID)
    go(board)
    return motors


def go(board):
    board.send(messages.set_pin(SOLENOID, True))
    board.move_to(FAR, -FAR, FAR)
    board.run(5)
    assert board.level(SOLENOID)


def last_sign_of_life(board, motors):
    """The cycle of the last step of any axis or of the solenoid's going off, whichever was later."""
    off = [cycle for cycle, level in board.edges[SOLENOID] if not level][-1]
    return max(off, *(board.chip.axis(motor).last_step for motor in motors))


def assert_still(board, motors, ms=50):
    steps = [board.steps(motor) for motor in motors]
    board.run(ms)
    assert [board.steps(motor) for motor in motors] == steps
    assert not board.level(SOLENOID)


# ---- the host falls silent ----


@pytest.mark.parametrize("ms", [100, 137, 1000, 2000])
@pytest.mark.parametrize("last_words", [accelstepper.query_position(0), b"\xf0\x62\x03\x00\x01"], ids=["cut", "killed"])
def test_a_silent_host_stops_the_board_in_time(board, ms, last_words):
    motors = set_going(board, 5000)
    board.send(own.watchdog(ms), ms=0)
    received = board.chip.cycle  # of the last whole message
    if last_words[-1:] == b"\xf7":
        board.run(ms * 0.7)
        board.send(last_words, ms=0)
        received = board.chip.cycle
    else:
        board.send(last_words, ms=0)
    board.run(ms + 5)
    assert ms - 1 <= board.in_ms(last_sign_of_life(board, motors) - received) <= ms + 2
    assert_still(board, motors)
    assert board.state().reason == own.COMMUNICATION_TIMEOUT


@pytest.mark.parametrize(
    "food",
    [messages.set_pin(BUSY, True), messages.QUERY_VERSION, own.query_axis(0), messages.sysex(0x0E)],
    ids=bytes.hex,
)
def test_any_whole_message_feeds_the_watchdog(uno, food):
    motors = set_going(uno, 5000)
    uno.send(own.watchdog(100))
    for _ in range(20):
        uno.send(food, ms=80)
    assert not uno.received(own.STATE)
    assert uno.level(SOLENOID)
    uno.run(110)
    assert_still(uno, motors)


def test_the_watchdog_is_refused_what_it_cannot_and_switched_off(uno):
    uno.send(own.watchdog(99), own.watchdog(2001), ms=15)
    assert uno.strings == ["watchdog: 100 to 2000 ms, or 0"]
    uno.send(own.watchdog(2001), ms=15)
    assert len(uno.strings) == 2
    uno.send(own.watchdog(100), own.watchdog(0), ms=2500)
    assert not uno.received(own.STATE)


# ---- no time left ----


def attach_encoders(board):
    encoders = [board.chip.add_encoder(board.port_bit(a), board.port_bit(a + 1)) for a in HUMMING]
    for number, a in enumerate(HUMMING):
        board.send(messages.sysex(messages.ENCODER_DATA, bytes((0, number, a, a + 1))))
    return encoders


def hum(board, encoders):
    """Let their wires change 60,000 times a second each, as by radio interference."""
    for encoder in encoders:
        board.chip.turn(encoder, 10_000_000, 60_000)


@pytest.mark.parametrize("kind", ["uno", "nano"])
@pytest.mark.parametrize("is_fed", [True, False], ids=["fed", "silent"])
def test_a_board_with_no_time_left_stops_itself_within_half_a_second(unstarted, kind, is_fed):
    """Three axes at 20,000 steps/s, beside wires that hum, are more than the chip can do."""
    board = unstarted(kind)
    board.run(20)
    motors = set_going(board)
    encoders = attach_encoders(board)
    board.send(own.watchdog(2000))
    hum(board, encoders)
    began = board.chip.cycle
    for _ in range(20):
        board.run(50)
        if is_fed:
            board.chip.feed(messages.QUERY_VERSION)
    assert 450 < board.in_ms(last_sign_of_life(board, motors) - began) < 600
    assert_still(board, motors)
    assert board.state().reason == own.MAIN_LOOP_HUNG


@pytest.mark.parametrize(("stop", "within_ms"), [("longest time", 32), ("button", 11), ("silence", 102)])
def test_wires_that_hum_hold_up_no_stop(board, stop, within_ms):
    """An interrupt for each change would leave no time for anything else."""
    board.set_input(BUTTON, True)
    board.send(own.output(own.OutputLimits(SOLENOID, safe=False, max_on_ms=30 if stop == "longest time" else 0)))
    board.send(own.emergency_stop_input(BUTTON, False), own.watchdog(100), ms=3)
    board.watch(SOLENOID)
    encoders = attach_encoders(board)
    board.send(messages.set_pin(SOLENOID, True), ms=0.5)
    hum(board, encoders)
    if stop == "button":
        board.run(10 - board.in_ms(board.chip.cycle - board.edges[SOLENOID][0][0]))
        board.set_input(BUTTON, False)
    board.run(150)
    (on, _), (off, _) = board.edges[SOLENOID]
    assert board.in_ms(off - on) < within_ms


# ---- the emergency stop ----


def test_the_emergency_stop_acts_within_a_millisecond_whatever_the_host_does(board):
    motors = set_going(board)
    board.send(own.emergency_stop_input(BUTTON, False))
    worst = 0.0
    for phase in range(60):
        board.flood(1.5, BUSY)
        board.run(0.2 + phase * 0.01737)
        pressed = board.chip.cycle
        board.set_input(BUTTON, False)
        board.run(1.5)
        worst = max(worst, board.in_ms(last_sign_of_life(board, motors) - pressed))
        assert_still(board, motors, 20)
        board.set_input(BUTTON, True)
        board.run(1)
        board.send(own.RELEASE_BOARD)
        go(board)
    print(f"\nworst of 60 phases on {board.kind}: {worst:.3f} ms")
    assert worst <= 1.0


@pytest.mark.parametrize("active", [False, True])
def test_release_is_refused_while_the_button_is_pressed(board, active):
    motors = set_going(board, 2000)
    board.set_input(BUTTON, not active)
    board.send(own.emergency_stop_input(BUTTON, active))
    assert not board.received(own.STATE)
    board.set_input(BUTTON, active)
    board.run(10)
    board.send(own.RELEASE_BOARD, ms=12)
    assert board.strings == ["emergency stop is pressed"]
    board.send(messages.set_pin(SOLENOID, True), ms=12)
    board.move_to(0, 0, 0)
    assert_still(board, motors)
    board.set_input(BUTTON, not active)
    board.run(2)
    assert_still(board, motors)
    board.send(own.RELEASE_BOARD, messages.set_pin(SOLENOID, True))
    assert board.level(SOLENOID)
    assert [own.decode_state(each.data).reason for each in board.received(own.STATE)] == [own.EMERGENCY]


def test_a_button_that_is_pressed_as_it_is_declared_stops_at_once(board):
    motors = set_going(board, 2000)
    board.set_input(BUTTON, False)
    board.send(own.emergency_stop_input(BUTTON, False))
    assert_still(board, motors)


def test_a_released_stop_input_stops_nothing(board):
    set_going(board, 2000)
    board.send(own.emergency_stop_input(BUTTON, False), own.REMOVE_EMERGENCY_STOP)
    board.set_input(BUTTON, False)
    board.run(10)
    assert board.level(SOLENOID)


# ---- what it tells ----


def test_the_state_says_why_when_and_where(board):
    motors = set_going(board, 3000, 30_000)
    never = board.state()
    assert (never.stopped, never.reason, never.starts) == (False, own.NOT_STOPPED, 1)
    board.run(50)
    board.send(own.STOP_BOARD, ms=0)
    at_ms = board.ms
    board.run(10)
    (reported,) = board.received(own.STATE)[1:]
    reported = own.decode_state(reported.data)
    assert (reported.stopped, reported.reason, reported.which) == (True, own.HOST_REQUEST, own.NOW)
    assert reported.ms == pytest.approx(at_ms, abs=5)  # a Mega's clock starts 4 ms after its power
    assert reported.positions == dict(enumerate(board.position(motor) for motor in motors))
    assert abs(reported.positions[0]) > 40
    board.send(own.RELEASE_BOARD)
    assert board.state() == reported._replace(stopped=False)


def test_a_reset_of_the_link_lets_go_of_all_but_the_outputs(board):
    motors = set_going(board, 3000)
    board.send(messages.RESET)
    assert_still(board, motors)
    assert board.driven() == {SOLENOID, BUSY}
    state = board.state()
    assert (state.stopped, state.reason, state.positions) == (False, own.LINK_RESET, {})
    board.send(messages.set_pin(SOLENOID, True))
    assert board.level(SOLENOID)


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (ResetCause.BROWN_OUT, own.BROWN_OUT),
        (ResetCause.BUTTON, own.RESET_BUTTON),
        (ResetCause.WATCHDOG, own.UNKNOWN_RESTART),
    ],
)
def test_a_restart_does_not_make_it_forget_where_it_was(board, cause, why):
    motors = set_going(board, 3000, 30_000)
    board.run(200)
    at_ms = board.ms
    board.chip.reset(cause)
    board.run(30)
    assert not board.received(own.STATE)
    board.ask_for_features()
    where = [board.position(motor) for motor in motors]
    by_itself = own.decode_state(board.received(own.STATE)[-1].data)
    assert (by_itself.which, by_itself.stopped, by_itself.reason, by_itself.starts) == (own.BEFORE_START, False, why, 2)
    assert by_itself.ms == pytest.approx(at_ms, abs=5)
    assert [by_itself.positions[device] for device in range(3)] == where
    assert board.state(own.BEFORE_START) == by_itself
    board.chip.reset(cause)
    board.run(30)
    assert board.state(own.BEFORE_START).starts == 3
    assert board.state().reason == own.NOT_STOPPED


def test_a_hundred_stops_in_a_row_are_all_reported(uno):
    for number in range(100):
        uno.send(own.STOP_BOARD, ms=3)
        uno.send(own.RELEASE_BOARD)
        assert len(uno.received(own.STATE)) == number + 1
