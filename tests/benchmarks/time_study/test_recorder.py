"""Keys in, a study out: the file is whole after every key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.benchmarks import read_stopwatch
from cellwright.benchmarks.time_study.recorder import StudyRecorder
from cellwright.errors import InputError

ELEMENTS = ["fetch, felt", 'lay "slats"', "staple"]
HEAD = "cycle,element,seconds,note\n"


def recorded(path: Path, *keys: tuple[float, str]) -> StudyRecorder:
    recorder = StudyRecorder(path, ELEMENTS)
    for now_s, key in keys:
        recorder.press(now_s, key)
    return recorder


def test_a_key_ends_an_element_and_the_next_begins_at_once(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    recorded(path, (10, " "), (13.5, "a"), (20, "c"), (21, " "), (30, " "), (32, "a"))
    assert path.read_text() == HEAD + '1,"fetch, felt",3.50,\n1,staple,6.50,\n2,"fetch, felt",2.00,\n'


def test_undo_takes_back_the_last_and_the_element_runs_on(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    recorder = recorded(path, (0, " "), (3, "a"), (5, "b"))
    assert recorder.press(6, "u").startswith('Undone: lay "slats", 2.0 s')
    assert path.read_text() == HEAD + '1,"fetch, felt",3.00,\n'
    recorder.press(9, "c")
    assert path.read_text().endswith("1,staple,6.00,\n")  # since the first ended, the slip included
    for _ in range(2):
        recorder.press(10, "u")
    assert not path.exists()


def test_a_note_stands_on_the_last_line_and_can_be_dropped(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    recorder = recorded(path, (0, " "), (3, "a"))
    for key in ["n", *"felt torq", "\x7f", "n", "\n"]:
        recorder.press(4, key)
    assert path.read_text().endswith('1,"fetch, felt",3.00,felt torn\n')
    for key in ["n", "x", "\x1b"]:
        assert recorder.press(5, key) is not None
    assert path.read_text().endswith("felt torn\n")


def test_a_file_is_continued_and_its_cycles_go_on(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text("# mine\ncycle,element,seconds\n4,staple,3\n")
    recorder = recorded(path, (0, " "), (2, "c"))
    assert path.read_text() == "# mine\ncycle,element,seconds\n4,staple,3\n5,staple,2.00\n"
    assert recorder.press(3, "n") == "This file has no column for notes."


def test_what_another_program_wrote_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    recorder = recorded(path, (0, " "), (2, "c"))
    path.write_text("something else")
    with pytest.raises(InputError, match="was changed by another program meanwhile"):
        recorder.press(5, "c")
    assert path.read_text() == "something else"


def test_times_that_are_assumed_are_not_continued_with_measured_ones(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text("# status: assumed\ncycle,element,seconds\n1,staple,3\n")
    with pytest.raises(InputError, match="says that its times are assumed; record measured ones in another file"):
        StudyRecorder(path, ELEMENTS)


def test_a_key_held_down_and_a_key_without_a_cycle_count_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    recorder = StudyRecorder(path, ELEMENTS)
    assert recorder.press(0, "a") == "No cycle runs: space begins one."
    recorder.press(1, " ")
    recorder.press(4, "a")
    assert recorder.press(4.1, "a").startswith("Not counted")
    assert path.read_text().count("\n") == 2


KEYS = st.sampled_from(list(' \nabbccun#",x\x1b\x7fæU'))
STEPS_S = st.sampled_from([0.0, 0.01, 0.3, 5.0, 2e6])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(STEPS_S, KEYS), max_size=40))
def test_whatever_keys_are_pressed_the_file_can_be_read_after_each(
    tmp_path_factory: pytest.TempPathFactory, presses: list[tuple[float, str]]
) -> None:
    path = tmp_path_factory.mktemp("study") / "study.csv"
    recorder, now_s = StudyRecorder(path, ELEMENTS), 0.0
    for step_s, key in presses:
        now_s += step_s
        recorder.press(now_s, key)
        if path.exists():
            times_s = [seconds for element in read_stopwatch(path) for seconds in element.observed_s]
            assert times_s and min(times_s) > 0
            assert len(path.read_text().splitlines()) == 1 + len(recorder.lines)
        else:
            assert not recorder.lines


@pytest.mark.parametrize(
    "text",
    [
        "cycle;element;seconds\n1;staple;3\n",
        'cycle,element,seconds\n1,staple,"3,5"\n',
        "cycle,element,seconds\n1,staple,1:05\n",
    ],
)
def test_a_file_that_a_spreadsheet_saved_is_not_continued_in_another_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="was saved by a spreadsheet; record in another file"):
        StudyRecorder(path, ELEMENTS)
    assert path.read_text() == text


def test_a_file_with_other_headings_is_continued_under_them(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text("syklus,antall,element,sekunder\n4,1,staple,3\n")
    recorded(path, (0, " "), (2, "c"))
    assert path.read_text() == "syklus,antall,element,sekunder\n4,1,staple,3\n5,,staple,2.00\n"
