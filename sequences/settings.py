"""Settings that a user keeps in a TOML file: what a cell is to make, checked as it is read."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from cellwright.errors import InputError, nearest
from cellwright.provenance import Status


class Settings(BaseModel):
    """Base of a cell's settings. Each is one flat TOML file; ``status`` and ``source`` hold for all its numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status = "assumed"
    source: str = ""

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a TOML file. Raises InputError with file, line and what is wrong."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path} is not valid TOML: {error}.") from error
        return cls.checked(values, where=str(path), text=text)

    @classmethod
    def checked(cls, values: dict[str, Any], where: str, text: str = "") -> Self:
        """Build from ``values``. Raises InputError that names ``where``, the line of ``text``, and the value."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InputError(cls._sentence(error, where, text)) from error

    @classmethod
    def _sentence(cls, error: ValidationError, where: str, text: str) -> str:
        first = error.errors(include_url=False)[0]
        message = first["msg"].removeprefix("Value error, ").rstrip(".")
        if not first["loc"]:
            return f"{where}: {message}."
        key = str(first["loc"][0])
        place = where + "".join(
            f", line {number}" for number, line in enumerate(text.splitlines(), 1) if line.split("=")[0].strip() == key
        )
        if first["type"] == "extra_forbidden":
            return f"{place}: {key!r} is not a setting here; {nearest(key, cls.model_fields)}"
        if first["type"] == "missing":
            return f"{place}: {key} is missing."
        return f"{place}: {key} = {first['input']!r}: {message[:1].lower()}{message[1:]}."
