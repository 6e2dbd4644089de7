"""Where the fast path would not be exact it says why, and the events are taken."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import ClassVar

import pytest

from cellwright.cells import load
from cellwright.errors import CellFault
from cellwright.sim import Length, run_cell, run_cell_by_events
from cellwright.sim.fast_path import FastPath, NotExact

LENGTH = Length(cycles=200)


def refusal(scenario) -> str:
    fast_path = FastPath(scenario)
    with pytest.raises(NotExact) as refused:
        fast_path.run(LENGTH, 1, 0)
    with pytest.raises(NotExact, match=re.escape(str(refused.value))):  # it does not try again
        fast_path.run(LENGTH, 1, 1)
    by_itself = run_cell(scenario, LENGTH, 1, 0)
    assert by_itself == run_cell_by_events(scenario, LENGTH, 1, 0)
    return str(refused.value)


@pytest.mark.parametrize("name", ["lacquer_mixer", "digital_tape"])
def test_cells_whose_units_are_measured(name):
    with pytest.raises(NotExact, match="is measured, unit by unit"):
        FastPath(load(name).scenario()).run(LENGTH, 1, 0)


@pytest.mark.parametrize("name", ["lacquer_mixer", "digital_tape"])
def test_cells_with_sensors_that_change_all_the_time(name):
    scenario = load(name).scenario()
    unmeasured = replace(scenario, study=replace(scenario.study, measures=()))
    with pytest.raises(NotExact, match=r"which change between two steps|does not know what"):
        FastPath(unmeasured).run(LENGTH, 1, 0)


def test_a_cell_that_looks_at_the_clock(study, presser):
    class Tired(presser):
        def presenting(self):
            yield self.env.timeout(0.4 if self.env.now < 1000 else 0.8)
            return (yield from super().presenting())

    assert "the time of the clock itself" in refusal(study(Tired).scenario())


def test_a_cell_that_keeps_a_time(study, presser):
    class Timed(presser):
        def waiting(self):
            self.began_s = self.env.now
            return (yield from super().waiting())

    refusal(study(Timed).scenario())


def test_a_cell_that_keeps_what_it_drew(study, bench):
    class Rough(bench):
        def connect(self):
            super().connect()
            self.roughness = 0.5

        def misses(self):
            self.roughness = self.streams["roughness"].random()
            return super().misses()

    refusal(study(plant=Rough).scenario())


def test_a_plant_with_something_inside_that_cannot_be_looked_into(study, bench):
    class Hidden:
        count = 0

    class Deep(bench):
        def connect(self):
            super().connect()
            self.hidden = Hidden()

    assert "keeps hidden, a Hidden, which cannot be looked into" in refusal(study(plant=Deep).scenario())


@pytest.mark.parametrize("hidden", [{1, 2}, ([], [])], ids=["a set, whose order may change", "lists in a tuple"])
def test_what_would_not_be_the_same_when_brought_back(study, bench, hidden):
    class Keeping(bench):
        def connect(self):
            super().connect()
            self.hidden = hidden

    assert "keeps hidden" in refusal(study(plant=Keeping).scenario())


def test_a_cell_that_keeps_something_only_later(study, presser):
    class Late(presser):
        def filling(self):
            self.fillings = getattr(self, "fillings", 0) + 1
            return (yield from super().filling())

    assert "keeps fillings at one time and not at another" in refusal(study(Late).scenario())


def test_a_plant_that_computes_with_a_count_as_no_symbol_can(study, bench):
    class Squaring(bench):
        def _visit(self):
            assert self.pins**2 < 1e6
            yield from super()._visit()

    assert "it cannot be followed" in refusal(study(plant=Squaring).scenario())


def test_a_plant_that_finds_a_unit_bad_says_so_by_events(study, bench):
    class Strict(bench):
        def _visit(self):
            if self.streams["look"].random() < 0.02:
                raise CellFault("the block is bad")
            yield from super()._visit()

    with pytest.raises(CellFault, match="the block is bad"):
        run_cell(study(plant=Strict).scenario(), LENGTH, 1, 0)


def test_a_watcher_that_remembers(study, bench):
    class Counting(bench):
        def connect(self):
            super().connect()
            seen = []
            self.board.on_output(self.cell.lamp.pin, seen.append)

    assert "may remember something" in refusal(study(plant=Counting).scenario())


def test_a_list_that_all_cells_share(study, presser):
    class Shared(presser):
        log: ClassVar[list[int]] = []

    assert "belongs to the class" in refusal(study(Shared).scenario())


def test_one_list_under_two_names(study, bench):
    class Twice(bench):
        def connect(self):
            super().connect()
            self.pressed = [0]
            self.also_pressed = self.pressed

    assert "one and the same list" in refusal(study(plant=Twice).scenario())


def test_a_device_of_ones_own_whose_memory_nobody_listed(study, presser):
    from cellwright import Lamp

    class Clever(Lamp):
        pass

    class WithClever(presser):
        lamp = Clever(pin=13)

    assert "does not know what lamp, a Clever, remembers" in refusal(study(WithClever).scenario())


def test_units_that_are_measured(study, bench):
    class Measuring(bench):
        def _visit(self):
            if self.has_block:
                self.measure(depth_mm=1.0)
            yield from super()._visit()

    assert "are like is measured" in refusal(study(plant=Measuring).scenario())


def test_work_that_never_comes_again_in_the_same_way(study, presser):
    class Growing(presser):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.made = []

        def waiting(self):
            self.made.append(len(self.made))
            return (yield from super().waiting())

    assert "hardly ever comes again" in refusal(study(Growing).scenario())


def test_two_drawn_durations_of_which_either_may_be_over_first(study, bench):
    class Second(bench):
        """Beside the person, something else takes a time of its own."""

        def connect(self):
            super().connect()
            self.call_by(self.cell.lamp, self._look)

        def _look(self):
            yield self.board.env.timeout(self.streams.lognormal("look", 5.0, 0.5))

        def call_by(self, lamp, visit):
            def come(_):
                self.board.env.process(visit() if visit == self._look else self.operator.come(visit))

            self.board.on_output(lamp.pin, come, levels=[True])

    assert "either may be over first" in refusal(study(plant=Second).scenario())


def test_a_cell_that_faults_is_left_to_the_events(study, presser):
    class Breaking(presser):
        def presenting(self):
            yield from super().presenting()
            raise CellFault("broke")

    scenario = study(Breaking).scenario()
    with pytest.raises(NotExact, match=r"it stops: .*broke"):
        FastPath(scenario).run(LENGTH, 1, 0)
    with pytest.raises(CellFault, match="broke"):
        run_cell(scenario, LENGTH, 1, 0)


def test_a_person_who_never_comes_in_time(study):
    scenario = study().scenario(["operator.response_s=5000", "operator.response_spread=0"])
    with pytest.raises(NotExact):
        FastPath(scenario).run(LENGTH, 1, 0)
    with pytest.raises(CellFault, match="was not pressed within 3600 s"):
        run_cell(scenario, LENGTH, 1, 0)
