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

RESERVED_STATES = ("faulted", "stopped")
RESERVED_TRIGGERS = ("fault", "stop", "reset")


class DescribedCell(Protocol):
    """The class of a cell, as far as it is checked here; its steps are looked up by the names of its states."""

    states: list[str]
    transitions: list[list[str]]
    cycle_ends_with: str

    def name(self) -> str:
        """The cell's name on the command line."""
        ...


def description_problems(cell: DescribedCell, parameters: Mapping[str, Any]) -> list[str]:
    """All contradictions in the description of a cell, as sentences that name cell, state and device."""
    problems = list(_class_problems(cell))  # type: ignore[arg-type]  # mypy takes __hash__ for that of instances
    devices = {name: value for name, value in parameters.items() if isinstance(value, Device)}
    problems += [*_pin_problems(cell, devices), *_address_problems(cell, devices)]
    for name, device in devices.items():
        problems += [f"{cell.name()}: {name} {problem}." for problem in device.problems()]
    return problems


@lru_cache(maxsize=64)
def _class_problems(cell: DescribedCell) -> tuple[str, ...]:
    """Problems of the class alone: checked once, however many cells are made of it."""
    return tuple(_state_problems(cell)) or (*_reachability_problems(cell), *_return_problems(cell))


def _state_problems(cell: DescribedCell) -> Iterator[str]:
    title = cell.name()
    if not cell.states:
        yield f"{title} has no states; list them in states."
        return
    for state in cell.states:
        if state in RESERVED_STATES:
            yield f"{title}: the state {state!r} comes with every cell; leave it out of states."
        if not callable(getattr(cell, state, None)):
            yield f"{title}, {state}: there is no step; write a method named {state}."
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
    for name, device in devices.items():
        for role, pin in device.pins().items():
            user, number = f"{name} ({role})", pin.number
            if number < 0:
                yield f"{cell.name()}: {user} is on pin {number}; pins count from 0."
            elif number in taken:
                yield f"{cell.name()}: pin {number} is used twice, by {taken[number]} and by {user}."
            else:
                taken[number] = user


def _address_problems(cell: DescribedCell, devices: Mapping[str, Device]) -> Iterator[str]:
    taken: dict[int, str] = {}
    for name, device in devices.items():
        for address in device.i2c_addresses():
            if address in taken:
                yield f"{cell.name()}: I2C address {address:#x} is used twice, by {taken[address]} and by {name}."
            taken.setdefault(address, name)
