"""Tables of states and transitions that are none, or that contradict themselves: one sentence each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright import Button, Cell
from cellwright.sequences import description_problems

TRANSITIONS = [["start", "waiting", "working"], ["done", "working", "waiting"]]
HERE = "test_tables"


class Sound(Cell):
    """Without a fault."""

    cycle_ends_with = "done"
    states = ["waiting", "working"]
    transitions = TRANSITIONS

    def waiting(self):
        yield self.env.timeout(1)
        return "start"

    def working(self):
        yield self.env.timeout(1)
        return "done"


async def coroutine(self):
    """A step that is none."""


def problems(**attributes):
    cell = type("Own", (Sound,), {"__module__": __name__, **attributes})
    return description_problems(cell, cell.parameters())


def test_a_sound_table_has_no_problem():
    assert problems() == []


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        (
            {"transitions": [*TRANSITIONS, ["done", "working", "working"]]},
            f"{HERE}: 'done' leads from working to waiting and to working; give each destination a trigger of its own.",
        ),
        (
            {"transitions": [*TRANSITIONS, TRANSITIONS[0]]},
            f"{HERE}: the transition ['start', 'waiting', 'working'] stands 2 times in transitions; list it once.",
        ),
        (
            {"states": ["waiting", "working", "waiting"]},
            f"{HERE}: the state 'waiting' stands 2 times in states; name it once.",
        ),
        ({"states": "waiting"}, f"{HERE}: states is 'waiting'; make it a list of names, such as"),
        ({"states": ["waiting", 3]}, f"{HERE}: states is ['waiting', 3]; make it a list of names"),
        ({"states": None}, f"{HERE}: states is None; make it a list of names"),
        ({"transitions": "done"}, f"{HERE}: transitions is 'done'; make it a list of [trigger, source, destination]."),
        ({"transitions": None}, f"{HERE}: transitions is None; make it a list of [trigger, source, destination]."),
        (
            {"transitions": [*TRANSITIONS, ["done", "working"]]},
            f"{HERE}: transition 3 is ['done', 'working']; a transition is",
        ),
        ({"transitions": ["start", "waiting", "working"]}, f"{HERE}: transition 1 is 'start'; a transition is"),
        (
            {"transitions": [*TRANSITIONS, {"trigger": "x", "source": "waiting", "dest": "working"}]},
            f"{HERE}: transition 3 is {{'trigger': 'x',",
        ),
        ({"transitions": [*TRANSITIONS, ["done", "working", None]]}, f"{HERE}: transition 3 is ['done',"),
        ({"working": coroutine}, f"{HERE}, working: the step is an async def; make it a plain def"),
        ({"working": 3}, f"{HERE}, working: there is no step; write a method named working."),
        ({"stop_triggers": {"dne": "jam"}}, f"{HERE}: stop_triggers names 'dne', which is no trigger; did you mean"),
        (
            {"resets_with": "start_buton", "start_button": Button(pin=7)},
            f"{HERE}: resets_with is 'start_buton', which is no device; did you mean 'start_button'?",
        ),
    ],
)
def test_what_is_no_table_is_one_sentence(attributes, sentence):
    found = problems(**attributes)
    assert len(found) == 1 and found[0].startswith(sentence)


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.sampled_from(["waiting", "working", "done"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=8,
)


@given(ANYTHING, ANYTHING)
def test_whatever_stands_in_the_tables_ends_in_sentences(states, transitions):
    for attributes in (
        {"states": states},
        {"transitions": transitions},
        {"states": states, "transitions": transitions},
    ):
        for sentence in problems(**attributes):
            assert sentence.startswith(HERE) and "\n" not in sentence
