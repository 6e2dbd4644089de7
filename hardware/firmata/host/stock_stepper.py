"""StockStepper: an axis of ConfigurableFirmata, all of whose axes are stepped by one loop."""

from __future__ import annotations

from cellwright.hardware.firmata.host.session import TIMEOUT_MARGIN_S
from cellwright.hardware.firmata.host.stepper import FirmataStepper, Move, Moving, Stopping
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.model.accelstepper_timing import CONFIGURABLE_FIRMATA, MovingAxis, StepLoop, move_time
from cellwright.hardware.waits import Wait

CONFIGURABLE_MAX_STEPS = 2**28 - 1
"""ConfigurableFirmata drops the bits above."""
LATENCY_ALLOWANCE_S = 0.01
"""How much longer the command of a controlled stop may take than that of the move, on a busy line."""


class StockStepper(FirmataStepper):
    """One device of AccelStepper in ConfigurableFirmata, whose count starts again after every abrupt stop."""

    max_steps = CONFIGURABLE_MAX_STEPS
    invert_direction = accelstepper.INVERT_DIRECTION

    def _check_speed_of(self, move: Move) -> None:
        """It takes every speed, and keeps to what its loop allows."""

    def move_timeout_s(self, move: Move) -> float:
        """How long a move may take: axes that share the firmware's loop step more slowly."""
        steps = max(1, abs(move.target - self.position))
        alone_s = move_time(CONFIGURABLE_FIRMATA, steps, move.max_speed, move.acceleration)
        return len(self.axes) * alone_s + TIMEOUT_MARGIN_S

    def _prepare_group_move(self, speed: float, acceleration: float) -> None:  # noqa: ARG002  # it does not accelerate
        self._send_speed(speed)

    # ---- stopping ----

    def _send_abrupt_stop(self) -> None:
        self.axes.stop_groups(self.session)
        self.session.send(accelstepper.stop(self.number))

    def slow_down(self) -> Wait:
        """Controlled stop: a new target as many steps ahead as braking from the present speed takes."""
        state = self._state
        if isinstance(state, Stopping):
            return self.stop_abruptly()
        if not isinstance(state, Moving):
            return self._done  # a group has no ramp
        axis = self._predict_axis(state)
        if not state.is_braking and axis.direction and axis.steps_ahead() > axis.steps_to_stop() + 1:
            state.is_braking = True
            steps = (axis.steps_to_stop() + 1) * axis.direction
            self.session.send(accelstepper.move_by(self.number, steps))
        return state.wait  # otherwise it is braking already

    def _predict_axis(self, moving: Moving) -> MovingAxis:
        """The state of the axis when the message arrives, by the firmware's recurrence for all axes of its loop."""
        moves = sorted(
            (each.state for each in self.axes if isinstance(each.state, Moving)), key=lambda each: each.started_s
        )
        first_s = moves[0].started_s
        loop = StepLoop(CONFIGURABLE_FIRMATA, [])
        for each in moves:
            if loop.axes:
                loop.run(until_s=each.started_s - first_s)
            loop.now_s = max(loop.now_s, each.started_s - first_s)
            move = each.move
            loop.axes.append(MovingAxis(each.start, move.target, move.max_speed, move.acceleration))
            loop.axes[-1].due_s = loop.now_s
            loop.finished_s.append(0.0)
        loop.run(until_s=self.session.env.now + LATENCY_ALLOWANCE_S - first_s)
        return loop.axes[next(n for n, each in enumerate(moves) if each is moving)]

    def _set_stopped_position(self, position: int) -> None:
        """Zero the device: a stop leaves a stale speed in the firmware, at which the next move would start."""
        self.position = self._offset = position
        self.session.send(accelstepper.zero(self.number))
