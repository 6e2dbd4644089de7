"""A FirmataBoard on stock StandardFirmata: real firmware on an emulated chip, in lock step with virtual time."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import pytest

from cellwright.actuators import Solenoid
from cellwright.errors import CellFault
from cellwright.hardware.emulator.chip import BAUD_RATE, CLOCK_HZ
from cellwright.hardware.firmata.host.connect import connect
from cellwright.sensors import Button, Switch
from cellwright.sequences import FAULTED, STOPPED, Cell

pytestmark = pytest.mark.emulated

BYTE_S = 10 / BAUD_RATE
BOOT_S = 1.876
DEVICE = SimpleNamespace(name="valve")
VALVE, RELAY, PANEL, STOP = 8, 9, 7, 6


class Desk:
    """An emulated Uno with a board on it that is ready."""

    def __init__(self, hosted):
        self.env, self.uno = hosted.env, hosted.uno
        for pin in (PANEL, STOP):
            self.uno.set_input(pin, True)  # the resistors that this firmware asks for
        self.board = connect(self.env, self.uno.link)
        self.ready_s = self.env.now
        self.troubles = []

    def prepare(self):
        self.board.on_failure(self.troubles.append)
        self.env.run(until=self.env.process(self.board.prepare()))

    def run(self, seconds):
        self.env.run(until=self.env.now + seconds)


@pytest.fixture
def desk(power_up):
    return Desk(power_up())


class Press(Cell):
    """Waits for a panel, presses it thrice, and waits until it is gone."""

    cycle_ends_with = "gone"
    states = ["waiting", "pressing", "presenting"]
    transitions = [
        ["placed", "waiting", "pressing"],
        ["pressed", "pressing", "presenting"],
        ["gone", "presenting", "waiting"],
    ]
    valve = Solenoid(pin=VALVE, pulse_s=0.06, rest_s=0.04, max_on_s=0.1)
    relay = Solenoid(pin=RELAY, pulse_s=0.02, rest_s=0.02, max_on_s=0.1, active_low=True)
    panel = Switch(pin=PANEL)
    stop_button = Button(pin=STOP, stops_cell=True)

    def waiting(self):
        yield self.panel.closed(within_s=60)
        return "placed"

    def pressing(self):
        for _ in range(3):
            yield self.valve.fire()
            yield self.relay.fire()
        return "pressed"

    def presenting(self):
        yield self.panel.open(within_s=60)
        return "gone"


def start_press(desk):
    cell = Press(desk.board)
    desk.env.run(until=desk.env.process(desk.board.prepare()))
    desk.env.process(cell.run())
    return cell


def serve_panels(desk, panels, every_s=1.0):
    """A person who puts panels in and takes them out."""

    def serve():
        for _ in range(panels):
            yield desk.env.timeout(every_s / 2)
            desk.uno.set_input(PANEL, False)
            yield desk.env.timeout(every_s / 2)
            desk.uno.set_input(PANEL, True)

    desk.env.process(serve())


def edges_since(desk, pin, since_s):
    return [(at_s, level) for at_s, level in desk.uno.edges(pin) if at_s > since_s]


def test_it_is_ready_within_a_tenth_of_a_second_after_the_boot(desk):
    assert desk.ready_s - BOOT_S < 0.1
    assert desk.board.session.description == "this board runs StandardFirmata 2.4 and has pins 0 to 19"


def test_it_says_what_this_firmware_lacks(desk):
    desk.board.declare_input(PANEL, at_rest=True)
    desk.prepare()
    assert desk.board.notes == [
        "Pin 7 has no pull-up in this firmware: wire a resistor of 10 kΩ to 5 V.",
        "This board cannot protect itself from a lost link: its firmware has no scheduler. If the cable is pulled, or "
        "if this program is killed, its outputs stay as they are. Keep the power switch within reach.",
    ]


def test_a_new_active_low_output_is_high_as_soon_as_the_line_allows(desk):
    """The firmware takes a new output low, until the level that is in the same write."""
    desk.uno.set_input(RELAY, True)
    declared_s = desk.env.now
    desk.board.declare_output(RELAY, safe=True)
    desk.run(0.05)
    assert desk.uno.level(RELAY)
    assert edges_since(desk, RELAY, declared_s)[-1][0] - declared_s < 6 * BYTE_S + 0.001


def test_an_output_is_seen_on_the_pin(desk):
    output = desk.board.declare_output(VALVE, safe=False)
    other = desk.board.declare_output(RELAY, safe=True)
    desk.prepare()
    desk.run(0.01)
    written_s = desk.env.now
    output.write(True)
    desk.run(0.01)
    assert [level for _, level in edges_since(desk, VALVE, written_s)] == [True]
    assert edges_since(desk, VALVE, written_s)[0][0] - written_s < 3 * BYTE_S + 0.0002
    other.write(False)
    desk.run(0.01)
    assert (desk.uno.level(VALVE), desk.uno.level(RELAY)) == (True, False)


@pytest.mark.parametrize("seconds", [0.005, 0.06, 0.25])
def test_a_pulse_is_as_long_as_commanded_to_within_a_pass_of_the_firmwares_loop(desk, seconds):
    output = desk.board.declare_output(VALVE, safe=False)
    desk.prepare()
    for _ in range(5):
        desk.run(0.0137)
        fired_s = desk.env.now
        desk.env.run(until=output.pulse(DEVICE, True, seconds, 0.01))
        (on_s, _), (off_s, _) = edges_since(desk, VALVE, fired_s)
        assert off_s - on_s == pytest.approx(seconds, abs=0.0001)


def test_an_edge_is_known_within_a_millisecond(desk):
    contact = desk.board.declare_input(PANEL, at_rest=True)
    desk.prepare()
    received = []
    contact.on_change = lambda level: received.append((desk.env.now, level))
    desk.run(0.0123)
    for level in (False, True):
        closed_s = desk.env.now
        desk.uno.set_input(PANEL, level)
        desk.run(0.02)
        assert received[-1][1] == level
        assert received[-1][0] - closed_s < 0.001
    assert len(received) == 2


def test_a_contact_that_is_closed_at_the_start_is_known_once_prepared(desk):
    desk.uno.set_input(PANEL, False)
    contact = desk.board.declare_input(PANEL, at_rest=True)
    desk.board.declare_input(STOP, at_rest=True)
    desk.prepare()
    assert not contact.level
    assert desk.board.inputs[STOP].level


@pytest.mark.parametrize("volts", [0.0, 1.1, 2.5, 5.0])
def test_volts_are_read(desk, volts):
    desk.uno.set_analog(15, volts)
    port = desk.board.declare_analog(15)
    desk.prepare()
    assert desk.env.run(until=port.sample(DEVICE, 0.1)) == pytest.approx(volts, abs=0.01)
    assert port.volts == pytest.approx(volts, abs=0.01)


def test_a_pulled_cable_is_trouble(desk):
    desk.prepare()
    desk.uno.pull_cable()
    assert desk.troubles == [
        "The link to the emulated Arduino was lost: the cable was pulled; check its cable and its supply."
    ]
    assert not desk.board.is_connected
    with pytest.raises(CellFault, match="The link to the emulated Arduino is lost"):
        desk.board.release()


def test_a_reset_in_mid_run_is_silence_then_reported_and_all_is_declared_again(desk):
    cell = start_press(desk)
    serve_panels(desk, 1)
    desk.run(0.53)
    assert desk.uno.level(VALVE)
    reset_s = desk.env.now
    desk.uno.reset()
    desk.run(1.7)
    assert cell.state == FAULTED
    assert "has been silent for 1 s" in cell.last_stop.reason
    desk.run(1.0)
    # The firmware takes every pin low, the active-low relay's too, until the host has answered.
    assert (desk.uno.level(VALVE), desk.uno.level(RELAY)) == (False, True)
    restarted_s = reset_s + BOOT_S
    on_again = [(at_s, level) for at_s, level in edges_since(desk, RELAY, reset_s) if at_s > restarted_s - 0.01]
    assert on_again[-1][1]
    assert on_again[-1][0] - restarted_s < 0.02
    # What was sent while it booted lay in its buffer: it handles all of that in one go, faster than a valve can follow.
    on_for_s = sum(off_s - on_s for (on_s, level), (off_s, _) in pairwise(edges_since(desk, VALVE, reset_s)) if level)
    assert on_for_s < 0.0005
    cell.reset()
    serve_panels(desk, 1)
    desk.run(2.0)
    assert cell.finished == 1
    assert cell.state == "waiting"


def test_the_stop_button_reaches_the_pins(desk):
    cell = start_press(desk)
    serve_panels(desk, 1)
    desk.run(0.53)
    assert desk.uno.level(VALVE)
    pressed_s = desk.env.now
    desk.uno.set_input(STOP, False)
    desk.run(0.05)
    assert cell.state == STOPPED
    ((off_s, level),) = edges_since(desk, VALVE, pressed_s)
    assert not level
    assert off_s - pressed_s < 0.003
    desk.run(2)
    assert edges_since(desk, VALVE, off_s) == edges_since(desk, RELAY, pressed_s) == []


def run_two_cycles(hosted):
    """A cell's run: what the pins did and when, in cycles of the chip."""
    desk = Desk(hosted)
    cell = start_press(desk)
    serve_panels(desk, 2)
    desk.run(3.0)
    assert cell.finished == 2
    assert cell.last_stop is None
    return {pin: [(round(at_s * CLOCK_HZ), level) for at_s, level in desk.uno.edges(pin)] for pin in (VALVE, RELAY)}


def test_a_cell_runs_to_the_end_of_its_cycles_and_the_same_to_the_cycle(power_up):
    first = run_two_cycles(power_up())
    assert sum(level for _, level in first[VALVE]) == 2 * 3
    assert run_two_cycles(power_up()) == first
