"""What CellwrightFirmata drives, and that it is safe before the host is there, while it is, and after it."""

from __future__ import annotations

from statistics import median

import pytest

from cellwright.hardware.emulator.chip import ResetCause
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode

pytestmark = pytest.mark.emulated

SOLENOID, RELAY, FAN, SERVO, WINDOW = 6, 8, 11, 12, 7
"""Safe low; safe high (active low); PWM; a servo; a pin that is never declared."""


def declare(board):
    """A solenoid, an active-low relay, a fan and a servo, all off their safe levels."""
    board.send(
        own.output(own.OutputLimits(SOLENOID, safe=False)),
        own.output(own.OutputLimits(RELAY, safe=True)),
        messages.pin_mode(fan(board), PinMode.PWM),
        messages.pin_mode(SERVO, PinMode.SERVO),
        messages.set_pin(SOLENOID, True),
        messages.set_pin(RELAY, False),
        messages.analog(fan(board), 200),
        messages.analog(SERVO, 1500),
        ms=30,
    )
    assert board.level(SOLENOID)
    assert not board.level(RELAY)


def fan(board):
    """Pin 11 of a Mega has no PWM."""
    return 9 if board.kind == "mega" else FAN


def assert_safe(board):
    """Within the pins' own time: nothing is off its safe level, and no servo gets pulses."""
    assert board.drives(SOLENOID)
    assert board.drives(RELAY)
    assert not board.level(SOLENOID)
    assert board.level(RELAY)
    assert not board.level(fan(board))
    board.watch(SOLENOID, RELAY, fan(board), SERVO)
    board.run(45)
    assert not any(board.edges.values())


# ---- before anything is declared ----


@pytest.mark.parametrize("kind", ["uno", "nano", "mega"])
def test_nothing_is_driven_before_it_is_declared(unstarted, kind):
    board = unstarted(kind)
    for _ in range(200):
        board.run(0.1)
        assert board.driven() == set()
    board.send(*(messages.set_pin(pin, True) for pin in range(2, 20)), *(messages.port(n, 0x7F) for n in range(3)))
    board.send(*(messages.analog(pin, 255) for pin in range(2, 14)), messages.QUERY_CAPABILITIES, ms=200)
    assert board.driven() == set()
    assert not any(board.level(pin) for pin in range(2, 20))


def test_a_declared_output_alone_is_driven(board):
    board.send(messages.pin_mode(SOLENOID, PinMode.OUTPUT))
    assert board.driven() == {SOLENOID}
    assert not board.level(SOLENOID)


# ---- no glitch ----


def test_an_active_low_output_is_never_low_until_it_is_commanded(board):
    board.set_input(RELAY, True)  # the relay's own resistor holds it
    board.watch(RELAY)
    board.send(own.output(own.OutputLimits(RELAY, safe=True)), messages.set_pin(RELAY, True))
    board.send(own.output(own.OutputLimits(RELAY, safe=True)), messages.pin_mode(RELAY, PinMode.OUTPUT))
    assert board.drives(RELAY)
    board.send(messages.RESET, ms=5)
    board.send(own.STOP_BOARD, own.RELEASE_BOARD, ms=5)
    assert board.edges[RELAY] == []
    board.send(messages.set_pin(RELAY, False))
    assert [level for _, level in board.edges[RELAY]] == [False]


def test_an_active_low_output_is_not_low_for_a_moment_in_a_brown_out(board):
    board.set_input(RELAY, True)
    board.watch(RELAY)
    board.send(own.output(own.OutputLimits(RELAY, safe=True)))
    board.chip.reset(ResetCause.BROWN_OUT)
    assert not board.drives(RELAY)
    board.run(5)
    assert board.drives(RELAY)
    assert board.edges[RELAY] == []


# ---- safe levels are taken ----


@pytest.mark.parametrize(
    "cause", [messages.RESET, own.STOP_BOARD, b"silence", b"emergency"], ids=["FF", "05 00", "watchdog", "emergency"]
)
def test_safe_levels_are_taken(board, cause):
    board.set_input(WINDOW, True)
    declare(board)
    if cause == b"silence":
        board.send(own.watchdog(100), ms=110)
    elif cause == b"emergency":
        board.send(own.emergency_stop_input(WINDOW, False))
        board.set_input(WINDOW, False)
        board.run(1)
    else:
        board.send(cause)
    assert_safe(board)


def test_what_is_commanded_of_a_stopped_board_is_refused_until_it_is_released(board):
    declare(board)
    board.send(own.STOP_BOARD, ms=20)
    for message in (
        messages.set_pin(SOLENOID, True),
        messages.port(SOLENOID // 8, 0x7F),
        messages.analog(fan(board), 200),
        messages.analog(SERVO, 1200),
        own.pulse(SOLENOID, True, 5000),
    ):
        board.send(message, ms=12)
    assert board.strings.count("stopped: release first") == 4
    assert [own.decode_pulse_result(each.data) for each in board.received(own.PULSE)] == [
        (SOLENOID, own.REFUSED_STOPPED)
    ]
    assert_safe(board)
    board.send(own.RELEASE_BOARD, ms=5)
    assert_safe(board)
    board.send(messages.set_pin(SOLENOID, True))
    assert board.level(SOLENOID)


@pytest.mark.parametrize("cause", [ResetCause.BROWN_OUT, ResetCause.BUTTON, ResetCause.WATCHDOG])
def test_after_a_restart_outputs_float_and_then_take_their_remembered_safe_levels(board, cause):
    declare(board)
    board.chip.reset(cause)
    assert board.driven() == set()
    board.watch(SOLENOID, RELAY)
    started = board.chip.cycle
    while not (board.drives(SOLENOID) and board.drives(RELAY)):
        board.run(0.02)
    assert board.in_ms(board.chip.cycle - started) < (12.0 if board.kind == "mega" else 3.0)
    assert (board.level(SOLENOID), board.level(RELAY)) == (False, True)
    board.run(30)
    assert board.driven() == {SOLENOID, RELAY}


def test_after_a_power_cut_nothing_is_remembered_and_nothing_driven(board):
    declare(board)
    board.chip.reset(ResetCause.POWER_ON)
    for _ in range(100):
        board.run(0.2)
        assert board.driven() == set()
    assert board.state(own.BEFORE_START).reason == own.POWER_ON


def test_memory_that_a_brown_out_has_spoiled_is_not_believed(board):
    declare(board)
    first = 0x200 if board.kind == "mega" else 0x100
    size = board.health().used
    kept = board.chip.memory(first, size)
    assert board.driven()
    board.chip.set_memory(first, bytes(byte ^ 0x10 for byte in kept))
    board.chip.reset(ResetCause.BROWN_OUT)
    board.run(40)
    assert board.driven() == set()


# ---- levels between ----


def test_duty_is_what_was_commanded(board):
    pin = fan(board)
    board.send(messages.pin_mode(pin, PinMode.PWM))
    for duty in (0, 1, 64, 254, 255):
        board.send(messages.analog(pin, duty), ms=5)
        port = board.chip.duty(*board.port_bit(pin))
        assert port == pytest.approx(duty / 255, abs=1 / 255)


@pytest.mark.parametrize(("commanded", "us"), [(0, 544), (90, 1472), (180, 2400), (1000, 1000), (2400, 2400)])
def test_servos_get_the_pulses_that_were_commanded_while_an_axis_runs(board, commanded, us):
    board.add_axis(0, 10_000, 100_000)
    board.send(messages.pin_mode(SERVO, PinMode.SERVO), messages.extended_analog(SERVO, commanded))
    board.move_to(8000)
    board.run(40)
    widths = []
    for _ in range(8):
        board.run(20)
        pulse = board.chip.pulses(*board.port_bit(SERVO))
        widths.append(pulse.width / 16)
        assert pulse.period / 16 == pytest.approx(20_000, abs=150)
    assert widths == pytest.approx([us] * len(widths), abs=60)
    assert median(widths) == pytest.approx(us, abs=25)


def test_a_servo_keeps_still_beside_three_fast_axes(board):
    board.three_axes()
    board.send(messages.pin_mode(SERVO, PinMode.SERVO), messages.extended_analog(SERVO, 1500))
    board.move_to(30_000, 30_000, 30_000)
    board.run(200)
    widths = []
    for _ in range(40):
        board.run(20)
        widths.append(board.chip.pulses(*board.port_bit(SERVO)).width / 16)
    assert widths == pytest.approx([1500] * len(widths), abs=40)


def test_a_servo_that_is_released_gets_no_half_pulse(board):
    board.send(messages.pin_mode(SERVO, PinMode.SERVO), messages.extended_analog(SERVO, 1500), ms=50)
    board.watch(SERVO)
    board.send(own.STOP_BOARD, ms=50)
    assert not board.level(SERVO)
    assert not board.edges[SERVO][2:]
