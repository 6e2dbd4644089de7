"""Fault injection: the syntax of faults, and the effect of each."""

from __future__ import annotations

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.hardware.fault_injection import BOARD_FAULTS, DEVICE_FAULTS, LINE_FAULTS, Fault, FaultyLink, read_fault
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sim import model_rig, virtual_rig

DEVICES = load("stapler").scenario().study.cell.parameters()
DEVICES = {name: part for name, part in DEVICES.items() if hasattr(part, "pins")}


# ---- as text ----


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("cut", Fault("cut")),
        ("cut@30", Fault("cut", None, 30.0)),
        ("garble=0.01@5", Fault("garble", 0.01, 5.0)),
        ("garble", Fault("garble", 0.001)),
        ("panel_in_place:open@1.5", Fault("open", None, 1.5, "panel_in_place")),
        ("carriage:slips=40", Fault("slips", 40.0, 0.0, "carriage")),
        ("trigger:dead", Fault("dead", None, 0.0, "trigger")),
    ],
)
def test_a_fault_is_read_and_written_alike(text, fault):
    assert read_fault(text, DEVICES) == fault
    assert read_fault(str(fault), DEVICES) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ct", "there is no fault 'ct' here; did you mean 'cut'?"),
        ("panel_in_plaec:open", "there is no device 'panel_in_plaec'; did you mean 'panel_in_place'?"),
        ("panel_in_place:opn", "panel_in_place has no fault 'opn'; did you mean 'open'?"),
        ("panel_in_place:dead", "panel_in_place has no fault 'dead'; known are bouncing, closed, open."),
        ("trigger:slips", "trigger has no fault 'slips'; known are dead."),
        ("garble=2", "'2' stands where a number of at least 0 and at most 1 belongs."),
        ("garble=much", "'much' stands where a number of at least 0 and at most 1 belongs."),
        ("delay=-1", "'-1' stands where a number of at least 0 belongs."),
        ("cut@soon", "'soon' stands where a number of at least 0 belongs."),
        ("cut@nan", "'nan' stands where a number of at least 0 belongs."),
        ("cut=3", "cut takes no value."),
        ("", "write it as cut@30, garble=0.001 or device:open@30."),
        ("a:b:c", "write it as cut@30"),
    ],
)
def test_what_is_no_fault_is_refused(text, message):
    with pytest.raises(InputError) as refused:
        read_fault(text, DEVICES)
    assert str(refused.value).startswith(f"--fault {text}: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("kind", [*LINE_FAULTS, *BOARD_FAULTS])
def test_a_model_board_has_no_line_to_break(kind):
    rig = model_rig(load("stapler").scenario(), 1, 0)
    with pytest.raises(InputError, match="use --on virtual"):
        rig.faults.schedule(read_fault(kind, DEVICES))


# ---- the line ----


@pytest.fixture
def link(env):
    line = LoopbackLine(env, baud=1_000_000_000)
    line.host.received = []
    faulty = FaultyLink(env, line.host, np.random.default_rng(1))
    faulty.received, line.board.received = [], []
    faulty.on_bytes = lambda data: faulty.received.append((round(env.now, 3), data))
    line.board.on_bytes = line.board.received.append
    faulty.far = line.board
    return faulty


def test_nothing_is_changed_until_a_fault_occurs(env, link):
    link.write(b"out")
    link.far.write(b"in")
    env.run()
    assert link.far.received == [b"out"]
    assert [data for _, data in link.received] == [b"in"]


@given(st.binary(min_size=1, max_size=200))
def test_garbling_keeps_the_number_of_bytes_and_changes_each_that_is_garbled(data):
    env = simpy.Environment()
    faulty = FaultyLink(env, LoopbackLine(env).host, np.random.default_rng(1))
    faulty.garble = 1.0
    changed = faulty._corrupted(data)
    assert len(changed) == len(data)
    assert all(a != b for a, b in zip(changed, data, strict=True))


def test_garbling_hits_about_as_many_bytes_as_it_says(link):
    link.garble = 0.01
    sent = bytes(100_000)
    hits = sum(byte != 0 for byte in link._corrupted(sent))
    assert 850 < hits < 1150  # 1000 are expected, with a standard deviation of 31


def test_replies_are_dropped_and_late_but_what_the_host_sends_is_not(env, link):
    link.drop = 1.0
    link.far.write(b"lost")
    env.run()
    link.drop, link.delay_s = 0.0, 0.5
    link.far.write(b"late")
    link.write(b"out")
    env.run()
    assert link.received == [(0.5, b"late")]
    assert link.far.received == [b"out"]


def test_a_line_that_gets_quicker_again_keeps_its_order(env, link):
    link.delay_s = 0.5
    link.far.write(b"first")
    env.run(until=0.1)
    link.delay_s = 0.0
    link.far.write(b"second")
    env.run(until=0.7)
    link.far.write(b"third")
    env.run()
    assert link.received == [(0.5, b"first"), (0.5, b"second"), (0.7, b"third")]


def test_a_cut_is_reported_once_and_nothing_passes_after_it(env, link):
    reported = []
    link.on_lost = reported.append
    link.far.write(b"under way")
    link.cut()
    link.cut()
    link.write(b"out")
    env.run()
    assert reported == ["the cable was pulled"]
    assert link.received == link.far.received == []


# ---- in the world ----


def stapler(*assignments, at="stapling", seed=1, firmware=DEFAULT_FIRMWARE, **options):
    rig = virtual_rig(load("stapler").scenario(assignments, firmware=firmware), seed, 0, **options)
    while rig.cell.state != at:
        rig.env.step()
    return rig


def strike(rig, text):
    rig.faults.schedule(read_fault(text, rig.cell.devices))


def test_a_stuck_switch_stays_as_it_is(env):
    rig = stapler()
    strike(rig, "panel_in_place:open")
    rig.env.run(until=rig.env.now + 0.1)
    assert not rig.cell.panel_in_place.is_closed
    rig.plant.close(rig.cell.panel_in_place)
    rig.env.run(until=rig.env.now + 0.1)
    assert not rig.cell.panel_in_place.is_closed


def test_a_bouncing_button_is_one_press_over_the_line():
    rig = stapler(at="waiting")
    strike(rig, "start_button:bouncing=4")
    presses = []
    rig.cell.start_button.record = lambda name, what, value: presses.append(what)
    edges = []
    rig.model.input(rig.cell.start_button.pin).on_change = _also(
        rig.model.input(rig.cell.start_button.pin).on_change, edges.append
    )
    while rig.cell.state == "waiting":
        rig.env.step()
    rig.env.run(until=rig.env.now + 0.15)
    assert len(edges) > 2  # it did bounce
    assert presses == ["closed"]


def _also(first, second):
    def both(level):
        second(level)
        first(level)

    return both


def test_an_axis_that_slips_is_elsewhere_and_does_not_know():
    rig = stapler()
    axis, port = rig.model.axis(rig.cell.carriage.step), rig.cell.carriage.port
    strike(rig, "carriage:slips=37")
    rig.env.run(until=rig.env.now + 2)
    while axis.is_moving:
        rig.env.step()
    rig.env.run(until=rig.env.now + 0.01)
    assert port.position == axis.position
    assert axis.true_position == axis.position - 37


def test_staples_beside_their_slats_are_seen_on_the_panel():
    rig = stapler()
    strike(rig, "carriage:slips=500")
    with pytest.raises(Exception, match="beside its slat"):
        rig.env.run(until=rig.cell.next_finished())


def test_a_dead_solenoid_is_driven_and_does_nothing():
    rig = stapler()
    strike(rig, "trigger:dead")
    landed = len(rig.plant.landed)
    rig.env.run(until=rig.env.now + 5)
    assert len(rig.plant.landed) == landed
    assert rig.cell.state == "stapling"


@pytest.mark.parametrize("put_together", [model_rig, virtual_rig])
def test_a_stuck_encoder_counts_no_more(put_together):
    rig = put_together(load("digital_tape").scenario(), 1, 0)
    while rig.cell.state != "approaching":
        rig.env.step()
    rig.faults.schedule(read_fault("wheel:stuck", rig.cell.devices))
    stood_mm = rig.cell.wheel.position_mm
    before = rig.plant.wheel.counts
    rig.env.run(until=rig.env.now + 3)
    assert rig.plant.wheel.counts > before + 100
    assert rig.cell.wheel.position_mm == pytest.approx(stood_mm, abs=10)  # what was on the line came still


@pytest.mark.parametrize("put_together", [model_rig, virtual_rig])
def test_a_silent_scale_is_a_fault_that_names_it(put_together):
    rig = put_together(load("lacquer_mixer").scenario(), 1, 0)
    while rig.cell.state != "dosing":
        rig.env.step()
    rig.faults.schedule(read_fault("scale:silent@1", rig.cell.devices))
    rig.env.run(until=rig.env.now + 3)
    assert rig.cell.state == "faulted"
    assert "scale did not answer on I2C address 0x2a within 0.5 s" in rig.cell.last_stop.reason
    assert rig.board.is_safe


def test_a_reset_makes_the_board_forget_and_a_brownout_moves_the_axes_too():
    for kind, most in (("reset", 0), ("brownout", 4)):
        rig = stapler()
        while rig.model.axis(rig.cell.carriage.step).is_moving:
            rig.env.step()
        before = [axis.true_position for axis in rig.model.steppers.values()]
        strike(rig, kind)
        assert rig.model.is_safe
        moved = [abs(axis.true_position - at) for axis, at in zip(rig.model.steppers.values(), before, strict=True)]
        assert max(moved) <= most
        rig.env.run(until=rig.env.now + 4)
        assert rig.cell.is_stopped


@pytest.mark.parametrize(
    ("firmware", "message"),
    [("cellwright", "its reset button was pressed"), ("configurable", "has been silent for 1 s")],
)
def test_after_a_board_has_reset_itself_the_cell_can_be_reset_and_goes_on(firmware, message):
    rig = stapler(firmware=firmware)
    strike(rig, "reset@1")
    rig.env.run(until=rig.env.now + 6)
    assert message in rig.cell.last_stop.reason
    rig.cell.reset()
    rig.plant.press(rig.cell.start_button)
    assert rig.cell.state == "waiting"
    stops = rig.cell.last_stop
    while rig.cell.state != "homing":
        rig.env.step()
    while rig.cell.state == "homing":
        rig.env.step()
    assert rig.cell.last_stop is stops
    assert rig.cell.state == "stapling"
    assert not rig.arduino.complaints


def test_the_same_seed_strikes_alike():
    ends = []
    for seed in (1, 1, 2):
        rig = stapler(seed=seed)
        strike(rig, "garble=0.002")
        while not rig.cell.is_stopped:
            rig.env.step()
        ends.append((rig.env.now, rig.cell.last_stop.reason))
    assert ends[0] == ends[1] != ends[2]


def test_every_kind_has_a_description():
    assert all(kind.description for kinds in (LINE_FAULTS, BOARD_FAULTS, DEVICE_FAULTS) for kind in kinds.values())
