"""The library of the emulated chip: its path and its functions."""

from __future__ import annotations

import ctypes
import functools
from pathlib import Path
from typing import Any

from cellwright.errors import InputError

BUILD_SCRIPT = "hardware/emulator/build.sh"


def find_library() -> Path:
    """The emulated chip, as built in this checkout.

    Raises InputError if it is not built.
    """
    for folder in Path(__file__).resolve().parents:
        path = folder / "build" / "emulator" / "chip.so"
        if path.exists():
            return path
    raise InputError(f"The emulated chip is not built; run 'sh {BUILD_SCRIPT}' in a checkout of Cellwright.")


class RawEvent(ctypes.Structure):
    """An event, in the memory layout of the library; see chip.h."""

    _fields_ = [
        ("cycle", ctypes.c_uint64),
        ("kind", ctypes.c_uint8),
        ("value", ctypes.c_uint8),
        ("port", ctypes.c_uint8),
        ("bit", ctypes.c_uint8),
    ]


class RawAxis(ctypes.Structure):
    """What a driver saw of its pins, in the memory layout of the library."""

    NAMES = ("position", "steps", "last_step", "min_high", "min_low", "min_set_up", "min_interval")
    _fields_ = [("position", ctypes.c_int64), *((name, ctypes.c_uint64) for name in NAMES[1:])]


class RawStep(ctypes.Structure):
    """A step in an axis's log."""

    _fields_ = [("cycle", ctypes.c_uint64), ("position", ctypes.c_int64)]


_CHIP, _INT, _SIZE, _CYCLES = ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t, ctypes.c_uint64
_COUNT, _REAL, _TEXT = ctypes.c_int64, ctypes.c_double, ctypes.c_char_p
_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "chip_new": (_CHIP, [_TEXT, _TEXT, _SIZE, ctypes.c_uint32, _REAL]),
    "chip_free": (None, [_CHIP]),
    "chip_reset": (None, [_CHIP, _INT]),
    "chip_cycle": (_CYCLES, [_CHIP]),
    "chip_feed": (None, [_CHIP, _TEXT, _SIZE]),
    "chip_run": (_INT, [_CHIP, _CYCLES, ctypes.POINTER(RawEvent), _INT]),
    "chip_flash": (None, [_CHIP, _SIZE, _SIZE, _TEXT]),
    "chip_memory": (None, [_CHIP, _SIZE, _SIZE, _TEXT]),
    "chip_set_memory": (None, [_CHIP, _SIZE, _SIZE, _TEXT]),
    "chip_set_input": (None, [_CHIP, _INT, _INT, _INT]),
    "chip_freeze": (None, [_CHIP, _INT, _INT]),
    "chip_set_adc": (None, [_CHIP, _INT, _REAL]),
    "chip_watch": (None, [_CHIP, _INT, _INT, _INT]),
    "chip_pin_level": (_INT, [_CHIP, _INT, _INT]),
    "chip_is_held": (_INT, [_CHIP, _INT, _INT]),
    "chip_drives": (_INT, [_CHIP, _INT, _INT]),
    "chip_pulses": (None, [_CHIP, _INT, _INT, ctypes.POINTER(_CYCLES)]),
    "chip_servo_pulse": (_CYCLES, [_CHIP, _INT, _INT]),
    "chip_duty": (_REAL, [_CHIP, _INT, _INT]),
    "axis_new": (_INT, [_CHIP, _INT, _INT, _INT, _INT, _INT, _INT]),
    "axis_see": (None, [_CHIP, _INT, ctypes.POINTER(RawAxis)]),
    "axis_place": (None, [_CHIP, _INT, _COUNT]),
    "axis_trip": (_INT, [_CHIP, _INT, _COUNT, _INT, _INT, _INT]),
    "axis_log": (None, [_CHIP, _INT, _SIZE]),
    "axis_logged": (_SIZE, [_CHIP, _INT]),
    "axis_read_log": (None, [_CHIP, _INT, ctypes.POINTER(RawStep)]),
    "encoder_new": (_INT, [_CHIP, _INT, _INT, _INT, _INT]),
    "encoder_turn": (None, [_CHIP, _INT, _COUNT, _REAL]),
    "encoder_count": (_COUNT, [_CHIP, _INT]),
    "converter_new": (_INT, [_CHIP, _INT, _INT, _INT, _INT, _REAL]),
    "converter_give": (None, [_CHIP, _INT, ctypes.c_int32]),
    "converter_skip": (None, [_CHIP, _INT]),
    "converter_gain": (_INT, [_CHIP, _INT]),
    "converter_longest_high": (_CYCLES, [_CHIP, _INT]),
    "bus_put": (None, [_CHIP, _INT, _INT]),
    "bus_take": (_SIZE, [_CHIP, _TEXT]),
    "bus_give": (None, [_CHIP, _TEXT, _SIZE]),
}


@functools.cache
def load_library(library: Path) -> ctypes.CDLL:
    """The library with its functions declared. Raises InputError if it does not load."""
    try:
        loaded = ctypes.CDLL(str(library))
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(loaded, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError) as error:
        raise InputError(f"{library} cannot be loaded ({error}); run 'sh {BUILD_SCRIPT}' again.") from error
    return loaded
