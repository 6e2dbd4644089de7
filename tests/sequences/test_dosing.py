from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.errors import CellFault
from cellwright.sequences.dosing import (
    AirInLine,
    Dose,
    DoseInterrupted,
    DoseNotReached,
    DosingFault,
    DrumEmpty,
    LineBlocked,
    LineMemory,
    ScaleDrifts,
    ScaleJumped,
    _FlowMonitor,
    dose_to_mass,
)
from cellwright.sequences.dosing_devices import DosingPump, DosingScale, DosingValve

sys.path.insert(0, str(Path(__file__).parent.parent / "cells" / "lacquer_mixer"))

from mixing import Mixer

from cellwright.cells.lacquer_mixer.plant import Can


class Bench:
    """The mixer's first line, its scale with an empty can, and nobody who runs the cell."""

    def __init__(self, seed: int = 1) -> None:
        self.mixer = Mixer(seed=seed)
        self.plant, self.cell, self.env = self.mixer.plant, self.mixer.cell, self.mixer.env
        self.cell.end()
        self.cell.board.release()
        self.line, self.memory = self.plant.lines[0], LineMemory(left_g=20_000)
        order = max(self.cell.orders.orders, key=lambda each: each.can_ml)
        self.plant.put_on(Can(order, 235.0, [0.0] * 3))
        self.do(self.cell.scale.start())
        self.env.run(until=self.env.now + 1)
        self.do(self.cell.scale.tare(32))

    def do(self, steps):
        return self.env.run(until=self.env.process(steps))

    def dose(self, asked_g: float, guards=(), stood_g=None, **rules: float) -> Dose:
        cell = self.cell
        changed = cell.rules.model_copy(update=rules)
        return self.do(dose_to_mass(*cell.lines[0], cell.scale, asked_g, self.memory, changed, guards, stood_g))

    def trouble(self, kind: type[DosingFault], asked_g: float, **more) -> DosingFault:
        with pytest.raises(kind) as caught:
            self.dose(asked_g, **more)
        pump, valve = self.cell.lines[0]
        assert not pump.port.is_moving
        assert not valve.is_open and not self.mixer.board.output(valve.pin).level
        return caught.value

    def after(self, seconds: float, action) -> None:
        self.env.timeout(seconds).callbacks.append(lambda _: action())

    @property
    def in_can_g(self) -> float:
        self.plant.platform.advance()
        return self.plant.can.content_g[0]


@pytest.mark.parametrize("asked_g", [2.0, 10.0, 100.0, 600.0])
def test_a_dose_is_exact_and_never_a_fault(asked_g: float) -> None:
    bench = Bench()
    dose = bench.dose(asked_g)
    assert bench.in_can_g == pytest.approx(asked_g, abs=0.5)
    assert dose.dosed_g == pytest.approx(asked_g, abs=0.3)


def test_devices_of_a_cells_own_dose_as_well(only) -> None:
    """It asks for nothing but what the protocols of pump, valve and scale name; coarse and fine."""
    bench = Bench()
    cell = bench.cell
    pump, valve = cell.lines[0]
    own = only(pump, DosingPump), only(valve, DosingValve), only(cell.scale, DosingScale)
    dose = bench.do(dose_to_mass(*own, 100.0, bench.memory, cell.rules))
    assert dose.pulses > 0 and bench.in_can_g == pytest.approx(100, abs=0.5)
    bench.line.is_blocked = True
    with pytest.raises(LineBlocked, match="pump_1 brings nothing"):
        bench.do(dose_to_mass(*own, 100.0, bench.memory, cell.rules))


def test_it_learns_from_dose_to_dose_and_gets_quicker() -> None:
    bench = Bench()
    first = bench.dose(100)
    assert bench.memory.flow_g_per_s > 0 and bench.memory.in_flight_g > 0 and bench.memory.doses == 1
    later = [bench.dose(100) for _ in range(4)]
    assert max(each.took_s for each in later) < first.took_s
    assert bench.memory.left_g == pytest.approx(20_000 - 500, abs=2)


def test_a_blocked_line_is_named_with_what_came_before() -> None:
    bench = Bench()
    bench.after(20, lambda: setattr(bench.line, "is_blocked", True))
    trouble = bench.trouble(LineBlocked, 600)
    assert "pump_1 brings nothing, though its drum should hold 19." in str(trouble)
    assert trouble.got_g == pytest.approx(bench.in_can_g, abs=0.5)


def test_a_line_that_is_blocked_from_the_start_is_named_also_for_a_small_dose() -> None:
    bench = Bench()
    bench.memory.fine_g_per_ml, bench.memory.in_flight_g, bench.memory.flow_g_per_s = 0.9, 2.5, 7.0
    bench.line.is_blocked = True
    assert bench.trouble(LineBlocked, 3.0).got_g == pytest.approx(0, abs=0.1)


def test_an_empty_drum_is_distinguished_from_a_blocked_line_by_the_books() -> None:
    bench = Bench()
    bench.memory.left_g = bench.line.drum_g = 150.0
    trouble = bench.trouble(DrumEmpty, 600)
    assert trouble.got_g == pytest.approx(150, abs=1)
    assert "change it" in str(trouble)


def test_air_in_the_line_is_distinguished_from_a_blocked_line_because_it_passes() -> None:
    bench = Bench()
    bench.after(20, lambda: setattr(bench.line, "bubble_ml", 30.0))
    trouble = bench.trouble(AirInLine, 600)
    assert "bleed its line" in str(trouble)
    assert trouble.got_g == pytest.approx(bench.in_can_g, abs=0.5)


def test_a_bubble_too_small_to_notice_only_costs_time() -> None:
    bench = Bench()
    bench.after(20, lambda: setattr(bench.line, "bubble_ml", 2.0))
    bench.dose(300)
    assert bench.in_can_g == pytest.approx(300, abs=0.6)


def test_a_scale_that_drifted_since_the_last_dose_is_named() -> None:
    bench = Bench()
    stood_g = bench.dose(50).stands_g
    bench.plant.converter.drift(0.3)
    bench.env.run(until=bench.env.now + 3)
    assert "drifted by +" in str(bench.trouble(ScaleDrifts, 50, stood_g=stood_g))


@pytest.mark.parametrize("grams", [60.0, -60.0, 8.0])
def test_a_scale_that_jumps_in_mid_dose_is_named(grams: float) -> None:
    bench = Bench()
    bench.after(20, lambda: bench.plant.converter.jump(grams))
    trouble = bench.trouble(ScaleJumped, 600)
    assert trouble.got_g == pytest.approx(bench.in_can_g, abs=10), "what was dosed is what was seen before the jump"


def test_a_guard_that_goes_ends_the_dose_at_once() -> None:
    bench = Bench()
    guard = bench.cell.can_in_place.open(within_s=1000)
    bench.after(20, bench.plant.lift)
    began_s = bench.env.now
    assert "can_in_place opened" in str(bench.trouble(DoseInterrupted, 600, guards=[guard]))
    assert bench.env.now - began_s == pytest.approx(20, abs=0.01)


def test_a_dose_is_bounded_by_pulses_and_by_time() -> None:
    trouble = Bench().trouble(DoseNotReached, 100, max_pulses=1)
    assert "in 1 pulses" in str(trouble) and "may take 1 pulses" in str(trouble)
    assert "may take 40 pulses and 5 s" in str(Bench().trouble(DoseNotReached, 100, max_dose_s=5))


def test_every_trouble_is_a_fault_that_a_cell_can_catch() -> None:
    assert all(issubclass(kind, CellFault) for kind in DosingFault.__subclasses__())
    assert len(DosingFault.__subclasses__()) == 7


@settings(max_examples=200, deadline=None)
@given(
    rate=st.floats(0.51, 1.6),
    lag_s=st.floats(0.0, 1.0),
    first_s=st.floats(0.0, 0.5),
    late_s=st.lists(st.floats(0.0, 0.02), min_size=30, max_size=30),
)
def test_a_flow_that_never_stops_is_no_air_however_late_its_readings_come(rate, lag_s, first_s, late_s) -> None:
    """On a line each answer comes some ms late; a reading just after the limit must not be taken for a dry line."""
    monitor = _FlowMonitor(1.0, 0.0, 6.0, dry_s=2.0)
    now_s = first_s
    for late in late_s:
        now_s += 0.5 + late
        monitor.update(now_s, rate * 6.0 * max(0.0, now_s - lag_s))
        assert not monitor.is_back


@given(st.floats(2.6, 8.0), st.lists(st.floats(0.0, 0.02), min_size=40, max_size=40))
def test_a_flow_that_stops_and_returns_is_air(dry_for_s: float, late_s: list[float]) -> None:
    monitor = _FlowMonitor(1.0, 0.0, 6.0, dry_s=2.0)
    now_s = shown_g = 0.0
    for late in late_s:
        now_s += 0.5 + late
        if not 5.0 < now_s < 5.0 + dry_for_s:
            shown_g += 3.0
        monitor.update(now_s, shown_g)
    assert monitor.is_back
