"""Finds steps that forget to wait: in their source, and on the paths that a dry run takes.

A step that calls ``self.trigger.fire()`` without ``yield`` goes on at once, and one that calls ``home(self.feed)``
without ``yield from`` does nothing at all. Neither is an error of Python's.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import sys
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import MadeEvents
from cellwright.hardware.waits import left_running
from cellwright.sequences.runlog import RunLog

EVENT_TYPES = ("Wait", "Event", "Timeout", "ScheduledWait", "Condition", "AllOf", "AnyOf")
STEP_TYPES = ("Steps", "Step", "Generator")
BLOCKING = {time.sleep: "yield self.env.timeout(…)", builtins.input: "a button, or another device"}
"""What holds up the whole cell, and what to write in its place."""


def forgotten_yields(cell: type, parts: Mapping[str, Any]) -> Iterator[str]:
    """What the source of a cell's own methods forgets, as sentences with file and line. parts: devices, by name."""
    for method in own_methods(cell):
        yield from _MethodSource(cell, parts, method).problems()


def own_methods(cell: type) -> Iterator[FunctionType]:
    """The methods of the classes that describe a cell: the base class, which has no states, left out."""
    for each in cell.__mro__:
        if getattr(each, "states", None):
            yield from (method for method in vars(each).values() if isinstance(method, FunctionType))


class _MethodSource:
    """The source of one method, with what its names mean."""

    def __init__(self, cell: type, parts: Mapping[str, Any], method: FunctionType) -> None:
        self.cell = cell
        self.parts = parts
        self.method = method
        self.file = Path(method.__code__.co_filename).name
        self.tree: ast.AST | None
        try:
            source = textwrap.dedent(inspect.getsource(method))
            self.tree = ast.parse(source).body[0]
        except (OSError, TypeError, SyntaxError):
            self.tree = None  # made at a prompt, or by another function
        self.imported = dict(self._imported())

    def _imported(self) -> Iterator[tuple[str, Any]]:
        """What the method imports for itself, as far as it is loaded already."""
        for node in ast.walk(self.tree) if self.tree is not None else ():
            if isinstance(node, ast.Import):
                for each in node.names:
                    if each.name in sys.modules and (each.asname or "." not in each.name):
                        yield each.asname or each.name, sys.modules[each.name]
            elif isinstance(node, ast.ImportFrom) and node.module in sys.modules and not node.level:
                module = importlib.import_module(node.module or "")
                for each in node.names:
                    yield each.asname or each.name, getattr(module, each.name, None)

    def problems(self) -> Iterator[str]:
        for node in ast.walk(self.tree) if self.tree is not None else ():
            problem = ""
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                problem = self._of_statement(node.value)
            elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Call):
                if self._is_step(self._called(node.value)):
                    problem = f"yields {self._text(node.value)}, which is a step: use yield from"
            elif isinstance(node, ast.YieldFrom) and isinstance(node.value, ast.Call):  # noqa: SIM102  # as above
                if self._is_event(self._called(node.value)):
                    problem = f"yields from {self._text(node.value)}, which is one wait: use yield"
            if not problem and isinstance(node, ast.Call):
                problem = self._blocking(node)
            if problem:
                line = self.method.__code__.co_firstlineno + getattr(node, "lineno", 1) - 1
                yield f"{self.file}, line {line}: {self.method.__name__} {problem}."

    def _of_statement(self, call: ast.Call) -> str:
        called = self._called(call)
        if self._is_step(called):
            return f"calls {self._text(call)}, which does nothing by itself: put yield from before it"
        if self._is_event(called):
            return f"does not wait for {self._text(call)}: put yield before it, or say so by self.leave_running(…)"
        return ""

    def _blocking(self, call: ast.Call) -> str:
        try:
            instead = BLOCKING.get(self._called(call))
        except TypeError:  # what is called cannot be looked up
            return ""
        return f"holds up the cell by {self._text(call)}: use {instead}" if instead else ""

    def _text(self, call: ast.Call) -> str:
        return f"{ast.unparse(call.func)}(…)" if call.args or call.keywords else f"{ast.unparse(call.func)}()"

    def _called(self, call: ast.Call) -> Any:
        """What a call calls, if its name is known without running it; else None."""
        names: list[str] = []
        node: ast.expr = call.func
        while isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        names.reverse()
        if node.id == (self.method.__code__.co_varnames[:1] or ("",))[0]:
            return self._called_on_cell(names)
        found = self.imported.get(node.id, self.method.__globals__.get(node.id, getattr(builtins, node.id, None)))
        for name in names:
            found = getattr(found, name, None)
        return found

    def _called_on_cell(self, names: list[str]) -> Any:
        match names:
            case [name]:
                return getattr(self.cell, name, None)
            case ["env", "timeout"]:
                return Timeout
            case [device, name] if device in self.parts:
                return getattr(type(self.parts[device]), name, None)
        return None

    def _is_step(self, called: Any) -> bool:
        return inspect.isgeneratorfunction(called) or _returns(called).split("[")[0] in STEP_TYPES

    def _is_event(self, called: Any) -> bool:
        return called is Timeout or any(word.strip() in EVENT_TYPES for word in _returns(called).split("|"))


def _returns(called: Any) -> str:
    """The annotation of what a function returns, as text."""
    annotation = getattr(called, "__annotations__", {}).get("return", "") if callable(called) else ""
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


# ---- on the paths of a dry run ----


@dataclass(slots=True)
class MadeWait:
    """A wait that a step made, and where. in_state: the how-manieth state of the run. is_waited_for: in that state."""

    file: str
    line: int
    state: str
    in_state: int
    is_waited_for: bool = False


class WaitLedger(RunLog):
    """Keeps all waits that a cell's own methods make, and whether something waits for them before the state ends.

    It is the log of a dry run, as a log receives every change of state.
    """

    def __init__(self, cell: type) -> None:
        super().__init__(":memory:")
        self._codes = {method.__code__ for method in own_methods(cell)}
        self._made: list[MadeWait] = []
        self._state = ""
        self._states_entered = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note each wait that is made within the block."""
        with MadeEvents(self._note).noted():
            yield

    def environment(self) -> simpy.Environment:
        """An environment whose timeouts are noted too."""
        return _NotingEnvironment(self._note)

    def event(self, at_s: float, state: str, source: str, what: str, value: float | None, detail: str = "") -> None:
        super().event(at_s, state, source, what, value, detail)
        if source == "cell" and what.startswith("state "):
            self._state = what.removeprefix("state ")
            self._states_entered += 1

    def forgotten(self) -> Iterator[str]:
        """The waits for which nothing has waited, each line once, as sentences with file and line."""
        sentences = [
            f"{each.file}, line {each.line}: {each.state} makes a wait and does not wait for it before the state ends: "
            "put yield before it, or say so by self.leave_running(…)."
            for each in self._made
            if not each.is_waited_for
        ]
        yield from dict.fromkeys(sentences)

    def _note(self, event: Event) -> None:
        frame: FrameType | None = sys._getframe(2)  # the frame of the constructor's caller; documented for CPython
        while frame is not None and frame.f_code not in self._codes:
            frame = frame.f_back
        if frame is None or not self._states_entered:
            return  # the plant's, or from before the run
        made = MadeWait(Path(frame.f_code.co_filename).name, frame.f_lineno, self._state, self._states_entered)
        self._made.append(made)
        event.callbacks = _NotingCallbacks(event, self, made)

    def note_waiter(self, made: MadeWait) -> None:
        """Something waits for it now."""
        made.is_waited_for |= made.in_state == self._states_entered


class _NotingCallbacks(list[Any]):
    """The callbacks of an event: it sees who begins to wait. A device that notes the end of a pulse does not.

    An event that happens at the moment at which it is made needs nobody to wait for it.
    """

    def __init__(self, event: Event, ledger: WaitLedger, made: MadeWait) -> None:
        super().__init__(event.callbacks)
        self._env = event.env
        self._made_at_s = event.env.now
        self._ledger = ledger
        self._made = made

    def __iter__(self) -> Iterator[Any]:
        """The event happens: SimPy calls what waits."""
        if self._env.now == self._made_at_s:
            self._ledger.note_waiter(self._made)
        return super().__iter__()

    def append(self, callback: Any) -> None:
        if isinstance(getattr(callback, "__self__", None), Event) or callback is left_running:
            self._ledger.note_waiter(self._made)
        super().append(callback)


class _NotingEnvironment(simpy.Environment):
    """An environment that notes its timeouts. It has a ``step`` of its own, so that no process skips ahead."""

    def __init__(self, note: Callable[[Event], None]) -> None:
        super().__init__()
        self._note = note

    def timeout(self, delay: float = 0, value: Any = None) -> Timeout:
        made = Timeout(self, delay, value)
        self._note(made)
        return made

    def step(self) -> None:
        super().step()
