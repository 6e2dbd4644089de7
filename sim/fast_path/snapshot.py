"""Snapshots of a simulated cell at rest between two steps: taken, compared and restored.

At rest nothing is under way: no step, no visit, no move, no pulse. What follows depends on the snapshot and the draws
alone. Whole numbers among the attributes of cell and plant are counters, which may differ (see ``symbolic``);
everything else must be equal for a path to be taken again.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from dataclasses import dataclass, is_dataclass
from enum import Enum
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from cellwright.hardware import ModelBoard
from cellwright.hardware.event_loop import is_idle, set_now
from cellwright.sequences import Cell, Settings
from cellwright.sim.fast_path.conditions import NotExact
from cellwright.sim.fast_path.symbolic import Traced
from cellwright.sim.plants.plant import CellPlant
from cellwright.sim.targets import Rig

SENTINEL_KEY = (0, "")
"""A key that is always present, which shows that a first snapshot was taken even where there are no attributes."""
_CONTAINERS = (list, dict)  # no sets: a restored set may have another order
VALUE, CONTENTS, OBJECT = range(3)
_UNSUPPORTED_PORTS = {
    "analog_inputs": "analog inputs",
    "encoders": "encoders",
    "hx711s": "an HX711",
    "i2c_devices": "devices on the I2C bus",
}


class Snapshot(NamedTuple):
    """The state of a rig at rest except its counters: runs continue alike from equal snapshots.

    state: of the cell. board: levels and positions. attributes: of cell and plant, serialized.
    """

    state: str
    board: tuple[Any, ...]
    devices: tuple[Any, ...]
    attributes: bytes


@dataclass(slots=True)
class _Owner:
    """A cell or plant with its attributes. excluded: the names of those that are handled elsewhere."""

    what: str
    attributes: dict[str, Any]
    excluded: frozenset[str]


class RigState:
    """Takes and restores snapshots of one rig. Raises NotExact for a rig whose state cannot be restored.

    counter_index: the index of each counter, by owner and name. names: of all attributes. Both are filled by the first
    snapshot and are shared by all rigs of a scenario.
    """

    def __init__(self, rig: Rig, counter_index: dict[tuple[int, str], int], names: set[tuple[int, str]]) -> None:
        self.rig = rig
        self._counter_index = counter_index
        self._names = names
        self.cell, self.plant = rig.cell, rig.plant
        self.board: ModelBoard = rig.model
        for attribute, words in _UNSUPPORTED_PORTS.items():
            if getattr(self.board, attribute):
                raise NotExact(f"its board has {words}, which change between two steps")
        self.devices = list(self.cell.devices.values())
        for device in self.devices:
            if "state_attributes" not in vars(type(device)):
                raise NotExact(f"it does not know what {device.name}, a {type(device).__name__}, remembers")
        self._refuse_class_level_containers()
        self.owners = [
            _Owner(self.cell.name(), vars(self.cell), self.cell.base_attributes | frozenset(self.cell.parameters())),
            _Owner("its plant", vars(self.plant), self.plant.base_attributes),
        ]
        parts = (self.cell, self.plant, self.board, self.plant.operator, self.plant.streams, *self.devices)
        everything = (*parts, *self.board.ports())
        self._rig_part_names = {id(each): f"part {number}" for number, each in enumerate(everything)}
        self._refuse_stateful_watchers()

    def _refuse_class_level_containers(self) -> None:
        for owner, base in ((self.cell, Cell), (self.plant, CellPlant)):
            for each in type(owner).__mro__[: type(owner).__mro__.index(base)]:
                for name, value in vars(each).items():
                    if (
                        isinstance(value, (*_CONTAINERS, set))
                        and name not in _DESCRIPTION_ATTRIBUTES
                        and not name.startswith("__")
                    ):
                        raise NotExact(f"{each.__name__}.{name} belongs to the class and may be changed by any cell")

    # ---- taking a snapshot ----

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is under way. Call it between two steps only."""
        env = self.rig.env
        if not is_idle(env) or not self.cell.is_at_rest or not self.board.is_at_rest:
            return False
        return all(device.is_at_rest(env.now) for device in self.devices)

    def take(self) -> tuple[Snapshot, list[Any]]:
        """A snapshot at rest, and the counters by index, traced or plain."""
        devices = tuple([device.snapshot() for device in self.devices])
        attributes, counters = self._read_attributes()
        try:
            return Snapshot(self.cell.state, self.board.snapshot(), devices, marshal.dumps(attributes, 2)), counters
        except ValueError:
            raise NotExact("cell or plant keep something in a list that cannot be looked into") from None

    def _read_attributes(self) -> tuple[list[Any], list[Any]]:
        attributes: list[Any] = []
        counters: list[Any] = [None] * len(self._counter_index)
        lists: dict[int, tuple[int, str]] = {}
        for number, owner in enumerate(self.owners):
            for name, value in owner.attributes.items():
                if name in owner.excluded:
                    continue
                kind = type(value)
                if kind in (bool, float, str, type(None)) or (kind is tuple and not _has_containers(value)):
                    attributes.append((number, name, VALUE, value))
                elif kind is int or kind is Traced:
                    self._read_counter(counters, (number, name), value)
                elif kind in _CONTAINERS:
                    self._read_container(lists, (number, name), value)
                    attributes.append((number, name, CONTENTS, value))
                else:
                    attributes.append((number, name, OBJECT, self._checked_name(owner, name, value)))
        attributes.append(self._containers_in_callbacks(lists))
        self._refuse_changed_names()
        return attributes, counters

    def _refuse_changed_names(self) -> None:
        """Refuse attributes that do not always exist: they could not be restored."""
        names = {
            (number, name)
            for number, owner in enumerate(self.owners)
            for name in owner.attributes.keys() - owner.excluded
        }
        names.add(SENTINEL_KEY)
        if not self._names:
            self._names |= names
        for number, name in sorted(self._names ^ names):
            raise NotExact(f"{self.owners[number].what} keeps {name} at one time and not at another")

    def _read_counter(self, counters: list[Any], key: tuple[int, str], value: Any) -> None:
        index = self._counter_index.setdefault(key, len(self._counter_index))
        if index == len(counters):
            counters.append(value)
        else:
            counters[index] = value

    def _read_container(self, lists: dict[int, tuple[int, str]], key: tuple[int, str], value: Any) -> None:
        parts = value.values() if type(value) is dict else value
        for each in (value, *(part for part in parts if type(part) in _CONTAINERS)):
            if lists.setdefault(id(each), key) != key:
                raise NotExact(f"{lists[id(each)][1]} and {key[1]} are one and the same list")

    def _containers_in_callbacks(self, lists: dict[int, tuple[int, str]]) -> list[Any]:
        """Lists that a callback of a switch changes: each must be an attribute of cell or plant."""
        held = []
        for device in self.devices:
            callback = getattr(device, "when_closed", None)
            owner = getattr(callback, "__self__", None)
            if type(owner) in _CONTAINERS:
                if id(owner) not in lists:
                    raise NotExact(f"{device.name} changes a list that neither cell nor plant keeps")
                held.append((device.name, lists[id(owner)]))
        return held

    def _checked_name(self, owner: _Owner, name: str, value: Any) -> str:
        known = self._name_of(value)
        if known is None:
            raise NotExact(f"{owner.what} keeps {name}, a {type(value).__name__}, which cannot be looked into")
        return known

    def _name_of(self, value: Any) -> str | None:
        """The same name in every rig, for objects with no state outside the snapshot; None for others."""
        if id(value) in self._rig_part_names:
            return self._rig_part_names[id(value)]
        is_frozen = is_dataclass(value) and getattr(type(value), "__dataclass_params__").frozen  # noqa: B009  # no stub
        if is_frozen or isinstance(value, (Enum, type, Settings)):
            return repr(value)
        return self._name_of_function(value)

    def _name_of_function(self, value: Any) -> str | None:
        """The name of a function without state of its own, such as a method of the plant."""
        if isinstance(value, MethodType):
            owner = self._name_of(value.__self__)
            return None if owner is None else f"{value.__qualname__} of {owner}"
        if not isinstance(value, FunctionType):
            return None
        inside = [cell.cell_contents for cell in value.__closure__ or ()]
        names = [each if isinstance(each, str) else self._name_of(each) for each in inside]
        return None if None in names else f"{value.__qualname__} with {names}"

    def _refuse_stateful_watchers(self) -> None:
        for output in self.board.output_ports:
            for watcher in output.watchers:
                if self._name_of_function(watcher) is None:
                    raise NotExact(f"what happens when output {output.pin} changes may remember something")
        for name, step in self.board.peripherals.answering_steps.items():
            if self._name_of_function(step) is None:
                raise NotExact(f"what answers in place of {name} may remember something")

    # ---- restoring ----

    def restore(self, snapshot: Snapshot, counters: Sequence[Any], now_s: Any) -> None:
        """Restore ``snapshot`` with these counters at ``now_s``; the totals of cell and operator begin at 0."""
        set_now(self.rig.env, now_s)
        self.cell.restore(snapshot.state)
        self.plant.restart_totals()
        self.board.restore(snapshot.board)
        for device, state in zip(self.devices, snapshot.devices, strict=True):
            device.restore(state)
        *attributes, _ = marshal.loads(snapshot.attributes)
        for owner, name, kind, value in attributes:
            self._restore_attribute(self.owners[owner], name, kind, value)
        for (owner, name), index in self._counter_index.items():
            if index < len(counters):
                self.owners[owner].attributes[name] = counters[index]

    def _restore_attribute(self, owner: _Owner, name: str, kind: int, value: Any) -> None:
        attributes = owner.attributes
        if kind == VALUE:
            attributes[name] = value
        elif kind == OBJECT:
            if self._name_of(attributes[name]) != value:
                raise NotExact(f"{owner.what} keeps now one thing and now another as {name}")
        elif type(value) is list:
            attributes[name][:] = value  # the same list: other objects may refer to it
        else:
            attributes[name].clear()
            attributes[name].update(value)


def _has_containers(value: tuple[Any, ...]) -> bool:
    return any(type(each) in (*_CONTAINERS, set) for each in value)


_DESCRIPTION_ATTRIBUTES = frozenset(("states", "transitions", "stop_triggers"))
