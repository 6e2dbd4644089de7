"""What the virtual Arduino takes for granted of CellwrightFirmata is what its source says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cellwright.hardware.firmata.virtual.cellwright import HAS
from cellwright.hardware.firmata.virtual.cellwright_homing import AT_ONCE

SKETCH = Path(__file__).parents[4] / "hardware" / "firmware" / "CellwrightFirmata"
NAMES = {
    "DEVICES": "devices",
    "GROUPS": "groups",
    "ENCODERS": "encoders",
    "GUARDS": "outputs",
    "CONVERTERS": "converters",
    "TIMED_INPUTS": "inputs",
}


def constants(text):
    return {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)[,;]", text)}


@pytest.fixture(scope="module")
def chips():
    """The constants of both chips, and those that they share."""
    mega, rest = (SKETCH / "chip.h").read_text().split("#else", 1)
    uno, shared = rest.split("constexpr uint8_t PORTS", 1)
    nano = uno.split("CELLWRIGHT_NANO", 1)[1].split("#else", 1)[0]
    both = {"mega": constants(mega), "uno": constants(uno), "both": constants(shared)}
    return both | {"nano": both["uno"] | constants(nano)}


@pytest.mark.parametrize("kind", ["uno", "nano", "mega"])
def test_there_is_as_much_of_each_thing(chips, kind):
    has = HAS[kind]
    assert {name: getattr(has, field) for name, field in NAMES.items()} == {name: chips[kind][name] for name in NAMES}
    assert has.chip == chips[kind]["CHIP"]
    assert AT_ONCE[has.chip] == chips[kind]["HOMINGS"]


def test_the_step_rates_are_the_same(chips):
    assert (HAS["uno"].one_axis, HAS["uno"].all_axes) == (
        chips["both"]["MAX_STEPS_ONE"],
        chips["both"]["MAX_STEPS_ALL"],
    )
