"""Descriptions that contradict themselves are refused, in one sentence that says where."""

from __future__ import annotations

import pytest

from cellwright.actuators import Lamp, Solenoid, Stepper
from cellwright.errors import DescriptionError
from cellwright.sequences import Cell, description_problems

HERE = "test_description"


class Sound(Cell):
    cycle_ends_with = "done"
    states = ["waiting", "working"]
    transitions = [["start", "waiting", "working"], ["done", "working", "waiting"]]
    lamp = Lamp(pin=13)

    def waiting(self):
        yield self.env.timeout(1)
        return "start"

    def working(self):
        yield self.env.timeout(1)
        return "done"


class Misspelt(Sound):
    def waiting(self):
        yield self.env.timeout(1)
        if self.finished:
            return "strat"
        return "start"


class MisspeltPlainStep(Sound):
    def waiting(self):
        return "stat"


class Unreachable(Sound):
    states = [*Sound.states, "clearing"]
    transitions = [*Sound.transitions, ["cleared", "clearing", "waiting"]]
    clearing = Sound.waiting


class DeadEnd(Sound):
    states = [*Sound.states, "clearing"]
    transitions = [*Sound.transitions, ["jammed", "working", "clearing"]]

    def clearing(self):
        yield self.env.timeout(1)


class NoStep(Sound):
    states = [*Sound.states, "clearing"]
    transitions = [*Sound.transitions, ["jammed", "working", "clearing"], ["cleared", "clearing", "working"]]


class NoStates(Sound):
    states = []


class UnknownState(Sound):
    transitions = [*Sound.transitions, ["jammed", "working", "wating"]]


class NoCycle(Sound):
    cycle_ends_with = "dune"


class OwnFault(Sound):
    states = [*Sound.states, "faulted"]
    faulted = Sound.waiting


class OwnReset(Sound):
    transitions = [*Sound.transitions, ["reset", "working", "waiting"]]


class PinTwice(Sound):
    bridge = Stepper(
        step=2, dir=13, home_pin=9, steps_per_mm=40, max_speed=1, max_acceleration=1, travel=(0, 1), enable=8
    )


class NegativePin(Sound):
    lamp = Lamp(pin=-1)


class TooHot(Sound):
    valve = Solenoid(pin=4, pulse_s=0.06, rest_s=0.1, max_on_s=0.2, max_duty=0.25)


class TooLong(Sound):
    valve = Solenoid(pin=4, pulse_s=0.3, rest_s=1, max_on_s=0.2)


class BadAxis(Sound):
    bridge = Stepper(step=2, dir=3, home_pin=9, steps_per_mm=40, max_speed=0, max_acceleration=1, travel=(0, 1))


REFUSED = [
    (
        Misspelt,
        "waiting: the step returns 'strat', which is no trigger from this state; did you mean 'start'?",
    ),
    (
        MisspeltPlainStep,
        "waiting: the step returns 'stat', which is no trigger from this state; did you mean 'start'?",
    ),
    (Unreachable, "clearing: no transition leads here from waiting."),
    (DeadEnd, "clearing: no transition leads away from here."),
    (NoStep, "clearing: there is no step; write a method named clearing."),
    (NoStates, "has no states; list them in states."),
    (UnknownState, "the transition 'jammed' names the state 'wating'; did you mean 'waiting'?"),
    (NoCycle, "cycle_ends_with is 'dune', which is no trigger; did you mean 'done'?"),
    (OwnFault, "the state 'faulted' comes with every cell; leave it out of states."),
    (OwnReset, "the trigger 'reset' comes with every cell; leave it out of transitions."),
    (PinTwice, "pin 13 is used twice, by lamp (lamp) and by bridge (direction)."),
    (NegativePin, "lamp (lamp) is on pin -1; pins count from 0."),
    (
        TooHot,
        "valve would be on 38% of the time when fired again and again, over its duty of 25%; "
        "lengthen rest_s to 0.18 s.",
    ),
    (TooLong, "valve has a pulse of 0.3 s, longer than its max_on_s of 0.2 s."),
    (BadAxis, "bridge has a max_speed of 0; it must be above 0."),
]


@pytest.mark.parametrize(("cell", "says"), REFUSED, ids=lambda part: getattr(part, "__name__", ""))
def test_a_contradiction_is_refused_before_the_cell_runs(board, cell, says):
    with pytest.raises(DescriptionError) as refused:
        cell(board)
    sentence = str(refused.value)
    assert sentence.startswith(HERE)
    assert sentence.removeprefix(HERE).lstrip(":, ") == says
    assert sentence.count(". ") == 0
    assert not board.outputs  # nothing was touched


def test_all_contradictions_are_listed():
    problems = description_problems(PinTwice, PinTwice.parameters({"lamp": Lamp(pin=9)}))
    assert problems == [f"{HERE}: pin 9 is used twice, by lamp (lamp) and by bridge (home switch)."]
    both = description_problems(TooLong, TooLong.parameters({"lamp": Lamp(pin=4)}))
    assert len(both) == 2


def test_a_sound_description_has_no_problems(board):
    assert description_problems(Sound, Sound.parameters()) == []
    cell = Sound(board)
    assert (cell.name(), cell.state) == (HERE, "waiting")


def test_cells_do_not_share_devices(board):
    cell = Sound(board, {"lamp": Lamp(pin=6)})
    assert cell.lamp.pin == 6
    assert cell.lamp is not Sound.lamp
    assert Sound.lamp.pin == 13
    assert not hasattr(Sound.lamp, "board")
    assert cell.lamp.name == "lamp"
