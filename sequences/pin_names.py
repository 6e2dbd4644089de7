"""The names of pins: "A0" wherever a device takes a pin, and which pin that is on the cell's Arduino."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cellwright.hardware.device import Device
from cellwright.hardware.firmata.protocol.pin_maps import ANALOG_NAME, PIN_MAPS, ArduinoModel, PinMap

NO_BOARDS_PIN = 1_000_003
"""A number that no board's pin has: the pin of a device that becomes it belongs to the field that was set to it."""


def with_pin_numbers(device: Device, arduino: ArduinoModel) -> None:
    """Set the fields of a device that name a pin, "A0", to its number; a name that the board lacks stays."""
    if arduino in tuple(PIN_MAPS):  # what is no Arduino at all, is said when the description is checked
        for field, value in _named(device):
            setattr(device, field, _numbered(value, PIN_MAPS[arduino]))


def pin_name_problems(device: Device, arduino: ArduinoModel) -> Iterator[str]:
    """The names that are no pin of the board, as clauses that follow the device's name."""
    pin_map = PIN_MAPS[arduino]
    for field, value in _named(device):
        yield (
            f"has the {field} {value!r}, which is no pin of an {pin_map.name}; give a number, or the name of an analog "
            f"input, {pin_map.analog_names}"
        )


def is_pin_name(device: Any, field: str, text: str) -> bool:
    """Whether ``text`` has the form "A0" and a field of a device is a pin, as the device's own ``pins`` say."""
    if ANALOG_NAME.fullmatch(text.strip()) is None or field not in _whole_numbers(device.__class__):
        return False
    try:
        moved: Any = {field: NO_BOARDS_PIN}
        pins = dataclasses.replace(device, **moved).pins().values()
    except Exception:  # a class of the user's own, which may refuse such a number in any way
        return False
    return any(NO_BOARDS_PIN in (pin.number, pin.partner) for pin in pins)


def _named(device: Any) -> Iterator[tuple[str, Any]]:
    """The fields that take a whole number and hold a text, or a tuple with one."""
    for field in _whole_numbers(device.__class__):
        value = getattr(device, field)
        if isinstance(value, str) or (isinstance(value, (tuple, list)) and any(isinstance(it, str) for it in value)):
            yield field, value


@lru_cache(maxsize=256)
def _whole_numbers(kind: type) -> tuple[str, ...]:
    """The fields of a class that take a whole number, one or none, or several."""
    hints = typing.get_type_hints(kind)
    return tuple(field.name for field in dataclasses.fields(kind) if field.init and _takes_number(hints[field.name]))


def _takes_number(field_type: Any) -> bool:
    parts = typing.get_args(field_type)
    return field_type is int or (any(map(_takes_number, parts)) and str not in parts)


def _numbered(value: Any, pin_map: PinMap) -> Any:
    if isinstance(value, (tuple, list)):
        return type(value)(_numbered(each, pin_map) for each in value)
    number = pin_map.number(value) if isinstance(value, str) else None
    return value if number is None else number
