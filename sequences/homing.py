"""Homing an axis on its switch."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from simpy.events import Event

from cellwright.actuators import Stepper
from cellwright.errors import CellFault

BACK_OFF_MM = 5.0
SLOW_SHARE = 0.1


def home(axis: Stepper) -> Generator[Event, Any, None]:
    """Find an axis's home switch: quickly, back off, then slowly, and call that place 0 mm.

    Raises CellFault if the switch does not close over the whole travel, or does not open again.
    """
    slow = axis.homing_speed * SLOW_SHARE
    if not axis.at_home:
        reach_mm = 1.1 * (axis.travel[1] - axis.travel[0])
        yield from _seek(axis, -reach_mm, axis.homing_speed, closed=True)
    yield from _seek(axis, BACK_OFF_MM, slow, closed=False)
    yield axis.jog(BACK_OFF_MM, slow)
    yield from _seek(axis, -3 * BACK_OFF_MM, slow, closed=True)
    axis.set_home()


def _seek(axis: Stepper, mm: float, speed: float, *, closed: bool) -> Generator[Event, Any, None]:
    """Jog until the home switch is ``closed`` (or open), then halt there."""
    moved = axis.jog(mm, speed)
    switched = axis.home_switch(closed, within_s=moved.limit_s)
    yield axis.board.env.any_of([switched, moved])
    yield axis.halt()
    if axis.at_home != closed:
        change = "close" if closed else "open"
        raise CellFault(
            f"{axis.name} moved {abs(mm):g} mm and its home switch (pin {axis.home_pin}) did not {change}; "
            "check the switch, its cable and the motor."
        )
