"""One folder per cell, found by name. Each folder's package defines ``STUDY``, as does a user's own file."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

from cellwright.errors import CellwrightError, InputError, nearest
from cellwright.sim import Study


def names() -> list[str]:
    """The names of all cells that come with Cellwright."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def load(name: str) -> Study:
    """The study of the cell called ``name``, or of the user's own cell in a file or folder such as "drill_press.py".

    Raises InputError, with the nearest name, if there is none.
    """
    if name in names():
        module = importlib.import_module(f"{__name__}.{name}")
    elif name.endswith(".py") or Path(name).name != name or name == ".." or Path(name, "__init__.py").is_file():
        module = _own_module(Path(name))
    else:
        raise InputError(
            f"There is no cell called {name!r}; {nearest(name, names())} A cell of your own is named by its file, "
            "such as drill_press.py."
        )
    study = getattr(module, "STUDY", None)
    if not isinstance(study, Study):
        raise InputError(
            f"{name} has no study; end it with STUDY = Study(cell=…, plant=…, plant_parameters=…, manual=…)."
        )
    return study


def _own_module(path: Path) -> ModuleType:
    """Import a file or folder under its own name, so that worker processes find it too."""
    if not path.exists():
        raise InputError(f"There is no file {path}.")
    if path.is_dir() and not (path / "__init__.py").is_file():
        raise InputError(f"{path} is a folder without __init__.py, so no cell; name the .py file that describes it.")
    if not path.is_dir() and path.suffix != ".py":
        raise InputError(f"{path} is no Python file; name the .py file that describes the cell.")
    own = path.resolve()  # "." has no name of its own
    name = own.stem
    if name in _own and name in sys.modules and _file_of(sys.modules[name]) != own:
        del sys.modules[name]  # a module of the same name from another folder
    sys.path[:] = [str(own.parent), *(folder for folder in sys.path if folder != str(own.parent))]
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(name)
    except CellwrightError:
        raise
    except SyntaxError as error:
        raise InputError(f"{error.filename}, line {error.lineno}: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        raise InputError(f"{path}{_line_in(error, own)}: {type(error).__name__}: {error}.") from error
    if _file_of(module) != own:
        raise InputError(f"{path} has the name of another Python module; give it another name.")
    _own.add(name)
    return module


_own: set[str] = set()


def _file_of(module: ModuleType) -> Path:
    """The file of a module, or the folder of a package."""
    file = Path(module.__file__ or "").resolve()
    return file.parent if file.name == "__init__.py" else file


def _line_in(error: BaseException, own: Path) -> str:
    """Where in the user's own file an error arose."""
    at, line = error.__traceback__, ""
    while at is not None:
        if Path(at.tb_frame.f_code.co_filename).is_relative_to(own):
            line = f", line {at.tb_lineno}"
        at = at.tb_next
    return line
