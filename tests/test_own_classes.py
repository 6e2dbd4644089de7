"""No file of the product lists classes of devices: it asks the device, so a user's own device is no lesser one.

Devices that need each thing that a board can be asked for run on every target: tests/sim/own_devices/.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("hardware", "actuators", "sensors", "sequences", "sim", "cells", "benchmarks", "cellwright")
EXCEPTIONS: dict[str, str] = {}
"""Files that may list classes of devices all the same, each with the reason."""


FILES = [path.relative_to(ROOT).as_posix() for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


@cache
def product_trees() -> dict[str, ast.Module]:
    """The syntax tree of every Python file of the product, by its path."""
    return {file: ast.parse((ROOT / file).read_text()) for file in FILES}


def last_name(node: ast.expr) -> str:
    """The last part of a dotted name: Stepper of ``actuators.Stepper``."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def device_classes(trees: dict[str, ast.Module]) -> dict[str, str]:
    """The classes that are devices, by whatever way, and the file of each; without Device itself."""
    bases = {
        node.name: (file, {last_name(base) for base in node.bases})
        for file, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found: dict[str, str] = {}
    while True:
        more = {name: file for name, (file, own) in bases.items() if own & {"Device", *found}}
        if more.keys() == found.keys():
            return found
        found = more


@cache
def devices() -> dict[str, str]:
    """Those of the product."""
    return device_classes(product_trees())


def lists_of_classes(tree: ast.Module, foreign: set[str]) -> list[int]:
    """The lines on which a device's class is used other than to build one, to derive one or to annotate.

    So ``isinstance``, ``match``, ``type(x) is``, tuples and tables of classes are all found, whatever they are called.
    foreign: the names of the classes of devices that are described elsewhere.
    """
    called = {
        each.asname or each.name: each.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for each in node.names
    }
    allowed = {id(inner) for outer in harmless(tree) for inner in ast.walk(outer)}
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Name, ast.Attribute)) and id(node) not in allowed:
            if isinstance(node.ctx, ast.Load) and called.get(last_name(node), last_name(node)) in foreign:
                lines.append(node.lineno)
        elif isinstance(node, (ast.Compare, ast.MatchValue)):
            words = {each.value for each in ast.walk(node) if isinstance(each, ast.Constant)}
            lines += [node.lineno] * bool(words & foreign)  # type(x).__name__ == "Stepper"
    return sorted(set(lines))


def harmless(tree: ast.Module) -> Iterator[ast.AST]:
    """What a class may be used for: to build a device, to derive one, its own attributes, and annotations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            yield node.func
        elif isinstance(node, ast.ClassDef):
            yield from node.bases
        elif isinstance(node, ast.Attribute) and isinstance(node.value, (ast.Name, ast.Attribute)):
            yield node.value
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not any(last_name(each) == "register" for each in node.decorator_list):  # of singledispatch
                given = (
                    node.args.vararg,
                    node.args.kwarg,
                    *node.args.posonlyargs,
                    *node.args.args,
                    *node.args.kwonlyargs,
                )
                yield from (each.annotation for each in given if each is not None and each.annotation is not None)
                yield from [node.returns] if node.returns is not None else []
        elif isinstance(node, ast.AnnAssign):
            yield node.annotation


SHARED_ROOMS = ("hardware", "sequences", "sim", "benchmarks", "cellwright")
"""Rooms whose routines serve any cell; a cell knows its own devices."""
PLANTS_OF_ONE_CHIP = {
    "sim/plants/display.py": "CharacterDisplay: the plant of that display's own chip",
    "sim/plants/scale.py": "LoadCell: the base of every converter's class, a user's own too",
}


def annotated_classes(tree: ast.Module, foreign: set[str]) -> list[int]:
    """The lines on which an annotation, a quoted one too, names a class of ``foreign``."""
    lines = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
            annotations = [node.returns, *(each.annotation for each in given if each is not None)]
        elif isinstance(node, ast.AnnAssign):
            annotations = [node.annotation]
        else:
            continue
        for part in (part for each in annotations if each is not None for part in ast.walk(each)):
            text = part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else ""
            quoted = set(re.findall(r"\w+", text))
            if (isinstance(part, (ast.Name, ast.Attribute)) and last_name(part) in foreign) or quoted & foreign:
                lines.append(node.lineno)
    return sorted(set(lines))


@pytest.mark.parametrize("file", [file for file in FILES if file.split("/")[0] in SHARED_ROOMS])
def test_a_shared_routine_asks_for_what_it_needs_and_for_no_class_of_devices(file: str) -> None:
    lines = [] if file in PLANTS_OF_ONE_CHIP else annotated_classes(product_trees()[file], set(devices()))
    assert not lines, f"{file}, lines {lines}: annotate a typing.Protocol, so that a cell's own device does as well"


def test_the_exceptions_are_needed() -> None:
    for file in PLANTS_OF_ONE_CHIP:
        assert annotated_classes(product_trees()[file], set(devices())), file


@pytest.mark.parametrize(
    ("code", "is_seen"),
    [
        ("def home(axis: Stepper): pass", True),
        ("def home(*axes: actuators.Stepper): pass", True),
        ("def home(axes: list[Stepper | None]): pass", True),
        ("def home(axis: 'Stepper'): pass", True),
        ("def first() -> Stepper: pass", True),
        ("class Dose:\n    pump: Pump", True),
        ("def home(axis: HomingAxis): pass", False),
        ("def home(device: Device): pass", False),
        ("def home(axis):\n    'Homes a Stepper.'", False),
    ],
)
def test_an_annotation_is_seen(code: str, is_seen: bool) -> None:
    assert bool(annotated_classes(ast.parse(code), {"Stepper", "Pump"})) is is_seen


def test_the_devices_are_known() -> None:
    assert {"Stepper", "Button", "Nau7802", "LoadCell", "CalibratedSensor"} <= devices().keys()
    assert devices()["Stepper"] == "actuators/stepper.py" and "Device" not in devices()


@pytest.mark.parametrize("file", FILES)
def test_no_file_lists_classes_of_devices(file: str) -> None:
    foreign = {name for name, own in devices().items() if own != file}
    lines = [] if file in EXCEPTIONS else lists_of_classes(product_trees()[file], foreign)
    assert not lines, f"{file}, lines {lines}: ask the device (hardware/device.py) in place of naming its class"


@pytest.mark.parametrize(
    "code",
    [
        "isinstance(x, Stepper)",
        "isinstance(x, (Device, actuators.Stepper))",
        "isinstance(x, Device | Stepper)",
        "from cellwright import Stepper as Axis\nissubclass(type(x), Axis)",
        "match x:\n    case Stepper(): pass",
        "match type(x).__name__:\n    case 'Stepper': pass",
        "type(x) is Stepper",
        "x.__class__ in {Stepper, Pump}",
        "type(x).__name__ == 'Stepper'",
        "TABLE = {Stepper: 3}\nTABLE[type(x)]",
        "AXES = (Stepper,)",
        "AXES = Stepper",
        "@answer.register(Stepper)\ndef f(x): pass",
        "@answer.register\ndef f(x: Stepper): pass",
        "{Stepper: move}[type(x)](x)",
        "list(filter(lambda each: isinstance(each, Stepper), parts))",
    ],
)
def test_a_list_of_classes_is_seen(code: str) -> None:
    assert lists_of_classes(ast.parse(code), {"Stepper", "Pump"})


@pytest.mark.parametrize(
    "code",
    [
        "isinstance(x, Device)",
        "axis = Stepper(step=2)",
        "class Fast(Stepper): pass",
        "def f(axis: Stepper, more: list[Stepper]) -> Stepper: pass",
        "axes: dict[str, Stepper] = {}",
        "Stepper.pins(axis)",
        "from cellwright import Stepper",
        "match x.role:\n    case PinRole.STEP: pass",
    ],
)
def test_other_uses_of_a_class_are_let_through(code: str) -> None:
    assert not lists_of_classes(ast.parse(code), {"Stepper", "Pump"})
