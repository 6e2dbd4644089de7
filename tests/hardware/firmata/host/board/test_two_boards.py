"""Boards side by side, and one in real time."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest
import simpy

from cellwright.hardware import CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.link import Link
from cellwright.hardware.transport.serial import SerialLink
from cellwright.sequences import STOPPED

OPERATOR_TIMEOUT_S = 20.0


def test_two_boards_in_one_process_do_not_meet(make_rig, four_by_four):
    alone = make_rig(env=simpy.Environment()).start(four_by_four)
    alone.run(8)
    env = simpy.Environment()
    first, second = make_rig(env=env, boot_s=2.2), make_rig(env=env, boot_s=1.1, kind="mega")
    first.start(four_by_four)
    second.start(four_by_four)
    second.run_to("working")
    second.cell.stop("the door is open")
    first.run(12 - env.now)
    assert first.cell.state == "working"
    assert first.cell.last_stop is None
    assert second.cell.state == STOPPED
    assert second.is_really_safe
    assert first.arduino.complaints == second.arduino.complaints == []
    assert first.board.session.description.endswith("pins 0 to 19")
    assert second.board.session.description.endswith("pins 0 to 69")
    told = [each.data for each in first.sent if each.data != messages.QUERY_VERSION]
    alone_told = [each.data for each in alone.sent if each.data != messages.QUERY_VERSION]
    assert told[:60] == alone_told[:60]


def test_runs_are_the_same_byte_for_byte(make_rig, four_by_four):
    def run():
        rig = make_rig(env=simpy.Environment(), latency_s=0.001)
        rig.start(four_by_four)
        rig.run(12)
        return rig.sent

    assert run() == run()


class PtyEnd(Link):
    """The board's end of a pseudo-terminal."""

    def __init__(self):
        super().__init__("the terminal")
        self.board_end, self.host_end = os.openpty()
        self.path = os.ttyname(self.host_end)

    def write(self, data):
        os.write(self.board_end, data)

    def close(self):
        os.close(self.host_end)
        os.close(self.board_end)


@pytest.fixture
def virtual_board_on_a_pty():
    """A virtual Arduino in real time on a thread of its own, as another program would serve it."""
    clock = WallClock()
    end = PtyEnd()
    model = ModelBoard(clock, CONFIGURABLE_FIRMATA)
    arduino = VirtualArduino(clock, end, model, firmware="configurable", boot_s=0.05)
    over = clock.event()
    serving = threading.Thread(target=clock.run, args=(over,))

    def read():
        try:
            while data := os.read(end.board_end, 1000):
                clock.post(lambda data=data: end.on_bytes(data))
        except OSError:
            pass

    reading = threading.Thread(target=read)
    serving.start()
    reading.start()
    yield end, arduino, model
    clock.post(over.succeed)
    serving.join(OPERATOR_TIMEOUT_S)
    os.close(end.host_end)
    end.host_end = os.open(os.devnull, os.O_RDONLY)
    reading.join(OPERATOR_TIMEOUT_S)
    end.close()


@pytest.mark.skipif(sys.platform == "win32" or not Path("/dev/ptmx").exists(), reason="there are no pseudo-terminals")
def test_in_real_time_over_a_serial_port_everything_arrives_in_order(virtual_board_on_a_pty):
    end, arduino, model = virtual_board_on_a_pty
    clock = WallClock()
    board = connect(clock, SerialLink(clock, end.path, 115200))
    troubles = []
    board.on_failure(troubles.append)
    output, contact = board.declare_output(8, safe=False), board.declare_input(9, at_rest=True)
    clock.run(until=clock.process(board.prepare()))
    changes = []
    arduino.env.post(lambda: model.on_output(8, lambda level: changes.append((arduino.env.now, level))))
    clock.run(until=board.round_trip())
    for _ in range(200):
        output.write(True)
        output.write(False)
    fired = output.pulse(contact_device(), True, 0.03, 0.0)
    clock.run(until=fired)
    clock.run(until=board.round_trip())
    assert [level for _, level in changes] == [True, False] * 201
    pressed = contact.wait_for_edge(False, contact_device(), "was not pressed", OPERATOR_TIMEOUT_S)
    arduino.env.post(lambda: model.set_input(9, False))
    clock.run(until=pressed | clock.timeout(OPERATOR_TIMEOUT_S))
    assert pressed.triggered
    board.make_safe()
    clock.run(until=board.round_trip())
    board.close()
    assert troubles == []
    assert arduino.complaints == []


def contact_device():
    class Device:
        name = "button"

    return Device()
