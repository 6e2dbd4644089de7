"""A FirmataBoard on a line in memory to a virtual Arduino, and cells and devices to put on it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import pytest

from cellwright.actuators import Solenoid, Stepper
from cellwright.hardware import CELLWRIGHT_FIRMATA, CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.protocol.messages import START_SYSEX, MessageReader
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sensors import Button
from cellwright.sequences import Cell, home

STEPS_PER_MM = 40


class Sent(NamedTuple):
    """A message of the host: when it was written, when its last byte had left, and the message."""

    written_s: float
    gone_s: float
    data: bytes


class Rig:
    """Both ends of the line, and all that the host sent. ``replies`` filters what the Arduino says."""

    def __init__(self, env, kind="uno", firmware="configurable", baud=115200, latency_s=0.0, boot_s=None):
        self.env = env
        self.model = ModelBoard(env, CELLWRIGHT_FIRMATA if firmware == "cellwright" else CONFIGURABLE_FIRMATA)
        self.line = LoopbackLine(env, baud, latency_s, f"a virtual {kind.capitalize()}")
        self.byte_s = 10 / baud
        self.sent: list[Sent] = []
        self.replies = lambda data: data
        self._host_writes, self.line.host.write = self.line.host.write, self._write
        self._board_writes, self.line.board.write = self.line.board.write, self._reply
        self.arduino = VirtualArduino(env, self.line.board, self.model, kind, firmware, boot_s)
        self.troubles: list[str] = []
        self.cell = None

    def _write(self, data):
        self._host_writes(data)
        self.sent.append(Sent(self.env.now, self.line.host.busy_until_s, data))

    def _reply(self, data):
        self._board_writes(self.replies(data))

    def connect(self):
        """Wait for the board, and until the line is quiet."""
        self.board = connect(self.env, self.line.host)
        self.ready_s = self.env.now
        self.run(0.01)
        return self

    def prepare(self):
        """Hear of troubles oneself, and get ready."""
        if self.cell is None:
            self.board.on_failure(self.troubles.append)
        self.env.run(until=self.env.process(self.board.prepare()))
        return self

    def start(self, cell, **work):
        """Put a cell on it and let it run; ``work`` replaces steps."""
        self.cell = cell(self.board)
        for state, step in work.items():
            self.cell._steps[state] = lambda step=step: step(self.cell)
        for device in self.cell.devices.values():
            if device.linear_axis() is not None:
                device.linear_axis().place(self.model, 10)
        self.prepare()
        self.env.process(self.cell.run())
        return self

    def run(self, seconds):
        if self.env.now + seconds > self.env.now:
            self.env.run(until=self.env.now + seconds)

    def run_to(self, state, within_s=60.0):
        ends_s = self.env.now + within_s
        while self.cell.state != state:
            assert self.env.peek() < ends_s, f"{self.cell.state}, not {state}; {self.cell.last_stop}"
            self.env.step()

    def sent_since(self, since_s, kind=None):
        """The host's messages from then on: all, or those of a status byte, or of a sysex command below 80."""
        matching = [each for each in self.sent if each.written_s >= since_s]
        if kind is None:
            return matching
        if kind < 0x80:
            return [each for each in matching if each.data[0] == START_SYSEX and each.data[1] == kind]
        return [each for each in matching if each.data[0] == kind]

    def data_since(self, since_s, kind):
        """The same, as bytes alone."""
        return [each.data for each in self.sent_since(since_s, kind)]

    def watch(self, *pins):
        """Every change of the Arduino's outputs from now on: (when, pin, level)."""
        changes = []
        for pin in pins:
            self.model.on_output(pin, lambda level, pin=pin: changes.append((self.env.now, pin, level)))
        return changes

    def lose_replies(self, *starts):
        """Let the line lose what the Arduino says, if it begins so (hexadecimal)."""
        lost = tuple(bytes.fromhex(start) for start in starts)
        self.replies = lambda data: b"" if data.startswith(lost) else data

    def stepper(self, number=0, **options):
        """A stepper on pins of its own, as a port, and its axis on the model."""
        step = 2 + 2 * number
        port = self.board.declare_stepper(SimpleNamespace(name=f"axis{number}"), step, step + 1, False, **options)
        return port, self.model.axis(step)

    def arrive(self, wait):
        self.env.run(until=wait)

    @property
    def is_at_rest(self):
        return not any(axis.is_moving for axis in self.model.steppers.values())

    @property
    def is_really_safe(self):
        """Whether the Arduino's own outputs are at the levels that were declared safe, and its axes at rest."""
        return self.is_at_rest and all(
            self.model.outputs[pin] == output.safe for pin, output in self.board.outputs.items()
        )


def axis(step, dir_pin, home_pin, **options):
    return Stepper(
        step=step,
        dir=dir_pin,
        home_pin=home_pin,
        steps_per_mm=STEPS_PER_MM,
        max_speed=40,
        max_acceleration=400,
        travel=(0, 200),
        **options,
    )


class FourByFour(Cell):
    """Four axes and four solenoids, one of which is active-low: all the pins that an Uno has."""

    cycle_ends_with = "again"
    states = ["homing", "working"]
    transitions = [["homed", "homing", "working"], ["again", "working", "working"]]
    a = axis(2, 3, 16)
    b = axis(4, 5, 17)
    c = axis(6, 7, 18)
    d = axis(14, 15, 19)
    one = Solenoid(pin=8, pulse_s=0.08, rest_s=0.05, max_on_s=0.1)
    two = Solenoid(pin=9, pulse_s=0.08, rest_s=0.05, max_on_s=0.1)
    three = Solenoid(pin=10, pulse_s=0.08, rest_s=0.05, max_on_s=0.1)
    four = Solenoid(pin=11, pulse_s=0.08, rest_s=0.05, max_on_s=0.1, active_low=True)
    stop_button = Button(pin=12, stops_cell=True)
    SOLENOID_PINS = (8, 9, 10, 11)

    @classmethod
    def name(cls):
        return "four_by_four"

    @property
    def axes(self):
        return [self.a, self.b, self.c, self.d]

    @property
    def solenoids(self):
        return [self.one, self.two, self.three, self.four]

    def homing(self):
        for axis in self.axes:
            if not axis.is_homed:
                yield from home(axis)
        return "homed"

    def working(self):
        """Back and forth, firing all the while."""
        targets = [150 if axis.position < 75 else 0 for axis in self.axes]
        moving = self.together(*(axis.move_to(mm) for axis, mm in zip(self.axes, targets, strict=True)))
        while not moving.triggered:
            yield self.together(*(solenoid.fire() for solenoid in self.solenoids))
        return "again"


@pytest.fixture
def make_rig(env):
    return lambda **options: Rig(options.pop("env", env), **options).connect()


@pytest.fixture
def rig_class():
    return Rig


@pytest.fixture
def make_axis():
    return axis


@pytest.fixture
def rig(make_rig):
    """An Uno with ConfigurableFirmata at 115200 baud; nothing is declared yet."""
    return make_rig()


@pytest.fixture
def four_by_four():
    return FourByFour


@pytest.fixture
def read_messages():
    return MessageReader
