"""Cell: devices, states and steps, described once and run on any board."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import GeneratorType
from typing import Any, ClassVar

import simpy
from simpy.events import Event
from transitions import Machine, State

from cellwright.errors import CapabilityError, CellFault, CellwrightError, DescriptionError, InputError, nearest
from cellwright.hardware import Board
from cellwright.hardware.device import Device
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel
from cellwright.sequences.description import RESERVED_STATES, description_problems, name_problems
from cellwright.sequences.names import names_of
from cellwright.sequences.pin_names import with_pin_numbers
from cellwright.sequences.runlog import RunLog
from cellwright.sequences.settings import Settings
from cellwright.sequences.supervision import BlockedStep, StepProcess, describe_exception
from cellwright.sequences.together import StepTools

FAULTED, STOPPED = RESERVED_STATES
MAX_STATES_WITHOUT_TIME = 1000
CONTROLLED_STOP_TIMEOUT_S = 3.0
"""How long a controlled stop waits for a standstill before everything is stopped abruptly."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why and when a cell stopped. kind: "fault" or "stop". state: which it was in. at_s: on its clock, s."""

    kind: str
    state: str
    reason: str
    at_s: float


class Cell(StepTools):
    """A production cell: devices and settings as class attributes, ``states``, ``transitions``, and a step per state.

    The cell starts in the first state. A step is a method with the name of its state; it yields what devices return
    and returns the trigger to fire. From any state ``fault()`` and ``stop()`` make the board safe and record why;
    ``reset()`` returns the cell to its first state, with every axis to be homed again.
    """

    unit: ClassVar[str] = "unit"
    states: ClassVar[list[str]] = []
    transitions: ClassVar[list[list[str]]] = []
    cycle_ends_with: ClassVar[str] = ""
    """The trigger that marks a finished unit."""
    stop_triggers: ClassVar[Mapping[str, str]] = {}
    """Triggers that count as a stop of the cell, each with its cause in plain words."""
    resets_with: ClassVar[str] = ""
    """The button that resets the cell after a fault or a stop, if it has one."""
    _table_of_class: ClassVar[tuple[str, Machine]]
    base_attributes: ClassVar[frozenset[str]] = frozenset(
        "board env log last_stop stops finished devices time_in_state_s _table _state _destinations _steps _running "  # noqa: SIM905
        "_reset_called _slowing _has_ended _on_finished _entered_at_s _changes_without_time".split()
    )
    """The attributes that every cell has; what else one keeps is its own state, which a snapshot must hold."""
    arduino: ClassVar[ArduinoModel] = "uno"
    """The Arduino whose pins the description uses; the virtual Arduino is of this kind."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Refuse names that every cell needs for itself. Raises DescriptionError."""
        super().__init_subclass__(**options)
        for problem in name_problems(cls, names_of(Cell) | Cell.base_attributes):
            raise DescriptionError(problem)

    def __init__(self, board: Board, parameters: Mapping[str, Any] | None = None, log: RunLog | None = None) -> None:
        """Set up a cell on ``board``.

        parameters: devices or settings that replace those of the class, by name. log: where events and cycles
        are written. Raises DescriptionError if the description contradicts itself.
        """
        self.board = board
        self.env: simpy.Environment = board.env
        self.log = log
        self.last_stop: Stop | None = None
        self.stops: dict[str, int] = {}
        self.finished = 0
        own = self.parameters(parameters)
        for problem in description_problems(type(self), own):
            raise DescriptionError(problem)
        self.devices: dict[str, Device] = {}
        for name, value in own.items():
            setattr(self, name, value)
        self._attach_all({name: value for name, value in own.items() if isinstance(value, Device)})
        board.on_failure(self._on_trouble)
        self._table = self._build_table()
        self._state = self.states[0]
        self._destinations = {
            (each.source, trigger): each.dest or each.source  # no destination: it stays
            for trigger in self._table.events
            for each in self._table.get_transitions(trigger)
        }
        self._steps = {state: getattr(self, state) for state in self.states}
        self._running: list[StepProcess] = []
        self._reset_called = self.env.event()
        self._slowing: Event | None = None
        self._has_ended = False
        self._on_finished: list[Event] = []
        self._entered_at_s = self.env.now
        self._changes_without_time = 0
        self.time_in_state_s: dict[str, float] = dict.fromkeys(self._table.states, 0.0)

    # ---- setting up ----

    @classmethod
    def name(cls) -> str:
        """The cell's name on the command line: that of the folder or file that describes it."""
        try:
            path = Path(inspect.getfile(cls))
        except (TypeError, OSError):  # which of them, depends on Python's version
            return cls.__name__.lower()  # written at a prompt or in a notebook: there is no file
        return path.parent.name if path.stem in ("cell", "__init__") else path.stem

    @classmethod
    def parameters(cls, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Copies of the devices and settings of the class, by name; ``parameters`` replace those of the same name."""
        replaced = parameters or {}
        copies: dict[str, Any] = {}
        for base in reversed(cls.__mro__):
            for name, value in vars(base).items():
                if isinstance(value, (Device, Settings)):
                    copies[name] = copy.copy(replaced.get(name, value))
        for name, value in copies.items():
            if isinstance(value, Device):
                value.name = name
                with_pin_numbers(value, cls.arduino)
        return copies

    def problems(self) -> list[str]:
        """Problems with the work that the cell can detect before it runs, as sentences; for subclasses to override."""
        return []

    def notes(self) -> list[str]:
        """What a person should know of the work before it begins, as sentences; for subclasses to override."""
        return []

    def display_lines(self) -> Sequence[str]:
        """The text on the display of the cell, if it has one; the terminal shows it too."""
        return ()

    def _attach_all(self, devices: Mapping[str, Device]) -> None:
        try:
            self.board.require(devices)
        except InputError as error:
            raise InputError(f"{self.name()}: {error}") from error
        for name, device in devices.items():
            try:
                self._attach(name, device)
            except CapabilityError as error:  # it asks for more than it has said that it needs
                raise InputError(f"{self.name()}: {name} {error}") from error

    def _attach(self, name: str, device: Device) -> None:
        self.devices[name] = device
        device.attach(self.board)
        if self.log is not None:
            device.record = self._record
        if device.stops_cell_when_closed():
            device.when_closed = lambda: self.stop(f"{name} was pressed")
        elif name == self.resets_with:
            device.when_closed = self.reset

    @classmethod
    def _build_table(cls) -> Machine:
        """The states and transitions of the class, built and checked by ``transitions`` once for all its cells."""
        described = repr((cls.states, cls.transitions))
        if vars(cls).get("_table_of_class", ("",))[0] != described:
            table = Machine(
                model=None,
                states=[*(State(name) for name in cls.states), State(FAULTED), State(STOPPED)],
                transitions=cls.transitions,
                initial=cls.states[0],
                auto_transitions=False,
            )
            table.add_transition("fault", [*cls.states], FAULTED)
            table.add_transition("stop", [*cls.states, FAULTED], STOPPED)
            table.add_transition("reset", [FAULTED, STOPPED], cls.states[0])
            cls._table_of_class = described, table
        return cls._table_of_class[1]

    # ---- running ----

    @property
    def is_stopped(self) -> bool:
        """Whether the cell is faulted or stopped, and waits for a reset."""
        return self._state in (FAULTED, STOPPED)

    @property
    def state(self) -> str:
        """The current state."""
        return self._state

    def run(self) -> Generator[Event, Any, None]:
        """The SimPy process of the cell: it goes from state to state while the environment runs."""
        self._record("cell", "state " + self.state, None)
        while not self._has_ended:
            yield from self.run_current_state()

    def run_current_state(self) -> Generator[Event, Any, None]:
        """Run the step of the current state and fire its trigger; if faulted or stopped, wait for a reset."""
        state = self._state
        if state in (FAULTED, STOPPED):
            yield self._reset_called
        elif self._slowing:
            yield self._slowing
        else:
            trigger = yield from self._run_step(state)
            if self._state == state and trigger is not None:
                self._change(trigger)

    def _run_step(self, state: str) -> Generator[Event, Any, str | None]:
        """Run the step of ``state``; an exception in it becomes a fault. Returns the trigger to fire."""
        stops_before = self.last_stop
        try:
            step: Any = self._steps[state]()
            if isinstance(step, GeneratorType):  # quicker to ask than typing's Generator
                supervision = StepProcess(self.env, step)
                self._running = [supervision]
                step = yield supervision
            if self.last_stop is stops_before and not (self._slowing or self._has_ended):
                self._check_trigger(state, step)
                return str(step)
        except CellwrightError as error:
            self.fault(str(error))
        except (Exception, SystemExit, BlockedStep) as error:
            self.fault(describe_exception(error))
        finally:
            for supervision in self._running:
                supervision.abandon("the step that started it is over")
            self._running = []
        return None

    def _check_trigger(self, state: str, trigger: object) -> None:
        if trigger in ("fault", "stop") or (state, trigger) not in self._destinations:
            known = [name for source, name in self._destinations if source == state and name not in ("fault", "stop")]
            raise CellFault(
                f"the step returned {trigger!r}, which is no trigger from this state; {nearest(str(trigger), known)}"
            )

    def _change(self, trigger: str) -> None:
        """Fire a trigger and add up the time in the state that is left."""
        now_s, left = self.env.now, self.state
        self._changes_without_time = self._changes_without_time + 1 if now_s == self._entered_at_s else 0
        self.time_in_state_s[left] += now_s - self._entered_at_s
        self._entered_at_s = now_s
        self._state = self._destinations[left, trigger]
        if self.log is not None:
            self._record("cell", f"trigger {trigger}", None)
            self._record("cell", f"state {self.state}", None)
        if trigger in self.stop_triggers:
            self._count_stop(self.stop_triggers[trigger])
        if trigger == self.cycle_ends_with:
            self._finish_cycle()
        if self._changes_without_time > MAX_STATES_WITHOUT_TIME:
            self._changes_without_time = 0
            self.fault(
                f"went through {MAX_STATES_WITHOUT_TIME} states and no time passed; let a step wait for something."
            )

    def _finish_cycle(self) -> None:
        self.finished += 1
        if self.log is not None:
            self.log.cycle(self.env.now, self.finished)
        self._notify_finished()

    def _notify_finished(self) -> None:
        waiting, self._on_finished = self._on_finished, []
        for event in waiting:
            event.succeed()

    def _count_stop(self, cause: str) -> None:
        self.stops[cause] = self.stops.get(cause, 0) + 1

    def next_finished(self) -> Event:
        """An event that succeeds with the next finished unit, or when the cell faults or is stopped."""
        event = self.env.event()
        self._on_finished.append(event)
        return event

    def time_in_states(self) -> dict[str, float]:
        """Seconds spent in each state so far, the current one included."""
        spent = dict(self.time_in_state_s)
        spent[self.state] += self.env.now - self._entered_at_s
        return spent

    # ---- snapshots ----

    @property
    def is_at_rest(self) -> bool:
        """Whether no step is running and no stop is in progress."""
        return not self._running and not self._slowing

    @property
    def running_steps(self) -> Sequence[StepProcess]:
        """The steps in progress."""
        return self._running

    def restore(self, state: str) -> None:
        """Be in ``state`` at rest, entered now; all totals begin anew."""
        self._state, self._entered_at_s, self._changes_without_time = state, self.env.now, 0
        self.finished, self.stops = 0, {}
        self.time_in_state_s = dict.fromkeys(self.time_in_state_s, 0.0)

    def forget_finished(self) -> None:
        """Drop the events of ``next_finished``."""
        self._on_finished.clear()

    # ---- stopping ----

    def fault(self, reason: str) -> None:
        """Make every output safe, stop the step abruptly, and record the reason."""
        if self.state not in (FAULTED, STOPPED):
            self._stop_abruptly("fault", reason)

    def _on_trouble(self, reason: str) -> None:
        """The board reports that it was lost, fell silent or reset itself; after a fault this is only recorded."""
        if self.state in (FAULTED, STOPPED):
            self._record("board", "trouble", None, reason)
        self.fault(reason)

    def stop(self, reason: str) -> None:
        """Stop abruptly as ``fault`` does, also from the state ``faulted``."""
        if self.state != STOPPED:
            self._stop_abruptly("stop", reason)

    def end(self) -> None:
        """End the run: end the step and make the board safe; this does not count as a stop."""
        self._has_ended = True
        self.board.make_safe()
        for supervision in self._running:
            supervision.abandon("the run is over")

    def controlled_stop(self, reason: str) -> None:
        """End the step, let moving axes decelerate to a standstill, then stop as ``stop`` does."""
        if self.state in (FAULTED, STOPPED) or self._slowing:
            return
        self._slowing = self.env.event()
        for supervision in self._running:
            supervision.abandon(reason)
        standing = self.env.all_of([device.slow_down() for device in self.devices.values()])
        self.env.process(self._stop_at_standstill(standing, self._slowing, reason))

    def _stop_at_standstill(self, standing: Event, slowing: Event, reason: str) -> Generator[Event, Any, None]:
        yield standing | slowing | self.env.timeout(CONTROLLED_STOP_TIMEOUT_S)
        if not slowing.triggered:  # a fault or another stop may have come first
            self.stop(reason)

    def _stop_abruptly(self, kind: str, reason: str) -> None:
        self.board.make_safe()
        if self._slowing:
            self._slowing.succeed()
            self._slowing = None
        for device in self.devices.values():
            device.reset()
        sentence = f"{self.name()}, {self.state}: {reason}"
        self.last_stop = Stop(kind, self.state, sentence, self.env.now)
        self._count_stop(reason)
        self._record("cell", kind, None, reason)
        for supervision in self._running:
            supervision.abandon(reason)
        self._change(kind)
        self._notify_finished()

    def reset(self) -> None:
        """Release the outputs after a fault or a stop, and start again in the first state.

        It has no effect while a stop button is pressed or the board is not connected.
        """
        if self.state not in (FAULTED, STOPPED):
            return
        pressed = [name for name, device in self.devices.items() if device.demands_stop()]
        if pressed:
            return  # a stop button that is still pressed keeps the cell stopped
        try:
            self.board.release()
        except CellFault as fault:  # the link is lost, or the board has not booted yet
            self._record("cell", "reset refused", None, str(fault))
            return
        self._change("reset")
        reset_called, self._reset_called = self._reset_called, self.env.event()
        reset_called.succeed()

    def _record(self, source: str, what: str, value: float | None, detail: str = "") -> None:
        if self.log is not None:
            self.log.event(self.env.now, self.state, source, what, value, detail)
