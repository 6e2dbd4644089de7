"""Homing an axis on its switch."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol

from simpy.events import Event

from cellwright.errors import CellFault
from cellwright.hardware.board import BUSY, Board
from cellwright.hardware.waits import Wait

BACK_OFF_MM = 5.0
SLOW_FRACTION = 0.1
BUSY_RETRY_S = 0.25
MAX_BUSY_RETRIES = 240


class HomingAxis(Protocol):
    """What ``home`` needs of an axis, so that an axis of a cell's own does as well. Positions are mm, speeds mm/s."""

    @property
    def name(self) -> str:
        """Its name, for messages."""
        ...

    @property
    def board(self) -> Board:
        """The board to which it is attached."""
        ...

    @property
    def travel(self) -> tuple[float, float]:
        """Its lowest and highest position."""
        ...

    @property
    def homing_speed(self) -> float:
        """How fast it approaches its switch."""
        ...

    @property
    def home_pin(self) -> int:
        """The pin of its switch, for messages."""
        ...

    @property
    def is_at_home(self) -> bool:
        """Whether its switch is closed."""
        ...

    def jog(self, mm: float, speed: float, /) -> Wait:
        """Move by ``mm`` from the present position, homed or not; the wait ends on arrival."""
        ...

    def home_switch(self, closed: bool, /, within_s: float) -> Wait:
        """A wait for its switch to be closed, or open."""
        ...

    def stop_abruptly(self) -> Event:
        """Stop at once; the event comes when the position is known."""
        ...

    def home_on_board(self, reach_mm: float, back_off_mm: float, slow_share: float, /) -> Wait | None:
        """Have the board home it (see ``StepperPort.home``); None if the board cannot."""
        ...

    def set_home(self, *, is_zero: bool = False) -> None:
        """Set the present position as 0, and permit moves. is_zero: the board has set it to 0 already."""
        ...


def home(axis: HomingAxis) -> Generator[Event, Any, None]:
    """Home an axis on its switch: approach fast, back off, approach slowly; that position becomes 0 mm.

    Raises CellFault if the switch does not close over the whole travel, or does not open again.
    """
    if (yield from _home_on_board(axis)):
        return
    slow = axis.homing_speed * SLOW_FRACTION
    if not axis.is_at_home:
        yield from _seek(axis, -_reach_mm(axis), axis.homing_speed, closed=True)
    yield from _seek(axis, BACK_OFF_MM, slow, closed=False)
    yield axis.jog(BACK_OFF_MM, slow)
    yield from _seek(axis, -3 * BACK_OFF_MM, slow, closed=True)
    axis.set_home()


def _reach_mm(axis: HomingAxis) -> float:
    """How far away the home switch can be, mm."""
    return 1.1 * (axis.travel[1] - axis.travel[0])


def _home_on_board(axis: HomingAxis) -> Generator[Event, Any, bool]:
    """Home by the firmware, which stops within a step. Returns whether it can; a busy board is asked again.

    Raises CellFault as ``home`` does.
    """
    for _ in range(MAX_BUSY_RETRIES):
        homed = axis.home_on_board(_reach_mm(axis), BACK_OFF_MM, SLOW_FRACTION)
        if homed is None:
            return False
        missing = yield homed
        if missing is None:
            axis.set_home(is_zero=True)
            return True
        if missing != BUSY:
            raise _home_switch_fault(axis, missing)
        yield axis.board.env.timeout(BUSY_RETRY_S)
    raise CellFault(f"{axis.name} was not homed: the board homes other axes all the time, or refuses its speed.")


def _home_switch_fault(axis: HomingAxis, change: str, mm: float | None = None) -> CellFault:
    moved = _reach_mm(axis) if change == "close" else 2 * BACK_OFF_MM
    return CellFault(
        f"{axis.name} moved {abs(moved if mm is None else mm):g} mm and its home switch (pin {axis.home_pin}) did not "
        f"{change}; check the switch, its cable and the motor."
    )


def _seek(axis: HomingAxis, mm: float, speed: float, *, closed: bool) -> Generator[Event, Any, None]:
    """Jog until the home switch is ``closed`` (or open), then stop abruptly."""
    moved = axis.jog(mm, speed)
    switched = axis.home_switch(closed, within_s=moved.limit_s)
    yield axis.board.env.any_of([switched, moved])
    yield axis.stop_abruptly()
    if axis.is_at_home != closed:
        raise _home_switch_fault(axis, "close" if closed else "open", mm)
