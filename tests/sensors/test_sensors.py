"""Switches and buttons on a model board."""

from __future__ import annotations

import pytest

from cellwright.hardware.pins import contact_pin
from cellwright.sensors import Button, Switch


def on(board, device, name):
    device.name = name
    device.attach(board)
    return device


@pytest.mark.parametrize("active_low", [True, False])
def test_a_switch_is_open_until_its_level_comes(env, board, active_low):
    switch = on(board, Switch(pin=11, active_low=active_low), "panel")
    seen = []
    switch.when_closed = lambda: seen.append(env.now)
    assert not switch.is_closed
    assert switch.open(within_s=1).callbacks is None
    waiting = switch.closed(within_s=3)
    assert (waiting.what, waiting.limit_s) == ("panel did not close", 3)
    board.set_input(11, not active_low)
    assert switch.is_closed
    assert waiting.callbacks is None
    assert switch.closed(within_s=1).callbacks is None
    opening = switch.open(within_s=1)
    assert opening.what == "panel did not open"
    board.set_input(11, active_low)
    assert opening.callbacks is None
    assert seen == [0]


@pytest.mark.parametrize("active_low", [True, False])
def test_a_press_is_an_edge_and_holding_does_not_count(board, active_low):
    button = on(board, Button(pin=7, active_low=active_low), "start_button")
    down, up = not active_low, active_low
    board.set_input(7, down)
    pressed = button.pressed(within_s=10)
    assert pressed.what == "start_button was not pressed"
    board.set_input(7, down)
    assert pressed.callbacks is not None
    board.set_input(7, up)
    assert pressed.callbacks is not None
    board.set_input(7, down)
    assert pressed.callbacks is None


def test_one_press_ends_one_wait_and_not_the_next(board):
    button = on(board, Button(pin=7), "start_button")
    board.set_input(7, False)
    board.set_input(7, True)
    later = button.pressed(within_s=10)
    assert later.callbacks is not None


def test_changes_are_recorded(board):
    button = on(board, Button(pin=7), "start_button")
    rows = []
    button.record = lambda *row: rows.append(row)
    board.set_input(7, False)
    board.set_input(7, True)
    assert rows == [("start_button", "closed", None), ("start_button", "open", None)]
    assert button.pins() == {"button": contact_pin(7)}
    assert Switch(pin=3, active_low=False).pins() == {"switch": contact_pin(3, active_low=False)}
