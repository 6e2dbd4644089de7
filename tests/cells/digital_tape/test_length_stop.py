from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from taping import finish_round, rig_of, until

from cellwright.cells import load
from cellwright.cells.digital_tape.cutlist import CutList
from cellwright.sim import Length, model_rig, run_rig, virtual_rig

STOP = "digital_tape_stop"


def test_with_the_stop_there_is_less_to_correct_and_pieces_are_more_exact() -> None:
    alone, stopped = rig_of(), rig_of(cell=STOP)
    for rig in (alone, stopped):
        finish_round(rig)
    assert stopped.plant.corrections < 0.5 * alone.plant.corrections
    of_alone, of_stopped = (np.quantile(np.abs(rig.plant.errors_mm), 0.95) for rig in (alone, stopped))
    assert of_stopped < 0.8 * of_alone


@pytest.mark.parametrize(
    "troubles",
    [
        ("plant.pull_backs_per_1000_cuts=200", "plant.wrong_per_1000_cuts=150"),
        ("plant.clamp_mm=3",),  # logs that move as the saw bites, and so have to come back to the stop
    ],
)
def test_whatever_happens_every_piece_is_cut_once_and_the_stop_runs_into_no_log(troubles: tuple[str, ...]) -> None:
    cut_record = finish_round(rig_of(*troubles, cell=STOP))
    wanted = Counter(piece.piece for piece in CutList.standard().single_pieces())
    assert Counter(piece.piece for piece, _ in cut_record.cut) + Counter(p.piece for p in cut_record.not_cut) == wanted


def test_it_is_homed_away_from_the_blade_before_it_moves_and_again_after_a_fault() -> None:
    rig = rig_of(cell=STOP)
    until(rig, "approaching")
    start = rig.plant.axis.true_position
    rig.env.run(until=rig.env.now + 0.5)
    assert rig.plant.axis.true_position < start, "home is the far end"
    until(rig, "at_cut")
    assert rig.cell.length_stop.is_homed
    rig.cell.fault("a test pulled the cable")
    rig.env.run(until=rig.env.now + 1)
    rig.cell.reset()
    assert not rig.cell.length_stop.is_homed
    until(rig, "at_cut")
    assert rig.cell.length_stop.is_homed


def test_the_lamp_turns_green_only_when_the_stop_has_released_the_log() -> None:
    rig = rig_of(cell=STOP)
    for _ in range(4):
        until(rig, "at_cut")
        if rig.cell.is_stop_set:
            face_mm = rig.plant.front_mm - rig.plant._log_start_mm
            behind_mm = 6000 - rig.plant.axis.true_position / 10
            assert 7 < behind_mm - face_mm < 9
        until(rig, "cut_confirmed")


def test_a_piece_longer_than_the_stop_reaches_is_a_problem() -> None:
    assert not rig_of(cell=STOP).cell.problems()
    (message,) = rig_of("length_stop.travel=0,5000", cell=STOP).cell.problems()
    assert "the stop reaches 5000 mm behind the blade, and 5640 mm are to be cut" in message


def test_on_the_virtual_arduino_the_same_logs_take_the_same_time() -> None:
    scenario = load(STOP).scenario()
    times = [run_rig(put(scenario, 1, 0), Length(cycles=2)).cycle_times_s for put in (model_rig, virtual_rig)]
    assert sum(times[1]) == pytest.approx(sum(times[0]), rel=0.03)
