"""Pin maps: what real firmware answered, and what boards have in common."""

from __future__ import annotations

import pytest

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.pin_maps import MEGA, NANO, PIN_MAPS, UNO

DIGITAL = "00 01 0b 01 01 01"
OURS = "00 01 01 01 0b 01"  # OUTPUT right after INPUT: pyFirmata looks for these two


def answer(pin_map, firmware, pin):
    return messages.capabilities([pin_map.capabilities(pin, firmware)])[2:-1].hex(" ")


@pytest.mark.parametrize(
    ("pin_map", "firmware", "pin", "expected"),
    [
        (UNO, "standard", 0, "7f"),
        (UNO, "standard", 1, "7f"),
        (UNO, "standard", 2, f"{DIGITAL} 04 0e 7f"),
        (UNO, "standard", 3, f"{DIGITAL} 03 08 04 0e 7f"),
        (UNO, "standard", 14, f"{DIGITAL} 02 0a 04 0e 7f"),
        (UNO, "standard", 18, f"{DIGITAL} 02 0a 04 0e 06 01 7f"),
        (UNO, "configurable", 2, f"{DIGITAL} 04 0e 08 15 09 1c 7f"),
        (UNO, "configurable", 4, f"{DIGITAL} 04 0e 08 15 7f"),
        (UNO, "configurable", 14, f"{DIGITAL} 02 0a 08 15 7f"),
        (UNO, "configurable", 19, f"{DIGITAL} 02 0a 06 01 08 15 7f"),
        (NANO, "standard", 20, "02 0a 7f"),
        (NANO, "configurable", 21, "02 0a 7f"),
        (MEGA, "standard", 46, f"{DIGITAL} 03 08 04 0e 7f"),
        (MEGA, "standard", 20, f"{DIGITAL} 04 0e 06 01 7f"),
        (MEGA, "configurable", 21, f"{DIGITAL} 04 0e 06 01 08 15 09 1c 7f"),
        (MEGA, "configurable", 50, f"{DIGITAL} 08 15 7f"),
        (MEGA, "configurable", 69, f"{DIGITAL} 02 0a 08 15 7f"),
    ],
)
def test_pins_answer_as_on_the_real_board(pin_map, firmware, pin, expected):
    assert answer(pin_map, firmware, pin) == expected


@pytest.mark.parametrize(
    ("pin_map", "pin", "expected"),
    [
        (UNO, 1, "7f"),
        (UNO, 3, f"{OURS} 03 08 04 0e 08 20 09 1c 7f"),
        (UNO, 9, f"{OURS} 04 0e 08 20 09 1c 7f"),
        (UNO, 18, f"{OURS} 02 0a 04 0e 06 01 08 20 09 1c 7f"),
        (NANO, 21, "02 0a 7f"),
        (MEGA, 12, f"{OURS} 04 0e 08 20 09 1c 7f"),
        (MEGA, 10, f"{OURS} 03 08 04 0e 08 20 09 1c 7f"),
        (MEGA, 4, f"{OURS} 03 08 04 0e 08 20 7f"),
    ],
)
def test_cellwright_firmata_needs_a_timer_for_itself_and_counts_edges_wherever_they_interrupt(pin_map, pin, expected):
    assert answer(pin_map, "cellwright", pin) == expected


def test_numbers_of_pins_ports_and_channels():
    assert [(each.pins, each.ports, len(each.analog)) for each in (UNO, NANO, MEGA)] == [
        (20, 3, 6),
        (22, 3, 8),
        (70, 9, 16),
    ]
    assert [UNO.channel(pin) for pin in (13, 14, 19)] == [None, 0, 5]
    assert [NANO.channel(pin) for pin in (19, 20, 21)] == [5, 6, 7]
    assert [MEGA.channel(pin) for pin in (53, 54, 69)] == [None, 0, 15]


def with_mode(pin_map, mode):
    return [pin for pin in range(pin_map.pins) if mode in pin_map.capabilities(pin, "configurable")]


def test_pwm_and_interrupt_pins():
    assert with_mode(UNO, PinMode.PWM) == with_mode(NANO, PinMode.PWM) == [3, 5, 6, 9, 10, 11]
    assert with_mode(MEGA, PinMode.PWM) == [*range(2, 14), 44, 45, 46]
    assert with_mode(UNO, PinMode.ENCODER) == [2, 3]
    assert with_mode(MEGA, PinMode.ENCODER) == [2, 3, 18, 19, 20, 21]


@pytest.mark.parametrize("kind", PIN_MAPS)
def test_standard_firmata_has_neither_steppers_nor_encoders(kind):
    for pin in range(PIN_MAPS[kind].pins):
        assert not {PinMode.STEPPER, PinMode.ENCODER} & set(PIN_MAPS[kind].capabilities(pin, "standard"))
