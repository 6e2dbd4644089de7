"""TOML files that users write: read, validated with pydantic, refused with file, line and one sentence."""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from cellwright.errors import InputError, clause, nearest
from cellwright.files.text import read_text, write_atomically

Model = TypeVar("Model", bound=BaseModel)
_TABLE = re.compile(r"\s*\[\[\s*([\w-]+)\s*\]\]")


def read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """The values of a TOML file, and its text. Raises InputError if it is not valid TOML."""
    text = read_text(path)
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from error


def read_model(model: type[Model], path: Path) -> Model:
    """A ``model`` from a TOML file. Raises InputError with file, line and problem."""
    values, text = read_toml(path)
    return checked(model, values, str(path), text)


def read_layers(path: Path) -> list[dict[str, Any]]:
    """The values of a TOML file, preceded by those of the file it names with ``like``, and so on.

    ``like = "../stapler/economics.toml"`` is relative to the file's own folder.

    Raises:
        InputError: Files refer to each other in a circle, or ``read_toml`` refuses one.
    """
    layers: list[dict[str, Any]] = []
    seen: list[Path] = []
    while True:
        seen.append(path)
        values, text = read_toml(path)
        like = values.pop("like", None)
        layers.insert(0, values)
        if like is None:
            return layers
        where = f"{path}, line {line_of(text, ('like',))}"
        if not isinstance(like, str):
            raise InputError(f"{where}: like must be the name of another file, in quotation marks.")
        path = path.parent / like
        if any(path.resolve() == each.resolve() for each in seen):
            raise InputError(f"{where}: {like} is like this file in turn; remove one of the two like lines.")
        if not path.is_file():
            raise InputError(f"{where}: there is no file {path}.")


def read_variant(model: type[Model], path: Path) -> Model:
    """A ``model`` from a TOML file that may name another with ``like``; its own values replace the other's.

    Raises InputError with file, line and problem.
    """
    values: dict[str, Any] = {}
    for layer in read_layers(path):
        values |= layer
    return checked(model, values, str(path), read_text(path))


def write_model(model: BaseModel, path: Path, remark: str) -> None:
    """Write a flat model as a TOML file, replacing one that exists; ``remark`` is its first line.

    Raises InputError if it cannot be written.
    """
    lines = [f"# {remark}", *(f"{key} = {_toml(value)}" for key, value in model.model_dump().items())]
    write_atomically(path, ("\n".join(lines) + "\n").encode())


def _toml(value: object) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value.isoformat() if isinstance(value, datetime.date) else repr(value)


def checked(model: type[Model], values: Mapping[str, Any], where: str, text: str = "") -> Model:
    """A ``model`` of ``values``. Raises InputError with ``where``, the line of ``text``, and the value."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InputError(_sentence(model, error, where, text)) from error


def _sentence(model: type[BaseModel], error: ValidationError, where: str, text: str) -> str:
    errors = error.errors(include_url=False)
    # A misspelt setting is both unknown and missing; the error about the unknown one names it.
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    place = first["loc"]
    message = clause(first["msg"])
    line = line_of(text, place)
    start = f"{where}, line {line}" if line else where
    key = next((str(part) for part in reversed(place) if isinstance(part, str)), "")
    if first["type"] == "extra_forbidden":
        here = _model_at(model, place)
        renamed = getattr(here, "RENAMED", {}).get(key)
        advice = f"it is called {renamed!r} now." if renamed else nearest(key, here.model_fields if here else ())
        return f"{start}: {key!r} is not a setting here; {advice}"
    if first["type"] == "missing":
        return f"{start}: {key} is missing."
    if not place:
        return f"{start}: {message}."
    if isinstance(first["input"], (dict, list, tuple)):
        return f"{start}: {message}."
    return f"{start}: {key} = {first['input']!r}: {message}."


def line_of(text: str, place: Sequence[int | str]) -> int | None:
    """The line of TOML that holds ``place``, counted from 1: ("kerf_mm",), or ("components", 1, "percent")."""
    if not place:
        return None
    table, number, key = str(place[0]), 0, ""
    if len(place) > 1 and isinstance(place[1], int):
        number = place[1]
        key = str(place[2]) if len(place) > 2 else ""
    seen, header, inside = -1, None, ""
    for at, line in enumerate(text.split("\n"), 1):
        match = _TABLE.match(line)
        if match:
            inside = match[1]
            seen += inside == table
            if inside == table and seen == number:
                header = at
        elif line.split("=")[0].strip() == (key or table) and (
            (inside == table and seen == number) if key else not inside
        ):
            return at
    return header


def _model_at(model: type[BaseModel], place: Sequence[int | str]) -> type[BaseModel] | None:
    """The model whose settings are allowed where the unknown one is, at any depth."""
    for part in place[:-1]:
        if isinstance(part, str):
            entry = model.model_fields[part].annotation
            inner = next((each for each in _models_in(entry)), None)
            if inner is None:
                return None
            model = inner
    return model


def _models_in(kind: Any) -> Iterator[type[BaseModel]]:
    """The models that a type is or contains: ``Part`` for ``tuple[Part, ...] | None``."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for each in get_args(kind):
        yield from _models_in(each)
