"""What a cell under test did: its pins, its axes and its states, each as spans of time, and all as one timeline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from cellwright.actuators import Stepper
from cellwright.errors import InputError, nearest
from cellwright.sequences import FAULTED, STOPPED, Cell, RunLog
from cellwright.testing.recorder import AxisHistory, Census, PinHistory, WatchedBoard
from cellwright.testing.spans import AT_ONCE_S, Span, Spans, covered
from cellwright.testing.timeline import Entry

Found = TypeVar("Found")


class History:
    """What happened since the cell was put together.

    pins: outputs by name, such as "trigger" or "bridge enable". contacts: switches and buttons, such as "panel" or
    "bridge home switch". axes: stepper axes. All are watched where the cell's world is, so on the virtual target at
    the virtual Arduino's pins.
    """

    def __init__(self, cell: Cell, model: WatchedBoard, log: RunLog, census: Census) -> None:
        self.cell = cell
        self.env = cell.env
        self.pins: dict[str, PinHistory] = {}
        self.contacts: dict[str, PinHistory] = {}
        self.axes: dict[str, AxisHistory] = {}
        self._log = log
        for name, pin in _named_pins(cell):
            if pin in census.safe_levels:
                output = PinHistory(self.env, name, pin, census.safe_levels[pin], ("on", "off"))
                model.on_output(pin, output.note)
                self.pins[name] = output
            elif pin in census.levels_at_rest:
                contact = PinHistory(self.env, name, pin, census.levels_at_rest[pin], ("closed", "open"))
                contact.note(model.declare_input(pin, census.levels_at_rest[pin]).level)
                model.on_contact[pin] = contact.note
                self.contacts[name] = contact
        for device in cell.devices.values():
            if isinstance(device, Stepper):
                stepper = model.axis(device.step)
                axis = self.axes[device.name] = AxisHistory(stepper, device.name, device.steps_per_mm)
                model.motion.on_start[stepper] = axis.note_start

    # ---- as spans ----

    def on(self, *names: str) -> Spans:
        """When at least one of these outputs was on."""
        return _any_of(names, "on", [look_up(self.cell, "output", name, self.pins) for name in names])

    def closed(self, *names: str) -> Spans:
        """When at least one of these contacts was closed."""
        return _any_of(names, "closed", [look_up(self.cell, "contact", name, self.contacts) for name in names])

    def moving(self, *names: str) -> Spans:
        """When at least one of these axes moved."""
        return _any_of(names, "moving", [look_up(self.cell, "axis", name, self.axes) for name in names])

    def in_state(self, *names: str) -> Spans:
        """When the cell was in one of these states."""
        known = dict.fromkeys((*self.cell.states, FAULTED, STOPPED))
        for name in names:
            look_up(self.cell, "state", name, known)
        entered = self._states()
        left_s = [at_s for at_s, _ in entered[1:]] + [self.env.now]
        spans = (Span(at_s, end_s) for (at_s, name), end_s in zip(entered, left_s, strict=True) if name in names)
        return Spans(f"the cell was {' or '.join(names)}", ("cell",), covered(spans))

    def _states(self) -> list[tuple[float, str]]:
        rows = self._log.connection.execute(
            "SELECT at_s, substr(what, 7) FROM event WHERE source = 'cell' AND what LIKE 'state %' ORDER BY rowid"
        )
        return list(rows)

    # ---- as a timeline ----

    def timeline(self) -> list[Entry]:
        """All that happened, in order; of what happened at once, causes before effects."""
        contacts, pins = self._pin_entries(self.contacts), self._pin_entries(self.pins)
        arrivals, starts = self._axis_entries()
        entries = [*contacts, *arrivals, *self._state_entries(), *pins, *starts]
        return sorted(entries, key=lambda entry: entry.at_s)

    def _state_entries(self) -> Iterator[Entry]:
        for at_s, what, detail in self._log.connection.execute(
            "SELECT at_s, what, detail FROM event WHERE source IN ('cell', 'board') "
            "AND (what LIKE 'state %' OR detail != '') ORDER BY rowid"
        ):
            yield Entry(at_s, "cell", f"{what}: {detail}" if detail else what.removeprefix("state "))

    def _pin_entries(self, histories: Mapping[str, PinHistory]) -> Iterator[Entry]:
        for name, history in histories.items():
            for at_s, on in history.edges:
                yield Entry(at_s, name, history.words[0] if on else history.words[1])

    def _axis_entries(self) -> tuple[list[Entry], list[Entry]]:
        """The ends of all moves, and their beginnings."""
        moves = [(name, move) for name, axis in self.axes.items() for move in axis.moves]
        ends = [
            Entry(move.ended_s, name, f"stands at {move.to_mm:.2f} mm")
            for name, move in moves
            if move.ended_s is not None
        ]
        return ends, [Entry(move.began_s, name, f"moves from {move.from_mm:.2f} mm") for name, move in moves]

    # ---- safety ----

    @property
    def is_safe(self) -> bool:
        """Whether no output is on and no axis moves now."""
        return not any(pin.is_on for pin in self.pins.values()) and not any(axis.moving for axis in self.axes.values())

    def last_unsafe(self, since_s: float) -> tuple[float, Spans] | None:
        """The last moment from ``since_s`` until the cell was reset at which something was not safe, and what.

        None if everything has been safe since then.
        """
        halts = (span for span in self.in_state(FAULTED, STOPPED) if span.to_s > since_s)
        until_s = next(halts, Span(since_s, self.env.now)).to_s
        unsafe = [
            (min(span.to_s, until_s), spans)
            for spans in (*map(self.on, self.pins), *map(self.moving, self.axes))
            for span in spans
            if span.to_s > since_s + AT_ONCE_S and span.from_s < until_s
        ]
        return max(unsafe, key=lambda moment: moment[0], default=None)


def _named_pins(cell: Cell) -> Iterator[tuple[str, int]]:
    """Every pin by its device's name, and by its role if the device has several."""
    for device in cell.devices.values():
        pins = device.pins()
        for role, pin in pins.items():
            yield (device.name if len(pins) == 1 else f"{device.name} {role}"), pin


def look_up(cell: Cell, kind: str, name: str, known: Mapping[str, Found]) -> Found:
    """What is called ``name``. Raises InputError, with the nearest name, if there is none."""
    if name not in known:
        raise InputError(f"{cell.name()} has no {kind} called {name!r}; {nearest(name, known)}")
    return known[name]


def _any_of(names: tuple[str, ...], word: str, histories: list[PinHistory] | list[AxisHistory]) -> Spans:
    spans = covered(span for history in histories for span in history.spans())
    return Spans(f"{' or '.join(names)} was {word}", names, spans)
