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
    known = FastPath(scenario)
    with pytest.raises(NotExact) as refused:
        known.run(LENGTH, 1, 0)
    with pytest.raises(NotExact, match=re.escape(str(refused.value))):  # it does not try again
        known.run(LENGTH, 1, 1)
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
    unmeasured = replace(scenario, kit=replace(scenario.kit, measures=()))
    with pytest.raises(NotExact, match=r"which change between two steps|does not know what"):
        FastPath(unmeasured).run(LENGTH, 1, 0)


def test_a_cell_that_looks_at_the_clock(kit, presser):
    class Tired(presser):
        def presenting(self):
            yield self.env.timeout(0.4 if self.env.now < 1000 else 0.8)
            return (yield from super().presenting())

    assert "the time of the clock itself" in refusal(kit(Tired).scenario())


def test_a_cell_that_keeps_a_time(kit, presser):
    class Timed(presser):
        def waiting(self):
            self.began_s = self.env.now
            return (yield from super().waiting())

    refusal(kit(Timed).scenario())


def test_a_cell_that_keeps_what_it_drew(kit, bench):
    class Rough(bench):
        def connect(self):
            super().connect()
            self.roughness = 0.5

        def misses(self):
            self.roughness = self.streams["roughness"].random()
            return super().misses()

    refusal(kit(plant=Rough).scenario())


def test_a_plant_with_something_inside_that_cannot_be_looked_into(kit, bench):
    class Hidden:
        count = 0

    class Deep(bench):
        def connect(self):
            super().connect()
            self.hidden = Hidden()

    assert "keeps hidden, a Hidden, which cannot be looked into" in refusal(kit(plant=Deep).scenario())


@pytest.mark.parametrize("hidden", [{1, 2}, ([], [])], ids=["a set, whose order may change", "lists in a tuple"])
def test_what_would_not_be_the_same_when_brought_back(kit, bench, hidden):
    class Keeping(bench):
        def connect(self):
            super().connect()
            self.hidden = hidden

    assert "keeps hidden" in refusal(kit(plant=Keeping).scenario())


def test_a_cell_that_keeps_something_only_later(kit, presser):
    class Late(presser):
        def filling(self):
            self.fillings = getattr(self, "fillings", 0) + 1
            return (yield from super().filling())

    assert "keeps fillings at one time and not at another" in refusal(kit(Late).scenario())


def test_a_plant_that_reckons_with_a_count_as_no_symbol_can(kit, bench):
    class Squaring(bench):
        def _visit(self):
            assert self.pins**2 < 1e6
            yield from super()._visit()

    assert "it cannot be followed" in refusal(kit(plant=Squaring).scenario())


def test_a_plant_that_finds_a_unit_bad_says_so_by_events(kit, bench):
    class Strict(bench):
        def _visit(self):
            if self.streams["look"].random() < 0.02:
                raise CellFault("the block is bad")
            yield from super()._visit()

    with pytest.raises(CellFault, match="the block is bad"):
        run_cell(kit(plant=Strict).scenario(), LENGTH, 1, 0)


def test_a_watcher_that_remembers(kit, bench):
    class Counting(bench):
        def connect(self):
            super().connect()
            seen = []
            self.board.on_output(self.cell.lamp.pin, seen.append)

    assert "may remember something" in refusal(kit(plant=Counting).scenario())


def test_a_list_that_all_cells_share(kit, presser):
    class Shared(presser):
        log: ClassVar[list[int]] = []

    assert "belongs to the class" in refusal(kit(Shared).scenario())


def test_one_list_under_two_names(kit, bench):
    class Twice(bench):
        def connect(self):
            super().connect()
            self.pressed = [0]
            self.also_pressed = self.pressed

    assert "one and the same list" in refusal(kit(plant=Twice).scenario())


def test_a_device_of_ones_own_whose_memory_nobody_listed(kit, presser):
    from cellwright import Lamp

    class Clever(Lamp):
        pass

    class WithClever(presser):
        lamp = Clever(pin=13)

    assert "does not know what lamp, a Clever, remembers" in refusal(kit(WithClever).scenario())


def test_units_that_are_measured(kit, bench):
    class Measuring(bench):
        def _visit(self):
            if self.has_block:
                self.measure(depth_mm=1.0)
            yield from super()._visit()

    assert "are like is measured" in refusal(kit(plant=Measuring).scenario())


def test_work_that_never_comes_again_in_the_same_way(kit, presser):
    class Growing(presser):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.made = []

        def waiting(self):
            self.made.append(len(self.made))
            return (yield from super().waiting())

    assert "hardly ever comes again" in refusal(kit(Growing).scenario())


def test_two_drawn_durations_of_which_either_may_be_over_first(kit, bench):
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

    assert "either may be over first" in refusal(kit(plant=Second).scenario())


def test_a_cell_that_faults_is_left_to_the_events(kit, presser):
    class Breaking(presser):
        def presenting(self):
            yield from super().presenting()
            raise CellFault("broke")

    scenario = kit(Breaking).scenario()
    with pytest.raises(NotExact, match=r"it stops: .*broke"):
        FastPath(scenario).run(LENGTH, 1, 0)
    with pytest.raises(CellFault, match="broke"):
        run_cell(scenario, LENGTH, 1, 0)


def test_a_person_who_never_comes_in_time(kit):
    scenario = kit().scenario(["operator.response_s=5000", "operator.response_spread=0"])
    with pytest.raises(NotExact):
        FastPath(scenario).run(LENGTH, 1, 0)
    with pytest.raises(CellFault, match="was not pressed within 3600 s"):
        run_cell(scenario, LENGTH, 1, 0)
