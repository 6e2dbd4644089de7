"""FirmataGroup: axes that the firmware makes arrive together on a straight line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cellwright.errors import CellFault
from cellwright.hardware.firmata.host.stepper import TIMEOUT_MARGIN_S, FirmataStepper
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.waits import Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard


class FirmataGroup:
    """A group of AccelStepper: a straight line through the axes' space.

    ConfigurableFirmata starts and stops a group without acceleration, so its speed must be one at which the motors can
    start; CellwrightFirmata gives all members the same trapezoid, scaled to their ways.
    A halt is that of the board or of each axis.
    """

    def __init__(self, board: FirmataBoard, number: int, steppers: Sequence[FirmataStepper]) -> None:
        self.board = board
        self.number = number
        self.steppers = list(steppers)
        self._move: Wait | None = None
        self._targets: list[int] = []

    @property
    def name(self) -> str:
        """Its axes' names."""
        return " and ".join(stepper.device.name for stepper in self.steppers)

    def declare(self) -> None:
        """Tell the firmware which devices belong to it."""
        self._move = None
        self.board.send(accelstepper.configure_group(self.number, [stepper.number for stepper in self.steppers]))

    def move_to(self, targets: Sequence[int], speed: float, acceleration: float = 0.0) -> Wait:
        """Move all to their targets, in steps, the one with the longest way at ``speed`` steps/s; they arrive together.

        acceleration: of that one, steps/s², for firmware that speeds groups up; 0 is none, as with all others.

        Raises CellFault while one of them moves, or the board is locked.
        """
        if self.board.locked:
            raise CellFault(f"{self.name} cannot move: the board has been made safe; reset the cell first.")
        ways = [abs(target - stepper.position) for target, stepper in zip(targets, self.steppers, strict=True)]
        speeds_up_s = 2 * speed / acceleration if acceleration else 0.0
        limit_s = 2 * len(self.board.steppers) * max(ways) / speed + speeds_up_s + TIMEOUT_MARGIN_S
        self._move = Wait(self.board.env, self, "did not arrive", limit_s)
        for stepper in self.steppers:
            stepper.join(self._move, speed, acceleration)
        self._targets = list(targets)
        self.board.send(
            accelstepper.group_to(
                self.number,
                [stepper.in_firmware(target) for target, stepper in zip(targets, self.steppers, strict=True)],
            )
        )
        return self._move

    def hear(self) -> None:
        """The firmware says that all have arrived, or were stopped."""
        move, self._move = self._move, None
        if move is None or any(not stepper.leave(move, self._targets[n]) for n, stepper in enumerate(self.steppers)):
            return  # one was halted on the way, and is being asked where it stands
        move.complete()
