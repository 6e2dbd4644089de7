"""What a simulated cell remembers between two steps: looked at, compared, and brought back.

At rest nothing is under way: no step, no visit, no move, no pulse. What is to come then depends on what is remembered
here alone, and on the draws. Whole numbers that cell and plant keep may differ from one time to the next (see
``traced``); all else must be the same for a path to be taken again.
"""

from __future__ import annotations

import marshal
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, is_dataclass
from enum import Enum
from types import FunctionType, MethodType
from typing import Any, NamedTuple

from cellwright.hardware import ModelBoard
from cellwright.sequences import Cell, Settings
from cellwright.sim.fast_path.conditions import NotExact
from cellwright.sim.fast_path.symbolic import Traced
from cellwright.sim.plants.plant import CellPlant
from cellwright.sim.targets import Rig

LONG_AGO_S = -math.inf
ALWAYS = (0, "")
"""A name that is always there, so that a first look shows even where nothing is kept."""
_CONTAINERS = (list, dict)  # not sets: one that is brought back may have another order
VALUE, CONTENTS, OBJECT = range(3)
_NO_PORTS = {
    "analog_inputs": "analog inputs",
    "encoders": "encoders",
    "hx711s": "an HX711",
    "i2c_devices": "devices on the I2C bus",
}


class State(NamedTuple):
    """What is remembered at rest, but for the whole numbers: equal states go on alike.

    state: the cell's. board: levels and positions. kept: what cell and plant keep, as bytes.
    """

    state: str
    board: tuple[Any, ...]
    devices: tuple[Any, ...]
    kept: bytes


@dataclass(slots=True)
class _Owner:
    """An object of the user's, cell or plant, and the names of what it keeps."""

    what: str
    kept: dict[str, Any]
    own: frozenset[str]


class Snapshot:
    """The memory of one rig. Raises NotExact for a rig with something in it that cannot be brought back.

    whole_numbers: where each kept whole number is in a list of them, by owner and name. names: of all that is kept.
    Both are filled at the first look of all, and are the same for all rigs of a scenario.
    """

    def __init__(self, rig: Rig, whole_numbers: dict[tuple[int, str], int], names: set[tuple[int, str]]) -> None:
        self.rig = rig
        self._whole = whole_numbers
        self._names = names
        self.cell, self.plant = rig.cell, rig.plant
        self.board: ModelBoard = rig.model
        for attribute, words in _NO_PORTS.items():
            if getattr(self.board, attribute):
                raise NotExact(f"its board has {words}, which change between two steps")
        self.devices = list(self.cell.devices.values())
        for device in self.devices:
            if "remembers" not in vars(type(device)):
                raise NotExact(f"it does not know what {device.name}, a {type(device).__name__}, remembers")
        self._refuse_shared_by_class()
        self.outputs = list(self.board._outputs.values())
        self.inputs = list(self.board._inputs.values())
        self.steppers = list(self.board.steppers.values())
        self.owners = [
            _Owner(self.cell.name(), vars(self.cell), _OF_EVERY_CELL | frozenset(self.cell.parts())),
            _Owner("its plant", vars(self.plant), _OF_EVERY_PLANT),
        ]
        parts = (self.cell, self.plant, self.board, self.plant.operator, self.plant.streams, *self.devices)
        everything = (*parts, *self.outputs, *self.inputs, *self.steppers)
        self._of_the_rig = {id(each): f"part {number}" for number, each in enumerate(everything)}
        self._refuse_watchers_with_a_memory()

    def _refuse_shared_by_class(self) -> None:
        for owner, base in ((self.cell, Cell), (self.plant, CellPlant)):
            for each in type(owner).__mro__[: type(owner).__mro__.index(base)]:
                for name, value in vars(each).items():
                    if isinstance(value, (*_CONTAINERS, set)) and name not in _DESCRIBING and not name.startswith("__"):
                        raise NotExact(f"{each.__name__}.{name} belongs to the class and may be changed by any cell")

    # ---- looking ----

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is under way. Call it between two steps only."""
        rig, now_s = self.rig, self.rig.env._now
        if rig.env._queue or self.cell._running or self.cell._slowing:
            return False
        self.board.motion.settle()
        if self.board.motion.moving or any(each.due_s > now_s for each in self.steppers):
            return False
        for each in self.inputs:
            each.forget_given_up()
            if each.is_waited_for:
                return False
        for output in self.outputs:
            if output.level is None or output._pulse is not None:  # asking for the level ends a pulse that is over
                return False
        return all(value <= now_s for value in self._times())

    def _times(self) -> Iterator[Any]:
        for device in self.devices:
            for name in device.remembers or ():
                if name.endswith("_at_s"):
                    yield getattr(device, name)

    def look(self) -> tuple[State, list[Any]]:
        """The state at rest, and the whole numbers in the order of their symbols, traced or plain."""
        board = (
            self.board.locked,
            tuple([(each._level, each.declared) for each in self.outputs]),
            tuple([(each.level, each._contact) for each in self.inputs]),
            tuple([(each.rest_at, each._zero_at) for each in self.steppers]),
            tuple([(each.safe, each.value) for each in self.board.levels.values()]),
        )
        devices = tuple(
            [
                tuple([getattr(device, name) for name in device.remembers or () if not name.endswith("_at_s")])
                for device in self.devices
            ]
        )
        kept, numbers = self._look_at_kept()
        try:
            return State(self.cell.state, board, devices, marshal.dumps(kept, 2)), numbers
        except ValueError:
            raise NotExact("cell or plant keep something in a list that cannot be looked into") from None

    def _look_at_kept(self) -> tuple[list[Any], list[Any]]:
        kept: list[Any] = []
        numbers: list[Any] = [None] * len(self._whole)
        lists: dict[int, tuple[int, str]] = {}
        for number, owner in enumerate(self.owners):
            for name, value in owner.kept.items():
                if name in owner.own:
                    continue
                kind = type(value)
                if kind in (bool, float, str, type(None)) or (kind is tuple and not _holds_lists(value)):
                    kept.append((number, name, VALUE, value))
                elif kind is int or kind is Traced:
                    self._take_number(numbers, (number, name), value)
                elif kind in _CONTAINERS:
                    self._take_list(lists, (number, name), value)
                    kept.append((number, name, CONTENTS, value))
                else:
                    kept.append((number, name, OBJECT, self._checked_name(owner, name, value)))
        kept.append(self._lists_that_callbacks_hold(lists))
        self._refuse_other_names()
        return kept, numbers

    def _refuse_other_names(self) -> None:
        """What is kept at one time and not at another could not be brought back."""
        names = {(number, name) for number, owner in enumerate(self.owners) for name in owner.kept.keys() - owner.own}
        names.add(ALWAYS)
        if not self._names:
            self._names |= names
        for number, name in sorted(self._names ^ names):
            raise NotExact(f"{self.owners[number].what} keeps {name} at one time and not at another")

    def _take_number(self, numbers: list[Any], place: tuple[int, str], value: Any) -> None:
        index = self._whole.setdefault(place, len(self._whole))
        if index == len(numbers):
            numbers.append(value)
        else:
            numbers[index] = value

    def _take_list(self, lists: dict[int, tuple[int, str]], place: tuple[int, str], value: Any) -> None:
        parts = value.values() if type(value) is dict else value
        for each in (value, *(part for part in parts if type(part) in _CONTAINERS)):
            if lists.setdefault(id(each), place) != place:
                raise NotExact(f"{lists[id(each)][1]} and {place[1]} are one and the same list")

    def _lists_that_callbacks_hold(self, lists: dict[int, tuple[int, str]]) -> list[Any]:
        """A switch may empty a list when it closes: it must be the list that the cell keeps, then as now."""
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
        """The same name in every rig, for what has no memory beside what is looked at here; None for anything else."""
        if id(value) in self._of_the_rig:
            return self._of_the_rig[id(value)]
        is_frozen = is_dataclass(value) and getattr(type(value), "__dataclass_params__").frozen  # noqa: B009  # no stub
        if is_frozen or isinstance(value, (Enum, type, Settings)):
            return repr(value)
        return self._name_of_function(value)

    def _name_of_function(self, value: Any) -> str | None:
        """Of a function that keeps nothing of its own, such as a method of the plant."""
        if isinstance(value, MethodType):
            owner = self._name_of(value.__self__)
            return None if owner is None else f"{value.__qualname__} of {owner}"
        if not isinstance(value, FunctionType):
            return None
        inside = [cell.cell_contents for cell in value.__closure__ or ()]
        names = [each if isinstance(each, str) else self._name_of(each) for each in inside]
        return None if None in names else f"{value.__qualname__} with {names}"

    def _refuse_watchers_with_a_memory(self) -> None:
        for output in self.outputs:
            for watcher in (*output._watchers[False], *output._watchers[True]):
                if self._name_of_function(watcher) is None:
                    raise NotExact(f"what happens when output {output.pin} changes may remember something")

    # ---- bringing back ----

    def restore(self, state: State, numbers: Sequence[Any], now_s: Any) -> None:
        """Make it as it was when ``state`` was looked at, with these whole numbers, at ``now_s``; counts begin at 0."""
        self.rig.env._now = now_s
        self._restore_cell(state.state, now_s)
        self._restore_board(state.board)
        for device, values in zip(self.devices, state.devices, strict=True):
            left = iter(values)
            for name in device.remembers or ():
                setattr(device, name, LONG_AGO_S if name.endswith("_at_s") else next(left))
            device.forget_last_move()
        *kept, _ = marshal.loads(state.kept)
        for owner, name, kind, value in kept:
            self._keep(self.owners[owner], name, kind, value)
        for (owner, name), index in self._whole.items():
            if index < len(numbers):
                self.owners[owner].kept[name] = numbers[index]

    def _restore_cell(self, state: str, now_s: Any) -> None:
        cell = self.cell
        cell._state, cell._entered_at_s, cell._changes_now = state, now_s, 0
        cell.finished, cell.stops = 0, {}
        cell.time_in_state_s = dict.fromkeys(cell.time_in_state_s, 0.0)
        self.plant.operator.labour_s = 0.0

    def _restore_board(self, remembered: tuple[Any, ...]) -> None:
        board = self.board
        board.locked, outputs, inputs, steppers, levels = remembered
        for output, (level, declared) in zip(self.outputs, outputs, strict=True):
            output._level, output.declared, output._pulse, output._back_s = level, declared, None, LONG_AGO_S
        for each, (level, contact) in zip(self.inputs, inputs, strict=True):
            each.level, each._contact, each._waiting, each._settles_at_s = level, contact, [], LONG_AGO_S
        for stepper, (rest_at, zero_at) in zip(self.steppers, steppers, strict=True):
            stepper.rest_at, stepper._zero_at, stepper.due_s = rest_at, zero_at, LONG_AGO_S
        for duty, (_, value) in zip(board.levels.values(), levels, strict=True):
            duty.value = value
        board.motion.moving.clear()

    def _keep(self, owner: _Owner, name: str, kind: int, value: Any) -> None:
        kept = owner.kept
        if kind == VALUE:
            kept[name] = value
        elif kind == OBJECT:
            if self._name_of(kept[name]) != value:
                raise NotExact(f"{owner.what} keeps now one thing and now another as {name}")
        elif type(value) is list:
            kept[name][:] = value  # the same list: others may hold it
        else:
            kept[name].clear()
            kept[name].update(value)


def _holds_lists(value: tuple[Any, ...]) -> bool:
    return any(type(each) in (*_CONTAINERS, set) for each in value)


# What the base classes keep by themselves; it is looked at by name above, or belongs to the accounts.
_OF_EVERY_CELL = frozenset(
    "board env log last_stop stops finished devices time_in_state_s _table _state _destinations _steps _running "  # noqa: SIM905
    "_reset_called _slowing _has_ended _on_finished _entered_at_s _changes_now".split()
)
_OF_EVERY_PLANT = frozenset(("cell", "board", "parameters", "operator", "streams", "measured", "tending"))
_DESCRIBING = frozenset(("states", "transitions", "stop_triggers"))
