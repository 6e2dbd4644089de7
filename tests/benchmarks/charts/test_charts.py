from __future__ import annotations

import dataclasses
import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from cellwright.actuators import Lamp, Solenoid, Stepper
from cellwright.benchmarks import Comparison, Outcome
from cellwright.benchmarks.charts.gantt import read_cycle, timeline
from cellwright.benchmarks.charts.mermaid import mermaid
from cellwright.benchmarks.charts.state_diagram import main_cycle, state_diagram
from cellwright.benchmarks.charts.style import (
    as_svg,
    cycle_time_chart,
    difference,
    finding,
    measures_chart,
    save,
    short,
)
from cellwright.benchmarks.comparison import MeasureOutcome
from cellwright.benchmarks.report.demo_page import count_by_status, measure_key_figures, write_page
from cellwright.cells.stapler import Stapler
from cellwright.errors import InputError
from cellwright.sensors import Switch
from cellwright.sequences import Cell, RunLog
from cellwright.sim import Estimate, Measure


def an_outcome(name: str, mean_s: float, labour_s: float) -> Outcome:
    times_s = mean_s + 10 * np.sin(np.arange(200.0))
    return Outcome(
        name=name,
        cycle_times_s=times_s,
        means_s=(mean_s, mean_s),
        cycle_time_s=Estimate(mean_s, mean_s - 2, mean_s + 2),
        units_per_hour=Estimate(3600 / mean_s, 3590 / mean_s, 3610 / mean_s),
        labour_s_per_unit=Estimate(labour_s, labour_s - 1, labour_s + 1),
        time_in_state_s={"waiting": 20.0, "stapling": mean_s - 20},
        stops={"magazine empty": 40} if name == "cell" else {},
    )


def a_comparison(less_time: Estimate | None = None, **changed: Any) -> Comparison:
    comparison = Comparison(
        unit="panel",
        cell=an_outcome("cell", 150.0, 40.0),
        manual=an_outcome("manual", 217.0, 217.0),
        less_time_percent=less_time or Estimate(31.0, 29.0, 33.0),
        more_output_percent=Estimate(45.0, 41.0, 49.0),
        less_labour_percent=Estimate(81.6, 80.9, 82.2),
        provenance={"bridge.max_speed": "published", "trigger.pulse_s": "assumed", "manual.spread": "assumed"},
        replications=2,
        seed=7,
        shift_hours=8.0,
    )
    return dataclasses.replace(comparison, **changed)


class Nailer(Cell):
    unit = "frame"
    cycle_ends_with = "done"
    axis = Stepper(step=2, dir=3, home_pin=4, steps_per_mm=40, max_speed=100, max_acceleration=500, travel=(0, 100))
    gun = Solenoid(pin=5, pulse_s=0.1, rest_s=0.1, max_on_s=0.2)
    lamp = Lamp(pin=6)
    guard = Switch(pin=7)
    spare = Switch(pin=8)
    states = ["loading", "nailing"]
    transitions = [["loaded", "loading", "nailing"], ["done", "nailing", "loading"]]


@pytest.fixture
def log() -> sqlite3.Connection:
    """Two cycles of 10 s and 40 s; the second loads for 10 s and nails for 30 s."""
    run = RunLog(":memory:")
    run.begin(3)
    run.event(0, "loading", "cell", "state loading", None)
    run.event(1, "loading", "guard", "closed", None)
    run.event(9, "nailing", "lamp", "on", None)
    run.event(10, "nailing", "cell", "state loading", None)
    run.cycle(10, 1)
    run.event(14, "loading", "lamp", "off", None)
    run.event(20, "loading", "cell", "state nailing", None)
    run.event(21, "nailing", "axis", "move", 50.0)
    run.event(24, "nailing", "axis", "move done", 50.0)
    for shot in range(20):
        run.event(25 + shot, "nailing", "gun", "fire", 0.1)
        run.event(25.2 + shot, "nailing", "gun", "fire done", 0.1)
    run.event(50, "nailing", "cell", "state loading", None)
    run.cycle(50, 2)
    run.event(50, "loading", "lamp", "on", None)
    return run.connection


def title_of(figure: Any) -> str:
    return " ".join(figure.get_suptitle().split())


@pytest.mark.parametrize(
    ("less_time", "said"),
    [
        (
            Estimate(31.0, 29.0, 33.0),
            "The cell takes 31 % less time per panel than manual work (95 % interval: 29 to 33 %)",
        ),
        (
            Estimate(-5.0, -7.0, -3.0),
            "The cell takes 5.0 % more time per panel than manual work (95 % interval: 3.0 to 7.0 %)",
        ),
        (Estimate(31.0, None, None), "The cell takes 31 % less time per panel than manual work"),
        (
            Estimate(-1.0, -3.2, 1.2),
            "No clear difference: per panel the cell may take 1.2 % less time than manual work, or 3.2 % more",
        ),
        (Estimate(0.0, None, None), "No clear difference: the cell takes as long per panel as manual work"),
    ],
)
def test_the_chart_says_which_is_faster_and_how_sure_that_is(less_time: Estimate, said: str) -> None:
    comparison = a_comparison(less_time)
    assert finding(comparison) == said
    assert title_of(cycle_time_chart(comparison)) == said


def test_the_chart_gives_means_cycles_and_the_persons_seconds() -> None:
    times, labour = cycle_time_chart(a_comparison()).axes
    words = " ".join(text.get_text() for text in (*times.texts, *times.get_yticklabels()))
    assert "mean 150 s (95 %: 148 to 152 s)" in words
    assert "mean 217 s" in words
    assert "200 cycles" in words
    assert "2 simulated runs" in times.get_xlabel()
    assert "82 % less (95 % interval: 80.9 to 82.2 %)" in labour.get_title(loc="left")
    assert sorted(bar.get_width() for bar in labour.patches) == [40.0, 217.0]


def test_one_run_draws_without_an_interval() -> None:
    alone = {"ci95_low": None, "ci95_high": None}
    cell = an_outcome("cell", 150.0, 40.0)
    cell = dataclasses.replace(cell, cycle_time_s=Estimate(150.0, **alone), labour_s_per_unit=Estimate(40.0, **alone))
    times, _ = cycle_time_chart(a_comparison(Estimate(31.0, **alone), cell=cell, replications=1)).axes
    assert "mean 150 s" in [text.get_text() for text in times.texts]


def words_in(figure: Any) -> str:
    return " ".join(text.get_text() for text in figure.findobj(Text))


BEYOND = Measure("beyond_order_g", "lacquer beyond the order", "g")


def measured(less: Estimate) -> Comparison:
    comparison = a_comparison(less_measured={BEYOND.name: less})
    for outcome, mean in ((comparison.cell, 0.04), (comparison.manual, 374.3)):
        estimate_of = Estimate(mean, mean * 0.9, mean * 1.1)
        outcome.measures[BEYOND.name] = MeasureOutcome((mean, mean), estimate_of, 0.5 * mean, mean, 2 * mean)
    return comparison


@pytest.mark.parametrize(
    ("less", "said"),
    [
        (Estimate(374.28, 359.6, 388.6), "374 g less by the cell (95 % interval: 360 to 389)"),
        (Estimate(-2.5, -2.714, -2.3), "2.50 g more by the cell (95 % interval: 2.30 to 2.71)"),
        (Estimate(0.1, -0.2, 0.4), "no clear difference"),
        (Estimate(12.34, None, None), "12.3 g less by the cell"),
    ],
)
def test_what_units_are_like_is_drawn_and_said_with_how_sure_that_is(less: Estimate, said: str) -> None:
    assert difference(less, "g") == said
    comparison = measured(less)
    words = words_in(measures_chart(comparison, [BEYOND]))
    assert said in " ".join(words.split())
    assert "mean 374" in words and "mean 0.04" in words and "n = 200" in words
    figures = list(measure_key_figures(comparison, [BEYOND]))
    assert [each.is_better for each in figures] == ([less.mean > 0] if "clear" not in said else [])


def test_figures_are_as_short_as_a_reader_can_use() -> None:
    assert [short(value) for value in (1234.5, 99.96, 99.94, 9.996, 0.0092, -3)] == [
        "1,234", "100", "99.9", "10.0", "0.01", "-3.00",
    ]  # fmt: skip


def test_a_cycle_is_read_as_it_was_logged(log: sqlite3.Connection) -> None:
    record = read_cycle(log, Nailer, 3, 2)
    assert record.length_s == 40
    assert record.state_seconds() == {"loading": 10, "nailing": 30}
    bars = {name: [(band.what, band.start_s, band.end_s) for band in bands] for name, bands in record.devices.items()}
    assert bars["axis"] == [("move", 11, 14)]
    assert bars["lamp"] == [("on", 0, 4)]  # lit in the cycle before
    assert bars["guard"] == [("closed", 0, 40)]
    assert bars["spare"] == []
    assert len(bars["gun"]) == 20
    assert bars["gun"][0] == ("fire", 15, pytest.approx(15.1))


def test_the_timeline_says_where_the_time_went(log: sqlite3.Connection) -> None:
    figure = timeline(log, Nailer, 3, 2)
    whole, enlarged = figure.axes
    assert title_of(figure) == "One frame: 40 s, of which 75 % nailing"
    assert [label.get_text() for label in whole.get_yticklabels()] == ["state", "axis", "gun", "lamp", "guard"]
    assert "spare" in whole.get_xlabel()
    assert [text.get_text() for text in whole.get_legend().get_texts()] == ["loading 10 s", "nailing 30 s"]
    assert np.diff(enlarged.get_xlim()) == [6]
    assert [label.get_text() for label in enlarged.get_yticklabels()] == ["state", "gun"]


def test_a_first_cycle_begins_at_power_up(log: sqlite3.Connection) -> None:
    assert read_cycle(log, Nailer, 3, 1).state_seconds() == {"loading": 10}


def test_a_cycle_the_log_does_not_have_is_refused(log: sqlite3.Connection) -> None:
    with pytest.raises(InputError, match="no whole cycle 9 of replication 3; it has 2 cycles"):
        timeline(log, Nailer, 3, 9)


def test_the_main_cycle_is_the_shortest_way_to_a_finished_unit() -> None:
    assert main_cycle(Stapler) == ["waiting", "homing", "stapling", "presenting"]
    assert main_cycle(Nailer) == ["loading", "nailing"]


def test_mermaid_has_every_transition_and_the_first_state() -> None:
    text = mermaid(Stapler)
    assert "stateDiagram-v2" in text
    assert "[*] --> waiting" in text
    assert "s_active" not in text.split("state ", 1)[1]
    for trigger, source, destination in Stapler.transitions:
        assert f"{source} --> {destination}: {trigger}" in text


def test_the_diagram_names_everything_and_lets_no_words_overlap() -> None:
    figure = state_diagram(Stapler, {"waiting": 24.0, "stapling": 128.0})
    texts = figure.axes[0].texts
    words = [text.get_text() for text in texts]
    assert {*Stapler.states, "faulted", "stopped", "128 s, 84 %"} <= set(words)
    assert {trigger for trigger, _, _ in Stapler.transitions} | {"fault", "stop", "reset"} <= set(words)
    renderer = FigureCanvasAgg(figure).get_renderer()
    places = [text.get_window_extent(renderer) for text in texts]
    assert not [
        (words[one], words[other])
        for one in range(len(places))
        for other in range(one)
        if places[one].padded(-1).overlaps(places[other].padded(-1))
    ]
    paper = figure.bbox
    assert all(paper.x0 <= place.x0 and place.x1 <= paper.x1 for place in places)


def test_svg_is_self_contained_repeatable_and_keeps_its_ids_apart(log: sqlite3.Connection) -> None:
    one, again = (as_svg(timeline(log, Nailer, 3, 2), "line") for _ in range(2))
    assert one == again
    assert one.startswith("<svg")
    assert "<script" not in one
    assert not re.search(r'(?:href|src)="(?!#)', one)
    ids = re.findall(r'\bid="([^"]+)"', one)
    assert ids
    assert all(name.startswith("line-") for name in ids)
    assert {name for name in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', one) for name in name if name} <= set(ids)
    assert not set(ids) & set(re.findall(r'\bid="([^"]+)"', as_svg(state_diagram(Nailer), "states")))


def test_pictures_are_saved_by_suffix(tmp_path: Path) -> None:
    figure = state_diagram(Nailer)
    save(figure, tmp_path / "a.png")
    save(figure, tmp_path / "a.svg")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "a.svg").read_bytes()
    with pytest.raises(InputError, match=r"neither \.svg nor \.png"):
        save(figure, tmp_path / "a.gif")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "a.svg"]


class Loads(HTMLParser):
    """Collects what a page would load from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "iframe", "img"):
            self.found.append(tag)
        self.found += [f"{tag} {name}={value}" for name, value in attrs
                       if name in ("src", "href", "xlink:href") and not (value or "").startswith("#")]  # fmt: skip


def a_page(path: Path, comparison: Comparison) -> str:
    figures = {"How long a panel takes": as_svg(cycle_time_chart(comparison), "time")}
    write_page(path, comparison, figures, title="Stapler <1>", command="cellwright compare stapler --seed 7",
               version="0.1.0", input_hash="abc123", sources={"trigger.pulse_s": "30 to 100 ms & more"})  # fmt: skip
    return path.read_text(encoding="utf-8")


def test_the_page_says_all_of_it_and_loads_nothing(tmp_path: Path) -> None:
    page = a_page(tmp_path / "page.html", a_comparison())
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    assert set(re.findall(r"https?://[^\"'\s)]+", page)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
    }  # fmt: skip
    for value in (
        "The cell takes 31 % less time per panel than manual work (95 % interval: 29 to 33 %).",
        "177 s less", "82 % less (95 % interval: 80.9 to 82.2 %)", "45 %", "150 (148 to 152)",
        "Panels per shift of 8 h",
        "Stapler &lt;1&gt;", "30 to 100 ms &amp; more", "abc123", "cellwright compare stapler --seed 7",
        "Nothing here was measured at your firm yet", "1 is taken from publications", "2 are assumed",
    ):  # fmt: skip
        assert value in page, value
    stops_per_shift = 40 / (a_comparison().cell.cycle_times_s.sum() / 3600) * 8
    assert f">{stops_per_shift:.3g}<" in page
    assert page.index("How long a panel takes") < page.index("side by side") < page.index("To get the same figures")


def test_the_warning_goes_once_something_was_measured(tmp_path: Path) -> None:
    comparison = a_comparison(provenance={"manual.lay": "measured", "manual.spread": "assumed"})
    page = a_page(tmp_path / "page.html", comparison)
    assert "Nothing here was measured" not in page
    assert count_by_status(comparison.provenance).startswith(
        "Of the 2 numbers behind this page, 1 is measured at a workplace"
    )


def test_a_slower_cell_is_not_dressed_up(tmp_path: Path) -> None:
    slower = a_comparison(
        Estimate(-5.0, -7.0, -3.0),
        more_output_percent=Estimate(-4.8, -6.5, -2.9),
        less_labour_percent=Estimate(-1.0, -3.0, 1.0),
    )
    page = a_page(tmp_path / "page.html", slower)
    assert "5.0 % more time per panel" in page
    assert "fewer panels in the same time" in page
    assert "no clear difference" in page
    assert 'class="good"' not in page


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    assert a_page(tmp_path / "one.html", a_comparison()) == a_page(tmp_path / "two.html", a_comparison())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]


def test_a_folder_that_cannot_be_written_is_one_plain_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for target in (tmp_path / "file" / "page.html", tmp_path / "missing" / "page.html"):
        with pytest.raises(InputError, match=r"cannot be written \(.+\); choose a folder you may write to\.$"):
            a_page(target, a_comparison())
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError):
        a_page(tmp_path / "taken", a_comparison())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "taken"]
