"""Every parameter that ``--set`` takes, as a list: name, value, unit, status and source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from cellwright.provenance import Figure
from cellwright.sequences.parameters import fields_of, inputs_of
from cellwright.sequences.settings import Settings

UNITS = {
    "mm": "mm", "m": "m", "s": "s", "min": "min", "h": "h", "g": "g", "kg": "kg", "n": "N", "ml": "mL", "l": "L",
    "c": "°C", "celsius": "°C", "percent": "%", "nok": "NOK", "mods": "MOD", "rpm": "rpm", "ppm": "ppm", "v": "V",
    "mv": "mV", "nv": "nV", "w": "W", "a": "A", "ma": "mA", "hz": "Hz", "ms": "ms", "us": "µs", "kwh": "kWh",
    "cst": "cSt", "bar": "bar", "rev": "rev",
}  # fmt: skip
"""The unit that the last word of a name stands for."""
A_FILE = "FILE.toml"


@dataclass(frozen=True, slots=True)
class ParameterDescription:
    """One parameter. value: as ``--set`` takes it. status, source: empty for what is no input, such as a pin."""

    name: str
    value: str
    unit: str
    status: str
    source: str


def list_parameters(parameters: Mapping[str, Any]) -> Iterator[ParameterDescription]:
    """The parameters of devices, settings, plant, operator and manual method, a user's own ones included.

    Settings as a whole are set by a file; a table in them, such as a cut list, only so.
    """
    status = {name: each for name, _, each in inputs_of(parameters)}
    for name, holder in parameters.items():
        if isinstance(holder, Settings):
            yield ParameterDescription(name, A_FILE, "", holder.status, holder.source)
        for field in fields_of(holder):
            value = getattr(holder, field)
            if isinstance(holder, Settings) and (field in ("status", "source") or not _is_one_value(value)):
                continue
            key = f"{name}.{field}"
            source = holder.source if isinstance(holder, Settings) else _source_of(value)
            known = status.get(key, "")
            yield ParameterDescription(key, _text(value), unit_of(holder, field), known, source if known else "")


def unit_of(holder: Any, field: str) -> str:
    """The unit of a field: what its class says of it in ``units``, or else what its name ends with.

    Example:
        >>> unit_of(None, "pulse_s"), unit_of(None, "push_mm_s"), unit_of(None, "jams_per_1000_staples")
        ('s', 'mm/s', 'per 1000 staples')
    """
    own: Mapping[str, str] = getattr(type(holder), "units", {})
    if field in own:
        return own[field]
    words = field.partition("_at_")[0].split("_")
    if "per" in words:
        place = words.index("per")
        what, each = words[place - 1], words[place + 1 :]
        if re.fullmatch(r"\d+", each[0] if each else ""):
            return f"per {' '.join(each)}"
        return f"{UNITS.get(what, what)}/{UNITS.get('_'.join(each), ' '.join(each))}"
    if words[-1] == "s" and words[-2:-1] and words[-2] in ("mm", "m", "g", "ml"):
        return f"{UNITS[words[-2]]}/s"
    return UNITS.get(words[-1], "") if len(words) > 1 or words[-1] == "celsius" else ""


def _is_one_value(value: object) -> bool:
    parts = value if isinstance(value, tuple) else (value,)
    return not any(isinstance(part, (BaseModel, tuple, list, dict)) for part in parts)


def _source_of(value: object) -> str:
    last = value[-1] if isinstance(value, tuple) and value else value
    return last.source if isinstance(last, Figure) else ""


def _text(value: object) -> str:
    """The value as ``--set`` takes it."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    if isinstance(value, float):
        return repr(float(value)).removesuffix(".0")
    return str(value)
