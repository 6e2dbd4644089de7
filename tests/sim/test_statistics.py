import pytest

from cellwright.sim import estimate

# Student's sleep data (1908), the paired differences; R's documentation of `sleep` gives mean 1.58 and the
# 95 % interval 0.7001 to 2.4599.
SLEEP = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4]


def test_interval_agrees_with_a_published_example() -> None:
    of_sleep = estimate(SLEEP)
    assert of_sleep.mean == pytest.approx(1.58)
    assert of_sleep.ci95_low == pytest.approx(0.7001, abs=5e-5)
    assert of_sleep.ci95_high == pytest.approx(2.4599, abs=5e-5)


def test_one_value_gives_no_interval() -> None:
    assert estimate([3.0]).as_json() == {"mean": 3.0, "ci95_low": None, "ci95_high": None}
