from __future__ import annotations

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright.actuators.display import MAX_WRITE_BYTES, CharacterDisplay
from cellwright.errors import StepTimeoutError
from cellwright.hardware import ModelBoard
from cellwright.sequences.supervision import StepProcess
from cellwright.sim.plants.display import ModelDisplay

TEXT = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=122, exclude_characters="\\"), max_size=20)


class Bus(ModelDisplay):
    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.writes.append(data)
        super().write(data)


def started() -> tuple[CharacterDisplay, Bus]:
    board = ModelBoard(simpy.Environment())
    display, bus = CharacterDisplay(), Bus()
    display.name = "display"
    display.attach(board)
    board.i2c_devices[0x27] = bus
    board.env.run(until=StepProcess(board.env, display.start()))
    return display, bus


def test_the_start_is_the_datasheets() -> None:
    _, bus = started()
    assert [write.hex(" ") for write in bus.writes[:4]] == ["38 3c 38"] * 3 + ["28 2c 28"]
    assert bus.writes[4].hex(" ") == "28 2c 28 88 8c 88"  # 0x28: four bits, two lines
    assert bus.is_on


def test_a_character_is_two_nibbles_of_three_bytes_with_rs_and_only_what_differs_is_written() -> None:
    display, bus = started()
    display.show(["A"])
    assert bus.writes[-1].hex(" ") == "88 8c 88 08 0c 08 49 4d 49 19 1d 19"
    written = len(bus.writes)
    display.show(["A"])
    assert len(bus.writes) == written
    display.show(["AB"])
    assert bus.writes[-1].hex(" ") == "88 8c 88 18 1c 18 49 4d 49 29 2d 29"


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6))
def test_the_screen_shows_what_was_sent(screens: list[tuple[str, str]]) -> None:
    display, bus = started()
    for screen in screens:
        display.show(screen)
        assert [bus.line(0), bus.line(1)] == [line[:16].ljust(16) for line in screen]
    assert max(map(len, bus.writes)) <= MAX_WRITE_BYTES


def test_what_the_display_has_no_character_for_is_a_question_mark() -> None:
    display, bus = started()
    display.show(["søk ≤ 3~"])
    assert bus.line(0) == "s?k ? 3?".ljust(16)


def test_nothing_is_shown_before_the_start_and_a_display_that_is_not_there_is_named() -> None:
    board = ModelBoard(simpy.Environment())
    display = CharacterDisplay()
    display.name = "display"
    display.attach(board)
    display.show(["lost"])
    with pytest.raises(StepTimeoutError, match="display did not answer on I2C address 0x27"):
        board.env.run(until=StepProcess(board.env, display.start()))


def test_a_display_that_cannot_be_is_a_problem() -> None:
    assert list(CharacterDisplay().problems()) == []
    assert "rows" in next(CharacterDisplay(rows=5).problems())
    assert "0x3" in next(CharacterDisplay(address=3).problems())
