"""What a stopwatch study says: checked by hand, by its own definition, and on samples whose distribution is known."""

from __future__ import annotations

import math
import statistics
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from scipy import stats

from cellwright.benchmarks.charts.style import as_svg
from cellwright.benchmarks.charts.time_study import study_chart
from cellwright.benchmarks.time_study.analysis import (
    best_fit,
    observations,
    observations_needed,
    read_time_study,
    variance_shares,
)
from cellwright.benchmarks.time_study.outliers import modified_z_scores, study_outliers, without_outliers
from cellwright.benchmarks.time_study.stopwatch_csv import read_study


def write(folder: Path, elements: dict[str, list[float]], remark: str = "") -> Path:
    rows = [f"{cycle},{name},{seconds}" for name, times in elements.items() for cycle, seconds in enumerate(times, 1)]
    path = folder / "study.csv"
    path.write_text(remark + "cycle,element,seconds\n" + "\n".join(rows) + "\n")
    return path


def test_modified_z_scores_worked_out_by_hand() -> None:
    # median 3; away from it 2, 1, 0, 1, 97, whose median is 1: 0.6745 x 97 = 65.4
    assert modified_z_scores([1, 2, 3, 4, 100]) == pytest.approx([-1.349, -0.6745, 0, 0.6745, 65.4265])
    # more than half alike: the mean absolute deviation 4/5 x 1.253314 takes the place of MAD / 0.6745
    assert modified_z_scores([5, 5, 5, 5, 9])[-1] == pytest.approx(4 / (1.253314 * 0.8))
    assert modified_z_scores([5, 5]) == [0, 0]


def test_modified_z_scores_of_a_published_example() -> None:
    # Iglewicz and Hoaglin 1993, How to Detect and Handle Outliers, ASQC: the two far ones hide from ordinary z-scores
    scores = modified_z_scores([2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3])
    assert scores[-2:] == pytest.approx([25.856, 26.306], abs=1e-3)
    assert [abs(score) > 3.5 for score in scores] == [False] * 8 + [True] * 2


def test_observations_by_the_formula_worked_out_by_hand() -> None:
    assert observations(2, 0.1) == pytest.approx(16)  # (2 x 0.1 / 0.05)²
    assert observations(2, 0.1, precision=0.1) == pytest.approx(4)


def test_observations_of_published_examples() -> None:
    # ILO, Introduction to Work Study: readings 7, 6, 7, 7, 6; (40 sqrt(5 x 219 - 33²) / 33)² = 8.81, so 9 readings
    readings = [7, 6, 7, 7, 6]
    of_readings = statistics.pstdev(readings) / statistics.fmean(readings)
    assert observations(2, of_readings) == pytest.approx(8.81, abs=0.01)
    # Niebel and Freivalds, Methods, Standards, and Work Design, 13th ed.: 10 readings, mean 0.30, s = 0.03, t = 2.262
    # for 9 degrees of freedom; ((2.262 x 0.03) / (0.05 x 0.30))² = 20.47, so 21 readings
    assert observations(2.262, 0.03 / 0.30) == pytest.approx(20.47, abs=0.01)
    # With Student's t for the 18 readings themselves in place of the ten's 9 degrees of freedom, fewer are enough.
    assert observations_needed(0.03 / 0.30) == 18


def test_the_goodness_of_fit_agrees_with_published_critical_values(monkeypatch: pytest.MonkeyPatch) -> None:
    # Weights of 11 men, Shapiro and Wilk 1965, Biometrika 52, 591-611. For the normal distribution A² is 0.9468; times
    # 1 + 0.75/n + 2.25/n² it is 1.029, between the critical values of 5 % (0.752) and 1 % (1.035) in Stephens 1986,
    # in D'Agostino and Stephens, Goodness-of-Fit Techniques, table 4.7: p is a little above 0.01.
    monkeypatch.setattr("cellwright.benchmarks.time_study.analysis.FAMILIES", {"normal": "norm"})
    weights_lb = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]
    fit = best_fit(weights_lb, np.random.default_rng(1))
    assert fit is not None and fit.is_rejected
    assert fit.p_value == pytest.approx(0.0105, abs=0.007)  # 999 samples: ± 2 standard errors


@given(st.floats(0.001, 1.0))
def test_so_many_are_enough_and_one_fewer_is_not(cv: float) -> None:
    n = observations_needed(cv)

    def reach(times: int) -> float:
        return float(stats.t.ppf(0.975, times - 1)) * cv / math.sqrt(times)

    assert reach(n) <= 0.05 + 1e-9
    assert n == 2 or reach(n - 1) > 0.05 - 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("lognormal", stats.lognorm(0.6, scale=10)),
        ("gamma", stats.gamma(1.2, scale=10)),
        ("normal", stats.norm(100, 25)),
    ],
)
def test_a_large_sample_is_known_for_what_it_is(name: str, sample: stats.rv_continuous) -> None:
    times_s = sample.rvs(400, random_state=np.random.default_rng(3))
    fit = best_fit(times_s, np.random.default_rng(1))
    assert fit is not None and fit.name == name and not fit.is_rejected
    assert float(fit.frozen().mean()) == pytest.approx(float(times_s.mean()), rel=0.05)


def test_two_heaps_are_refused_and_few_or_equal_times_are_not_tried(tmp_path: Path) -> None:
    heaps = [10.0 + 0.1 * n for n in range(10)] + [30.0 + 0.1 * n for n in range(10)]
    found = read_time_study(
        write(tmp_path, {"two ways": heaps, "few": [3, 4, 5], "alike": [7.0] * 12, "once": [2]}, "# observer: Kari\n")
    )
    by_name = {element.name: element for element in found.elements}
    assert by_name["two ways"].distribution == "empirical" and "does not fit" in by_name["two ways"].why_empirical
    assert by_name["few"].why_empirical == "3 times are fewer than 10"
    assert by_name["alike"].why_empirical == "all times are equal"
    assert by_name["once"].sd_s is None and by_name["once"].mean.ci95_low is None
    assert found.status == "measured" and found.cycles == 20


def test_a_time_far_from_the_others_is_flagged_with_its_cycle_and_kept(tmp_path: Path) -> None:
    times_s = [10.0, 10.4, 9.8, 10.1, 9.9, 10.2, 10.3, 9.7, 10.0, 10.1, 31.0, 10.2]
    (element,) = read_time_study(write(tmp_path, {"staple": times_s}, "# status: assumed\n")).elements
    assert [each.cycle for each in element.outliers] == [11]
    assert element.n == 12 and element.mean.mean == pytest.approx(sum(times_s) / 12)


def test_the_advice_goes_by_the_whole_cycle_and_not_by_its_shortest_element(tmp_path: Path) -> None:
    # The short element varies by half of itself, the long one by a twentieth: the long one makes the cycle vary.
    short, long = [1.0, 2.0, 3.0, 2.0, 1.0, 3.0], [195.0, 205.0, 200.0, 210.0, 190.0, 200.0]
    found = read_time_study(write(tmp_path, {"pick": short, "staple": long}))
    whole_s = [a + b for a, b in zip(short, long, strict=True)]
    half_s = 2.571 * statistics.stdev(whole_s) / math.sqrt(6)  # t of 5 degrees of freedom
    assert found.cycle.mean.mean == pytest.approx(statistics.fmean(whole_s))
    assert found.cycle.precision == pytest.approx(half_s / found.cycle.mean.mean, rel=0.03)  # of logarithms
    assert found.cycle.more_needed == 0
    assert found.most_varying is not None and found.most_varying.name == "staple"


@given(st.lists(st.lists(st.floats(1, 100), min_size=4, max_size=4), min_size=1, max_size=5))
def test_the_elements_shares_make_up_the_cycles_variance(sums_s: list[list[float]]) -> None:
    shares = variance_shares(sums_s)
    whole_s = [math.fsum(cycle) for cycle in zip(*sums_s, strict=True)]
    if statistics.pstdev(whole_s) > 1e-3:
        assert math.fsum(share or 0.0 for share in shares) == pytest.approx(1, abs=1e-6)


def test_without_its_outliers_a_study_has_the_other_times_and_the_same_frequencies(tmp_path: Path) -> None:
    refills = "1,refill,20\n3,refill,22\n5,refill,21\n7,refill,20.5\n9,refill,400\n"
    path = tmp_path / "study.csv"
    path.write_text(
        "cycle,element,seconds\n" + refills + "".join(f"{cycle},staple,{100 + cycle}\n" for cycle in range(1, 11))
    )
    study = read_study(path)
    assert [(each.element, each.cycle) for each in study_outliers(study)] == [("refill", 9)]
    staple, refill = sorted(without_outliers(study), key=lambda each: -each.mean_s)
    assert staple is next(each for each in study.elements if each.name == "staple")
    assert refill.observed_s[:4] == (20, 22, 21, 20.5) and refill.mean_s == pytest.approx(20.875)
    assert refill.observed_s[4:] == pytest.approx((20.875,))  # as many times: the same draws but for the outlier
    assert refill.per_unit == 0.5 and sum(refill.cycle_counts) == 5
    assert math.fsum(refill.cycle_sums_s) == pytest.approx(5 * 20.875)


def test_the_same_seed_gives_the_same_p_values(tmp_path: Path) -> None:
    path = write(tmp_path, {"staple": [10.0 + math.sin(n) for n in range(15)]})
    assert read_time_study(path, 1) == read_time_study(path, 1)


def test_the_picture_says_how_many_and_what_is_missing(tmp_path: Path) -> None:
    found = read_time_study(write(tmp_path, {"staple": [10.0 + math.sin(n) for n in range(15)], "walk": [2.0, 4.0]}))
    words = " ".join(text.get_text() for text in study_chart(found, "stapler by hand").findobj(Text))
    assert "stapler by hand: 15 cycles timed" in words
    assert "seconds; n = 15" in words and "seconds; n = 2" in words


TYPED = [
    "pick $a_$ part",
    "glue $5 to $6",
    r"50 % \alpha_{x",
    "lay [red] slats",
    "<b>cut</b> & go",
    "=1+1",
    "#4 {stud}",
]


def test_what_was_typed_stands_in_the_picture_as_it_was_typed(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    rows = [f'{cycle},"{name}",{3 + cycle}' for name in TYPED for cycle in (1, 2, 3)]
    path.write_text("\n".join(["cycle,element,seconds", *rows]), encoding="utf-8")
    figure = study_chart(read_time_study(path), "$x_$ by hand")
    texts = figure.findobj(Text)
    assert all(any(name in text.get_text() for text in texts) for name in TYPED)
    assert not any(text.get_parse_math() for text in texts if text.get_text())
    assert as_svg(figure).startswith("<svg")  # half a formula would be refused
