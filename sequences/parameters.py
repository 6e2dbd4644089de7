"""Parameters ("carriage.max_speed") and overrides of them ("carriage.max_speed=200", as after ``--set``)."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cellwright.errors import InputError, clause, nearest
from cellwright.hardware.device import Device
from cellwright.provenance import Figure, Status, status_of
from cellwright.sequences.measured import MeasuredFile
from cellwright.sequences.pin_names import is_pin_name
from cellwright.sequences.settings import Settings

Parameters = dict[str, Any]
"""The objects that hold parameters (devices, settings, other dataclasses), by the name before the dot."""


def apply_overrides(parameters: Mapping[str, Any], overrides: Sequence[str]) -> Parameters:
    """Apply ``overrides`` in order: "carriage.max_speed=200", or "layout=my.toml" for a whole object.

    The name of a TOML file alone, "measured.toml", sets all values measured in a run (see measured.py).

    Raises InputError for an unknown parameter, with the nearest name, or an invalid value.
    """
    changed = dict(parameters)
    for override in overrides:
        parameter, equals, text = override.partition("=")
        name, dot, field = parameter.strip().partition(".")
        if not equals and override.strip().endswith(".toml"):
            changed = apply_measured(changed, MeasuredFile.read(Path(override.strip())), override.strip())
            continue
        if not equals or not text.strip():
            raise InputError(
                f"--set {override}: write it as device.parameter=value. A .toml file of measured values stands alone."
            )
        if name not in changed:
            raise InputError(f"--set {override}: there is no {name!r}; {nearest(name, changed)}")
        changed[name] = (
            _set_field(changed[name], name, field, text.strip(), override)
            if dot
            else _read_settings_file(changed[name], name, text.strip(), override)
        )
    return changed


def apply_measured(parameters: Mapping[str, Any], file: MeasuredFile, where: str) -> Parameters:
    """Replace assumed values by those measured in a run.

    Raises InputError, which begins with ``where``, for an unknown parameter, or one that is no measurable number.
    """
    changed = dict(parameters)
    for each in file.measured:
        name, _, field = each.parameter.partition(".")
        if name not in changed:
            raise InputError(f"{where}: {each.parameter}: there is no {name!r}; {nearest(name, changed)}")
        holder, types = changed[name], fields_of(changed[name])
        if field not in types:
            raise InputError(f"{where}: {name} has no {field!r}; {nearest(field, types)}")
        if isinstance(holder, Settings) or types[field] is not float:
            raise InputError(f"{where}: {each.parameter} is nothing that a run measures; take it out.")
        try:
            changed[name] = dataclasses.replace(holder, **{field: file.figure(each)})
        except ValueError as error:
            raise InputError(f"{where}: {each.parameter} = {each.value:g}: {error}") from error
    return changed


def _read_settings_file(holder: Any, name: str, path: str, override: str) -> Any:
    if not isinstance(holder, Settings):
        raise InputError(f"--set {override}: name a parameter, as in {name}.{next(iter(fields_of(holder)))}=value.")
    return type(holder).read(Path(path))


def _set_field(holder: Any, name: str, field: str, text: str, override: str) -> Any:
    types = fields_of(holder)
    if field not in types:
        raise InputError(f"--set {override}: {name} has no {field!r}; {nearest(field, types)}")
    if isinstance(holder, Settings):
        return type(holder).checked(holder.model_dump() | {field: text}, where=f"--set {override}")
    is_name = isinstance(holder, Device) and is_pin_name(holder, field, text)
    value = text if is_name else _parse(text, types[field], override)
    if isinstance(value, float):
        value = Figure(value, "assumed", "set by the user")
    try:
        return dataclasses.replace(holder, **{field: value})
    except ValueError as error:
        raise InputError(f"--set {override}: {error}") from error


def _parse(text: str, field_type: Any, override: str) -> Any:
    adapter = TypeAdapter(field_type, config=ConfigDict(allow_inf_nan=False))
    try:
        if typing.get_origin(field_type) is tuple:
            return adapter.validate_python(tuple(text.strip("()[] ").split(",")))
        return adapter.validate_python(None if text == "none" else text)
    except ValidationError as error:
        raise InputError(f"--set {override}: {clause(error.errors(include_url=False)[0]['msg'])}.") from error


def fields_of(holder: Any) -> dict[str, Any]:
    """The fields of an object that holds parameters, with their types."""
    if isinstance(holder, Settings):
        return {name: field.annotation for name, field in type(holder).model_fields.items()}
    return _field_types(holder.__class__)


@lru_cache(maxsize=256)
def _field_types(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields; Python compiles every annotation each time that it is asked."""
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.init}


def inputs_of(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any, Status]]:
    """Every input of a run: the name of the parameter, its value and its status.

    Pins and names are left out: no result depends on them.
    """
    for name, holder in parameters.items():
        for field, field_type in fields_of(holder).items():
            value = getattr(holder, field)
            if isinstance(value, (bool, str)) or value is None or field in ("status", "source"):
                continue
            if isinstance(holder, Settings):
                yield f"{name}.{field}", value, holder.status
            elif field_type is float or isinstance(value, (float, tuple)):
                yield f"{name}.{field}", value, _status(value)


def _status(value: object) -> Status:
    return status_of(value[-1] if isinstance(value, tuple) else value)
