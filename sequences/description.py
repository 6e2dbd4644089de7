"""Checks the description of a cell before it runs."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

from cellwright.errors import nearest
from cellwright.hardware.device import Device
from cellwright.hardware.firmata.protocol.pin_maps import PIN_MAPS, ArduinoModel
from cellwright.hardware.pins import Pin
from cellwright.sequences.names import PARTS_OF_STUDY, line_of, replaced_names
from cellwright.sequences.pin_names import pin_name_problems
from cellwright.sequences.settings import Settings

RESERVED_STATES = ("faulted", "stopped")
RESERVED_TRIGGERS = ("fault", "stop", "reset")
TO_REPLACE = frozenset(
    "unit states transitions cycle_ends_with stop_triggers resets_with arduino problems notes display_lines".split()  # noqa: SIM905
)
"""What a description of a cell sets itself, out of the names that every cell has."""
_SUFFIXES = {"stop": "button", "reset": "button", "fault": "lamp", "end": "switch", "run": "lamp", "name": "plate"}


class DescribedCell(Protocol):
    """The class of a cell, as far as it is checked here; its steps are looked up by the names of its states."""

    arduino: ArduinoModel
    states: list[str]
    transitions: list[list[str]]
    cycle_ends_with: str
    stop_triggers: Mapping[str, str]
    resets_with: str

    def name(self) -> str:
        """The cell's name on the command line."""
        ...


def name_problems(described: type, taken: frozenset[str]) -> Iterator[str]:
    """Devices, settings and states of a cell whose names, and methods whose assignments, would replace what it needs.

    taken: the names that every cell has. Settings such as ``unit`` and methods such as ``problems`` are there to be
    replaced by what they are; a device or a state of that name is not.
    """
    own = vars(described)
    states = getattr(described, "states", None)
    states = states if isinstance(states, (list, tuple)) else ()
    parts = {name: "device" for name, value in own.items() if isinstance(value, Device)}
    parts |= {name: "setting" for name, value in own.items() if isinstance(value, Settings)}
    parts |= {name: "state" for name in own if name in states}
    for name, kind in parts.items():
        if name in taken:
            yield (
                f"{line_of(described, name)}: the {kind} {name!r} has a name that every cell needs for itself; "
                f"call it {_another_name(name, kind)}, for example."
            )
        elif name in PARTS_OF_STUDY and kind != "state":
            yield (
                f"{line_of(described, name)}: the {kind} {name!r} has the name of a part of every study; "
                f"call it {_another_name(name, kind)}, for example."
            )
    yield from replaced_names(described, taken - TO_REPLACE)


def _another_name(name: str, kind: str) -> str:
    return f"{name.strip('_')}_{kind}" if kind == "state" else f"{name.strip('_')}_{_SUFFIXES.get(name, kind)}"


def description_problems(cell: DescribedCell, parameters: Mapping[str, Any]) -> list[str]:
    """All contradictions in the description of a cell, as sentences that name cell, state and device."""
    if cell.arduino not in tuple(PIN_MAPS):
        known = nearest(str(cell.arduino), PIN_MAPS)
        return [f"{cell.name()}: arduino is {cell.arduino!r}, which is no known one; {known}"]
    problems = list(_class_problems(cell))  # type: ignore[arg-type]  # mypy takes __hash__ for that of instances
    devices = {name: value for name, value in parameters.items() if isinstance(value, Device)}
    if cell.resets_with and cell.resets_with not in devices:
        named = nearest(cell.resets_with, devices)
        problems.append(f"{cell.name()}: resets_with is {cell.resets_with!r}, which is no device; {named}")
    misnamed = [
        f"{cell.name()}: {name} {problem}."
        for name, device in devices.items()
        for problem in pin_name_problems(device, cell.arduino)
    ]
    problems += misnamed or _pin_problems(cell, devices)
    problems += _address_problems(cell, devices)
    for name, device in devices.items():
        problems += [f"{cell.name()}: {name} {problem}." for problem in device.problems()]
    return problems


@lru_cache(maxsize=64)
def _class_problems(cell: DescribedCell) -> tuple[str, ...]:
    """Problems of the class alone: checked once, however many cells are made of it."""
    return (
        tuple(_table_problems(cell))
        or tuple(_state_problems(cell))
        or (*_reachability_problems(cell), *_return_problems(cell))
    )


def _table_problems(cell: DescribedCell) -> Iterator[str]:
    """What is no table of states and transitions at all; nothing else can be checked then."""
    title = cell.name()
    states, transitions = cell.states, cell.transitions
    if not isinstance(states, (list, tuple)) or not all(isinstance(state, str) for state in states):
        yield f'{title}: states is {_shortened(states)}; make it a list of names, such as ["waiting", "homing"].'
    elif not states:
        yield f"{title} has no states; list them in states."
    if not isinstance(transitions, (list, tuple)):
        yield f"{title}: transitions is {_shortened(transitions)}; make it a list of [trigger, source, destination]."
        return
    for number, row in enumerate(transitions, start=1):
        is_list = isinstance(row, (list, tuple))
        if not is_list or len(row) != 3 or not all(isinstance(word, str) for word in row):
            yield (
                f"{title}: transition {number} is {_shortened(row)}; a transition is "
                '["trigger", "source", "destination"], three names.'
            )
            return


def _shortened(value: object) -> str:
    return textwrap.shorten(repr(value), 60, placeholder=" …")


def _repeated_names(cell: DescribedCell) -> Iterator[str]:
    """States named twice, and triggers that lead from one state to two."""
    for state in dict.fromkeys(state for state in cell.states if cell.states.count(state) > 1):
        yield f"{cell.name()}: the state {state!r} stands {cell.states.count(state)} times in states; name it once."
    leads_to: dict[tuple[str, str], str] = {}
    for trigger, source, destination in cell.transitions:
        first = leads_to.setdefault((trigger, source), destination)
        if first != destination:
            yield (
                f"{cell.name()}: {trigger!r} leads from {source} to {first} and to {destination}; "
                "give each destination a trigger of its own."
            )
    rows = [tuple(row) for row in cell.transitions]
    for row in dict.fromkeys(row for row in rows if rows.count(row) > 1):
        yield f"{cell.name()}: the transition {list(row)} stands {rows.count(row)} times in transitions; list it once."


def _state_problems(cell: DescribedCell) -> Iterator[str]:
    title = cell.name()
    yield from _repeated_names(cell)
    for state in cell.states:
        if state in RESERVED_STATES:
            yield f"{title}: the state {state!r} comes with every cell; leave it out of states."
        step = getattr(cell, state, None)
        if not callable(step):
            yield f"{title}, {state}: there is no step; write a method named {state}."
        elif inspect.iscoroutinefunction(step) or inspect.isasyncgenfunction(step):
            yield f"{title}, {state}: the step is an async def; make it a plain def that yields what devices return."
    for trigger, source, destination in cell.transitions:
        if trigger in RESERVED_TRIGGERS:
            yield f"{title}: the trigger {trigger!r} comes with every cell; leave it out of transitions."
        for state in (source, destination):
            if state not in cell.states:
                yield f"{title}: the transition {trigger!r} names the state {state!r}; {nearest(state, cell.states)}"
    triggers = {trigger for trigger, _, _ in cell.transitions}
    if cell.cycle_ends_with not in triggers:
        trigger = cell.cycle_ends_with
        yield f"{title}: cycle_ends_with is {trigger!r}, which is no trigger; {nearest(trigger, triggers)}"
    for trigger in cell.stop_triggers:
        if trigger not in triggers:
            yield f"{title}: stop_triggers names {trigger!r}, which is no trigger; {nearest(trigger, triggers)}"


def _reachability_problems(cell: DescribedCell) -> Iterator[str]:
    reached, open_states = {cell.states[0]}, [cell.states[0]]
    while open_states:
        state = open_states.pop()
        following = {destination for _, source, destination in cell.transitions if source == state}
        open_states += following - reached
        reached |= following
    sources = {source for _, source, _ in cell.transitions}
    for state in cell.states:
        if state not in reached:
            yield f"{cell.name()}, {state}: no transition leads here from {cell.states[0]}."
        elif state not in sources:
            yield f"{cell.name()}, {state}: no transition leads away from here."


def _return_problems(cell: DescribedCell) -> Iterator[str]:
    """Triggers that the source of a step returns but the table lacks; others are refused when the cell runs."""
    for state in cell.states:
        known = [trigger for trigger, source, _ in cell.transitions if source == state]
        for trigger in _returned_triggers(getattr(cell, state)):
            if trigger not in known:
                yield (
                    f"{cell.name()}, {state}: the step returns {trigger!r}, which is no trigger from this state; "
                    f"{nearest(trigger, known)}"
                )


def _returned_triggers(step: object) -> Iterator[str]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(step)))  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError):
        return  # a step without readable source, such as one made by another function
    for node in _own_nodes(tree.body[0]):
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def _own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function except those of nested functions."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, (ast.FunctionDef, ast.Lambda)):
            yield child
            yield from _own_nodes(child)


def _pin_problems(cell: DescribedCell, devices: Mapping[str, Device]) -> Iterator[str]:
    taken: dict[int, str] = {}
    label = PIN_MAPS[cell.arduino].label
    for name, device in devices.items():
        for role, number in _numbers(device.pins()):
            user = f"{name} ({role})"
            if not isinstance(number, int):
                yield f"{cell.name()}: {user} is on pin {number!r}, which is no whole number; give the number of a pin."
            elif number < 0:
                yield f"{cell.name()}: {user} is on pin {number}; pins count from 0."
            elif number in taken:
                yield f"{cell.name()}: {label(number)} is used twice, by {taken[number]} and by {user}."
            else:
                taken[number] = user


def _numbers(pins: Mapping[str, Pin]) -> Iterator[tuple[str, int]]:
    """The numbers of pins by role, and those of partners that are not named themselves."""
    named = {pin.number for pin in pins.values()}
    for role, pin in pins.items():
        yield role, pin.number
        if pin.partner is not None and pin.partner not in named:
            yield f"{role}, its partner", pin.partner


def _address_problems(cell: DescribedCell, devices: Mapping[str, Device]) -> Iterator[str]:
    taken: dict[int, str] = {}
    for name, device in devices.items():
        for address in device.i2c_addresses():
            if address in taken:
                yield f"{cell.name()}: I2C address {address:#x} is used twice, by {taken[address]} and by {name}."
            taken.setdefault(address, name)
