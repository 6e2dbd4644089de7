"""Homing an axis on its switch."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from cellwright.actuators import Stepper
from cellwright.errors import CellFault
from cellwright.hardware.board import BUSY

BACK_OFF_MM = 5.0
SLOW_SHARE = 0.1
ASK_AGAIN_S = 0.25
ASKED_AGAIN = 240


def home(axis: Stepper) -> Generator[Event, Any, None]:
    """Find an axis's home switch: quickly, back off, then slowly, and call that place 0 mm.

    Raises CellFault if the switch does not close over the whole travel, or does not open again.
    """
    if (yield from _home_on_board(axis)):
        return
    slow = axis.homing_speed * SLOW_SHARE
    if not axis.at_home:
        yield from _seek(axis, -_reach_mm(axis), axis.homing_speed, closed=True)
    yield from _seek(axis, BACK_OFF_MM, slow, closed=False)
    yield axis.jog(BACK_OFF_MM, slow)
    yield from _seek(axis, -3 * BACK_OFF_MM, slow, closed=True)
    axis.set_home()


def _reach_mm(axis: Stepper) -> float:
    """How far the home switch can be."""
    return 1.1 * (axis.travel[1] - axis.travel[0])


def _home_on_board(axis: Stepper) -> Generator[Event, Any, bool]:
    """Let the board do it, which stops within a step, and say whether it could; one that is busy is asked again.

    Raises CellFault as ``home`` does.
    """
    for _ in range(ASKED_AGAIN):
        homed = axis.home_on_board(_reach_mm(axis), BACK_OFF_MM, SLOW_SHARE)
        if homed is None:
            return False
        missing = yield homed
        if missing is None:
            axis.set_home(is_zero=True)
            return True
        if missing != BUSY:
            raise _not_found(axis, missing)
        yield axis.board.env.timeout(ASK_AGAIN_S)
    raise CellFault(f"{axis.name} was not homed: the board homes other axes all the time, or refuses its speed.")


def _not_found(axis: Stepper, change: str, mm: float | None = None) -> CellFault:
    moved = _reach_mm(axis) if change == "close" else 2 * BACK_OFF_MM
    return CellFault(
        f"{axis.name} moved {abs(moved if mm is None else mm):g} mm and its home switch (pin {axis.home_pin}) did not "
        f"{change}; check the switch, its cable and the motor."
    )


def _seek(axis: Stepper, mm: float, speed: float, *, closed: bool) -> Generator[Event, Any, None]:
    """Jog until the home switch is ``closed`` (or open), then halt there."""
    moved = axis.jog(mm, speed)
    switched = axis.home_switch(closed, within_s=moved.limit_s)
    yield axis.board.env.any_of([switched, moved])
    yield axis.stop_abruptly()
    if axis.at_home != closed:
        raise _not_found(axis, "close" if closed else "open", mm)
