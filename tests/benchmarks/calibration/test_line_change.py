"""A line that becomes slower in mid-run is noticed; noise is not taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from cellwright.benchmarks.calibration.line_change import change_sentence, line_changes
from cellwright.benchmarks.calibration.run_log_reader import TimedAction


def actions(seed: int, sd_s: float, longer_s: list[float]) -> list[TimedAction]:
    """Moves over three distances and pulses in turn; each part of the run takes so much longer."""
    draws = np.random.default_rng(seed)
    kinds = [("bridge", 40.0, 0.21), ("carriage", 5.0, 0.06), ("carriage", 90.0, 0.4), ("trigger", None, 0.16)]
    made = []
    for number in range(600):
        what, mm, taken_s = kinds[number % 4]
        more_s = longer_s[number * len(longer_s) // 600]
        made.append(TimedAction(0, 10.0 * number, what, mm, taken_s + more_s + float(draws.normal(0, sd_s))))
    return made


@pytest.mark.parametrize("longer_s", [[0, 0.006], [0.006, 0], [0, 0.004, 0], [0, 0.003, 0.01]])
@pytest.mark.parametrize("sd_s", [0.0, 0.001, 0.004])
def test_a_line_that_changes_is_noticed_where_it_changes(longer_s: list[float], sd_s: float) -> None:
    found = line_changes(actions(1, sd_s, longer_s))
    assert len(found) == len(longer_s) - 1
    for number, each in enumerate(found, 1):
        assert each.since_s == pytest.approx(6000 * number / len(longer_s), abs=300)
        assert each.longer_s == pytest.approx(longer_s[number] - longer_s[0], abs=0.001)


def test_noise_alone_is_called_a_change_in_one_run_of_a_hundred_at_most() -> None:
    runs = 400
    with_change = sum(bool(line_changes(actions(seed, 0.02, [0]))) for seed in range(runs))
    assert with_change <= 9, with_change  # 10 or more come in 1 of 100 such tests, if it is 1 in 100


def test_a_single_late_move_is_no_change() -> None:
    made = actions(1, 0.001, [0])
    made[300] = made[300]._replace(taken_s=5.0)
    assert line_changes(made) == []


def test_few_moves_show_nothing() -> None:
    assert line_changes(actions(1, 0.001, [0, 0.01])[290:310]) == []
    assert line_changes([]) == []


def test_the_sentence_says_when_and_by_how_much() -> None:
    said = change_sentence(line_changes(actions(1, 0.0, [0, 0.006])))
    assert "from 0:50:00 on a move or pulse took 6.0 ms longer than at the start." in said
    assert change_sentence([]) == ""
