"""FirmataGroup: axes that the firmware moves together on a straight line."""

from __future__ import annotations

from collections.abc import Sequence

from cellwright.hardware.firmata.host.session import TIMEOUT_MARGIN_S, Session
from cellwright.hardware.firmata.host.stepper import Axes, FirmataStepper
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.waits import Wait


class FirmataGroup:
    """A group of AccelStepper: a straight line through the axes' space.

    ConfigurableFirmata starts and stops a group without acceleration, so the motors must be able to start at its speed.
    CellwrightFirmata gives all members the same trapezoid, scaled to their distances.
    An abrupt stop is that of the board or of each axis.
    """

    def __init__(self, session: Session, axes: Axes, number: int, steppers: Sequence[FirmataStepper]) -> None:
        self.session = session
        self._axes = axes
        self.number = number
        self.steppers = list(steppers)
        self._move_wait: Wait | None = None
        self._targets: list[int] = []

    @property
    def name(self) -> str:
        """The names of its axes."""
        return " and ".join(stepper.device.name for stepper in self.steppers)

    def declare(self) -> None:
        """Configure the group in the firmware."""
        self._move_wait = None
        self.session.send(accelstepper.configure_group(self.number, [stepper.number for stepper in self.steppers]))

    def move_to(self, targets: Sequence[int], speed: float, acceleration: float = 0.0) -> Wait:
        """Move all to their targets, in steps, so that they arrive together.

        speed: steps/s of the one with the longest distance.

        acceleration: of that one, steps/s², for firmware that accelerates groups; 0 for other firmware.

        Raises CellFault while one of them moves, or the board is locked.
        """
        self.session.refuse_if_locked(f"{self.name} cannot move")
        distances = [abs(target - stepper.position) for target, stepper in zip(targets, self.steppers, strict=True)]
        speeds_up_s = 2 * speed / acceleration if acceleration else 0.0
        limit_s = 2 * len(self._axes) * max(distances) / speed + speeds_up_s + TIMEOUT_MARGIN_S
        self._move_wait = Wait(self.session.env, self, "did not arrive", limit_s)
        for stepper in self.steppers:
            stepper.start_group_move(self._move_wait, speed, acceleration)
        self._targets = list(targets)
        self.session.send(
            accelstepper.move_group_to(
                self.number,
                [stepper.firmware_position(target) for target, stepper in zip(targets, self.steppers, strict=True)],
            )
        )
        return self._move_wait

    def on_complete(self) -> None:
        """All have arrived, or were stopped."""
        wait, self._move_wait = self._move_wait, None
        if wait is None or any(
            not stepper.complete_group_move(wait, self._targets[n]) for n, stepper in enumerate(self.steppers)
        ):
            return  # one was stopped on the way, and its position is being queried
        wait.complete()
