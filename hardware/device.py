"""The base class of devices: a name, pins, parameters, and a board once the cell is built."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simpy.events import Event

from cellwright.hardware.board import Board
from cellwright.hardware.pins import Pin
from cellwright.hardware.waits import LONG_AGO_S

EventRecorder = Callable[[str, str, float | None], None]
"""Called with a device's name, the event, and its value (mm, s) or None."""


@dataclass(kw_only=True)
class Device:
    """An actuator or a sensor on pins. Its dataclass fields are its parameters (``--set name.field=value``).

    A cell's class holds devices as descriptions; each cell has its own copies, attached to its board.
    """

    state_events: ClassVar[tuple[str, ...]] = ()
    """Its events that begin a state, which lasts until its next event: "on", for example."""
    pulse_events: ClassVar[tuple[str, ...]] = ()
    """Its events whose value is their duration, s."""

    state_attributes: ClassVar[tuple[str, ...] | None] = None
    """The attributes that hold its state between steps; those that end in "_at_s" are times that no longer matter once
    they are past. None: not listed. Each class declares its own."""

    name: str = field(default="", init=False)
    board: Board = field(init=False, repr=False)
    record: EventRecorder | None = field(default=None, init=False, repr=False)
    when_closed: Callable[[], None] | None = field(default=None, init=False, repr=False)
    """Called by a device whenever it closes, if it can: what stops or resets the cell."""

    def pins(self) -> dict[str, Pin]:
        """Its pins, by what they are called in messages."""
        raise NotImplementedError

    def i2c_addresses(self) -> tuple[int, ...]:
        """Its addresses on the I2C bus, if any."""
        return ()

    def problems(self) -> Iterator[str]:
        """Contradictions among its parameters, as clauses that follow the device's name."""
        return iter(())

    def attach(self, board: Board) -> None:
        """Declare its pins on ``board``; called once, before the cell runs."""
        raise NotImplementedError

    def reset(self) -> None:
        """Drop what was in progress: called after a fault or a stop."""

    def forget_last_move(self) -> None:
        """Drop what is cached."""

    def is_at_rest(self, now_s: Any) -> bool:
        """Whether the times that it keeps are past."""
        return all(getattr(self, name) <= now_s for name in self.state_attributes or () if name.endswith("_at_s"))

    def snapshot(self) -> tuple[Any, ...]:
        """Its state at rest, for ``restore``: the values of ``state_attributes`` without times."""
        return tuple([getattr(self, name) for name in self.state_attributes or () if not name.endswith("_at_s")])

    def restore(self, state: tuple[Any, ...]) -> None:
        """Take the state of a snapshot; its times are long past."""
        left = iter(state)
        for name in self.state_attributes or ():
            setattr(self, name, LONG_AGO_S if name.endswith("_at_s") else next(left))
        self.forget_last_move()

    def stops_cell_when_closed(self) -> bool:
        """Whether it is a stop: ``when_closed`` is then what stops the cell."""
        return False

    def demands_stop(self) -> bool:
        """Whether it is a stop that is pressed now, so that the cell may not run."""
        return False

    def slow_down(self) -> Event:
        """Slow down for a controlled stop; the event comes at standstill. Most devices have nothing to slow down."""
        return self.board.env.timeout(0)

    def note(self, what: str, value: float | None, until: Event | None = None) -> None:
        """Record an event in the run log, if there is one, and its end if ``until`` is given."""
        record = self.record
        if record is None:
            return
        record(self.name, what, value)
        if until is not None and until.callbacks is not None:
            until.callbacks.append(lambda _: record(self.name, f"{what} done", value))
