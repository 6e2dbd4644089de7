"""What a board lacks that an own device needs is said in one sentence, by ``check`` and before anything runs."""

from __future__ import annotations

import re

import pytest
from gadgets import Flap, Heater, Pressure, Thermometer, scenario_of

from cellwright.cli.commands.describe import find_problems
from cellwright.errors import InputError
from cellwright.sim import virtual_rig


def flaps(*pins):
    return {f"flap_{pin}": Flap(pin=pin) for pin in pins}


@pytest.mark.parametrize(
    ("kind", "firmware", "devices", "lack"),
    [
        (
            "uno",
            "cellwright",
            {"probe": Pressure(pin=5)},
            "probe needs an analog input on pin 5 (it has that on A0 to A5)",
        ),
        ("uno", "cellwright", {"probe": Pressure(pin=20)}, "probe needs an analog input on pin 20"),
        ("nano", "cellwright", {"probe": Pressure(pin=20)}, ""),
        (
            "mega",
            "cellwright",
            {"probe": Pressure(pin=14)},
            "probe needs an analog input on pin 14 (it has that on A0 to A15)",
        ),
        ("uno", "cellwright", flaps(20), "flap_20 needs a servo on pin 20"),
        ("nano", "cellwright", flaps(21), "flap_21 needs a servo on A7 (pin 21) (an analog input only)"),
        ("uno", "configurable", flaps(14), "flap_14 needs a servo on A0 (pin 14) (it has that on 2 to 13)"),
        ("uno", "cellwright", flaps(2, 3, 4, 5), ""),
        ("uno", "cellwright", flaps(2, 3, 4, 5, 6), "flap_6 needs one servo more than the firmware's 4"),
        ("nano", "cellwright", flaps(2, 3, 4), "flap_4 needs one servo more than the firmware's 2"),
        ("mega", "cellwright", flaps(*range(22, 30)), ""),
        ("mega", "cellwright", flaps(*range(22, 31)), "flap_30 needs one servo more than the firmware's 8"),
        ("uno", "configurable", flaps(*range(2, 14)), ""),
        ("uno", "cellwright", {"heater": Heater(pin=9)}, "heater needs PWM on pin 9 (it has that on 3, 5, 6 and 11)"),
        ("uno", "configurable", {"heater": Heater(pin=9)}, ""),
        (
            "uno",
            "configurable",
            {"heater": Heater(pin=9), **flaps(4)},
            "heater needs PWM on another pin than 9, whose timer makes the pulses of servos in this firmware",
        ),
        (
            "mega",
            "configurable",
            {"heater": Heater(pin=44), **flaps(4)},
            "heater needs PWM on another pin than 44, whose timer makes the pulses of servos in this firmware",
        ),
        ("mega", "configurable", {"heater": Heater(pin=11), **flaps(*range(22, 34))}, ""),
        (
            "mega",
            "configurable",
            {"heater": Heater(pin=11), **flaps(*range(22, 35))},
            "heater needs PWM on another pin than 11, whose timer makes the pulses of servos in this firmware",
        ),
        (
            "uno",
            "cellwright",
            {"probe": Pressure(pin=18), "thermometer": Thermometer()},
            "probe needs another pin than A4 (pin 18), which belongs to the I2C bus",
        ),
    ],
)
def test_check_says_what_a_board_lacks(kind, firmware, devices, lack):
    scenario = scenario_of(kind, firmware, **devices)
    problems = find_problems(scenario)
    assert [each.partition("; this board runs")[0] for each in problems] == ([f"gadgets: {lack}"] if lack else [])
    if lack:
        with pytest.raises(InputError, match=re.escape(lack)):
            virtual_rig(scenario, 1, 0)
