"""What the virtual Arduino takes for granted of CellwrightFirmata is what its source says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cellwright.hardware.firmata.virtual.cellwright import FEATURES_BY_MODEL
from cellwright.hardware.firmata.virtual.cellwright_homing import MAX_HOMINGS

SKETCH = Path(__file__).parents[4] / "hardware" / "firmware" / "CellwrightFirmata"
NAMES = {
    "DEVICES": "devices",
    "GROUPS": "groups",
    "ENCODERS": "encoders",
    "LIMITERS": "outputs",
    "CONVERTERS": "converters",
    "TIMED_INPUTS": "inputs",
}


def constants(text):
    return {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)[,;]", text)}


@pytest.fixture(scope="module")
def chips():
    """The constants of both chips, and those that they share."""
    mega, rest = (SKETCH / "src" / "core" / "chip.h").read_text().split("#else", 1)
    uno, shared = rest.split("constexpr uint8_t PORTS", 1)
    nano = uno.split("CELLWRIGHT_NANO", 1)[1].split("#else", 1)[0]
    both = {"mega": constants(mega), "uno": constants(uno), "both": constants(shared)}
    return both | {"nano": both["uno"] | constants(nano)}


@pytest.mark.parametrize("kind", ["uno", "nano", "mega"])
def test_there_is_as_much_of_each_thing(chips, kind):
    has = FEATURES_BY_MODEL[kind]
    assert {name: getattr(has, field) for name, field in NAMES.items()} == {name: chips[kind][name] for name in NAMES}
    assert has.chip == chips[kind]["CHIP"]
    assert MAX_HOMINGS[has.chip] == chips[kind]["HOMINGS"]


def test_the_step_rates_are_the_same(chips):
    assert (FEATURES_BY_MODEL["uno"].one_axis, FEATURES_BY_MODEL["uno"].all_axes) == (
        chips["both"]["MAX_STEP_RATE_ONE_AXIS"],
        chips["both"]["MAX_STEP_RATE_ALL_AXES"],
    )
