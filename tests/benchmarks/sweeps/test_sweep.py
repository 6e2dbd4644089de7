from __future__ import annotations

import itertools
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text

from cellwright.benchmarks.charts.sweep import pareto_chart, pareto_front, sweep_chart
from cellwright.benchmarks.sweeps.sampling import VariedParameter, designs, read_varied_parameter
from cellwright.benchmarks.sweeps.sweep import Sweep, read_sweep, write_sweep
from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.sim import Length

NAMES = ("carriage.max_speed", "manual.spread")
SWEEP = Sweep(
    study=load("stapler"),
    cell="stapler",
    names=NAMES,
    designs=list(itertools.product(("100", "200", "300"), ("0.1", "0.2"))),
    overrides=("layout.slats=3", "layout.panel_length_mm=300"),
    length=Length(cycles=3),
    replications=2,
    seed=1,
    version="test",
)


def finish(sweep: Sweep, path: Path, workers: int = 1) -> bytes:
    with ThreadPoolExecutor(1) if workers == 1 else ProcessPoolExecutor(workers) as pool:
        assert list(write_sweep(sweep, path, pool, workers))[-1] == len(sweep.designs)
    return path.read_bytes()


def test_the_same_bytes_on_one_core_and_on_two(tmp_path: Path) -> None:
    assert finish(SWEEP, tmp_path / "one.csv") == finish(SWEEP, tmp_path / "two.csv", workers=2)
    rows = read_sweep(tmp_path / "one.csv")
    assert [(row[NAMES[0]], row[NAMES[1]]) for row in rows] == [(float(a), float(b)) for a, b in SWEEP.designs]
    assert all(row["cycle_time_s_ci95_low"] <= row["cycle_time_s"] for row in rows)


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_an_interrupted_sweep_goes_on_wherever_it_was_cut_off(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("sweep")
    sweep = replace(SWEEP, designs=SWEEP.designs[:2])
    whole = finish(sweep, folder / "whole.csv")
    part = folder / "part.csv"
    part.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    assert finish(sweep, part) == whole


def test_what_is_there_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sweep.csv"
    whole = finish(SWEEP, path)
    monkeypatch.setattr(Sweep, "evaluate", lambda *_: pytest.fail("computed again"))
    assert finish(SWEEP, path) == whole


def test_another_sweep_or_another_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("something of the user's\n")
    with pytest.raises(InputError, match="holds something else than this sweep"):
        finish(SWEEP, path)
    assert path.read_text() == "something of the user's\n"
    finish(SWEEP, tmp_path / "sweep.csv")
    with pytest.raises(InputError, match="holds something else than this sweep"):
        finish(replace(SWEEP, seed=2), tmp_path / "sweep.csv")


def test_a_design_that_cannot_be_is_a_row_that_says_why(tmp_path: Path) -> None:
    sweep = replace(SWEEP, names=("layout.off_centre_mm",), designs=[("0",), ("20",)])
    finish(sweep, tmp_path / "sweep.csv")
    good, bad = read_sweep(tmp_path / "sweep.csv")
    assert good["cycle_time_s"] > 0 and not good["problem"]
    assert bad["cycle_time_s"] is None and "miss the slats" in bad["problem"]


def test_a_full_disk_is_one_sentence_and_what_was_computed_is_kept() -> None:
    with pytest.raises(InputError, match=r"/dev/full cannot be written \(.*\); what was computed so far is kept"):
        finish(SWEEP, Path("/dev/full"))


# ---- designs ----


def test_a_grid_has_every_combination_once_and_whole_numbers_stay_whole() -> None:
    axes = [read_varied_parameter("layout.slats=3:5:3"), read_varied_parameter("carriage.max_speed=100:150:2")]
    assert designs(axes, "grid", 0, 1) == list(itertools.product(("3", "4", "5"), ("100", "150")))
    assert VariedParameter("a.b", 0, 1, 3).grid() == ["0", "0.5", "1"]


@pytest.mark.parametrize("method", ["latin", "sobol"])
def test_spread_designs_fill_every_part_of_each_range_and_repeat_with_the_seed(method: str) -> None:
    axes = [VariedParameter("a.b", 0.0, 1.5, 2), VariedParameter("c.d", -10.5, 10, 2)]
    tried = designs(axes, method, 16, 5)
    assert tried == designs(axes, method, 16, 5) != designs(axes, method, 16, 6)
    for number, axis in enumerate(axes):
        parts = sorted(int(16 * (float(each[number]) - axis.low) / (axis.high - axis.low)) for each in tried)
        assert parts == list(range(16))  # one in each sixteenth


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("carriage.max_speed", "write it as device.parameter=from:to:n"),
        ("carriage=1:2:3", "write it as device.parameter=from:to:n"),
        ("a.b=1:x:3", "from and to are numbers"),
        ("a.b=2:1:3", "from must be below to"),
        ("a.b=1:inf:3", "from must be below to"),
        ("a.b=1:2:1", "n must be at least 2"),
    ],
)
def test_an_invalid_varied_parameter_is_refused(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_varied_parameter(text)


def test_too_many_designs_and_an_unknown_method_are_refused() -> None:
    axis = VariedParameter("a.b", 0, 1, 1000)
    with pytest.raises(InputError, match="1000000 designs cannot be tried"):
        designs([axis, VariedParameter("c.d", 0, 1, 1000)], "grid", 0, 1)
    with pytest.raises(InputError, match="did you mean 'sobol'"):
        designs([axis], "sobal", 8, 1)
    with pytest.raises(InputError, match="varied twice"):
        designs([axis, axis], "grid", 0, 1)


# ---- pictures ----


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=30))
def test_no_design_dominates_one_of_the_front_and_each_other_one_is_dominated(points: list[tuple[int, int]]) -> None:
    rows = [{"cycle_time_s": float(a), "units_per_hour": float(b)} for a, b in points]
    front = pareto_front(rows, "cycle_time_s", "units_per_hour")  # less time, more units

    def beats(one: dict[str, float], other: dict[str, float]) -> bool:
        at_least = one["cycle_time_s"] <= other["cycle_time_s"] and one["units_per_hour"] >= other["units_per_hour"]
        return at_least and one != other

    assert front
    for row in rows:
        assert (row in front) is not any(beats(other, row) for other in rows)


def test_pictures_say_the_best_design_and_how_many_there_are(tmp_path: Path) -> None:
    finish(SWEEP, tmp_path / "sweep.csv")
    rows = read_sweep(tmp_path / "sweep.csv")
    heat = " ".join(text.get_text() for text in sweep_chart(rows, NAMES, "less_time_percent").findobj(Text))
    assert "The best of 6 designs" in heat and "carriage.max_speed; n = 6 designs" in heat
    curve = " ".join(text.get_text() for text in sweep_chart(rows[::2], NAMES[:1], "cycle_time_s").findobj(Text))
    assert "cycle time, s" in curve and "n = 3 designs" in curve
    front = " ".join(
        text.get_text() for text in pareto_chart(rows, "labour_s_per_unit", "units_per_hour").findobj(Text)
    )
    assert "of 6 designs are Pareto-optimal" in front
    with pytest.raises(InputError, match="did you mean 'cycle_time_s'"):
        sweep_chart(rows, NAMES, "cycle_times_s")
