"""What all devices have in common: a name, pins, parameters, and a board once the cell is put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from simpy.events import Event

from cellwright.hardware.board import Board

Record = Callable[[str, str, float | None], None]
"""Called with a device's name, what it does, and a number that goes with it (mm, s) or None."""


@dataclass(kw_only=True)
class Device:
    """An actuator or a sensor on pins. Its dataclass fields are its parameters (``--set name.field=value``).

    A cell's class holds devices as descriptions; each cell works on copies of its own, attached to its board.
    """

    begins: ClassVar[tuple[str, ...]] = ()
    """What it notes when something begins that lasts until its next note, such as "on"."""
    pulses: ClassVar[tuple[str, ...]] = ()
    """What it notes of something that lasts for as long as the note's value, s."""

    remembers: ClassVar[tuple[str, ...] | None] = None
    """Attributes that change as it is used and decide what it does next; those that end in "_at_s" are moments of the
    clock that no longer matter once they are over. None: nobody has listed them. Each class says it for itself."""

    name: str = field(default="", init=False)
    board: Board = field(init=False, repr=False)
    record: Record | None = field(default=None, init=False, repr=False)

    def pins(self) -> dict[str, int]:
        """The pins it takes, by role."""
        raise NotImplementedError

    def i2c_addresses(self) -> tuple[int, ...]:
        """Where on the I2C bus it is, if it is there."""
        return ()

    def problems(self) -> Iterator[str]:
        """What contradicts itself in its parameters: clauses that follow the device's name."""
        return iter(())

    def attach(self, board: Board) -> None:
        """Declare its pins on ``board``; called once, before the cell runs."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget what was under way: called after a fault or a stop."""

    def forget_last_move(self) -> None:
        """Drop what is kept to save time alone."""

    def slow_down(self) -> Event:
        """Come to rest without haste before a soft stop; the event comes when it stands. Most stand already."""
        return self.board.env.timeout(0)

    def note(self, what: str, value: float | None, until: Event | None = None) -> None:
        """Tell the run log, if there is one, what begins and, with ``until``, when it ends."""
        record = self.record
        if record is None:
            return
        record(self.name, what, value)
        if until is not None and until.callbacks is not None:
            until.callbacks.append(lambda _: record(self.name, f"{what} done", value))
