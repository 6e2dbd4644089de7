"""VirtualHoming: homing of CellwrightFirmata (homing.cpp) in a virtual Arduino."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import HomingRequest
from cellwright.hardware.firmata.virtual.cellwright_axis import Limit, VirtualAxis
from cellwright.hardware.firmata.virtual.cellwright_moves import VirtualMoves
from cellwright.hardware.firmata.virtual.session import CellwrightSession

MAX_HOMINGS = (2, 4)
"""How many axes can home at the same time, on a 328P and on a 2560."""


class _HomingPhase(Enum):
    FAST_APPROACH = auto()
    MOVING_OFF = auto()
    BACKOFF = auto()
    SLOW_APPROACH = auto()


@dataclass(eq=False)
class _Homing:
    """Homing under way. saved_limit: the limit of the other end; moving off, it is the opening of the switch."""

    axis: VirtualAxis
    request: HomingRequest
    phase: _HomingPhase
    saved_limit: Limit | None = None

    @property
    def towards(self) -> int:
        """The direction of the switch."""
        return 1 if self.request.end == own.HIGH_END else -1


class VirtualHoming:
    """The axes that are homing."""

    def __init__(self, session: CellwrightSession, moves: VirtualMoves) -> None:
        self.session = session
        self._moves = moves
        self._homings: dict[int, _Homing] = {}

    def is_homing(self, axis: VirtualAxis) -> bool:
        """Whether an axis is being homed."""
        return axis.number in self._homings

    def handle(self, data: bytes) -> None:
        """Handle 07."""
        request = own.decode_home(data[:17])
        axis = self._moves.by_number.get(request.device) if request is not None else None
        if request is None or axis is None or request.end > own.HIGH_END or axis.limits[request.end] is None:
            self._send_result(data[0] if data else own.NO_PIN, own.NO_SWITCH)
            return
        features = self.session.features
        can = (
            self._moves.check_speed(request.fast)
            and self._moves.check_speed(request.slow)
            and self._moves.check_step_rate(request.fast)
        )
        is_free = (
            len(self._homings) < MAX_HOMINGS[features.chip] and not self.is_homing(axis) and not axis.model.is_moving
        )
        if not can or not is_free:
            if can:
                self.session.refuse("axis cannot be homed now")
            self._send_result(request.device, own.HOMING_STOPPED)
            return
        self._homings[axis.number] = homing = _Homing(axis, request, _HomingPhase.FAST_APPROACH)
        if self._moves.is_at_limit(axis, request.end):
            self._move_off_switch(homing)
        else:
            self._start_phase(homing, _HomingPhase.FAST_APPROACH, request.max_steps, request.fast)

    def _start_phase(self, homing: _Homing, phase: _HomingPhase, steps: int, speed: float) -> None:
        homing.phase = phase
        axis = homing.axis
        self._moves.start_move(axis, axis.position + homing.towards * steps, speed, axis.acceleration)

    def _move_off_switch(self, homing: _Homing) -> None:
        """Move away from the switch until it opens."""
        switch = homing.axis.limits[homing.request.end]
        assert switch is not None
        homing.saved_limit = homing.axis.limits[1 - homing.request.end]
        homing.axis.limits[1 - homing.request.end] = switch._replace(active=not switch.active)
        self._start_phase(homing, _HomingPhase.MOVING_OFF, -2 * homing.request.backoff, homing.request.slow)

    def advance(self, axis: VirtualAxis, at_switch: bool) -> None:
        """The move of one phase has ended."""
        homing = self._homings[axis.number]
        request = homing.request
        if homing.phase is _HomingPhase.FAST_APPROACH:
            if at_switch:
                self._move_off_switch(homing)
            else:
                self._finish(homing, own.DID_NOT_CLOSE)
        elif homing.phase is _HomingPhase.MOVING_OFF:
            if at_switch:
                axis.limits[1 - request.end] = homing.saved_limit
                self._start_phase(homing, _HomingPhase.BACKOFF, -request.backoff, request.slow)
            else:
                self._finish(homing, own.DID_NOT_OPEN)
        elif homing.phase is _HomingPhase.BACKOFF:
            self._start_phase(homing, _HomingPhase.SLOW_APPROACH, 3 * request.backoff, request.slow)
        else:
            self._finish(homing, own.HOMED if at_switch else own.DID_NOT_CLOSE)

    def _finish(self, homing: _Homing, result: int) -> None:
        axis = homing.axis
        if homing.phase is _HomingPhase.MOVING_OFF:
            axis.limits[1 - homing.request.end] = homing.saved_limit
        del self._homings[axis.number]
        if result == own.HOMED:
            axis.model.zero()
        self._send_result(axis.number, result)

    def cancel(self, axis: VirtualAxis) -> None:
        """End the homing of an axis and stop it abruptly: another request came."""
        homing = self._homings.get(axis.number)
        if homing is not None:
            axis.model.stop_abruptly()
            self._finish(homing, own.HOMING_STOPPED)

    def cancel_all(self) -> None:
        """End the homing of all axes: the board was stopped."""
        for homing in tuple(self._homings.values()):
            self.cancel(homing.axis)

    def _send_result(self, device: int, result: int) -> None:
        axis = self._moves.by_number.get(device)
        self.session.send(own.home_result(device & 0x7F, result, axis.position if axis is not None else 0))
