"""VirtualMoves: how CellwrightFirmata moves an axis (steppers.cpp), on a model board's axes."""

from __future__ import annotations

from collections.abc import Callable

from cellwright.errors import CellFault
from cellwright.hardware.firmata.virtual.cellwright_axis import VirtualAxis
from cellwright.hardware.firmata.virtual.cellwright_pins import CellwrightPins
from cellwright.hardware.firmata.virtual.session import CellwrightSession

STOPPED_ERROR = "stopped: release first"


class VirtualMoves:
    """The configured axes by number, and their moves.

    on_end: called with an axis whose move has ended: at its target, by a stop, or at a limit.
    """

    def __init__(self, session: CellwrightSession, pins: CellwrightPins, on_end: Callable[[VirtualAxis], None]) -> None:
        self.session = session
        self.pins = pins
        self.on_end = on_end
        self.by_number: dict[int, VirtualAxis] = {}

    def is_at_limit(self, axis: VirtualAxis, end: int) -> bool:
        """Whether an end's switch is active."""
        limit = axis.limits[end]
        return limit is not None and self.pins.level(limit.pin) == limit.active

    def check_speed(self, speed: float) -> bool:
        """Whether one axis can move at this speed in steps/s; a refusal is sent if not."""
        if 0 < speed <= self.session.features.one_axis:
            return True
        self.session.refuse("speed is beyond this board's")
        return False

    def check_step_rate(self, speed: float) -> bool:
        """Whether this much more is allowed for all axes, steps/s; a refusal is sent if not."""
        if self.session.is_stopped:
            self.session.refuse(STOPPED_ERROR)
            return False
        others = sum(axis.move_speed for axis in self.by_number.values() if axis.model.is_moving)
        if speed + others > self.session.features.all_axes:
            self.session.refuse("axes too fast together")
            return False
        return True

    def start_move(self, axis: VirtualAxis, target: int, speed: float, acceleration: float) -> None:
        """Move an axis to a target, from rest or during a move; the end of the move is reported."""
        axis.target, axis.move_speed, axis.limit_end = target, speed, None
        if axis.model.is_moving:
            axis.model.change_target(target, speed, acceleration)
            return
        end = axis.end_towards(target)
        if end is not None and self.is_at_limit(axis, end):
            axis.limit_end = end
        elif end is not None:
            try:
                move = axis.model.move_to(target, speed, acceleration)
            except CellFault:  # the model's timing allows less than this firmware
                self.session.refuse("axes too fast together")
                return
            if move.callbacks is not None:
                move.callbacks.append(lambda _: self.on_end(axis))
                return
        self.on_end(axis)
