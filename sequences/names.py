"""Refuses names in a user's class that would replace what its base class needs."""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType

PARTS_OF_STUDY = ("plant", "operator", "manual")
"""What ``--set`` calls the parts of a study beside the cell's own."""


def names_of(base: type) -> frozenset[str]:
    """The names that a class and the classes below it define, Python's own left out."""
    return frozenset(name for name in dir(base) if not (name.startswith("__") and name.endswith("__")))


def line_of(described: type, name: str) -> str:
    """Where ``name`` is defined in a class, as "FILE, line N"; only the class where there is no source."""
    try:
        lines, first = inspect.getsourcelines(described)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return described.__name__
    file = Path(inspect.getfile(described)).name
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        defined = {getattr(target, "id", None) for target in targets} | {getattr(node, "name", None)}
        if name in defined:
            return f"{file}, line {first + node.lineno - 1}"
    return f"{file}, line {first}"


def assigned_attributes(described: type) -> Iterator[tuple[str, str, int]]:
    """What the methods of a class assign to ``self``: the method, the attribute and the line."""
    for method in vars(described).values():
        if not isinstance(method, FunctionType):
            continue
        own = method.__code__.co_varnames[:1]
        before: dis.Instruction | None = None
        for instruction in dis.get_instructions(method):
            if instruction.opname == "STORE_ATTR" and own and before is not None and _loaded(before) == own[0]:
                positions = instruction.positions
                line = (positions.lineno if positions else None) or method.__code__.co_firstlineno
                yield method.__name__, str(instruction.argval), line
            before = instruction


def _loaded(instruction: dis.Instruction) -> object:
    """The local variable that an instruction loads last; newer Pythons load two at once."""
    if "LOAD_FAST" not in instruction.opname:
        return None
    loaded = instruction.argval
    return loaded[-1] if isinstance(loaded, tuple) else loaded


def replaced_names(described: type, taken: Iterable[str]) -> Iterator[str]:
    """Sentences for what the methods of a class assign to ``self`` though its base class keeps something else there."""
    taken = frozenset(taken)
    for method, name, line in assigned_attributes(described):
        if name in taken:
            file = Path(inspect.getfile(described)).name
            yield (
                f"{file}, line {line}: {method}() sets self.{name}, which {described.__name__} has from its base class "
                "and needs; choose another name."
            )
