"""Cells on real firmware: their plants at the pins of an emulated Arduino, in lock step with their clock."""

from __future__ import annotations

import pytest

from cellwright import cells
from cellwright.actuators import Lamp, Motor, Pump, Solenoid, Stepper
from cellwright.errors import InputError
from cellwright.hardware import firmware_profiles
from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.emulator.world import Wiring
from cellwright.hardware.fault_injection import read_fault
from cellwright.sensors.hx711 import Hx711
from cellwright.sequences import RunLog
from cellwright.sim import model_rig
from cellwright.sim.agreement import run_on_target
from cellwright.sim.targets.emulated import emulated_rig, firmware_hex, wiring_of

pytestmark = pytest.mark.emulated

US = CLOCK_HZ // 1_000_000
QUICK_PERSON = [
    "operator.response_s=1",
    "operator.walk_s=1",
    "manual.felt_mods=1",
    "manual.slat_mods=1",
    "manual.press_start_mods=1",
]
"""The stapler's axes begin to home some seconds after power-up; a person of flesh takes over a minute."""

NIMBLE = ["manual.mod_s=0.01", "operator.response_s=1", "operator.walk_s=1"]
"""While a person works, the firmware only waits, at the emulator's expense."""


@pytest.fixture
def power_up():
    """Puts cells on emulated Arduinos; skips where emulator or firmware are not built."""
    rigs = []

    def make(cell, settings=(), **options):
        scenario = cells.load(cell).scenario(settings, firmware="cellwright")
        needs_emulator(scenario.study.cell.arduino)
        rigs.append(emulated_rig(scenario, 1, 0, **options))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.arduino.close()


def needs_emulator(kind):
    try:
        find_library()
        firmware_hex(kind)
    except InputError as error:
        pytest.skip(str(error))


# The stapler and the tapes are made on real firmware in tests/cellwright/cli/commands/test_agree.py.
def test_a_can_takes_on_real_firmware_what_it_takes_on_the_model():
    scenario = cells.load("lacquer_mixer").scenario([*NIMBLE, "stirring_rules.stir_s=10"], firmware="cellwright")
    needs_emulator(scenario.study.cell.arduino)
    real, model = (run_on_target(target, scenario, 1, 1) for target in ("emulated", "model"))
    assert real.cycle_time_s == pytest.approx(model.cycle_time_s, rel=0.02)
    shared = real.actions.keys() & model.actions.keys()
    assert {name: real.actions[name] for name in shared} == {name: model.actions[name] for name in shared}
    assert len(shared) >= 4


def test_a_mega_doses_as_the_model_does(power_up):
    """The first doses of its can: a whole one takes a Mega's emulator half a minute."""
    rig = power_up("lacquer_mixer_mega", NIMBLE)
    began_s = rig.env.now
    model = model_rig(cells.load("lacquer_mixer_mega").scenario(NIMBLE, firmware="cellwright"), 1, 0)
    pumped = []
    for each, since_s, world in ((rig, began_s, rig.world), (model, 0.0, model.model)):
        while each.cell.state != "dosing":
            each.env.step()
        entered_s = each.env.now - since_s
        each.env.run(until=each.env.now + 10.0)
        pumped.append((entered_s, world.axis(each.cell.pump_1.step).true_position))
    (real_s, real_steps), (model_s, model_steps) = pumped
    assert rig.arduino.kind == "mega"
    assert real_s == pytest.approx(model_s, rel=0.02)
    assert real_steps == pytest.approx(model_steps, rel=0.05)
    assert real_steps > 1000


def first_moves(rig, log):
    """Every event of a run until its axes have begun to home, and every step, to the cycle."""
    axes = [rig.world.axis(device.step).number for device in (rig.cell.bridge, rig.cell.carriage)]
    for axis in axes:
        rig.arduino.chip.log_steps(axis, 200_000)
    while rig.cell.state != "homing":
        rig.env.step()
    rig.env.run(until=rig.env.now + 8.0)
    events = log.connection.execute("SELECT at_s, state, source, what, value FROM event ORDER BY rowid").fetchall()
    return events, [step for axis in axes for step in rig.arduino.chip.logged_steps(axis)]


def test_the_same_run_twice_is_the_same_to_the_cycle(power_up):
    logs = [RunLog(":memory:"), RunLog(":memory:")]
    first, second = (first_moves(power_up("stapler", QUICK_PERSON, log=log), log) for log in logs)
    assert first == second
    events, steps = first
    assert len(events) > 5
    assert len(steps) > 1000


def test_it_homes_at_its_switches_steps_as_drivers_need_and_stops_by_itself_when_the_line_is_cut(power_up):
    rig = power_up("stapler", QUICK_PERSON)
    bridge = rig.world.axis(rig.cell.bridge.step)
    assert bridge.true_position > 1000
    while rig.cell.state in ("waiting", "homing"):
        rig.env.step()
    assert rig.cell.bridge.is_homed
    assert bridge.true_position == 0  # where its switch closes
    rig.env.run(until=rig.env.now + 1.0)
    seen = rig.arduino.chip.axis(bridge.number)
    assert seen.steps > 1000
    assert seen.min_high >= 2 * US
    assert seen.min_low >= 2 * US
    assert seen.min_set_up >= 20 * US
    while not bridge.is_moving:
        rig.env.step()
    rig.faults.link.cut()
    rig.env.run(until=rig.env.now + 3.0)
    stands_at = bridge.true_position
    assert not bridge.is_moving
    assert not rig.world.output(rig.cell.trigger.pin).level
    assert rig.cell.state == "faulted"
    rig.env.run(until=rig.env.now + 1.0)
    assert bridge.true_position == stands_at


def test_firmware_that_is_not_compiled_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(firmware_profiles, "HEX_FOLDER", tmp_path)
    with pytest.raises(InputError, match="no firmware for the Uno: run 'make firmware' in its checkout"):
        emulated_rig(cells.load("stapler").scenario(), 1, 0)


def test_wiring_holds_outputs_safe_and_contacts_open_and_knows_drivers_scales_and_pwm():
    axis = {"steps_per_mm": 40, "max_speed": 100, "max_acceleration": 1000, "travel": (0, 100)}
    pump = {"steps_per_rev": 1600, "ml_per_rev": 1, "max_rpm": 100, "max_acceleration": 5}
    devices = [
        Stepper(step=2, dir=3, home_pin=9, enable=4, **axis),
        Pump(step=5, dir=6, inverted=True, **pump),
        Motor(pin=10),
        Lamp(pin=11),
        Solenoid(pin=12, pulse_s=0.1, rest_s=0.1, max_on_s=0.2, active_low=True),
        Hx711(data=14, clock=15, capacity_g=5000, samples_per_s=80),
    ]
    assert wiring_of(devices) == Wiring(
        drivers={2: (3, False), 5: (6, True)},
        pwm=frozenset({10}),
        resting={4: True, 9: True, 10: False, 11: False, 12: True},
        samples_per_s={(14, 15): 80},
    )


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("panel_in_place:open@2", "panel_in_place"),
        ("bridge:home_open", "bridge"),
        ("brownout@8", "the emulated Arduino"),
    ],
)
def test_faults_strike_real_firmware(power_up, fault, reason):
    rig = power_up("stapler", QUICK_PERSON)
    rig.faults.schedule(read_fault(fault, rig.cell.devices))
    while not rig.cell.is_stopped and rig.env.now < 200:
        rig.env.step()
    assert reason in rig.cell.last_stop.reason
    assert not rig.world.output(rig.cell.trigger.pin).level
