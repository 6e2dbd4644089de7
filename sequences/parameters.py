"""Parameters by name: what ``--set device.parameter=value`` changes, and what a run's inputs were."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from cellwright.errors import InputError, nearest
from cellwright.provenance import Figure, Status, status_of
from cellwright.sequences.measured import MeasuredFile
from cellwright.sequences.settings import Settings

Parameters = dict[str, Any]
"""Devices, settings and other parameter dataclasses, by the name that stands before the dot."""


def apply_overrides(parameters: Mapping[str, Any], overrides: Sequence[str]) -> Parameters:
    """The groups with ``overrides`` carried out, in order: "carriage.max_speed=200", "layout=my.toml".

    The name of a TOML file alone, "measured.toml", sets all that was measured in a run (see measured.py).

    Raises InputError for an unknown group or parameter, with the nearest name, or a value that does not fit.
    """
    changed = dict(parameters)
    for override in overrides:
        target, equals, text = override.partition("=")
        group, dot, parameter = target.strip().partition(".")
        if not equals and override.strip().endswith(".toml"):
            changed = with_measured(changed, MeasuredFile.read(Path(override.strip())), override.strip())
            continue
        if not equals or not text.strip():
            raise InputError(
                f"--set {override}: write it as device.parameter=value. A .toml file of measured values stands alone."
            )
        if group not in changed:
            raise InputError(f"--set {override}: there is no {group!r}; {nearest(group, changed)}")
        changed[group] = (
            _set_one(changed[group], group, parameter, text.strip(), override)
            if dot
            else _read_whole(changed[group], group, text.strip(), override)
        )
    return changed


def with_measured(parameters: Mapping[str, Any], file: MeasuredFile, where: str) -> Parameters:
    """The groups with all that was measured in a run in place of what was assumed.

    Raises InputError, which begins with ``where``, for an unknown parameter, or one that is no measurable number.
    """
    changed = dict(parameters)
    for each in file.measured:
        group, _, parameter = each.parameter.partition(".")
        if group not in changed:
            raise InputError(f"{where}: {each.parameter}: there is no {group!r}; {nearest(group, changed)}")
        part, kinds = changed[group], _fields(changed[group])
        if parameter not in kinds:
            raise InputError(f"{where}: {group} has no {parameter!r}; {nearest(parameter, kinds)}")
        if isinstance(part, Settings) or kinds[parameter] is not float:
            raise InputError(f"{where}: {each.parameter} is nothing that a run measures; take it out.")
        try:
            changed[group] = dataclasses.replace(part, **{parameter: file.figure(each)})
        except ValueError as error:
            raise InputError(f"{where}: {each.parameter} = {each.value:g}: {error}") from error
    return changed


def _read_whole(part: Any, group: str, path: str, override: str) -> Any:
    if not isinstance(part, Settings):
        raise InputError(f"--set {override}: name a parameter, as in {group}.{next(iter(_fields(part)))}=value.")
    return type(part).read(Path(path))


def _set_one(part: Any, group: str, parameter: str, text: str, override: str) -> Any:
    kinds = _fields(part)
    if parameter not in kinds:
        raise InputError(f"--set {override}: {group} has no {parameter!r}; {nearest(parameter, kinds)}")
    if isinstance(part, Settings):
        return type(part).checked(part.model_dump() | {parameter: text}, where=f"--set {override}")
    value = _parse(text, kinds[parameter], override)
    if isinstance(value, float):
        value = Figure(value, "assumed", "set by the user")
    try:
        return dataclasses.replace(part, **{parameter: value})
    except ValueError as error:
        raise InputError(f"--set {override}: {error}") from error


def _parse(text: str, kind: Any, override: str) -> Any:
    adapter = TypeAdapter(kind, config=ConfigDict(allow_inf_nan=False))
    try:
        if typing.get_origin(kind) is tuple:
            return adapter.validate_python(tuple(text.strip("()[] ").split(",")))
        return adapter.validate_python(None if text == "none" else text)
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        raise InputError(f"--set {override}: {reason[:1].lower()}{reason[1:]}.") from error


def _fields(part: Any) -> dict[str, Any]:
    """The parameters of a group with their types."""
    if isinstance(part, Settings):
        return {name: field.annotation for name, field in type(part).model_fields.items()}
    hints = typing.get_type_hints(type(part))
    return {field.name: hints[field.name] for field in dataclasses.fields(part) if field.init}


def inputs_of(parameters: Mapping[str, Any]) -> Iterator[tuple[str, Any, Status]]:
    """Every input of a run: its name, its value, and whether it was measured, published, vendor's or assumed.

    Pins and names are left out: they decide no result.
    """
    for group, part in parameters.items():
        for name, kind in _fields(part).items():
            value = getattr(part, name)
            if isinstance(value, (bool, str)) or value is None or name in ("status", "source"):
                continue
            if isinstance(part, Settings):
                yield f"{group}.{name}", value, part.status
            elif kind is float or isinstance(value, (float, tuple)):
                yield f"{group}.{name}", value, _status(value)


def _status(value: object) -> Status:
    return status_of(value[-1] if isinstance(value, tuple) else value)
