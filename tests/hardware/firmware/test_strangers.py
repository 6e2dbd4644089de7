"""What a host hears that knows only the published protocol, and what its messages cannot do; chip and virtual alike."""

from __future__ import annotations

from collections import Counter

import pytest
import simpy

from cellwright.hardware import CELLWRIGHT_FIRMATA, ModelBoard
from cellwright.hardware.emulator.chip import ResetCause
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.codec import decode_text
from cellwright.hardware.firmata.protocol.messages import MessageReader, PinMode
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine

GREETING = messages.version(2, 6) + messages.firmware(1, 0, "CellwrightFirmata")
WATCHED, SECOND, FREE = 5, 6, 10
"""5 and 6 of an Uno can do all that a pin can, except the bus."""
SDA = 18
I2C_CONFIG = 0x78
PORT_WRITE = messages.port(0, 1 << WATCHED | 1 << SECOND)


def sysex(command: int, *data: int) -> bytes:
    return messages.sysex(command, bytes(data))


class Virtual:
    """The virtual Uno; ``raw`` is all that it has sent."""

    def __init__(self):
        self.env = simpy.Environment()
        self.model = ModelBoard(self.env, CELLWRIGHT_FIRMATA)
        line = LoopbackLine(self.env, baud=57_600)
        self.arduino = VirtualArduino(self.env, line.board, self.model, "uno", "cellwright")
        self.raw = bytearray()
        line.host.on_bytes = self.raw.extend
        self.write = line.host.write
        self.run(0.1)

    def run(self, seconds):
        self.env.run(until=self.env.now + seconds)

    def restart(self, cause):
        reasons = {ResetCause.BROWN_OUT: own.BROWN_OUT, ResetCause.WATCHDOG: own.UNKNOWN_RESTART}
        self.arduino.reset(reasons.get(cause, own.RESET_BUTTON))

    def set_input(self, pin, level):
        self.model.set_input(pin, level)

    def drives(self, pin):
        output = self.model.outputs.get(pin)
        return output is not None or pin in self.model.levels


class Emulated:
    """An Uno with the firmware on the emulated chip; ``raw`` is all that it has sent."""

    def __init__(self, bench):
        self.bench = bench
        self.raw = bytearray()
        take = bench._take
        bench._take = lambda cycle, byte: (self.raw.append(byte), take(cycle, byte))
        self.write = bench.chip.feed
        self.run(0.1)

    def run(self, seconds):
        self.bench.run(1000 * seconds)

    def restart(self, cause):
        self.bench.chip.reset(cause)

    def set_input(self, pin, level):
        self.bench.set_input(pin, level)

    def drives(self, pin):
        return self.bench.drives(pin)


@pytest.fixture(params=["virtual", pytest.param("emulated", marks=pytest.mark.emulated)])
def board(request):
    """An Uno that nobody has asked anything."""
    if request.param == "virtual":
        return Virtual()
    return Emulated(request.getfixturevalue("unstarted")())


def tell(board, *commands, seconds=0.02):
    """Send commands; the bytes that come back."""
    board.raw.clear()
    for command in commands:
        board.write(command)
        board.run(seconds)
    return bytes(board.raw)


def strings(sent):
    return [decode_text(each.data) for each in MessageReader().feed(sent) if each.command == messages.STRING_DATA]


def set_limits(low, high=own.NO_PIN):
    return sysex(accelstepper.ACCELSTEPPER_DATA, 7, 0, low, 0, high, 0)


def configure(*pins, interface=0x10):
    return sysex(accelstepper.ACCELSTEPPER_DATA, 0, 0, interface, *pins, 0)


# ---- unasked ----


def test_all_that_it_sends_before_anything_is_asked(board):
    board.run(3.0)
    assert bytes(board.raw) == GREETING


@pytest.mark.parametrize("cause", [ResetCause.BUTTON, ResetCause.BROWN_OUT, ResetCause.WATCHDOG])
def test_a_restart_is_explained_only_to_a_host_that_asks_for_the_features(board, cause):
    tell(board, own.QUERY_FEATURES, configure(2, 3), own.output(own.OutputLimits(8, safe=True)))
    board.raw.clear()
    board.restart(cause)
    board.run(1.0)
    assert bytes(board.raw) == GREETING
    asked = tell(board, own.QUERY_FEATURES)
    assert [each.command for each in MessageReader().feed(asked)] == [own.FEATURES, own.STATE]
    assert [each.command for each in MessageReader().feed(tell(board, own.QUERY_FEATURES))] == [own.FEATURES]


def test_what_happens_by_itself_is_told_in_published_messages_until_it_asks(board):
    """A limit that ends a move, an emergency stop, a watchdog that runs out; FF ends what the question began."""
    happens = (
        *(configure(2, 3), accelstepper.speed(0, 1000), set_limits(WATCHED), accelstepper.move_to(0, -1000)),
        *(own.watchdog(100), b"", b"", b"", b"", b"", b"", b"", own.RELEASE_BOARD, own.watchdog(0)),
        own.emergency_stop_input(12, False),
    )
    for asks_first in (b"", own.QUERY_FEATURES, messages.RESET):
        board.set_input(WATCHED, True)
        board.set_input(12, True)
        tell(board, own.RELEASE_BOARD, asks_first)
        sent = tell(board, *happens[:4])
        board.set_input(WATCHED, False)
        sent += tell(board, *happens[4:])
        board.set_input(12, False)
        sent += tell(board, b"")
        commands = Counter(each.command for each in MessageReader().feed(sent))
        assert commands[accelstepper.ACCELSTEPPER_DATA] == 1  # its move has ended
        expected = {own.AXIS: 1, own.STATE: 2} if asks_first == own.QUERY_FEATURES else {}
        assert {each: count for each, count in commands.items() if each < 0x10} == expected
        tell(board, own.STOP_BOARD)


def test_a_stop_that_the_host_commands_is_answered_whether_it_asked_or_not(board):
    assert [each.command for each in MessageReader().feed(tell(board, own.STOP_BOARD))] == [own.STATE]


# ---- writes to inputs ----

WRITES = {
    "set pin": messages.set_pin(FREE, True),
    "set pin low": messages.set_pin(FREE, False),
    "port": messages.port(FREE // 8, 1 << FREE % 8),
    "analog": messages.analog(FREE, 90),
    "extended analog": messages.extended_analog(FREE, 90),
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("mode", [None, PinMode.INPUT, PinMode.PULLUP])
def test_a_write_to_an_input_is_answered_once(board, write, mode):
    if mode is not None:
        tell(board, messages.pin_mode(FREE, mode))
    assert strings(tell(board, WRITES[write])) == [f"pin {FREE} is an input"]
    assert tell(board, *WRITES.values()) == b""
    assert not board.drives(FREE)
    assert strings(tell(board, messages.set_pin(FREE - 1, True))) == [f"pin {FREE - 1} is an input"]
    for forgets in (messages.RESET, own.QUERY_FEATURES):
        assert strings(tell(board, forgets, WRITES[write])) == [f"pin {FREE} is an input"]


def test_a_port_written_low_says_nothing_of_its_inputs(board):
    assert tell(board, messages.pin_mode(8, PinMode.OUTPUT), messages.port(1, 1), messages.port(1, 0)) == b""


def test_what_is_said_of_inputs_takes_no_room_from_what_is_said_of_outputs(board):
    tell(board, messages.pin_mode(15, PinMode.OUTPUT), own.STOP_BOARD)
    assert strings(tell(board, messages.port(1, 0xFF)))[0] == "stopped: release first"


def test_outputs_pwm_and_servos_are_no_inputs(board):
    modes = ((11, PinMode.PWM), (6, PinMode.SERVO), (8, PinMode.OUTPUT))
    sent = tell(board, *(messages.pin_mode(*each) for each in modes), messages.port(0, 1 << 6), messages.port(1, 9))
    assert sent + tell(board, messages.analog(8, 9), messages.set_pin(11, True), messages.set_pin(6, True)) == b""


# ---- analog inputs ----


@pytest.mark.parametrize("start", [messages.pin_mode(15, PinMode.ANALOG), messages.report_analog(1, True)])
@pytest.mark.parametrize("end", [messages.pin_mode(15, PinMode.INPUT), messages.report_analog(1, False)])
def test_an_analog_mode_or_a_question_starts_reports_and_another_mode_ends_them(board, start, end):
    assert tell(board, start, seconds=0.2).count(b"\xe1") >= 9  # every 19 ms
    tell(board, end)
    assert tell(board, b"", seconds=0.2) == b""


# ---- pins in use ----

USES = {
    "low limit": (configure(2, 3), set_limits(WATCHED)),
    "high limit": (configure(2, 3), set_limits(SECOND, WATCHED)),
    "stop": (own.emergency_stop_input(WATCHED, False),),
    "stop, active high": (own.emergency_stop_input(WATCHED, True),),
    "encoder": (sysex(messages.ENCODER_DATA, 0, 0, WATCHED, SECOND),),
    "encoder's B": (sysex(messages.ENCODER_DATA, 0, 0, SECOND, WATCHED),),
    "timed": (own.watch_input(WATCHED, True, 5),),
    "timed and limit": (own.watch_input(WATCHED, True, 5), configure(2, 3), set_limits(WATCHED)),
    "timed and stop": (own.emergency_stop_input(WATCHED, False), own.watch_input(WATCHED, True, 5)),
}
"""By use, the messages that begin it."""
ATTEMPTS = {
    "output": (messages.pin_mode(WATCHED, PinMode.OUTPUT), "is in use"),
    "PWM": (messages.pin_mode(WATCHED, PinMode.PWM), "is in use"),
    "servo": (messages.pin_mode(WATCHED, PinMode.SERVO), "is in use"),
    "set pin": (messages.set_pin(WATCHED, True), "is in use"),
    "port": (messages.port(0, 1 << WATCHED), "is in use"),
    "analog": (messages.analog(WATCHED, 90), "is in use"),
    "extended analog": (messages.extended_analog(WATCHED, 90), "is in use"),
    "servo's range": (messages.servo_config(WATCHED, 600, 2300), "cannot be a servo's"),
    "step": (sysex(accelstepper.ACCELSTEPPER_DATA, 0, 1, 0x10, WATCHED, 9, 0), "cannot be a stepper's"),
    "direction": (sysex(accelstepper.ACCELSTEPPER_DATA, 0, 1, 0x10, 9, WATCHED, 0), "cannot be a stepper's"),
    "enable": (sysex(accelstepper.ACCELSTEPPER_DATA, 0, 1, 0x11, 9, 10, WATCHED, 0), "cannot be a stepper's"),
    "coil": (sysex(accelstepper.ACCELSTEPPER_DATA, 0, 1, 0x40, 9, 10, 11, WATCHED, 0), "cannot be a stepper's"),
    "HX711's clock": (own.attach_converter(0, 9, WATCHED), None),
    "declared output": (own.output(own.OutputLimits(WATCHED, safe=True)), "cannot be an output"),
    "encoder": (sysex(messages.ENCODER_DATA, 0, 1, 9, WATCHED), "cannot be an encoder's"),
}


@pytest.mark.parametrize("use", USES)
def test_no_message_makes_an_output_of_a_pin_in_use(board, use):
    assert strings(tell(board, *USES[use])) == []
    for attempt, (message, reason) in ATTEMPTS.items():
        said = strings(tell(board, own.QUERY_FEATURES, message))
        assert said == [f"pin {WATCHED} {reason}" if reason else "pin 9 cannot be an HX711's"], attempt
        assert not board.drives(WATCHED), attempt
    pulse = tell(board, own.pulse(WATCHED, True, 1000))
    assert own.decode_pulse_result(MessageReader().feed(pulse)[0].data) == (WATCHED, own.REFUSED_PIN)


@pytest.mark.parametrize("use", USES)
def test_that_it_is_in_use_is_said_once(board, use):
    tell(board, *USES[use])
    modes = [messages.pin_mode(WATCHED, mode) for mode in (PinMode.OUTPUT, PinMode.PWM, PinMode.SERVO)]
    writes = [message for message, reason in ATTEMPTS.values() if reason == "is in use"]
    assert strings(tell(board, *modes, *writes, *modes)) == [f"pin {WATCHED} is in use"]


@pytest.mark.parametrize("use", ["low limit", "timed", "stop"])
def test_the_bus_takes_no_pin_in_use(board, use):
    bus_use = {
        "low limit": (configure(2, 3), set_limits(SDA)),
        "timed": (own.watch_input(SDA, True, 5),),
        "stop": (own.emergency_stop_input(SDA, False),),
    }
    tell(board, *bus_use[use])
    assert strings(tell(board, sysex(I2C_CONFIG, 0, 0))) == ["the pins of I2C are in use"]


RELEASES = {
    "another limit": (configure(2, 3), set_limits(WATCHED), set_limits(SECOND)),
    "no limit": (configure(2, 3), set_limits(WATCHED), set_limits(own.NO_PIN)),
    "another stepper": (configure(2, 3), set_limits(WATCHED), configure(3, 4)),
    "not timed": (own.watch_input(WATCHED, True, 5), own.unwatch_input(WATCHED)),
    "no stop": (own.emergency_stop_input(WATCHED, False), own.REMOVE_EMERGENCY_STOP),
    "no encoder": (sysex(messages.ENCODER_DATA, 0, 0, WATCHED, SECOND), sysex(messages.ENCODER_DATA, 5, 0)),
    "FF": (configure(2, 3), set_limits(WATCHED), own.watch_input(SECOND, True, 5), messages.RESET),
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_pin_that_is_no_longer_in_use_can_be_an_output(board, release):
    assert strings(tell(board, *RELEASES[release], messages.pin_mode(WATCHED, PinMode.OUTPUT))) == []
    assert board.drives(WATCHED)


def test_one_use_ends_and_the_other_keeps_the_pin(board):
    tell(board, *USES["timed and limit"], own.unwatch_input(WATCHED), messages.pin_mode(WATCHED, PinMode.OUTPUT))
    assert not board.drives(WATCHED)
    tell(board, own.watch_input(WATCHED, True, 5), set_limits(own.NO_PIN), messages.pin_mode(WATCHED, PinMode.OUTPUT))
    assert not board.drives(WATCHED)


def test_the_limit_that_a_search_puts_aside_stays_in_use(board):
    """Moving off the one switch, the search has the place of the other limit for its own purpose."""
    board.set_input(WATCHED, False)
    board.set_input(SECOND, True)
    tell(board, configure(2, 3), set_limits(WATCHED, SECOND), own.home(own.HomingRequest(0, 0, 200, 100, 500, 9000)))
    said = strings(tell(board, messages.pin_mode(SECOND, PinMode.OUTPUT), messages.pin_mode(WATCHED, PinMode.OUTPUT)))
    assert said == [f"pin {SECOND} is in use", f"pin {WATCHED} is in use"]
    assert not board.drives(SECOND) and not board.drives(WATCHED)
