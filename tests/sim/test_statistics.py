"""Intervals and differences, against published examples."""

from __future__ import annotations

import math

import pytest

from cellwright.sim import estimate, welch

# Student 1908, The probable error of a mean, Biometrika 6, 1-25: hours of sleep gained with each of two drugs, as in
# R's data set `sleep`. R's help page of t.test works both examples out.
FIRST_DRUG = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND_DRUG = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def sample_with(mean: float, sd: float, n: int) -> list[float]:
    """Values that have just this mean and standard deviation: half of them above, half below, one between if odd."""
    away = sd * math.sqrt((n - 1) / (n - n % 2))
    return [mean - away] * (n // 2) + [mean] * (n % 2) + [mean + away] * (n // 2)


def test_a_paired_interval_agrees_with_student_s_sleep() -> None:
    of_sleep = estimate([second - first for first, second in zip(FIRST_DRUG, SECOND_DRUG, strict=True)])
    assert of_sleep.mean == pytest.approx(1.58)
    assert of_sleep.ci95_low == pytest.approx(0.7001142, abs=5e-8)
    assert of_sleep.ci95_high == pytest.approx(2.4598858, abs=5e-8)


def test_an_interval_agrees_with_the_nist_handbook() -> None:
    # NIST/SEMATECH e-Handbook, 1.3.5.2, heat flow meter (ZARR13.DAT): n, mean, standard deviation, 95 % limits
    of_heat_flow = estimate(sample_with(9.261460, 0.02278881, 195))
    assert of_heat_flow.ci95_low == pytest.approx(9.258242, abs=1e-6)
    assert of_heat_flow.ci95_high == pytest.approx(9.264679, abs=1e-6)


def test_one_value_gives_no_interval() -> None:
    assert estimate([3.0]).as_json() == {"mean": 3.0, "ci95_low": None, "ci95_high": None}


def test_welch_agrees_with_student_s_sleep_unpaired() -> None:
    found = welch(FIRST_DRUG, SECOND_DRUG)
    assert found.mean.mean == pytest.approx(1.58)
    assert found.t == pytest.approx(1.8608, abs=5e-5)
    assert found.degrees_of_freedom == pytest.approx(17.776, abs=5e-4)
    assert found.p_value == pytest.approx(0.07939, abs=5e-6)
    assert found.mean.ci95_low == pytest.approx(-0.2054832, abs=5e-8)
    assert found.mean.ci95_high == pytest.approx(3.3654832, abs=5e-8)
    assert not found.is_significant


def test_welch_agrees_with_the_nist_handbook() -> None:
    # NIST/SEMATECH e-Handbook, 1.3.5.3 (AUTO83B.DAT), miles a gallon of Japanese and US cars, unequal variances
    found = welch(sample_with(30.48101, 6.10771, 79), sample_with(20.14458, 6.41470, 249))
    assert found.t == pytest.approx(-12.94627, abs=2e-5)
    assert found.degrees_of_freedom == pytest.approx(136.87499, abs=2e-5)
    assert found.is_significant


def test_welch_of_single_or_equal_values_divides_by_nothing() -> None:
    assert welch([3.0], [5.0, 6.0]).mean.as_json() == {"mean": 2.5, "ci95_low": None, "ci95_high": None}
    assert not welch([3.0], [5.0, 6.0]).is_significant
    alike = welch([3.0, 3.0], [5.0, 5.0])
    assert alike.mean.as_json() == {"mean": 2.0, "ci95_low": 2.0, "ci95_high": 2.0} and alike.is_significant
