"""SimPy's private parts are used in one module, and are there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import simpy

from cellwright.hardware import event_loop
from cellwright.hardware.event_loop import (
    CompletableEvent,
    cancel,
    delay_of,
    has_due_event,
    is_any_of,
    is_idle,
    parts_of,
    pop_due,
    schedule_at,
    set_now,
)

ROOT = Path(__file__).parents[2]
OF_ENVIRONMENTS = {"_now", "_queue", "_eid", "_active_proc"}
OF_EVENTS = {"_ok", "_defused", "_evaluate", "_generator"}
SHARED_NAMES = {"_value", "_delay", "_events", "_target"}
"""Private names of SimPy's that classes of this project give to things of their own; ``self._value`` may be theirs."""


def uses_of_private_parts(source: str) -> list[int]:
    """The lines on which something of SimPy's own is used that begins with an underscore."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and (
            node.attr in OF_ENVIRONMENTS | OF_EVENTS
            or (node.attr in SHARED_NAMES and not (isinstance(node.value, ast.Name) and node.value.id == "self"))
        ):
            lines.append(node.lineno)
    return lines


def test_no_other_file_uses_simpys_private_parts() -> None:
    folders = ("actuators", "benchmarks", "cells", "cellwright", "hardware", "sensors", "sequences", "sim")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 250
    found = {
        str(path.relative_to(ROOT)): lines
        for path in files
        if (lines := uses_of_private_parts(path.read_text("utf-8")))
    }
    assert set(found) == {"hardware/event_loop.py"}, found


@pytest.mark.parametrize(
    "line", ["env._now", "self.env._queue.clear()", "event._value", "x = waited._target", "e._ok = 1"]
)
def test_a_use_would_be_found(line: str) -> None:
    assert uses_of_private_parts(line) == [1]


def test_each_part_says_why() -> None:
    tree = ast.parse(Path(event_loop.__file__).read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert "Why: " in (ast.get_docstring(node) or ""), node.name


def test_a_cancelled_event_does_not_come_and_the_others_keep_their_order() -> None:
    env = simpy.Environment()
    came: list[float] = []
    timeouts = [env.timeout(delay, delay) for delay in (3, 1, 2, 5, 4)]
    for each in timeouts:
        each.callbacks.append(lambda event: came.append(event.value))
    cancel(env, timeouts[0], None, timeouts[3])
    env.run()
    assert came == [1, 2, 4] and env.now == 4


def test_what_is_due_is_taken_and_may_come_at_another_time() -> None:
    env = simpy.Environment()
    first, second, later = (env.timeout(delay) for delay in (1, 2, 9))
    assert list(pop_due(env, 2)) == [(1, first), (2, second)]
    set_now(env, 5.0)
    schedule_at(env, 7.5, first)
    assert env.now == 5.0 and env.peek() == 7.5 and not is_idle(env)
    env.run()
    assert first.processed and later.processed and not second.processed and is_idle(env)


def test_an_event_is_due_by_its_priority() -> None:
    env = simpy.Environment()
    assert not has_due_event(env, 2)
    env.timeout(0)
    assert has_due_event(env, 2) and not has_due_event(env, 1)


def test_waiting_processes_go_on_within_the_event_that_completes() -> None:
    env = simpy.Environment()
    order: list[str] = []
    event = CompletableEvent(env)

    def wait() -> simpy.events.ProcessGenerator:
        order.append((yield event))

    env.process(wait())
    env.run()
    event.complete("woken")
    order.append("back")
    event.complete("again")
    assert order == ["woken", "back"] and event.processed


def test_conditions_name_their_parts() -> None:
    env = simpy.Environment()
    one, other = env.timeout(1), env.timeout(2)
    assert parts_of(one) == () and parts_of(one & other) == (one, other)
    assert is_any_of(one | other) and not is_any_of(one & other)
    assert delay_of(other) == 2
