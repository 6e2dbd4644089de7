"""A step that goes on at once when its wait is the next thing to happen, and the table of states."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from transitions import Machine

from cellwright.cells import load
from cellwright.hardware import ModelBoard, Wait
from cellwright.sequences import RunLog
from cellwright.sequences.supervision import StepProcess
from cellwright.sim import Length, run_cell


@dataclass
class Named:
    name: str


def rows(name, settings, skips_ahead, monkeypatch):
    """All that a cell and its devices do in four units."""
    init = StepProcess.__init__

    def without(self, env, step):
        init(self, env, step)
        self._skips_ahead = self._skips_ahead and skips_ahead

    log = RunLog(":memory:")
    with monkeypatch.context() as patch:
        patch.setattr(StepProcess, "__init__", without)
        run_cell(load(name).scenario(settings), Length(cycles=4), 3, 0, log)
    return list(log.connection.execute("SELECT at_s, state, source, what, value, detail FROM event"))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("stapler", ["plant.jams_per_1000_staples=5"]),
        ("lacquer_mixer", []),
        ("digital_tape", []),
        ("digital_tape_stop", []),
    ],
)
def test_a_step_that_skips_ahead_does_the_same_at_the_same_times(name, settings, monkeypatch):
    taken, turned = (rows(name, settings, skips_ahead, monkeypatch) for skips_ahead in (True, False))
    assert len(taken) > 100
    assert taken == turned


steps = st.lists(st.lists(st.sampled_from([0.0, 0.5, 1.0, 1.5]), max_size=6), min_size=1, max_size=4)


def trace(waits, until_s, supervised):
    """When each of several steps that go on at once takes its turns, up to ``until_s``."""
    env, seen = simpy.Environment(), []

    def step(number, delays):
        for turn, delay_s in enumerate(delays):
            yield env.timeout(delay_s)
            seen.append((env.now, number, turn))

    for number, delays in enumerate(waits):
        begun = step(number, delays)
        StepProcess(env, begun) if supervised else env.process(begun)
    env.run(until=until_s)
    assert env.now == until_s
    return seen


@given(steps, st.sampled_from([0.25, 1.0, 2.0, 9.0]))
def test_steps_keep_simpys_order_and_stop_where_the_run_does(waits, until_s):
    assert trace(waits, until_s, supervised=True) == trace(waits, until_s, supervised=False)


def test_a_step_does_not_skip_ahead_of_a_clock_that_is_not_simpys():
    class Clock(simpy.Environment):
        turns = 0

        def step(self):
            self.turns += 1
            super().step()

    env = Clock()

    def step():
        for _ in range(10):
            yield env.timeout(1)

    env.run(until=StepProcess(env, step()))
    assert env.turns >= 12


def stapler():
    return load("stapler").cell(ModelBoard(simpy.Environment()))


def test_the_cell_goes_where_the_table_says():
    """A cell looks its destinations up in the table that `transitions` has built; that library must agree."""
    cell = stapler()
    table = cell._table
    for state in table.states:
        for trigger in table.events:
            model = type("Model", (), {})()
            mirror = Machine(
                model,
                states=list(table.states),
                initial=state,
                auto_transitions=False,
                transitions=[
                    [name, each.source, each.dest] for name in table.events for each in table.get_transitions(name)
                ],
                ignore_invalid_triggers=True,
            )
            assert mirror.initial == state
            moved = getattr(model, trigger)()
            assert ((state, trigger) in cell._destinations) == moved
            if moved:
                assert cell._destinations[state, trigger] == model.state


@pytest.mark.parametrize("trigger", ["start", "nonsense"])
def test_a_trigger_that_is_not_in_the_table_moves_nothing(trigger):
    cell = stapler()
    cell._change("start")
    with pytest.raises(KeyError):
        cell._change(trigger)
    assert cell.state == "homing"


def test_time_does_not_run_on_under_whoever_ends_a_wait():
    """A plant that closes a switch goes on at that moment, whatever the step does next."""
    env = simpy.Environment()
    pressed = Wait(env, Named("button"), "was not pressed", 10.0)
    seen_s = []

    def step():
        yield pressed
        yield env.timeout(2)

    def plant():
        yield env.timeout(1)
        pressed.complete()
        seen_s.append(env.now)
        yield env.timeout(0.5)
        seen_s.append(env.now)

    step_is_over = StepProcess(env, step())
    env.process(plant())
    env.run(until=step_is_over)
    assert seen_s == [1, 1.5]
    assert env.now == 3


def test_a_class_whose_transitions_are_changed_gets_a_table_of_its_own():
    study = load("stapler")

    class Changed(study.cell):
        transitions = [list(each) for each in study.cell.transitions]

    before = Changed(ModelBoard(simpy.Environment()))
    Changed.transitions.append(["skipped", "waiting", "presenting"])
    after = Changed(ModelBoard(simpy.Environment()))
    assert "skipped" not in before._table.events and "skipped" in after._table.events
    assert Changed(ModelBoard(simpy.Environment()))._table is after._table
