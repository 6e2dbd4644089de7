"""Effects that the simulation's noise alone may have made are kept apart from those that it has not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from cellwright.benchmarks.charts.style import CELL, CHANCE, MANUAL
from cellwright.benchmarks.charts.tornado import finding, tornado
from cellwright.benchmarks.sweeps.one_at_a_time import ReplicatedFigure, SensitivityRange
from cellwright.cli import run
from cellwright.sim import estimate

CLEAR = SensitivityRange("clear", "assumed", 1.0, 9.0, 11.0, low_half_width=0.5, high_half_width=0.9)
NOISE = SensitivityRange("noise", "assumed", 1.0, 8.0, 12.5, low_half_width=2.1, high_half_width=3.0)
ONE_END = SensitivityRange("one end", "assumed", 1.0, 9.0, 10.2, low_half_width=0.5, high_half_width=0.9)
STILL = SensitivityRange("still", "assumed", 1.0, 10.0, 10.0, low_half_width=0.0, high_half_width=0.0)
SMALL = ["--set", "layout.slats=3", "--set", "layout.panel_length_mm=300"]


def test_an_effect_within_its_interval_may_be_chance() -> None:
    assert [each.may_be_chance(10.0) for each in (CLEAR, NOISE, ONE_END, STILL)] == [False, True, False, False]
    assert ONE_END.ends(10.0) == [(9.0, True), (10.2, False)]
    assert not replace(NOISE, low_half_width=None, high_half_width=None).may_be_chance(10.0)  # one run: not known
    assert replace(NOISE, low=None).may_be_chance(10.0)


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=2, max_size=12))
def test_the_interval_is_that_of_the_pairs(pairs: list[tuple[float, float]]) -> None:
    changed, base = (ReplicatedFigure(float(np.mean(each)), each) for each in zip(*pairs, strict=True))
    half_width = changed.half_width_from(base)
    of_pairs = estimate([one - other for one, other in pairs])
    assert half_width is not None and of_pairs.ci95_low is not None
    assert of_pairs.mean - half_width == pytest.approx(of_pairs.ci95_low)


@pytest.mark.parametrize("count", [0, 1])
def test_few_replications_tell_nothing(count: int) -> None:
    few = ReplicatedFigure(1.0, (1.0,) * count)
    assert few.half_width_from(few) is None


@pytest.mark.parametrize("replications", [3, 10])
def test_noise_alone_is_called_chance_19_times_in_20(replications: int) -> None:
    rng, calls = np.random.default_rng(11), 0
    for _ in range(2_000):
        shared = rng.normal(0, 3, replications)  # common random numbers
        base, changed = (
            ReplicatedFigure(float(each.mean()), tuple(each)) for each in shared + rng.normal(size=(2, replications))
        )
        found = SensitivityRange("x", "assumed", 1.0, changed.value, None, low_half_width=changed.half_width_from(base))
        calls += found.may_be_chance(base.value)
    assert 0.93 <= calls / 2_000 <= 0.97


def test_chance_is_grey_in_the_picture_and_said() -> None:
    drawn = tornado([CLEAR, NOISE, ONE_END], 10.0, "less_time_percent", 0.2, 5)
    bars = [each for each in drawn.axes[0].patches if isinstance(each, Rectangle)]
    ends = {round(each.get_x() + each.get_width(), 3): to_hex(each.get_facecolor()) for each in bars}
    assert ends == {8.0: CHANCE, 12.5: CHANCE, 9.0: MANUAL, 11.0: CELL, 10.2: CHANCE}
    words = " ".join(text.get_text() for text in drawn.findobj(Text))
    assert "Grey: may be chance" in words
    sure = tornado([CLEAR], 10.0, "less_time_percent", 0.2, 5)
    assert "Grey" not in " ".join(text.get_text() for text in sure.findobj(Text))


def test_the_title_names_no_chance() -> None:
    assert finding([NOISE, CLEAR], 10.0, 0.2).startswith("It depends most on clear: 9.00 to 11.0\n")
    assert finding([NOISE], 10.0, 0.2) == "No input changes the result by more than\nthe simulation's noise"


def test_the_command_says_which_may_be_chance(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["sensitivity", "stapler", "--hours", "0.3", "-R", "3", "--jobs", "1", *SMALL]
    assert run([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    by_name = {each["name"]: each for each in found["inputs"]}
    assert found["replications"] == 3
    assert by_name["manual.mod_s"]["may_be_chance"] is False and by_name["manual.mod_s"]["low_half_width"] > 0
    chance = [name for name, each in by_name.items() if each["may_be_chance"]]
    assert "manual.spread" in chance  # it moves no mean
    assert run(asked) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "simulation noise only" in words
    assert f"May be chance, because that interval includes 0: {', '.join(chance)}." in words
    assert run([*asked, "-R", "1"]) == 0
    assert "One replication does not show which effects may be chance" in " ".join(capsys.readouterr().out.split())
