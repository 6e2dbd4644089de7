"""Parameters that a user keeps in a TOML file, such as what a cell is to make; validated when read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from cellwright import files
from cellwright.provenance import Status


class Settings(BaseModel):
    """Base class of a cell's settings. Each is one TOML file; ``status`` and ``source`` apply to all its numbers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status = "assumed"
    source: str = ""

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read a TOML file. Raises InputError with file, line and what is wrong."""
        return files.read_model(cls, Path(path))

    @classmethod
    def checked(cls, values: dict[str, Any], where: str) -> Self:
        """Build from ``values``. Raises InputError that names ``where`` and the value."""
        return files.checked(cls, values, where)
