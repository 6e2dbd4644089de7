"""The base class of plants: closes contacts, presses buttons, and lets the operator come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from simpy.events import Event

from cellwright.errors import DescriptionError, nearest
from cellwright.hardware.device import Device
from cellwright.hardware.model.world import World
from cellwright.sequences.names import names_of, replaced_names
from cellwright.sim.people.elements import Element
from cellwright.sim.people.operator import Operator
from cellwright.sim.streams import Streams

BUTTON_PRESS_S = 0.2


class OnePin(Protocol):
    """A device on one pin: a contact, or a lamp."""

    @property
    def pin(self) -> int:
        """Its pin."""
        ...

    @property
    def active_low(self) -> bool:
        """Whether the pin is low when it is closed, or lit."""
        ...


class WrongUnit(NamedTuple):
    """A unit that left outside its tolerance. defects: where. finished: how many units the cell had counted by then."""

    defects: str
    finished: int


class CellPlant(ABC):
    """The physical world round a simulated cell: it sees outputs and axes only, and drives inputs only."""

    base_attributes: ClassVar[frozenset[str]] = frozenset(
        ("cell", "board", "parameters", "operator", "streams", "measured", "tending")
    )
    """The attributes that every plant has beside its counts; what else one keeps is its own state."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse what would replace a method that every plant has. Raises DescriptionError."""
        super().__init_subclass__(**options)
        methods = {name for name in names_of(CellPlant) if callable(getattr(CellPlant, name))}
        for problem in replaced_names(cls, methods):
            raise DescriptionError(problem)

    def __init__(
        self,
        cell: Any,
        board: World,
        parameters: Any,
        operator: Operator,
        streams: Streams,
        tending: Sequence[Element],
    ) -> None:
        self.cell = cell
        self.board = board
        self.parameters = parameters
        self.operator = operator
        self.streams = streams
        self.measured: dict[str, list[float]] = {}
        self.units_out = 0
        self.wrong_units: dict[int, WrongUnit] = {}
        self.tending = {element.name: element for element in tending}

    def restart_totals(self) -> None:
        """Begin the totals anew: the person's labour time."""
        self.operator.labour_s = 0.0

    @abstractmethod
    def connect(self) -> None:
        """Connect to the board: called once, before the cell starts."""

    def measure(self, **values: float) -> None:
        """Record the measures of the unit just finished, once a unit, by names that end in their unit."""
        for name, value in values.items():
            self.measured.setdefault(name, []).append(value)

    def unit_leaves(self, *defects: str) -> None:
        """A unit leaves the cell; ``defects`` say where it is outside its tolerance, as the plant alone knows.

        Call it once a unit, also for a good one. A wrong one that the cell then counts as finished is the fault
        matrix's verdict *wrong product*. ``wrong_units`` holds them, by their numbers from 1.

        Example:
            self.unit_leaves(*(f"a hole is {off_mm:+.1f} mm off" for off_mm in offs_mm if abs(off_mm) > 0.5))
        """
        self.units_out += 1
        if defects:
            self.wrong_units[self.units_out] = WrongUnit("; ".join(defects), self.cell.finished)

    def unit_comes_back(self) -> None:
        """The unit that left last is called back and set aside: it is no product, and its measures do not count."""
        self.wrong_units.pop(self.units_out, None)
        self.units_out -= 1
        for values in self.measured.values():
            values.pop()

    def unnoticed(self) -> dict[int, str]:
        """The defects of the wrong units that the cell has counted as finished since they left, by their numbers."""
        return {n: unit.defects for n, unit in self.wrong_units.items() if self.cell.finished > unit.finished}

    def close(self, switch: OnePin) -> None:
        """Close a contact."""
        self.board.set_input(switch.pin, not switch.active_low)

    def open(self, switch: OnePin) -> None:
        """Open a contact."""
        self.board.set_input(switch.pin, switch.active_low)

    def press(self, button: OnePin) -> None:
        """Press a button and release it a moment later."""
        self.close(button)
        self.board.env.timeout(BUTTON_PRESS_S).callbacks.append(lambda _: self.open(button))

    def call_by(self, lamp: OnePin, visit: Callable[[], Generator[Event, Any, None]]) -> None:
        """Whenever ``lamp`` is lit, let the person come and do ``visit``."""

        def come(_: bool) -> None:
            self.board.env.process(self.operator.come(visit))

        self.board.on_output(lamp.pin, come, levels=[not lamp.active_low])

    def place_axis(self, device: Device, mm: float) -> None:
        """Place a device's axis ``mm`` from its home switch, as at power-up, and connect the switch."""
        axis = device.linear_axis()
        if axis is None:
            raise DescriptionError(f"{device.name} moves no axis; its class must return one from linear_axis().")
        axis.place(self.board, mm)

    def do(self, element: str) -> Generator[Event, Any, None]:
        """Let the operator, who is present, do an element of work.

        Raises:
            DescriptionError: ``tending`` of the manual method has no such element.
        """
        if element not in self.tending:
            raise DescriptionError(
                f"the plant has {element!r} done, which is no element of tending(); {nearest(element, self.tending)}"
            )
        yield from self.operator.spend(self.tending[element].draw(self.streams))
