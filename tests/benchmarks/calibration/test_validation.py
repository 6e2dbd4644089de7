"""How far a prediction is from a run: two samples that met no common random numbers."""

from __future__ import annotations

import pytest

from cellwright.benchmarks.calibration.validation import Prediction
from cellwright.sim import estimate


def prediction(times_s: list[float]) -> Prediction:
    return Prediction(estimate(times_s), {}, len(times_s), times_s=tuple(times_s))


def test_the_prediction_is_off_by_welch_s_interval() -> None:
    # Student's sleep (see test_statistics), unpaired, 100 s added to each
    run = prediction([100.7, 98.4, 99.8, 98.8, 99.9, 103.4, 103.7, 100.8, 100.0, 102.0])
    model = prediction([101.9, 100.8, 101.1, 100.1, 99.9, 104.4, 105.5, 101.6, 104.6, 103.4])
    assert model.as_json(run)["off_s"] == pytest.approx({"mean": 1.58, "ci95_low": -0.2054832, "ci95_high": 3.3654832})
    assert model.as_json(run)["off_percent"] == pytest.approx(100 * 1.58 / 100.75)
    assert "off_s" not in run.as_json()
