"""One folder per cell; found by name. Each folder's package offers ``KIT``."""

from __future__ import annotations

import importlib
import pkgutil

from cellwright.errors import InputError, nearest
from cellwright.sim import Kit


def names() -> list[str]:
    """The names of all cells."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(name: str) -> Kit:
    """The kit of the cell called ``name``. Raises InputError, with the nearest name, if there is none."""
    if name not in names():
        raise InputError(f"There is no cell called {name!r}; {nearest(name, names())}")
    kit: Kit = importlib.import_module(f"{__name__}.{name}").KIT
    return kit
