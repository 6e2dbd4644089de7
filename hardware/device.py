"""The base class of devices: a name, pins, parameters, and a board once the cell is built.

What the rest of the product wants to know of a device, it asks the device: nothing has a list of device classes.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

from simpy.events import Event

from cellwright.hardware.board import Board
from cellwright.hardware.linear_axis import LinearAxis
from cellwright.hardware.pins import DRIVING, Feature, Need, Pin, needs_of
from cellwright.hardware.waits import LONG_AGO_S

EventRecorder = Callable[[str, str, float | None], None]
"""Called with a device's name, the event, and its value (mm, s) or None."""

Prompt = Callable[[str], Event]
"""Shows a person an instruction, a sentence; the event comes when the person confirms."""


@dataclass(frozen=True, slots=True)
class FittedPulse:
    """A pulse whose rest a fit corrects by the log of a run.

    event: noted at its start with the time on, s, as the value, and followed by "… done" at the end of its rest.
    on_s, rest_s: the names of the parameters for the time on and for the rest after it, s.
    """

    event: str
    on_s: str
    rest_s: str


@dataclass(frozen=True, slots=True)
class Hazard:
    """What of a device may hurt somebody, for the risk assessment of the machine it becomes a part of.

    kind: as ISO 12100 groups them: "mechanical", "electrical", "thermal", "noise", "substance". harm: what may happen,
    a clause. protection: what usually protects people, a clause.
    """

    kind: str
    harm: str
    protection: str


UNSTATED_HAZARD = Hazard(
    "not stated", "it drives something that its class does not describe", "look at what it moves, heats or lets out"
)


class CalibrationFile(Protocol):
    """The result of a calibration."""

    def write(self, path: Path | str) -> None:
        """Write it, replacing an existing file."""
        ...


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

    known_unit: ClassVar[str] = ""
    """The unit of the known mass or length against which it is calibrated: "g", "mm". Such a device has a parameter
    ``calibration``, the path of a file; empty if it cannot be calibrated."""
    file_parameters: ClassVar[tuple[str, ...]] = ()
    """Its parameters that are paths of files: their contents are inputs of a simulation, the paths are not."""

    local_parameters: ClassVar[tuple[str, ...]] = ()
    """Its parameters that say where it is on this computer: they are no inputs of a simulation."""

    is_plugged_into_computer: ClassVar[bool] = False
    """Whether it is a peripheral: plugged into the computer and not into the Arduino."""

    units: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The units of its parameters whose names do not end in one: {"max_speed": "mm/s"}."""

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

    def needs(self) -> tuple[Need, ...]:
        """What it needs of a board and its firmware, as its pins and its addresses say."""
        return (*needs_of(self.pins().values()), *(Need(Feature.I2C) for _ in self.i2c_addresses()[:1]))

    def hazards(self) -> tuple[Hazard, ...]:
        """What of it may hurt somebody; nothing of a sensor. A class that drives something says what.

        Unless it does, it counts as something to look at.
        """
        return (UNSTATED_HAZARD,) if any(pin.role in DRIVING for pin in self.pins().values()) else ()

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

    def action_events(self) -> tuple[str, ...]:
        """Its events that the cell brings about, by which targets are compared; what it senses is not among them."""
        return self.state_events + self.pulse_events

    def fitted_pulse(self) -> FittedPulse | None:
        """The pulse that a fit corrects, if it has one."""
        return None

    def linear_axis(self) -> LinearAxis | None:
        """The axis that it moves, if it moves one."""
        return None

    def calibrate(self, known: float, ask: Prompt, today: datetime.date) -> Generator[Event, Any, CalibrationFile]:
        """A step that calibrates it against ``known`` (in ``known_unit``), applies the calibration and returns it.

        Raises CellFault for an implausible result.
        """
        raise NotImplementedError

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
