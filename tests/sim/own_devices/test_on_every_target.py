"""Own devices that need each thing that a board can be asked for do the same on every target."""

from __future__ import annotations

import pytest
from gadgets import CASES, Balance, Beam, Pressure, nothing, scenario_of

from cellwright.errors import InputError
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.pins import Feature
from cellwright.sim import model_rig, virtual_rig
from cellwright.sim.targets.emulated import emulated_rig


def test_there_is_an_own_device_for_each_need():
    assert CASES.keys() == set(Feature)
    for feature, case in CASES.items():
        assert {need.feature for need in case.make(pin=case.pin).needs()} == {feature}


def look_at(rig, case, pin):
    """Run a rig for three seconds, and look."""
    try:
        rig.env.run(until=rig.env.now + 3.0)
        assert rig.cell.last_stop is None and rig.cell.finished > 3
        return case.look(rig, getattr(rig, "model", None) or rig.world, pin)
    finally:
        rig.close()


def needs_file(name):
    """A file of the emulator; skips the test if it is missing."""
    try:
        path = find_library().parent / name
    except InputError as error:
        pytest.skip(str(error))
    if not path.exists():
        pytest.skip(f"{name} is missing; run 'sh hardware/emulator/build.sh', which prints what it needs.")
    return path


def make(target):
    """What makes the rig of a target; skips the test if the emulated chip is not built."""
    if target == "emulated":
        needs_file("chip.so")
    return {"model": model_rig, "virtual": virtual_rig, "emulated": emulated_rig}[target]


EVERY_TARGET = pytest.mark.parametrize(
    "target", ["model", "virtual", pytest.param("emulated", marks=pytest.mark.emulated)]
)
PLACES = [
    *(("uno", feature, CASES[feature].pin) for feature in CASES),
    ("nano", Feature.ANALOG, 20),
    ("nano", Feature.ANALOG, 21),
    ("nano", Feature.SERVO, 3),
    ("mega", Feature.ANALOG, 54),
    ("mega", Feature.ANALOG, 62),
    ("mega", Feature.ANALOG, 69),
    ("mega", Feature.SERVO, 44),
    ("mega", Feature.SERVO, 69),
    ("mega", Feature.PWM, 45),
    ("mega", Feature.I2C, 4),
]
"""Of each kind of pin one; A6 and A7 of a Nano and the upper eight channels of a Mega are converted otherwise."""
IDS = [f"{kind}-{feature.name}-{pin}" for kind, feature, pin in PLACES]


@pytest.mark.parametrize(("kind", "feature", "pin"), PLACES, ids=IDS)
@EVERY_TARGET
def test_it_is_the_same_on_every_target(target, kind, feature, pin):
    case = CASES[feature]
    scenario = scenario_of(kind, "cellwright", case.wire, pin, gadget=case.make(pin=pin))
    assert look_at(make(target)(scenario, 1, 0), case, pin) == pytest.approx(case.expected, abs=case.within + 1e-9)


@EVERY_TARGET
@pytest.mark.parametrize("active_low", [True, False])
def test_a_contact_that_no_plant_touches_is_open(target, active_low):
    case = CASES[Feature.INPUT]._replace(wire=nothing)
    scenario = scenario_of("uno", "cellwright", gadget=Beam(pin=4, active_low=active_low))
    assert look_at(make(target)(scenario, 1, 0), case, 4) is active_low


@pytest.mark.emulated
def test_a_contact_is_open_on_firmware_without_pull_ups_too():
    """StandardFirmata 2.4 has none: the resistor that the host asks for is wired."""
    scenario = scenario_of("uno", "cellwright", gadget=Beam(pin=4))
    rig = emulated_rig(scenario, 1, 0, hex_path=needs_file("StandardFirmata-uno.hex"))
    assert look_at(rig, CASES[Feature.INPUT], 4) is True
    assert rig.board.notes[0] == "Pin 4 has no pull-up in this firmware: wire a resistor of 10 kΩ to 5 V."


@pytest.mark.emulated
@pytest.mark.parametrize(("kind", "is_said"), [("uno", False), ("mega", True)])  # 2.4 and 2.3
def test_firmware_that_does_not_report_a_closed_contact_at_the_start_is_said(kind, is_said):
    scenario = scenario_of(kind, "cellwright", gadget=Beam(pin=4))
    rig = emulated_rig(scenario, 1, 0, hex_path=needs_file(f"StandardFirmata-{kind}.hex"))
    rig.close()
    assert (
        any("does not report an input that is low when the run begins" in note for note in rig.board.notes) is is_said
    )


@EVERY_TARGET
def test_a_balance_that_no_plant_stands_behind_sends_no_sample(target):
    scenario = scenario_of("uno", "cellwright", gadget=Balance(pin=11))
    rig = make(target)(scenario, 1, 0)
    rig.env.run(until=rig.env.now + 3.0)
    rig.close()
    assert rig.cell.last_stop.reason == "gadgets, working: gadget sent no sample within 1 s."


def test_a_virtual_board_sends_the_very_number_that_the_chip_converts():
    """Both as the datasheet says, so that a threshold in a cell is crossed on both or on neither."""
    case = CASES[Feature.ANALOG]
    scenario = scenario_of("uno", "cellwright", case.wire, 15, gadget=Pressure(pin=15))
    assert look_at(virtual_rig(scenario, 1, 0), case, 15) == int(3.21 * 1024 / 5) * 5 / 1023


@pytest.mark.parametrize("feature", CASES, ids=lambda feature: feature.name)
def test_stock_firmware_has_it_or_says_what_is_lacking(feature):
    """ConfigurableFirmata on the virtual Arduino: only an HX711 it cannot read."""
    case = CASES[feature]
    scenario = scenario_of("uno", "configurable", case.wire, case.pin, gadget=case.make(pin=case.pin))
    if feature is Feature.CONVERTER:
        with pytest.raises(InputError, match=r"gadget needs firmware that reads an HX711 \(pins 11 and 12\)"):
            virtual_rig(scenario, 1, 0)
        return
    assert look_at(virtual_rig(scenario, 1, 0), case, case.pin) == pytest.approx(case.expected, abs=case.within + 1e-9)


STOCK_PLACES = [
    *(("uno", feature, CASES[feature].pin) for feature in CASES),
    ("mega", Feature.ANALOG, 69),
    ("mega", Feature.SERVO, 9),
    ("mega", Feature.PWM, 5),
    ("mega", Feature.I2C, 4),
]


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("kind", "feature", "pin"), STOCK_PLACES, ids=[f"{kind}-{feature.name}" for kind, feature, _ in STOCK_PLACES]
)
def test_real_stock_firmware_has_it_or_says_what_is_lacking(kind, feature, pin):
    case = CASES[feature]
    hex_path = needs_file(f"StandardFirmata-{kind}.hex")
    scenario = scenario_of(kind, "cellwright", case.wire, pin, gadget=case.make(pin=pin))
    if not case.is_stock:
        with pytest.raises(InputError, match=r"^\w+: gadget needs .*; this board runs StandardFirmata 2\.\d"):
            emulated_rig(scenario, 1, 0, hex_path=hex_path)
        return
    found = look_at(emulated_rig(scenario, 1, 0, hex_path=hex_path), case, pin)
    assert found == pytest.approx(case.expected, abs=case.within + 1e-9)
