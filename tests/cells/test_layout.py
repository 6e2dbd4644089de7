"""Panel layouts: every staple once, on its slat, along a path without jumps."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cellwright.cells.stapler.layout import PanelLayout
from cellwright.errors import InputError

STANDARD = PanelLayout.standard().model_dump()


@st.composite
def layouts(draw):
    slats = draw(st.integers(1, 30))
    slat_mm = draw(st.floats(3, 100))
    pitch_mm = slat_mm + draw(st.floats(0, 60))
    first_mm = slat_mm / 2 + draw(st.floats(0, 100))
    width_mm = first_mm + (slats - 1) * pitch_mm + slat_mm / 2 + draw(st.floats(0, 100))
    length_mm = draw(st.floats(20, 3000))
    crown_mm = draw(st.floats(1, slat_mm))
    room_mm = slat_mm / 2 - crown_mm / 2
    values = {
        "panel_length_mm": length_mm,
        "panel_width_mm": width_mm,
        "slats": slats,
        "slat_width_mm": slat_mm,
        "pitch_mm": pitch_mm,
        "first_slat_mm": first_mm,
        "staple_spacing_mm": draw(st.floats(5, 4000)),
        "end_margin_mm": length_mm * draw(st.floats(0, 0.5)),
        "off_centre_mm": room_mm * draw(st.floats(-1, 1)),
        "crown_mm": crown_mm,
    }
    assume(first_mm >= slat_mm / 2)  # rounding
    return PanelLayout.checked(values, where="test")


def test_the_standard_panel_has_195_staples():
    layout = PanelLayout.standard()
    assert (len(layout.columns_mm), len(layout.rows_mm), len(layout.path)) == (15, 13, 195)
    assert layout.columns_mm == [20 + 40 * slat for slat in range(15)]
    assert layout.rows_mm == pytest.approx([30 + 195 * row for row in range(13)])
    assert layout.path[0] == (30, 20)
    assert layout.path[14:16] == [(30, 580), (225, 580)]


@given(layouts())
def test_the_path_has_every_staple_once_on_a_slat_and_on_the_panel(layout):
    path = layout.path
    assert len(set(path)) == len(path) == len(layout.rows_mm) * layout.slats
    for along_mm, across_mm in path:
        assert 0 <= along_mm <= layout.panel_length_mm + 1e-9
        assert across_mm - layout.crown_mm / 2 + 1e-6 >= 0
        assert across_mm + layout.crown_mm / 2 <= layout.panel_width_mm + 1e-6
        assert layout.is_on_a_slat(min(along_mm, layout.panel_length_mm), across_mm)
        slat_mm = min(
            (layout.first_slat_mm + n * layout.pitch_mm for n in range(layout.slats)),
            key=lambda mid_mm: abs(mid_mm - across_mm),
        )
        assert abs(across_mm - slat_mm) + layout.crown_mm / 2 <= layout.slat_width_mm / 2 + 1e-6


@given(layouts())
def test_rows_are_even_and_never_further_apart_than_the_spacing(layout):
    rows = layout.rows_mm
    gaps = [after - before for before, after in pairwise(rows)]
    assert all(0 < gap <= layout.staple_spacing_mm * (1 + 1e-9) for gap in gaps)
    assert max(gaps, default=0) == pytest.approx(min(gaps, default=0), abs=1e-6)
    assert rows[0] == pytest.approx(layout.end_margin_mm)
    if gaps:
        assert rows[-1] == pytest.approx(layout.panel_length_mm - layout.end_margin_mm)
        run_mm = rows[-1] - rows[0]
        assert len(gaps) == 1 or run_mm / (len(gaps) - 1) > layout.staple_spacing_mm * (1 - 1e-9)


@given(layouts())
def test_each_staple_is_a_neighbour_of_the_one_before(layout):
    rows, columns = layout.rows_mm, layout.columns_mm
    for (along_a, across_a), (along_b, across_b) in pairwise(layout.path):
        down = abs(rows.index(along_a) - rows.index(along_b))
        sideways = abs(columns.index(across_a) - columns.index(across_b))
        assert down + sideways == 1


@given(layouts(), st.floats(-50, 3100), st.floats(-50, 6000))
def test_on_a_slat_is_what_a_ruler_says(layout, along_mm, across_mm):
    assume(layout.slats == 1 or layout.pitch_mm > layout.slat_width_mm + 0.2)
    reach_mm = layout.slat_width_mm / 2 - layout.crown_mm / 2
    off_mm = min(abs(across_mm - layout.first_slat_mm - n * layout.pitch_mm) for n in range(layout.slats))
    assume(not math.isclose(off_mm, reach_mm, abs_tol=0.1))
    on_panel = 0 <= along_mm <= layout.panel_length_mm
    assert layout.is_on_a_slat(along_mm, across_mm) == (on_panel and off_mm < reach_mm)


REFUSED = [
    ({"off_centre_mm": 9}, "staples 10 mm wide and 9 mm off centre miss the slats, which are 27 mm wide; "),
    ({"off_centre_mm": -9}, "staples 10 mm wide and -9 mm off centre miss the slats, which are 27 mm wide; "),
    ({"crown_mm": 28}, "staples 28 mm wide and 0 mm off centre miss the slats"),
    ({"panel_width_mm": 590}, "the slats reach from 6.5 to 593.5 mm and leave the panel, which is 590 mm wide; "),
    ({"first_slat_mm": 13}, "the slats reach from -0.5 to 586.5 mm and leave the panel, which is 600 mm wide; "),
    ({"slats": 16}, "the slats reach from 6.5 to 633.5 mm and leave the panel"),
    ({"end_margin_mm": 1201}, "staples 1201 mm from each end leave the panel, which is 2400 mm long; "),
    ({"pitch_mm": 26}, "slats 27 mm wide overlap at a pitch of 26 mm; widen pitch_mm."),
]


@pytest.mark.parametrize(
    ("changes", "message"), REFUSED, ids=lambda part: next(iter(part)) if isinstance(part, dict) else ""
)
def test_a_layout_that_cannot_be_is_refused(tmp_path, changes, message):
    with pytest.raises(InputError) as refused:
        PanelLayout.checked(STANDARD | changes, where="--set layout.x=1")
    assert str(refused.value).startswith(f"--set layout.x=1: {message}")
    assert str(refused.value).endswith(".")
    path = tmp_path / "mine.toml"
    path.write_text("".join(f"{key} = {value!r}\n" for key, value in (STANDARD | changes).items()))
    with pytest.raises(InputError) as refused:
        PanelLayout.read(path)
    assert str(refused.value).startswith(f"{path}: {message}")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("slats", "0", "slats = 0: input should be greater than or equal to 1."),
        ("crown_mm", "-1", "crown_mm = -1: input should be greater than 0."),
        ("staple_spacing_mm", "nan", "staple_spacing_mm = nan: "),
        ("panel_length_mm", "inf", "panel_length_mm = inf: "),
        ("slats", "2.5", "slats = 2.5: input should be a valid integer"),
        ("panel_widht_mm", "3", "'panel_widht_mm' is not a setting here; did you mean 'panel_width_mm'?"),
    ],
)
def test_a_bad_value_is_refused_with_its_line(tmp_path, key, value, message):
    lines = [f"{name} = {given!r}" for name, given in STANDARD.items() if name != key]
    lines.insert(4, f"{key} = {value}")
    path = tmp_path / "mine.toml"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError) as refused:
        PanelLayout.read(path)
    assert str(refused.value).startswith(f"{path}, line 5: {message}")


def test_the_edges_of_what_is_possible():
    for changes in ({"off_centre_mm": 8.5}, {"pitch_mm": 27, "panel_width_mm": 411.5}, {"end_margin_mm": 1200}):
        PanelLayout.checked(STANDARD | changes, where="test")
    assert len(PanelLayout.checked(STANDARD | {"end_margin_mm": 1200}, where="test").rows_mm) == 1
    assert len(PanelLayout.checked(STANDARD | {"staple_spacing_mm": 194.9}, where="test").rows_mm) == 14


def test_a_single_slat_needs_no_pitch() -> None:
    """A staple off the middle of the only slat is still on it, however small the pitch."""
    values = PanelLayout.standard().model_dump() | {"slats": 1, "pitch_mm": 5.0, "off_centre_mm": 8.0}
    layout = PanelLayout(**values)
    assert all(layout.is_on_a_slat(*place) for place in layout.path)
    assert not layout.is_on_a_slat(30.0, layout.columns_mm[0] + 40)
