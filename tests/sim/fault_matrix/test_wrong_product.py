"""The fault matrix's verdict *wrong product*: a unit leaves outside its tolerance, and nobody notices."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cellwright import Button, Cell, Lamp, Switch, Valve
from cellwright.cells import load
from cellwright.cli.commands.check import outcomes_by_state, print_wrong_products
from cellwright.hardware.fault_injection import Fault
from cellwright.sim import CellPlant, Element, ManualMethod, Study, model_rig, virtual_rig
from cellwright.sim.fault_matrix import FaultOutcome, inject_fault

ML_PER_S, FULL_ML, TOLERANCE_ML = 20.0, 100.0, 5.0


class Filler(Cell):
    """Fills a bottle until a float switch closes; nothing else tells it how much is in the bottle."""

    unit = "bottle"
    cycle_ends_with = "taken"
    resets_with = "start_button"

    tap = Valve(pin=4, max_open_s=60)
    is_full = Switch(pin=5)
    bottle = Switch(pin=6)
    start_button = Button(pin=7)
    lamp = Lamp(pin=13)

    states = ["waiting", "filling", "presenting"]
    transitions = [
        ["start", "waiting", "filling"],
        ["filled", "filling", "presenting"],
        ["taken", "presenting", "waiting"],
    ]

    def waiting(self):
        self.lamp.on()
        yield self.start_button.pressed(within_s=600)
        yield self.bottle.closed(within_s=5)
        self.lamp.off()
        return "start"

    def filling(self):
        self.tap.open()
        yield self.env.timeout(1.0)
        yield self.is_full.closed(within_s=20)
        self.tap.close()
        return "filled"

    def presenting(self):
        self.lamp.on()
        yield self.bottle.open(within_s=600)
        self.lamp.off()
        return "taken"


@dataclass(kw_only=True)
class NoParameters:
    """Nothing is unknown."""


class FillerPlant(CellPlant):
    """Knows how much is in the bottle."""

    says_what_is_good = True

    def connect(self):
        self.ml = 0.0
        self.opened_s = None
        self.has_bottle = False
        self.board.on_output(self.cell.tap.pin, self.on_tap)
        self.call_by(self.cell.lamp, self.visit)

    def on_tap(self, level: bool):
        if level:
            self.opened_s = self.board.env.now
            self.board.env.timeout(FULL_ML / ML_PER_S).callbacks.append(lambda _: self.close(self.cell.is_full))
        elif self.opened_s is not None:
            self.ml += ML_PER_S * (self.board.env.now - self.opened_s)
            self.opened_s = None

    def visit(self):
        if self.has_bottle:
            yield from self.do("take")
            if self.says_what_is_good:
                off_ml = self.ml - FULL_ML
                self.unit_leaves(*([f"{off_ml:+.0f} ml in a bottle"] if abs(off_ml) > TOLERANCE_ML else []))
            self.ml, self.has_bottle = 0.0, False
            self.open(self.cell.is_full)
            self.open(self.cell.bottle)
        yield from self.do("bring")
        self.has_bottle = True
        self.close(self.cell.bottle)
        self.press(self.cell.start_button)


class SilentPlant(FillerPlant):
    """As those that were written before a plant could say what is good."""

    says_what_is_good = False


@dataclass(kw_only=True)
class ByHand(ManualMethod):
    """A person with a jug."""

    def elements(self, parameters):
        return [Element("bring", 2.0, 0.0), Element("take", 2.0, 0.0)]

    def tending(self, parameters):
        return self.elements(parameters)


def filler(plant: type[CellPlant] = FillerPlant):
    return Study(cell=Filler, plant=plant, plant_parameters=NoParameters(), manual=ByHand()).scenario()


@pytest.mark.parametrize("make_rig", [model_rig, virtual_rig])
@pytest.mark.parametrize("state", Filler.states)
def test_a_stuck_switch_that_lets_wrong_units_out_is_no_good_finish(state: str, make_rig) -> None:
    row = inject_fault(filler(), 1, state, Fault("closed", device="is_full"), make_rig)
    assert (row.outcome, row.verdict, row.is_judged) == ("finished", "wrong product", True)
    assert "-80 ml in a bottle" in row.wrong_product
    assert "wrong product in every state" in outcomes_by_state([row])


@pytest.mark.parametrize(
    ("fault", "verdict"),
    [
        (Fault("open", device="is_full"), "faulted"),
        (Fault("bouncing", 8.0, device="bottle"), "finished"),
        (Fault("dead", device="tap"), "faulted"),
    ],
    ids=str,
)
def test_what_is_noticed_or_does_no_harm_is_no_wrong_product(fault: Fault, verdict: str) -> None:
    row = inject_fault(filler(), 1, "waiting", fault, model_rig)
    assert (row.verdict, row.wrong_product) == (verdict, "")


def test_a_unit_that_was_wrong_before_the_fault_is_not_blamed_on_it() -> None:
    def after_a_wrong_one(scenario, seed, replication):
        rig = model_rig(scenario, seed, replication)
        rig.plant.unit_leaves("far too much")
        return rig

    assert inject_fault(filler(), 1, "waiting", Fault("bouncing", 8.0, device="bottle"), after_a_wrong_one).verdict == (
        "finished"
    )


def test_a_wrong_unit_that_is_called_back_is_no_product() -> None:
    rig = model_rig(filler(), 1, 0)
    rig.plant.measure(fill_ml=100.0)
    rig.plant.unit_leaves()
    rig.plant.measure(fill_ml=20.0)
    rig.plant.unit_leaves("80 ml short", "no cap")
    assert rig.plant.unnoticed() == {}, "the cell has not counted it yet"
    rig.env.run(until=rig.cell.next_finished())
    assert rig.plant.unnoticed() == {2: "80 ml short; no cap"}
    rig.plant.units_out = 2
    rig.plant.unit_comes_back()
    assert rig.plant.unnoticed() == {} and rig.plant.measured == {"fill_ml": [100.0]}


def test_the_verdicts_rank_unsafe_and_hung_before_wrong_product() -> None:
    def verdict(outcome: str, safe_after_s: float | None) -> str:
        return FaultOutcome("filling", "cut", outcome, "", safe_after_s, "80 ml short").verdict

    assert verdict("faulted", None) == "unsafe"
    assert verdict("hung", None) == "hung"
    assert verdict("faulted", 0.1) == verdict("finished", None) == "wrong product"


def test_each_fault_is_printed_with_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        FaultOutcome(state, "is_full:closed", "finished", "", None, "80 ml short", is_judged=True)
        for state in Filler.states
    ]
    print_wrong_products("filler", rows)
    printed = capsys.readouterr().out
    assert printed.count("is_full:closed: 80 ml short") == 1
    assert "Nothing says" not in printed


def test_a_plant_that_does_not_say_what_is_good_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    row = inject_fault(filler(SilentPlant), 1, "waiting", Fault("closed", device="is_full"), model_rig)
    assert row.verdict == "finished" and not row.is_judged
    print_wrong_products("filler", [row])
    assert "Nothing says which units of filler are within their tolerance" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("cell", ["stapler", "lacquer_mixer", "digital_tape"])
def test_the_shipped_cells_say_what_is_good(cell: str) -> None:
    rig = model_rig(load(cell).scenario(), 1, 0)
    rig.env.run(until=rig.cell.next_finished())
    assert rig.plant.units_out == 1
    assert rig.plant.wrong_units == {}


def test_a_can_with_a_gram_of_the_wrong_component_is_wrong_and_a_fifth_of_a_gram_is_not() -> None:
    for extra_g, is_wrong in ((1.0, True), (0.2, False)):
        rig = model_rig(load("lacquer_mixer").scenario(), 1, 0)
        while rig.cell.state != "presenting":
            rig.env.step()
        rig.plant.can.content_g[0] -= extra_g  # the mass is right, so that no scale can notice
        rig.plant.can.content_g[1] += extra_g  # of 136.5 g of hardener
        rig.env.run(until=rig.cell.next_finished())
        assert bool(rig.plant.unnoticed()) is is_wrong


def test_a_piece_off_by_more_than_its_tolerance_is_wrong() -> None:
    rig = model_rig(load("digital_tape").scenario(), 1, 0)
    while not rig.plant.pieces_mm:
        rig.env.step()
    cut_mm, target_mm = rig.plant.pieces_mm[0]
    rig.plant.pieces_mm[0] = (cut_mm - 3.0, target_mm)
    rig.env.run(until=rig.cell.next_finished())
    assert "mm off" in rig.plant.unnoticed()[1]
