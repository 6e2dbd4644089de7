"""VirtualGroups: CellwrightFirmata's groups (groups.cpp): axes that start and arrive together on a straight line."""

from __future__ import annotations

from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol.codec import decode_i32
from cellwright.hardware.firmata.virtual.cellwright_axis import Group, VirtualAxis
from cellwright.hardware.firmata.virtual.cellwright_homing import VirtualHoming
from cellwright.hardware.firmata.virtual.cellwright_moves import VirtualMoves
from cellwright.hardware.firmata.virtual.session import CellwrightSession


class VirtualGroups:
    """The groups of a virtual board, by number."""

    def __init__(self, session: CellwrightSession, moves: VirtualMoves, homing: VirtualHoming) -> None:
        self.session = session
        self._moves = moves
        self._homing = homing
        self._groups: dict[int, Group] = {}

    def reset(self) -> None:
        """Forget all groups."""
        self._groups.clear()

    def cancel_all(self) -> None:
        """The whole board was stopped: no group moves any more, and none reports it."""
        for group in self._groups.values():
            group.is_moving = False

    def dissolve_groups_of(self, number: int) -> None:
        """A device is configured anew: its groups have no members any more."""
        for group in self._groups.values():
            if any(axis.number == number for axis in group.members):
                group.members = []

    def handle(self, sub: int, number: int, data: bytes) -> None:
        """Handle a group's message."""
        group = self._groups.setdefault(number, Group(number))
        if number >= self.session.features.groups:
            del self._groups[number]
            self.session.refuse("there are five groups, 0 to 4")
        elif group.is_moving and sub != accelstepper.GROUP_STOP:
            self.session.refuse("the group moves")
        elif sub == accelstepper.GROUP_CONFIGURE:
            self._configure(group, data)
        elif sub == accelstepper.GROUP_MOVE_TO:
            self._move(group, data)
        elif sub == accelstepper.GROUP_STOP and group.members:
            self._stop_abruptly(group)
        else:
            self.session.refuse("group is not configured")

    def _configure(self, group: Group, data: bytes) -> None:
        group.members = []
        if not 2 <= len(data) <= self.session.features.devices:
            self.session.refuse("a group needs two members")
        elif len(set(data)) < len(data) or any(each not in self._moves.by_number for each in data):
            self.session.refuse("group has an unknown member")
        else:
            group.members = [self._moves.by_number[each] for each in data]

    def _move(self, group: Group, data: bytes) -> None:
        """Each member gets the same trapezoid, scaled to its distance, so all stay on a straight line."""
        if not group.members or len(data) < 5 * len(group.members):
            self.session.refuse("group's targets are missing" if group.members else "group is not configured")
            return
        if any(axis.model.is_moving or self._homing.is_homing(axis) for axis in group.members):
            self.session.refuse("a member of the group moves")
            return
        targets = [decode_i32(data, 5 * place) for place in range(len(group.members))]
        distances = [abs(target - axis.position) for target, axis in zip(targets, group.members, strict=True)]
        moving = [
            (axis, target, distance)
            for axis, target, distance in zip(group.members, targets, distances, strict=True)
            if distance
        ]
        speed = min((axis.speed / distance for axis, _, distance in moving), default=0.0)  # of the whole distance, 1/s
        acceleration = min((axis.acceleration / distance for axis, _, distance in moving), default=0.0)
        if not self._moves.check_step_rate(speed * sum(distances)):
            return
        group.is_moving = True
        group.still_moving = [axis for axis, _, _ in moving]
        for axis, _, _ in moving:
            axis.group = group
        for axis, target, distance in moving:
            if axis.group is group:  # unless a member was at its limit and stopped all
                self._moves.start_move(axis, target, speed * distance, acceleration * distance)
        if not moving:
            self._end_group(group)

    def on_member_end(self, axis: VirtualAxis, group: Group) -> None:
        """The move of a member has ended."""
        if axis in group.still_moving:
            group.still_moving.remove(axis)
        if axis.limit_end is not None:
            self._stop_abruptly(group)  # off the straight line, no member continues
        elif not group.still_moving:
            self._end_group(group)

    def _stop_abruptly(self, group: Group) -> None:
        for axis in group.members:
            if axis.group is group:
                axis.model.stop_abruptly()
        if group.is_moving:
            self._end_group(group)

    def _end_group(self, group: Group) -> None:
        for axis in group.members:
            axis.group = None
        group.is_moving, group.still_moving = False, []
        self.session.send(accelstepper.group_complete(group.number))
