"""A few of the studies behind the table of statistics.md: intervals that are wrong do not pass."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from scipy import stats

PATH = Path(__file__).parents[3] / "benchmarks" / "performance" / "interval_coverage.py"


@pytest.fixture(scope="module")
def coverage() -> ModuleType:
    spec = importlib.util.spec_from_file_location("interval_coverage", PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["interval_coverage"] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


def allowed(studies: int, share: float) -> range:
    """How many of the studies may hold the truth: all but one in 500 runs, if the share is right."""
    return range(int(stats.binom.ppf(0.001, studies, share)), int(stats.binom.ppf(0.999, studies, share)) + 1)


def test_what_is_reused_is_what_is_simulated(coverage: ModuleType) -> None:
    coverage.check_reuse()


@pytest.mark.slow
def test_intervals_of_less_time_hold_the_truth(coverage: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the truth's 250 replications the noise is a seventh of that of a study's five: too little to be seen in 60."""
    monkeypatch.setattr(coverage, "TRUTH_REPLICATIONS", 250)
    studies = 60
    ((_, share, _),) = coverage.less_time_coverage(studies, [5], coverage.InPlace())
    assert round(share * studies) in allowed(studies, 0.95)


@pytest.mark.slow
def test_ranges_of_net_present_value_hold_the_truth(coverage: ModuleType) -> None:
    studies = 40
    inside, _, _ = coverage.npv_coverage(studies, 5, coverage.InPlace())
    assert round(inside * studies) in allowed(studies, 0.9)
