"""What a cell under test did: its pins, its axes and its states, each as spans of time, and all as one timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from cellwright.errors import InputError, nearest
from cellwright.sequences import FAULTED, STOPPED, Cell, RunLog
from cellwright.testing.intervals import TIME_TOLERANCE_S, Interval, Intervals, union
from cellwright.testing.recorder import AxisHistory, DeclarationRecorder, InstrumentedBoard, PinHistory
from cellwright.testing.timeline import TimelineEntry

T = TypeVar("T")


class History:
    """All events since the cell was created.

    pins: outputs by name, such as "trigger" or "bridge enable". contacts: switches and buttons, such as "panel" or
    "bridge home switch". axes: stepper axes. All are recorded where the plant acts: on the virtual target, at
    the pins of the virtual Arduino.
    """

    def __init__(self, cell: Cell, model: InstrumentedBoard, log: RunLog, declarations: DeclarationRecorder) -> None:
        self.cell = cell
        self.env = cell.env
        self.pins: dict[str, PinHistory] = {}
        self.contacts: dict[str, PinHistory] = {}
        self.axes: dict[str, AxisHistory] = {}
        self._log = log
        for name, pin in _named_pins(cell):
            if pin in declarations.safe_levels:
                output = PinHistory(self.env, name, pin, declarations.safe_levels[pin], ("on", "off"))
                model.on_output(pin, output.record)
                self.pins[name] = output
            elif pin in declarations.rest_levels:
                contact = PinHistory(self.env, name, pin, declarations.rest_levels[pin], ("closed", "open"))
                contact.record(model.declare_input(pin, declarations.rest_levels[pin]).level)
                model.on_contact[pin] = contact.record
                self.contacts[name] = contact
        for device in cell.devices.values():
            axis = device.linear_axis()
            if axis is not None:
                stepper = model.axis(axis.step)
                history = self.axes[device.name] = AxisHistory(stepper, device.name, axis.steps_per_mm)
                model.motion.on_start[stepper] = history.record_start

    # ---- as intervals ----

    def on(self, *names: str) -> Intervals:
        """When at least one of these outputs was on."""
        return _any_of(names, "on", [look_up(self.cell, "output", name, self.pins) for name in names])

    def closed(self, *names: str) -> Intervals:
        """When at least one of these contacts was closed."""
        return _any_of(names, "closed", [look_up(self.cell, "contact", name, self.contacts) for name in names])

    def moving(self, *names: str) -> Intervals:
        """When at least one of these axes moved."""
        return _any_of(names, "moving", [look_up(self.cell, "axis", name, self.axes) for name in names])

    def in_state(self, *names: str) -> Intervals:
        """When the cell was in one of these states."""
        known = dict.fromkeys((*self.cell.states, FAULTED, STOPPED))
        for name in names:
            look_up(self.cell, "state", name, known)
        entered = self._states()
        left_s = [at_s for at_s, _ in entered[1:]] + [self.env.now]
        intervals = (
            Interval(at_s, end_s) for (at_s, name), end_s in zip(entered, left_s, strict=True) if name in names
        )
        return Intervals(f"the cell was {' or '.join(names)}", ("cell",), union(intervals))

    def _states(self) -> list[tuple[float, str]]:
        rows = self._log.connection.execute(
            "SELECT at_s, substr(what, 7) FROM event WHERE source = 'cell' AND what LIKE 'state %' ORDER BY rowid"
        )
        return list(rows)

    # ---- as a timeline ----

    def timeline(self) -> list[TimelineEntry]:
        """All events in order of time; among simultaneous events, causes before effects."""
        contacts, pins = self._pin_entries(self.contacts), self._pin_entries(self.pins)
        arrivals, starts = self._axis_entries()
        entries = [*contacts, *arrivals, *self._state_entries(), *pins, *starts]
        return sorted(entries, key=lambda entry: entry.at_s)

    def _state_entries(self) -> Iterator[TimelineEntry]:
        for at_s, what, detail in self._log.connection.execute(
            "SELECT at_s, what, detail FROM event WHERE source IN ('cell', 'board') "
            "AND (what LIKE 'state %' OR detail != '') ORDER BY rowid"
        ):
            yield TimelineEntry(at_s, "cell", f"{what}: {detail}" if detail else what.removeprefix("state "))

    def _pin_entries(self, histories: Mapping[str, PinHistory]) -> Iterator[TimelineEntry]:
        for name, history in histories.items():
            for at_s, on in history.edges:
                yield TimelineEntry(at_s, name, history.words[0] if on else history.words[1])

    def _axis_entries(self) -> tuple[list[TimelineEntry], list[TimelineEntry]]:
        """The ends of all moves, and their starts."""
        moves = [(name, move) for name, axis in self.axes.items() for move in axis.moves]
        ends = [
            TimelineEntry(move.ended_s, name, f"stands at {move.to_mm:.2f} mm")
            for name, move in moves
            if move.ended_s is not None
        ]
        return ends, [TimelineEntry(move.began_s, name, f"moves from {move.from_mm:.2f} mm") for name, move in moves]

    # ---- safety ----

    @property
    def is_safe(self) -> bool:
        """Whether no output is on and no axis moves now."""
        return not any(pin.is_on for pin in self.pins.values()) and not any(axis.moving for axis in self.axes.values())

    def last_unsafe(self, since_s: float) -> tuple[float, Intervals] | None:
        """The last time, from ``since_s`` until the cell was reset, at which it was not safe, and the cause.

        None if it has been safe since then.
        """
        stopped = (interval for interval in self.in_state(FAULTED, STOPPED) if interval.to_s > since_s)
        until_s = next(stopped, Interval(since_s, self.env.now)).to_s
        unsafe = [
            (min(interval.to_s, until_s), intervals)
            for intervals in (*map(self.on, self.pins), *map(self.moving, self.axes))
            for interval in intervals
            if interval.to_s > since_s + TIME_TOLERANCE_S and interval.from_s < until_s
        ]
        return max(unsafe, key=lambda moment: moment[0], default=None)


def _named_pins(cell: Cell) -> Iterator[tuple[str, int]]:
    """Every pin, named by its device, and by its role if the device has several."""
    for device in cell.devices.values():
        pins = device.pins()
        for role, pin in pins.items():
            yield (device.name if len(pins) == 1 else f"{device.name} {role}"), pin.number


def look_up(cell: Cell, kind: str, name: str, known: Mapping[str, T]) -> T:
    """The item called ``name``. Raises InputError, with the nearest name, if there is none."""
    if name not in known:
        raise InputError(f"{cell.name()} has no {kind} called {name!r}; {nearest(name, known)}")
    return known[name]


def _any_of(names: tuple[str, ...], word: str, histories: list[PinHistory] | list[AxisHistory]) -> Intervals:
    intervals = union(interval for history in histories for interval in history.intervals())
    return Intervals(f"{' or '.join(names)} was {word}", names, intervals)
