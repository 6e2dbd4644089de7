"""VirtualHoming: how CellwrightFirmata finds a switch (homing.cpp), in a virtual Arduino."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import Home
from cellwright.hardware.firmata.virtual.virtual_axis import Limit, VirtualAxis

if TYPE_CHECKING:
    from cellwright.hardware.firmata.virtual.cellwright_axes import VirtualAxes

AT_ONCE = (2, 4)
"""How many axes may be homed at the same time, on a 328P and on a 2560."""


class _Phase(Enum):
    SEEKING = auto()
    LEAVING = auto()
    BACKING_OFF = auto()
    RETURNING = auto()


@dataclass(eq=False)
class _Search:
    """A search under way. other: the limit of the other end, while what watches there is for the switch to open."""

    axis: VirtualAxis
    asked: Home
    phase: _Phase
    other: Limit | None = None

    @property
    def towards(self) -> int:
        """The direction of the switch."""
        return 1 if self.asked.end == own.HIGH_END else -1


class VirtualHoming:
    """The searches for switches that are under way."""

    def __init__(self, axes: VirtualAxes) -> None:
        self.axes = axes
        self._searches: dict[int, _Search] = {}

    def has(self, axis: VirtualAxis) -> bool:
        """Whether an axis is being homed."""
        return axis.number in self._searches

    def begin(self, data: bytes) -> None:
        """Do what a 07 asks."""
        asked = own.decode_home(data[:17])
        axis = self.axes.axis(asked.device) if asked is not None else None
        if asked is None or axis is None or asked.end > own.HIGH_END or axis.limits[asked.end] is None:
            self._answer(data[0] if data else own.NO_PIN, own.NO_SWITCH)
            return
        has = self.axes.program.has
        can = self.axes.is_speed(asked.fast) and self.axes.is_speed(asked.slow) and self.axes.may_move(asked.fast)
        is_free = len(self._searches) < AT_ONCE[has.chip] and not self.has(axis) and not axis.model.moving
        if not can or not is_free:
            if can:
                self.axes.refuse("axis cannot be homed now")
            self._answer(asked.device, own.STOPPED)
            return
        self._searches[axis.number] = search = _Search(axis, asked, _Phase.SEEKING)
        if self.axes.is_at_limit(axis, asked.end):
            self._leave(search)
        else:
            self._go(search, _Phase.SEEKING, asked.most, asked.fast)

    def _go(self, search: _Search, phase: _Phase, steps: int, speed: float) -> None:
        search.phase = phase
        axis = search.axis
        self.axes.begin(axis, axis.position + search.towards * steps, speed, axis.acceleration)

    def _leave(self, search: _Search) -> None:
        """Away from the switch; what ends that is the switch's opening."""
        switch = search.axis.limits[search.asked.end]
        assert switch is not None
        search.other = search.axis.limits[1 - search.asked.end]
        search.axis.limits[1 - search.asked.end] = switch._replace(active=not switch.active)
        self._go(search, _Phase.LEAVING, -2 * search.asked.off, search.asked.slow)

    def go_on(self, axis: VirtualAxis, at_switch: bool) -> None:
        """A move of the search is over."""
        search = self._searches[axis.number]
        asked = search.asked
        if search.phase is _Phase.SEEKING:
            if at_switch:
                self._leave(search)
            else:
                self._finish(search, own.DID_NOT_CLOSE)
        elif search.phase is _Phase.LEAVING:
            if at_switch:
                axis.limits[1 - asked.end] = search.other
                self._go(search, _Phase.BACKING_OFF, -asked.off, asked.slow)
            else:
                self._finish(search, own.DID_NOT_OPEN)
        elif search.phase is _Phase.BACKING_OFF:
            self._go(search, _Phase.RETURNING, 3 * asked.off, asked.slow)
        else:
            self._finish(search, own.HOMED if at_switch else own.DID_NOT_CLOSE)

    def _finish(self, search: _Search, how: int) -> None:
        axis = search.axis
        if search.phase is _Phase.LEAVING:
            axis.limits[1 - search.asked.end] = search.other
        del self._searches[axis.number]
        if how == own.HOMED:
            axis.model.zero()
        self._answer(axis.number, how)

    def end(self, axis: VirtualAxis) -> None:
        """The host wants something else of an axis: its search is over, and it stands."""
        search = self._searches.get(axis.number)
        if search is not None:
            axis.model.stop_abruptly()
            self._finish(search, own.STOPPED)

    def end_all(self) -> None:
        """The board was stopped."""
        for search in tuple(self._searches.values()):
            self.end(search.axis)

    def _answer(self, device: int, how: int) -> None:
        axis = self.axes.axis(device)
        self.axes.send(own.home_over(device & 0x7F, how, axis.position if axis is not None else 0))
