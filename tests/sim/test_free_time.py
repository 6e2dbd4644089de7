"""The operator's free time in pieces: how it is observed, and which of it counts."""

from __future__ import annotations

import numpy as np
import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright import cells
from cellwright.sim import FreeTime, Length, OperatorParameters, Streams, observe_free_time, run_cell_by_events
from cellwright.sim.free_time import ObservedOperator

PIECES = st.lists(st.floats(0.1, 1e4), min_size=1, max_size=40)


def counted(free: FreeTime, min_s: float, switching_s: float = 0.0, scale: float = 1.0) -> float:
    return float(free.counted_share(np.array([min_s]), np.array([switching_s]), np.array([scale]))[0])


def of(pieces: list[float]) -> FreeTime:
    return FreeTime(tuple(pieces), len(pieces) + 1, 2 * sum(pieces))


def test_worked_out_by_hand() -> None:
    free = of([10, 50, 140])
    assert counted(free, 0) == 1
    assert counted(free, 50) == pytest.approx(190 / 200)  # a piece as long as the shortest that counts does count
    assert counted(free, 51) == pytest.approx(140 / 200)
    assert counted(free, 50, 20) == pytest.approx((30 + 120) / 200)
    assert counted(free, 0, 20) == pytest.approx((30 + 120) / 200)  # 10 s are less than what switching takes
    assert counted(free, 141) == 0
    assert counted(free, 100, scale=2) == pytest.approx(190 / 200)  # 20, 100, 280
    assert counted(FreeTime((), 1, 100.0), 0) == 0


@given(PIECES, st.floats(0, 1e4), st.floats(0, 1e3), st.floats(0.1, 10))
def test_it_is_the_sum_over_the_pieces(pieces: list[float], min_s: float, switching_s: float, scale: float) -> None:
    each = [scale * piece for piece in pieces]
    wanted = sum(piece - switching_s for piece in each if piece >= max(min_s, switching_s)) / sum(each)
    close = [piece for piece in each if abs(piece - max(min_s, switching_s)) < 1e-6 * piece]
    if not close:  # on the edge, rounding may decide
        assert counted(of(pieces), min_s, switching_s, scale) == pytest.approx(wanted, abs=1e-9)


@given(PIECES, st.floats(0, 1e4), st.floats(0, 1e3), st.floats(0, 1e3))
def test_longer_pieces_and_more_switching_never_count_more(
    pieces: list[float], min_s: float, more: float, switching_s: float
) -> None:
    free = of(pieces)
    assert 0 <= counted(free, min_s + more, switching_s) <= counted(free, min_s, switching_s) + 1e-12 <= 1 + 2e-12
    assert counted(free, min_s, switching_s + more) <= counted(free, min_s, switching_s) + 1e-12


def test_an_observed_operator_notes_each_visit_once() -> None:
    env = simpy.Environment()
    parameters = OperatorParameters(response_s=5.0, response_spread=0.0, walk_s=2.0)
    operator = ObservedOperator(env, parameters, Streams(1, 0), 0.0)
    for at_s in (0.0, 100.0):
        if at_s:
            env.run(until=at_s)
        env.run(until=env.process(operator.come(lambda: operator.spend(10.0))))
    assert operator.busy_s == [[5.0, 5.0 + 2 + 10 + 2], [105.0, 119.0]]
    assert operator.labour_s == 28


@pytest.mark.parametrize("name", ["stapler", "lacquer_mixer"])
def test_what_is_neither_free_nor_labour_is_nothing(name: str) -> None:
    scenario, length = cells.load(name).scenario(), Length(hours=0.5)
    free = observe_free_time(scenario, length, 1)
    plain = run_cell_by_events(scenario, length, 1, 0)
    labour_share = plain.labour_s / sum(plain.cycle_times_s)
    assert free.free_share + labour_share == pytest.approx(1, abs=0.03)  # both runs end in the middle of a unit
    assert free.visits > 3 and free.visits == len(free.pieces_s) + 1


def test_a_person_who_is_there_all_the_time_has_no_free_time() -> None:
    free = observe_free_time(cells.load("digital_tape").scenario(), Length(cycles=3), 1)
    assert free.free_share < 0.02 and free.percentiles_s()[1] < 1
