"""Cellwright: describe a production cell once, simulate it and its economics, then run the same description on it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

# In a checkout the package folders are beside this folder, not inside it (see pyproject.toml).
_here = Path(__file__).resolve().parent
if (_here.parent / "pyproject.toml").is_file() and (_here.parent / "hardware").is_dir():
    __path__[:0] = [str(_here), str(_here.parent)]

if TYPE_CHECKING:
    from cellwright.actuators import Buzzer, CharacterDisplay, Lamp, Motor, Pump, Solenoid, Stepper, Valve
    from cellwright.errors import CellFault, CellwrightError, DescriptionError, InputError, StepTimeoutError
    from cellwright.provenance import assumed, measured, published, vendor
    from cellwright.sensors import Button, Encoder, Hx711, Nau7802, SerialScale, Switch
    from cellwright.sequences import Cell, Settings, dose_to_mass, home

# The folder of each public name. Names are imported on first use, which keeps `cellwright --help` quick.
_FOLDERS = {
    "Button": "sensors",
    "Buzzer": "actuators",
    "Cell": "sequences",
    "CellFault": "errors",
    "CellwrightError": "errors",
    "CharacterDisplay": "actuators",
    "DescriptionError": "errors",
    "Encoder": "sensors",
    "Hx711": "sensors",
    "InputError": "errors",
    "Lamp": "actuators",
    "Motor": "actuators",
    "Nau7802": "sensors",
    "Pump": "actuators",
    "SerialScale": "sensors",
    "Settings": "sequences",
    "Solenoid": "actuators",
    "Stepper": "actuators",
    "Switch": "sensors",
    "StepTimeoutError": "errors",
    "Valve": "actuators",
    "assumed": "provenance",
    "dose_to_mass": "sequences",
    "home": "sequences",
    "measured": "provenance",
    "published": "provenance",
    "vendor": "provenance",
}

__all__ = [
    "Button",
    "Buzzer",
    "Cell",
    "CellFault",
    "CellwrightError",
    "CharacterDisplay",
    "DescriptionError",
    "Encoder",
    "Hx711",
    "InputError",
    "Lamp",
    "Motor",
    "Nau7802",
    "Pump",
    "SerialScale",
    "Settings",
    "Solenoid",
    "StepTimeoutError",
    "Stepper",
    "Switch",
    "Valve",
    "assumed",
    "dose_to_mass",
    "home",
    "measured",
    "published",
    "vendor",
]


def __getattr__(name: str) -> Any:
    if name not in _FOLDERS:
        raise AttributeError(f"cellwright has no name {name!r}")
    return getattr(importlib.import_module(f"cellwright.{_FOLDERS[name]}"), name)
