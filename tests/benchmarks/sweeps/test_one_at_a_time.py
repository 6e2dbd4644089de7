from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from matplotlib.text import Text

from cellwright.benchmarks.charts.tornado import finding, tornado
from cellwright.benchmarks.sweeps.one_at_a_time import SensitivityRange, ranked, sensitivity
from cellwright.benchmarks.sweeps.sweep import Sweep
from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.sim import Length

SMALL = ("layout.slats=3", "layout.panel_length_mm=300")
SWEEP = Sweep(load("stapler"), "stapler", (), (), SMALL, Length(cycles=3), 2, 1, "test")


def screen(figure: str = "cycle_time_s", share: float = 0.2) -> tuple[float, dict[str, SensitivityRange]]:
    with ThreadPoolExecutor(1) as pool:
        base, *ranges = sensitivity(SWEEP, figure, share, pool)
    return base, {each.name: each for each in ranges}


def test_each_input_is_changed_alone_and_the_rest_stays() -> None:
    base, ranges = screen()
    scenario = SWEEP.study.scenario(SMALL)
    assert base == pytest.approx(float(SWEEP.evaluate(0, ())[1]))
    assert ranges["operator.walk_s"].low < base < ranges["operator.walk_s"].high
    assert (
        ranges["manual.staple_mods"].low == ranges["manual.staple_mods"].high == base
    )  # the cell does not use the manual method
    assert ranges["operator.walk_s"].value == pytest.approx(float(scenario.parameters["operator"].walk_s))
    assert "lamp.pin" not in ranges and "bridge.travel" not in ranges
    order = ranked(list(ranges.values()), base)
    widths = [each.width(base) for each in order]
    assert widths == sorted(widths, reverse=True)


def test_what_cannot_be_is_left_open_on_that_side() -> None:
    _, ranges = screen()
    slats = ranges["layout.slats"]
    assert slats.low is not None and slats.high is not None  # 2 and 4: the nearest whole numbers
    assert ranges["layout.pitch_mm"].low is not None
    width = ranges["layout.slat_width_mm"]
    assert (width.low is None) != (width.high is None) or not width.problem


def test_an_unknown_figure_and_a_share_of_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'cycle_time_s'"):
        screen("cycle_times_s")
    with pytest.raises(InputError, match="Inputs cannot be changed by 0 %"):
        screen(share=0.0)


RANGES = [
    SensitivityRange("manual.mod_s", "published", 0.129, -5.0, 30.0),
    SensitivityRange("walk", "assumed", 4.0, 11.0, 9.0),
    SensitivityRange("pitch", "assumed", 40.0, None, None, "it leaves the panel"),
    SensitivityRange("still", "assumed", 1.0, 10.0, 10.0),
]


def test_the_tornado_states_what_matters_most_and_what_reverses_the_result() -> None:
    assert finding(RANGES, 10.0, 0.2) == (
        "It depends most on manual.mod_s: -5.00 to 30.0\nfor 20 % less or more; manual.mod_s reverses it"
    )
    assert finding(RANGES[1:], 10.0, 0.1).endswith("for 10 % less or more; no single one reverses it")
    assert finding(RANGES[3:], 10.0, 0.1) == "No input changes the result"
    words = " ".join(text.get_text() for text in tornado(RANGES, 10.0, "less_time_percent", 0.2, 5).findobj(Text))
    assert "manual.mod_s (published)" in words and "walk (assumed)" in words
    assert "still" not in words and "4 inputs tried" in words


def test_the_command_prints_the_order_and_draws_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    from cellwright.cli import run

    picture = tmp_path / "tornado.png"
    asked = [
        "sensitivity",
        "stapler",
        "--hours",
        "0.5",
        "-R",
        "2",
        *(word for each in SMALL for word in ("--set", each)),
    ]
    assert run([*asked, "--picture", str(picture)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "parameters have no effect" in printed
    assert "stapler, less time than by hand, %: " in printed and "less_time_percent" not in printed
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert run([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["figure"] == "less_time_percent" and len(found["inputs"]) > 20
    assert (found["cell"], found["firmware"], found["seed"], found["replications"]) == ("stapler", "cellwright", 1, 2)
    assert found["version"] and re.fullmatch("[0-9a-f]{64}", found["input_hash"])
    assert run([*asked, "--json", "--firmware", "configurable", "--seed", "2"]) == 0
    other = json.loads(capsys.readouterr().out)
    assert (other["firmware"], other["seed"]) == ("configurable", 2) and other["input_hash"] != found["input_hash"]
    assert run(["sensitivity", "stapler", "--figure", "les_time_percent"]) == 2
    assert "did you mean 'less_time_percent'?" in capsys.readouterr().err
