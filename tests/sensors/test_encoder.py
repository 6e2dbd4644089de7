from __future__ import annotations

import datetime
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st
from simpy.events import Event

from cellwright.errors import CellFault, InputError, StepTimeoutError
from cellwright.hardware import ModelBoard
from cellwright.sensors.calibration import LengthCalibration
from cellwright.sensors.encoder import Encoder

TODAY = datetime.date(2026, 11, 24)


def attached(board: ModelBoard, **more: Any) -> Encoder:
    encoder = Encoder(pin_a=2, pin_b=3, counts_per_mm=12, **more)
    encoder.name = "wheel"
    encoder.attach(board)
    return encoder


def turn(board: ModelBoard, counts: int) -> None:
    board.encoders[2, 3].true_count += counts


@pytest.mark.parametrize("reversed", [False, True])
def test_it_measures_from_where_it_was_zeroed_in_its_direction(board: ModelBoard, reversed: bool) -> None:
    encoder = attached(board, reversed=reversed)
    sign = -1 if reversed else 1
    turn(board, 77)
    assert not encoder.is_referenced
    encoder.zero(-400)
    turn(board, sign * 1200)
    assert encoder.position_mm == pytest.approx(-300)
    assert encoder.is_referenced
    encoder.reset()
    assert not encoder.is_referenced


def test_the_error_at_the_datum_is_corrected_only_by_zeroing(board: ModelBoard) -> None:
    encoder = attached(board)
    encoder.zero()
    turn(board, 12 * 500 - 36)
    assert encoder.position_error_mm(500) == pytest.approx(-3)
    assert encoder.position_mm == pytest.approx(497)
    encoder.zero(500)
    assert encoder.position_error_mm(500) == pytest.approx(0)


def test_reaches_and_stands_wait_and_have_limits(env: simpy.Environment, board: ModelBoard) -> None:
    encoder = attached(board)
    encoder.zero()
    reached_s: list[float] = []

    def push() -> Generator[Event, Any, None]:
        for _ in range(100):
            yield env.timeout(0.1)
            turn(board, 12)

    def step() -> Generator[Event, Any, None]:
        yield from encoder.reaches(50, within_s=20, tolerance_mm=0.5)
        reached_s.append(env.now)
        yield from encoder.stands(within_s=20)
        reached_s.append(env.now)
        with pytest.raises(StepTimeoutError, match=r"wheel did not reach 500 mm within 2 s\."):
            yield from encoder.reaches(500, within_s=2, tolerance_mm=0.5)

    env.process(push())
    env.run(until=env.process(step()))
    assert reached_s[0] == pytest.approx(5.0, abs=0.03)
    assert reached_s[1] == pytest.approx(10.2, abs=0.05)


@given(
    old=st.floats(0.5, 100),
    real_mm=st.floats(500, 20_000),
    error=st.floats(-0.1, 0.1),
    distance_mm=st.floats(1, 20_000),
)
def test_after_a_calibration_the_known_length_is_shown_as_it_is(
    old: float, real_mm: float, error: float, distance_mm: float
) -> None:
    encoder = attached(ModelBoard(simpy.Environment()))
    encoder.scale = old
    counts_per_mm = old * (1 + error)
    shown_mm = real_mm * counts_per_mm / old
    kept = encoder.rescale(shown_mm, real_mm, TODAY)
    assert kept.counts_per_mm == pytest.approx(old * shown_mm / real_mm)
    assert distance_mm * counts_per_mm / encoder.scale == pytest.approx(distance_mm)


@pytest.mark.parametrize(("shown_mm", "real_mm"), [(5000, 0), (0, 5000), (5000, -1), (5000, 2500), (float("nan"), 10)])
def test_a_calibration_that_cannot_be_right_is_refused_and_the_scale_kept(
    board: ModelBoard, shown_mm: float, real_mm: float
) -> None:
    encoder = attached(board)
    with pytest.raises(CellFault, match="wheel was not calibrated"):
        encoder.rescale(shown_mm, real_mm, TODAY)
    assert encoder.scale == 12


def test_a_person_is_asked_for_one_known_length(board: ModelBoard) -> None:
    encoder, prompts = attached(board), []

    def ask(sentence: str):
        prompts.append(sentence)
        if "Move" in sentence:
            board.encoders[encoder.pin_a, encoder.pin_b].true_count += 120_600
        return board.env.timeout(5)

    kept = board.env.run(until=board.env.process(encoder.calibrate(10_000, ask, TODAY)))
    assert kept.counts_per_mm == encoder.scale == pytest.approx(12.06)
    assert prompts[1] == "Move the work on by 10000 mm, measured with what you trust, and let it stand."


def test_a_calibration_is_kept_in_a_file_with_its_date(board: ModelBoard, tmp_path: Path) -> None:
    path = tmp_path / "wheel.toml"
    attached(board).rescale(10_012, 10_000, TODAY).write(path)
    assert "date = 2026-11-24" in path.read_text()
    assert attached(ModelBoard(board.env), calibration=str(path)).scale == pytest.approx(12 * 1.0012)


def test_the_scale_follows_the_temperature_since_the_calibration(board: ModelBoard, tmp_path: Path) -> None:
    path = tmp_path / "wheel.toml"
    attached(board, celsius=5, expansion_ppm_per_c=8).rescale(10_000, 10_000, TODAY).write(path)
    cold = LengthCalibration.read(path)
    assert cold.celsius == 5
    warm = attached(ModelBoard(board.env), calibration=str(path), celsius=25, expansion_ppm_per_c=8)
    assert warm.scale == pytest.approx(cold.counts_per_mm / (1 + 8e-6 * 20), rel=1e-12)
    same = attached(ModelBoard(board.env), calibration=str(path), celsius=5, expansion_ppm_per_c=8)
    assert same.scale == pytest.approx(cold.counts_per_mm, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("counts_per_mm = 0\ndate = 2026-11-24\ncelsius = 9\nshown_mm = 1\nreal_mm = 1", "line 1: counts_per_mm = 0: "),
        ("date = 2026-11-24\ncounts_per_mm = 12\ncelsius = 9\nshown_mm = 1", "real_mm is missing"),
        ("date = 2026-11-24\ncounts_per_mm = 12\nshown_mm = 1\nreal_mm = 1\nscal = 2", "line 5: 'scal' is not"),
        ("date = 2026-11-24\ncelsius = 200\ncounts_per_mm = 12\nshown_mm = 1\nreal_mm = 1", "line 2: celsius = 200: "),
        ("date = ", "is not valid TOML"),
    ],
)
def test_a_bad_calibration_file_is_refused_in_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "wheel.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        LengthCalibration.read(path)
    assert message in str(refused.value) and str(path) in str(refused.value)
