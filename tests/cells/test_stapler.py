from __future__ import annotations

from typing import Any

import pytest
import simpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwright.cells import load
from cellwright.cells.stapler import PanelLayout, Stapler, StaplerPlant
from cellwright.errors import CellFault
from cellwright.hardware import ModelBoard
from cellwright.hardware.firmware_profiles import STEP_TIMINGS, SteppingFirmware
from cellwright.sequences import FAULTED, STOPPED
from cellwright.sim import Length, Operator, Scenario, Streams, run_cell


class Rig:
    """A stapler with its plant on a model board, to look into."""

    def __init__(self, *overrides: str, layout: PanelLayout | None = None) -> None:
        self.scenario: Scenario = load("stapler").scenario(overrides)
        if layout is not None:
            self.scenario.parameters["layout"] = layout
        self.env = simpy.Environment()
        self.board = ModelBoard(self.env)
        self.cell = Stapler(self.board, self.scenario.parameters)
        streams = Streams(1, 0)
        operator = Operator(self.env, self.scenario.parameters["operator"], streams, 0.15)
        self.plant = StaplerPlant(
            self.cell, self.board, self.scenario.parameters["plant"], operator, streams, self.scenario.tending()
        )
        self.plant.connect()
        self.env.process(self.cell.run())

    def until_finished(self, panels: int = 1) -> None:
        for _ in range(panels):
            self.env.run(until=self.cell.next_finished())
            assert self.cell.last_stop is None, self.cell.last_stop

    def until(self, state: str, limit_s: float = 20_000) -> None:
        while self.cell.state != state:
            assert self.env.now < limit_s, f"never came to {state}, is in {self.cell.state}"
            self.env.step()


@st.composite
def layouts(draw: st.DrawFn) -> PanelLayout:
    slats = draw(st.integers(1, 6))
    width = draw(st.floats(12, 60))
    pitch = width + draw(st.floats(0.5, 30))
    first = width / 2 + draw(st.floats(0, 20))
    length = draw(st.floats(100, 2400))
    return PanelLayout(
        panel_length_mm=length,
        panel_width_mm=min(600, first + (slats - 1) * pitch + width / 2 + draw(st.floats(0, 30))),
        slats=slats,
        slat_width_mm=width,
        pitch_mm=pitch,
        first_slat_mm=first,
        staple_spacing_mm=draw(st.floats(length / 12, length)),
        end_margin_mm=draw(st.floats(0, length / 2)),
        off_centre_mm=draw(st.floats(-0.5, 0.5)),
        crown_mm=draw(st.floats(1, 10)),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(layouts(), st.integers(3, 40))
def test_any_panel_is_stapled_completely_each_staple_once(layout: PanelLayout, magazine: int) -> None:
    rig = Rig("plant.jams_per_1000_staples=20", layout=layout)
    rig.cell.magazine_staples = rig.cell.left_in_magazine = rig.plant.magazine = magazine
    rig.until("presenting")
    wanted = sorted((round(along * 40), round(across * 40)) for along, across in layout.path)
    assert sorted(rig.plant.landed) == wanted
    rig.until_finished(2)
    assert rig.plant.panels_checked == 2
    assert rig.plant.dry_shots == 0


def test_the_plant_sees_a_staple_beside_its_slat_and_one_where_another_is() -> None:
    for spoil, message in (
        (lambda landed: landed.__setitem__(0, (landed[0][0], landed[0][1] + 800)), "beside its slat"),
        (lambda landed: landed.__setitem__(0, landed[1]), "195 staples in 194 places"),
    ):
        rig = Rig()
        rig.until("presenting")
        spoil(rig.plant.landed)
        with pytest.raises(CellFault, match=message):
            rig.env.run(until=rig.cell.next_finished())


def test_the_bridge_and_carriage_are_homed_from_wherever_they_stand() -> None:
    for seed in range(3):
        scenario = load("stapler").scenario()
        run_cell(scenario, Length(cycles=1), seed, 0)
    rig = Rig()
    rig.until("stapling")
    assert rig.cell.bridge.is_homed and rig.cell.carriage.is_homed
    assert rig.board.steppers[rig.cell.bridge.step].true_position == 0


def test_a_jam_is_cleared_and_the_staple_is_shot_again() -> None:
    rig = Rig("plant.jams_per_1000_staples=30")
    rig.until_finished(2)
    assert rig.cell.stops["stapler jammed"] > 2
    assert rig.plant.panels_checked == 2  # which found each staple there once


def test_refills_come_when_the_magazine_is_empty_and_never_a_dry_shot() -> None:
    rig = Rig()
    rig.until_finished(7)
    assert rig.cell.stops["magazine empty"] == 195 * 7 // 140
    assert rig.plant.dry_shots == 0


WORKING_STATES = Stapler.states


@pytest.mark.parametrize("state", WORKING_STATES)
@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.4])
def test_a_fault_in_every_state_ends_with_every_output_safe(state: str, delay_s: float) -> None:
    rig = Rig("plant.jams_per_1000_staples=30")
    rig.until(state)
    rig.env.run(until=rig.env.now + delay_s + 1e-6)
    at_fault = rig.cell.state
    rig.cell.start_button.when_closed = None  # the person who was called presses start, which would reset the cell
    rig.cell.fault("a test pulled the cable")
    assert rig.board.is_safe
    rig.env.run(until=rig.env.now + 100)
    assert rig.cell.state == FAULTED
    assert rig.board.is_safe
    assert rig.cell.last_stop is not None
    assert rig.cell.last_stop.reason == f"stapler, {at_fault}: a test pulled the cable"
    with pytest.raises(CellFault, match=r"homed|safe"):
        rig.cell.bridge.move_to(10)
    rig.cell.reset()
    rig.env.run(until=rig.env.now + 1)
    assert rig.cell.state == "waiting"
    assert not rig.cell.bridge.is_homed


def test_the_stop_button_stops_the_cell_while_it_moves_and_start_resets_it() -> None:
    rig = Rig()
    rig.until("stapling")
    rig.env.run(until=rig.env.now + 0.3)
    assert not rig.board.is_safe
    rig.plant.close(rig.cell.stop_button)
    assert rig.board.is_safe
    assert rig.cell.state == STOPPED
    rig.plant.close(rig.cell.start_button)
    assert rig.cell.state == STOPPED, "the stop button is still pressed"
    rig.plant.open(rig.cell.start_button)
    rig.plant.open(rig.cell.stop_button)
    rig.plant.close(rig.cell.start_button)
    assert rig.cell.state == "waiting"


@pytest.mark.parametrize("firmware", STEP_TIMINGS)
def test_max_speed_moves_the_cycle_time_as_the_kinematics_say(firmware: SteppingFirmware) -> None:
    """Each change of row or slat takes what the firmware makes of it at that speed; nothing else changes."""

    def stapling_s(speed: float) -> float:
        settings = [f"carriage.max_speed={speed}", "plant.jams_per_1000_staples=0"]
        scenario = load("stapler").scenario(settings, firmware=firmware)
        return run_cell(scenario, Length(cycles=14), 1, 0).time_in_state_s["stapling"] / 14

    def slat_to_slat_s(speed: float) -> float:
        return STEP_TIMINGS[firmware].move_time(1600, speed * 40, 1500 * 40)

    slat_moves = 13 * 14
    for slow, fast in ((20.0, 40.0), (40.0, 80.0)):
        saved_s = slat_moves * (slat_to_slat_s(slow) - slat_to_slat_s(fast))
        assert stapling_s(slow) - stapling_s(fast) == pytest.approx(saved_s, rel=0.002)
    assert stapling_s(150.0) < stapling_s(80.0)
    # From some speed on it is not the motor that sets the time: with ConfigurableFirmata the ceiling of its loop, with
    # CellwrightFirmata the acceleration, as no move is long enough.
    assert abs(stapling_s(250.0) - stapling_s(500.0)) < 0.06 * stapling_s(250.0)


def test_faster_axes_never_make_a_slower_stapler() -> None:
    times = []
    for acceleration in (200, 800, 3000):
        scenario = load("stapler").scenario([f"carriage.max_acceleration={acceleration}"])
        times.append(run_cell(scenario, Length(cycles=3), 1, 0).time_in_state_s["stapling"])
    assert times == sorted(times, reverse=True)


def test_problems_names_the_axis_that_cannot_reach() -> None:
    values: dict[str, Any] = PanelLayout.standard().model_dump() | {"panel_length_mm": 3000.0}
    rig = Rig(layout=PanelLayout(**values))
    assert rig.cell.problems() == ["stapler, stapling: bridge cannot move to 2970 mm; its travel is 0 to 2400 mm."]


def test_an_empty_magazine_lands_no_staple_even_if_the_cell_thinks_otherwise() -> None:
    rig = Rig("plant.jams_per_1000_staples=0")
    rig.cell.left_in_magazine, rig.plant.magazine = 1000, 3
    rig.until("presenting")
    assert len(rig.plant.landed) == 3
    assert rig.plant.dry_shots == 192
