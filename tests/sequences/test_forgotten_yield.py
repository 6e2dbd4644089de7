"""Steps that forget to wait are found: in their source, and on the paths of a dry run; deliberate ones say so."""

from __future__ import annotations

import time
from time import sleep

import pytest
import simpy

from cellwright import Button, Buzzer, Cell, CellFault, Solenoid, Stepper, Switch, home
from cellwright.hardware import ModelBoard
from cellwright.sequences.forgotten_yield import WaitLedger, forgotten_yields
from cellwright.sequences.supervision import StepProcess


class Bench(Cell):
    """A cell with one state, whose step the tests replace."""

    cycle_ends_with = "done"
    axis = Stepper(step=2, dir=5, home_pin=9, steps_per_mm=10, max_speed=100, max_acceleration=1000, travel=(0, 100))
    trigger = Solenoid(pin=4, pulse_s=0.1, rest_s=0.1, max_on_s=1.0)
    buzzer = Buzzer(pin=11)
    block = Switch(pin=12)
    start_button = Button(pin=7)
    states = ["working", "resting"]
    transitions = [["worked", "working", "resting"], ["done", "resting", "working"]]

    def working(self):
        yield self.env.timeout(1)
        return "worked"

    def resting(self):
        yield self.env.timeout(1)
        return "done"

    def pause(self):
        yield self.env.timeout(1)


def with_step(body):
    return type("Own", (Bench,), {"working": body, "states": Bench.states})


def problems(body):
    cell = with_step(body)
    return [each.split(": ", 1)[1] for each in forgotten_yields(cell, cell.parameters())]


def fires(self):
    self.trigger.fire()
    yield self.env.timeout(1)


def homes(self):
    home(self.axis)
    yield self.env.timeout(1)


def yields_a_step(self):
    yield home(self.axis)


def yields_from_a_wait(self):
    yield from self.block.closed(within_s=1)


def pauses(self):
    self.pause()
    yield self.env.timeout(1)


def passes_time(self):
    self.env.timeout(1)
    yield self.trigger.fire()


def runs_together(self):
    self.together(self.trigger.fire(), self.axis.move_to(3))
    yield self.env.timeout(1)


def offloads(self):
    self.offload(lambda: 1, within_s=1)
    yield self.env.timeout(1)


def waits_for_a_button(self):
    self.start_button.pressed(within_s=3)
    yield self.env.timeout(1)


def sleeps(self):
    time.sleep(1)
    yield self.env.timeout(1)


def sleeps_by_another_name(self):
    from time import sleep as nap

    if sleep(0):
        nap(2)
    yield self.env.timeout(1)


def asks_the_terminal(self):
    if input("ready?"):
        yield self.env.timeout(1)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (fires, ["fires does not wait for self.trigger.fire(): put yield before it, or say so by"]),
        (homes, ["homes calls home(…), which does nothing by itself: put yield from before it"]),
        (yields_a_step, ["yields_a_step yields home(…), which is a step: use yield from"]),
        (yields_from_a_wait, ["yields_from_a_wait yields from self.block.closed(…), which is one wait: use yield"]),
        (pauses, ["pauses calls self.pause(), which does nothing by itself: put yield from before it"]),
        (passes_time, ["passes_time does not wait for self.env.timeout(…): put yield before it"]),
        (runs_together, ["runs_together does not wait for self.together(…): put yield before it"]),
        (offloads, ["offloads calls self.offload(…), which does nothing by itself: put yield from before it"]),
        (waits_for_a_button, ["waits_for_a_button does not wait for self.start_button.pressed(…): put yield"]),
        (sleeps, ["sleeps holds up the cell by time.sleep(…): use yield self.env.timeout(…)"]),
        (sleeps_by_another_name, ["sleeps_by_another_name holds up the cell by sleep(…)", "by nap(…)"]),
        (asks_the_terminal, ["asks_the_terminal holds up the cell by input(…): use a button, or another device"]),
    ],
)
def test_the_source_shows_what_is_forgotten(body, expected):
    found = problems(body)
    assert len(found) == len(expected)
    assert all(words in sentence for words, sentence in zip(expected, found, strict=True))


def test_the_sentence_has_file_and_line():
    cell = with_step(fires)
    (sentence,) = forgotten_yields(cell, cell.parameters())
    assert sentence.startswith(f"test_forgotten_yield.py, line {fires.__code__.co_firstlineno + 1}: fires ")


def leaves_it_running(self):
    self.leave_running(self.buzzer.beep())
    self.axis.reset()
    yield self.together(self.trigger.fire(), self.block.closed(within_s=1) | self.env.timeout(2))
    yield from self.pause()
    return "worked"


def test_what_waits_or_says_so_is_let_through():
    assert problems(leaves_it_running) == []


# ---- on the paths of a dry run ----


def dry_run(body, seconds=10.0):
    """What a run of the cell forgets: its sentences, without file and line."""
    cell = with_step(body)
    ledger = WaitLedger(cell)
    with ledger, ledger.watching():
        env = ledger.environment()
        bench = cell(ModelBoard(env), None, ledger)
        env.process(bench.run())
        env.run(until=seconds)
    return [each.split(": ", 1) for each in ledger.forgotten()]


def kept_and_forgotten(self):
    waits = [self.trigger.fire()]  # nobody looks at the list again
    yield self.env.timeout(1)
    return "worked" if waits else "done"


def ends_in_the_next_state(self):
    self.kept = self.trigger.fire()
    yield self.env.timeout(0.05)
    return "worked"


def timeout_kept(self):
    pause = self.env.timeout(3)
    yield self.trigger.fire()
    return "worked" if pause else "done"


@pytest.mark.parametrize("body", [kept_and_forgotten, ends_in_the_next_state, timeout_kept])
def test_a_wait_that_nothing_waits_for_is_found_with_its_line(body):
    ((where, sentence),) = dry_run(body)
    assert where == f"test_forgotten_yield.py, line {body.__code__.co_firstlineno + 1}"
    assert sentence.startswith("working makes a wait and does not wait for it before the state ends")


def waits_in_every_way(self):
    fired = self.trigger.fire()
    pause = self.env.timeout(0.5)
    yield fired & pause
    yield self.within(3, self.env.timeout(1), "took long")
    yield self.together(self.trigger.fire(), self.pause())
    yield self.env.any_of([self.block.open(within_s=1), self.env.timeout(9)])
    self.leave_running(self.buzzer.beep())
    yield self.env.process(self.pause())
    return "worked"


def test_every_way_to_wait_is_known():
    assert dry_run(waits_in_every_way) == []


def test_the_constructors_are_simpys_again_afterwards():
    dry_run(kept_and_forgotten)
    dry_run(waits_in_every_way)
    env = simpy.Environment()
    cell = Bench(ModelBoard(env))
    wait = cell.trigger.fire()
    assert type(wait.callbacks) is list


def test_a_step_that_is_yielded_is_named_as_it_runs():
    env = simpy.Environment()
    cell = Bench(ModelBoard(env))
    step = StepProcess(env, yields_a_step(cell))
    with pytest.raises(CellFault, match=r"the step yielded the step home\(…\); use yield from"):
        env.run(until=step)


# ---- offloaded work ----


def test_offloaded_work_takes_its_stated_time_in_a_simulation():
    env = simpy.Environment()
    cell = Bench(ModelBoard(env))
    assert env.run(until=env.process(cell.offload(lambda: 42, within_s=5, takes_s=2.5))) == 42
    assert env.now == 2.5
