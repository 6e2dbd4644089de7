"""VirtualAxes: CellwrightFirmata's steppers, groups and limits (steppers.cpp) on a model board's axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cellwright.errors import CellFault
from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.codec import decode_decimal, decode_i32
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.cellwright_homing import VirtualHoming
from cellwright.hardware.firmata.virtual.virtual_axis import Group, Limit, VirtualAxis

if TYPE_CHECKING:
    from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
    from cellwright.hardware.firmata.virtual.cellwright import VirtualCellwright
    from cellwright.hardware.firmata.virtual.cellwright_pins import GuardedPins

MAX_ACCELERATION = 1e8
HAS_ENABLE = 0x01
STOPPED = "stopped: release first"
# By sub-command: how many bytes follow the device's number.
SIZES = {
    accelstepper.CONFIGURE: 1,
    accelstepper.ZERO: 0,
    accelstepper.STEP: 5,
    accelstepper.TO: 5,
    accelstepper.ENABLE: 1,
    accelstepper.STOP: 0,
    accelstepper.REPORT_POSITION: 0,
    accelstepper.LIMIT: 4,
    accelstepper.SET_ACCELERATION: 4,
    accelstepper.SET_SPEED: 4,
}


class VirtualAxes:
    """Steppers and their groups, by number. A motor's coils are not modelled, only how far it is turned."""

    def __init__(self, arduino: VirtualArduino, program: VirtualCellwright, pins: GuardedPins) -> None:
        self.arduino = arduino
        self.program = program
        self.pins = pins
        self.homing = VirtualHoming(self)
        self._axes: dict[int, VirtualAxis] = {}
        self._groups: dict[int, Group] = {}
        self._does: dict[int, Callable[[VirtualAxis, bytes], None]] = {
            accelstepper.ZERO: lambda axis, _: axis.model.zero(),
            accelstepper.STEP: lambda axis, data: self._move_to(axis, axis.position + decode_i32(data)),
            accelstepper.TO: lambda axis, data: self._move_to(axis, decode_i32(data)),
            accelstepper.ENABLE: self._enable,
            accelstepper.STOP: self._slow_down,
            accelstepper.REPORT_POSITION: lambda axis, _: self._report(axis),
            accelstepper.LIMIT: self._set_limits,
            accelstepper.SET_ACCELERATION: self._set_acceleration,
            accelstepper.SET_SPEED: self._set_speed,
        }

    def reset(self) -> None:
        """Stop dead and forget all devices and groups."""
        self.stop_all_abruptly()
        self.homing.end_all()
        for number in tuple(self._axes):
            self._release(number)
        self._groups.clear()

    def stop_all_abruptly(self) -> None:
        """Stop dead; nothing is said of each."""
        for axis in self._axes.values():
            axis.model.stop_abruptly()
            axis.group = None
        for group in self._groups.values():
            group.moves = False

    def positions(self) -> dict[int, int]:
        """Where each device is, in steps."""
        return {number: axis.position for number, axis in sorted(self._axes.items())}

    def axis(self, number: int) -> VirtualAxis | None:
        """A device, if it is configured."""
        return self._axes.get(number)

    def refuse(self, why: str) -> None:
        """Say why something is not done."""
        self.program.refuse(why)

    def send(self, data: bytes) -> None:
        """Send a message to the host."""
        self.arduino.send(data)

    # ---- what the host asks ----

    def handle(self, data: bytes) -> bool:
        """Do what an AccelStepper sysex says."""
        if len(data) < 2:
            self.refuse("stepper message is too short")
        elif data[0] >= accelstepper.GROUP_CONFIGURE:
            self._handle_group(data[0], data[1], data[2:])
        elif data[1] >= self.program.has.devices:
            self.refuse("no such stepper")
        elif len(data) - 2 < SIZES.get(data[0], 1 << 7):
            self.refuse("stepper message is not known")
        elif data[0] == accelstepper.CONFIGURE:
            self._configure(data[1], data[2:])
        elif data[1] not in self._axes:
            self.refuse("stepper is not configured")
        else:
            self._does[data[0]](self._axes[data[1]], data[2:])
        return True

    def handle_axis(self, data: bytes) -> None:
        """Do what a 0A says: halt, or tell how a device stands."""
        axis = self._axes.get(data[1]) if len(data) >= 2 else None
        if axis is None or data[0] > own.ASK_AXIS:
            self.refuse("no such axis")
        elif data[0] == own.ASK_AXIS:
            active = sum(1 << end for end in (own.LOW_END, own.HIGH_END) if self.is_at_limit(axis, end))
            self.send(own.axis(own.Axis(axis.number, axis.model.moving, axis.position, active)))
        else:
            self.homing.end(axis)
            if axis.model.moving:
                axis.model.stop_abruptly()
                self._ended(axis)
            elif axis.group is None:
                self.complete(axis)

    # ---- configuring ----

    def _configure(self, number: int, data: bytes) -> None:
        interface, *pins = data
        wires, step_size = interface >> 4 & 0x07, interface >> 1 & 0x07
        has_enable, count = interface & HAS_ENABLE, 2 if wires == accelstepper.DRIVER else wires
        self._leave_groups(number)
        if not 1 <= wires <= 4 or step_size > 1 or (wires == 2 and step_size):
            self.refuse("such steppers are not known")
        elif len(pins) < count + has_enable:
            self.refuse("stepper's pins are missing")
        else:
            self._release(number)
            taken = pins[: count + has_enable]
            for place, pin in enumerate(taken):
                if not self._is_free(pin) or pin in taken[:place]:
                    self.pins.refuse(pin, "cannot be a stepper's")
                    return
            inverted = pins[count + has_enable] if len(pins) > count + has_enable else 0
            self._take(number, taken[:count], taken[count] if has_enable else None, inverted)

    def _is_free(self, pin: int) -> bool:
        return self.pins.is_digital(pin) and not self.pins.is_in_use(pin) and not self.pins.is_output(pin)

    def _take(self, number: int, pins: list[int], enable_pin: int | None, inverted: int) -> None:
        for pin in pins:
            self.pins.claim(pin, PinMode.STEPPER)
        axis = VirtualAxis(number, f"stepper {number}", pins, enable_pin, not inverted & accelstepper.INVERT_ENABLE)
        is_reversed = bool(inverted & accelstepper.INVERT_DIRECTION_AS_DOCUMENTED)
        axis.model = self.arduino.board.declare_stepper(axis, pins[0], pins[1], is_reversed)
        self._axes[number] = axis
        if enable_pin is not None:
            self.pins.claim(enable_pin, PinMode.STEPPER)
            self._switch(axis, True)

    def _release(self, number: int) -> None:
        axis = self._axes.pop(number, None)
        if axis is not None:
            self.homing.end(axis)
            axis.model.stop_abruptly()
            self.pins.watch_no_more(f"limit {number}")
            for pin in (*axis.pins, *([] if axis.enable_pin is None else [axis.enable_pin])):
                self.pins.let_go(pin)

    def _enable(self, axis: VirtualAxis, data: bytes) -> None:
        if axis.enable_pin is None:
            self.refuse("stepper has no enable pin")
        elif not self.program.stopped or not data[0]:
            self._switch(axis, data[0] != 0)

    def _switch(self, axis: VirtualAxis, on: bool) -> None:
        assert axis.enable_pin is not None
        output = self.arduino.board.output(axis.enable_pin)
        output.declared = True
        output.write(axis.enabled_level == on)

    def _set_speed(self, axis: VirtualAxis, data: bytes) -> None:
        speed = decode_decimal(data)
        if not self.is_speed(speed):
            return
        if not axis.model.moving or axis.group is not None:
            axis.speed = speed
        elif self.may_move(speed - axis.move_speed):
            axis.speed = axis.move_speed = speed
            axis.model.change_target(axis.target, speed)

    def _set_acceleration(self, axis: VirtualAxis, data: bytes) -> None:
        acceleration = decode_decimal(data)
        if not 0 <= acceleration <= MAX_ACCELERATION:
            self.refuse("no such acceleration")
            return
        changes_move = axis.model.moving and axis.group is None and axis.acceleration > 0 and acceleration > 0
        axis.acceleration = acceleration
        if changes_move:
            axis.model.change_target(axis.target, None, acceleration)

    # ---- limits ----

    def _set_limits(self, axis: VirtualAxis, data: bytes) -> None:
        limits = [Limit(data[at], data[at + 1] != 0) for at in (0, 2)]
        for end, limit in enumerate(limits):
            if limit.pin == own.NO_PIN:
                axis.limits[end] = None
                continue
            if not self._is_free(limit.pin):
                self.pins.refuse(limit.pin, "cannot be a limit")
                return
            if not limit.active:
                self.pins.listen(limit.pin, pull_up=True)
            elif self.pins.modes.get(limit.pin) not in (PinMode.INPUT, PinMode.PULLUP):
                self.pins.listen(limit.pin, pull_up=False)
            axis.limits[end] = limit
            self.pins.watch(limit.pin, f"limit {axis.number}", lambda _: self._on_limits(axis))

    def is_at_limit(self, axis: VirtualAxis, end: int) -> bool:
        """Whether an end's switch is active."""
        limit = axis.limits[end]
        return limit is not None and self.pins.level(limit.pin) == limit.active

    def _on_limits(self, axis: VirtualAxis) -> None:
        end = axis.heads_for()
        if end is not None and self.is_at_limit(axis, end):
            axis.model.stop_abruptly()
            axis.hit_end = end
            self._ended(axis)

    # ---- moves ----

    def is_speed(self, speed: float) -> bool:
        """Whether a single axis can make so many steps/s; says why not."""
        if 0 < speed <= self.program.has.one_axis:
            return True
        self.refuse("speed is beyond this board's")
        return False

    def may_move(self, speed: float) -> bool:
        """Whether so many more steps/s are allowed; says why not."""
        if self.program.stopped:
            self.refuse(STOPPED)
            return False
        others = sum(axis.move_speed for axis in self._axes.values() if axis.model.moving)
        if speed + others > self.program.has.all_axes:
            self.refuse("axes too fast together")
            return False
        return True

    def _move_to(self, axis: VirtualAxis, target: int) -> None:
        if axis.group is not None or self.homing.has(axis):
            self.refuse("axis is moved by others")
        elif self.may_move(0.0 if axis.model.moving else axis.speed):
            self.begin(axis, target, axis.speed, axis.acceleration)

    def begin(self, axis: VirtualAxis, target: int, speed: float, acceleration: float) -> None:
        """Send an axis to a target, from rest or on its way; its end is told."""
        axis.target, axis.move_speed, axis.hit_end = target, speed, None
        if axis.model.moving:
            axis.model.change_target(target, speed, acceleration)
            return
        end = axis.end_towards(target)
        if end is not None and self.is_at_limit(axis, end):
            axis.hit_end = end
        elif end is not None:
            try:
                move = axis.model.move_to(target, speed, acceleration)
            except CellFault:  # the model's timing allows less than this firmware
                self.refuse("axes too fast together")
                return
            if move.callbacks is not None:
                move.callbacks.append(lambda _: self._ended(axis))
                return
        self._ended(axis)

    def _ended(self, axis: VirtualAxis) -> None:
        """A move is over: it arrived, was halted, or met a limit."""
        if self.homing.has(axis):
            self.homing.go_on(axis, axis.hit_end is not None)
            return
        if axis.hit_end is not None:
            self.send(own.limit_hit(axis.number, axis.hit_end))
        if axis.group is None:
            self.complete(axis)
        else:
            self._end_in_group(axis, axis.group)

    def complete(self, axis: VirtualAxis) -> None:
        """Tell that it stands, and where."""
        self.send(accelstepper.move_complete(axis.number, axis.position))

    def _report(self, axis: VirtualAxis) -> None:
        self.send(accelstepper.position(axis.number, axis.position))

    def _slow_down(self, axis: VirtualAxis, _: bytes) -> None:
        self.homing.end(axis)
        if axis.model.moving:
            axis.model.slow_down()
            axis.target = axis.model.rest_at - (axis.model.true_position - axis.position)
        elif axis.group is None:
            self.complete(axis)

    # ---- groups ----

    def _leave_groups(self, number: int) -> None:
        for group in self._groups.values():
            if any(axis.number == number for axis in group.members):
                group.members = []

    def _handle_group(self, sub: int, number: int, data: bytes) -> None:
        group = self._groups.setdefault(number, Group(number))
        if number >= self.program.has.groups:
            del self._groups[number]
            self.refuse("there are five groups, 0 to 4")
        elif group.moves and sub != accelstepper.GROUP_STOP:
            self.refuse("the group moves")
        elif sub == accelstepper.GROUP_CONFIGURE:
            self._configure_group(group, data)
        elif sub == accelstepper.GROUP_TO:
            self._move_group(group, data)
        elif sub == accelstepper.GROUP_STOP and group.members:
            self._stop_group_abruptly(group)
        else:
            self.refuse("group is not configured")

    def _configure_group(self, group: Group, data: bytes) -> None:
        group.members = []
        if not 2 <= len(data) <= self.program.has.devices:
            self.refuse("a group needs two members")
        elif len(set(data)) < len(data) or any(each not in self._axes for each in data):
            self.refuse("group has an unknown member")
        else:
            group.members = [self._axes[each] for each in data]

    def _move_group(self, group: Group, data: bytes) -> None:
        """Each member gets the same trapezoid, scaled to its way: so they are on a straight line at any time."""
        if not group.members or len(data) < 5 * len(group.members):
            self.refuse("group's targets are missing" if group.members else "group is not configured")
            return
        if any(axis.model.moving or self.homing.has(axis) for axis in group.members):
            self.refuse("a member of the group moves")
            return
        targets = [decode_i32(data, 5 * place) for place in range(len(group.members))]
        ways = [abs(target - axis.position) for target, axis in zip(targets, group.members, strict=True)]
        moving = [(axis, target, way) for axis, target, way in zip(group.members, targets, ways, strict=True) if way]
        speed = min((axis.speed / way for axis, _, way in moving), default=0.0)  # of the whole way, 1/s
        acceleration = min((axis.acceleration / way for axis, _, way in moving), default=0.0)
        if not self.may_move(speed * sum(ways)):
            return
        group.moves = True
        group.still_moving = [axis for axis, _, _ in moving]
        for axis, _, _ in moving:
            axis.group = group
        for axis, target, way in moving:
            if axis.group is group:  # unless one has met its limit at once, and stopped all
                self.begin(axis, target, speed * way, acceleration * way)
        if not moving:
            self._end_group(group)

    def _end_in_group(self, axis: VirtualAxis, group: Group) -> None:
        if axis in group.still_moving:
            group.still_moving.remove(axis)
        if axis.hit_end is not None:
            self._stop_group_abruptly(group)  # off the line, none goes on
        elif not group.still_moving:
            self._end_group(group)

    def _stop_group_abruptly(self, group: Group) -> None:
        for axis in group.members:
            if axis.group is group:
                axis.model.stop_abruptly()
        if group.moves:
            self._end_group(group)

    def _end_group(self, group: Group) -> None:
        for axis in group.members:
            axis.group = None
        group.moves, group.still_moving = False, []
        self.send(accelstepper.group_complete(group.number))
