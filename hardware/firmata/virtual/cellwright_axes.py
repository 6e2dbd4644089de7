"""VirtualAxes: CellwrightFirmata's steppers, groups and limits (steppers.cpp) on a model board's axes."""

from __future__ import annotations

from collections.abc import Callable

from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.codec import decode_decimal, decode_i32
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.cellwright_axis import Limit, VirtualAxis
from cellwright.hardware.firmata.virtual.cellwright_groups import VirtualGroups
from cellwright.hardware.firmata.virtual.cellwright_homing import VirtualHoming
from cellwright.hardware.firmata.virtual.cellwright_moves import VirtualMoves
from cellwright.hardware.firmata.virtual.cellwright_pins import CellwrightPins
from cellwright.hardware.firmata.virtual.session import CellwrightSession

MAX_ACCELERATION = 1e8
HAS_ENABLE = 0x01
# By sub-command: how many bytes follow the device's number.
SIZES = {
    accelstepper.CONFIGURE: 1,
    accelstepper.ZERO: 0,
    accelstepper.MOVE_BY: 5,
    accelstepper.MOVE_TO: 5,
    accelstepper.ENABLE: 1,
    accelstepper.STOP_DEVICE: 0,
    accelstepper.REPORT_POSITION: 0,
    accelstepper.SET_LIMITS: 4,
    accelstepper.SET_ACCELERATION: 4,
    accelstepper.SET_SPEED: 4,
}


class VirtualAxes:
    """Steppers and their groups, by number. The coils of a motor are not modelled, only its position."""

    def __init__(self, session: CellwrightSession, pins: CellwrightPins) -> None:
        self.session = session
        self.pins = pins
        self.moves = VirtualMoves(session, pins, self._on_move_end)
        self.by_number = self.moves.by_number
        self.homing = VirtualHoming(session, self.moves)
        self.groups = VirtualGroups(session, self.moves, self.homing)
        self._actions: dict[int, Callable[[VirtualAxis, bytes], None]] = {
            accelstepper.ZERO: lambda axis, _: axis.model.zero(),
            accelstepper.MOVE_BY: lambda axis, data: self._move_to(axis, axis.position + decode_i32(data)),
            accelstepper.MOVE_TO: lambda axis, data: self._move_to(axis, decode_i32(data)),
            accelstepper.ENABLE: self._enable,
            accelstepper.STOP_DEVICE: self._slow_down,
            accelstepper.REPORT_POSITION: lambda axis, _: self._report(axis),
            accelstepper.SET_LIMITS: self._set_limits,
            accelstepper.SET_ACCELERATION: self._set_acceleration,
            accelstepper.SET_SPEED: self._set_speed,
        }

    def reset(self) -> None:
        """Stop all axes abruptly and clear all devices and groups."""
        self.stop_all_abruptly()
        self.homing.cancel_all()
        for number in tuple(self.by_number):
            self._release(number)
        self.groups.reset()

    def stop_all_abruptly(self) -> None:
        """Stop all axes abruptly, without a report of each."""
        for axis in self.by_number.values():
            axis.model.stop_abruptly()
            axis.group = None
        self.groups.cancel_all()

    def positions(self) -> dict[int, int]:
        """The position of each device, in steps."""
        return {number: axis.position for number, axis in sorted(self.by_number.items())}

    # ---- requests of the host ----

    def handle(self, data: bytes) -> bool:
        """Handle an AccelStepper sysex."""
        if len(data) < 2:
            self.session.refuse("stepper message is too short")
        elif data[0] >= accelstepper.GROUP_CONFIGURE:
            self.groups.handle(data[0], data[1], data[2:])
        elif data[1] >= self.session.features.devices:
            self.session.refuse("no such stepper")
        elif len(data) - 2 < SIZES.get(data[0], 1 << 7):
            self.session.refuse("stepper message is not known")
        elif data[0] == accelstepper.CONFIGURE:
            self._configure(data[1], data[2:])
        elif data[1] not in self.by_number:
            self.session.refuse("stepper is not configured")
        else:
            self._actions[data[0]](self.by_number[data[1]], data[2:])
        return True

    def handle_axis(self, data: bytes) -> None:
        """Handle 0A: an abrupt stop, or a query of a device's state."""
        axis = self.by_number.get(data[1]) if len(data) >= 2 else None
        if axis is None or data[0] > own.QUERY_AXIS:
            self.session.refuse("no such axis")
        elif data[0] == own.QUERY_AXIS:
            active = sum(1 << end for end in (own.LOW_END, own.HIGH_END) if self.moves.is_at_limit(axis, end))
            self.session.send(own.axis(own.AxisReport(axis.number, axis.model.is_moving, axis.position, active)))
        else:
            self.homing.cancel(axis)
            if axis.model.is_moving:
                axis.model.stop_abruptly()
                self._on_move_end(axis)
            elif axis.group is None:
                self.complete(axis)

    # ---- configuring ----

    def _configure(self, number: int, data: bytes) -> None:
        interface, *pins = data
        wires, step_size = interface >> 4 & 0x07, interface >> 1 & 0x07
        has_enable, count = interface & HAS_ENABLE, 2 if wires == accelstepper.DRIVER else wires
        self.groups.dissolve_groups_of(number)
        if not 1 <= wires <= 4 or step_size > 1 or (wires == 2 and step_size):
            self.session.refuse("such steppers are not known")
        elif len(pins) < count + has_enable:
            self.session.refuse("stepper's pins are missing")
        else:
            self._release(number)
            taken = pins[: count + has_enable]
            for place, pin in enumerate(taken):
                if not self.pins.is_free(pin) or pin in taken[:place]:
                    self.pins.refuse(pin, "cannot be a stepper's")
                    return
            inverted = pins[count + has_enable] if len(pins) > count + has_enable else 0
            self._take(number, taken[:count], taken[count] if has_enable else None, inverted)

    def _take(self, number: int, pins: list[int], enable_pin: int | None, inverted: int) -> None:
        for pin in pins:
            self.pins.claim(pin, PinMode.STEPPER)
        axis = VirtualAxis(number, f"stepper {number}", pins, enable_pin, not inverted & accelstepper.INVERT_ENABLE)
        is_reversed = bool(inverted & accelstepper.INVERT_DIRECTION_AS_DOCUMENTED)
        axis.model = self.session.board.declare_stepper(axis, pins[0], pins[1], is_reversed)
        self.by_number[number] = axis
        if enable_pin is not None:
            self.pins.claim(enable_pin, PinMode.STEPPER)
            self._set_enabled(axis, True)

    def _release(self, number: int) -> None:
        axis = self.by_number.pop(number, None)
        if axis is not None:
            self.homing.cancel(axis)
            axis.model.stop_abruptly()
            for end in (own.LOW_END, own.HIGH_END):
                self.pins.unwatch(f"limit {number} {end}")
            for pin in (*axis.pins, *([] if axis.enable_pin is None else [axis.enable_pin])):
                self.pins.release_pin(pin)

    def _enable(self, axis: VirtualAxis, data: bytes) -> None:
        if axis.enable_pin is None:
            self.session.refuse("stepper has no enable pin")
        elif not self.session.is_stopped or not data[0]:
            self._set_enabled(axis, data[0] != 0)

    def _set_enabled(self, axis: VirtualAxis, on: bool) -> None:
        assert axis.enable_pin is not None
        output = self.session.board.output(axis.enable_pin)
        output.declared = True
        output.write(axis.enabled_level == on)

    def _set_speed(self, axis: VirtualAxis, data: bytes) -> None:
        speed = decode_decimal(data)
        if not self.moves.check_speed(speed):
            return
        if not axis.model.is_moving or axis.group is not None:
            axis.speed = speed
        elif self.moves.check_step_rate(speed - axis.move_speed):
            axis.speed = axis.move_speed = speed
            axis.model.change_target(axis.target, speed)

    def _set_acceleration(self, axis: VirtualAxis, data: bytes) -> None:
        acceleration = decode_decimal(data)
        if not 0 <= acceleration <= MAX_ACCELERATION:
            self.session.refuse("no such acceleration")
            return
        changes_move = axis.model.is_moving and axis.group is None and axis.acceleration > 0 and acceleration > 0
        axis.acceleration = acceleration
        if changes_move:
            axis.model.change_target(axis.target, None, acceleration)

    # ---- limits ----

    def _set_limits(self, axis: VirtualAxis, data: bytes) -> None:
        limits = [Limit(data[at], data[at + 1] != 0) for at in (0, 2)]
        for end, limit in enumerate(limits):
            who = f"limit {axis.number} {end}"
            if limit.pin == own.NO_PIN:
                self.pins.unwatch(who)
                axis.limits[end] = None
                continue
            if not self.pins.can_be_watched(limit.pin):
                self.pins.refuse(limit.pin, "cannot be a limit")
                return
            if not limit.active:
                self.pins.make_input(limit.pin, pull_up=True)
            elif self.pins.modes.get(limit.pin) not in (PinMode.INPUT, PinMode.PULLUP):
                self.pins.make_input(limit.pin, pull_up=False)
            axis.limits[end] = limit
            self.pins.unwatch(who)
            self.pins.watch(limit.pin, who, lambda _: self._on_limits(axis))

    def _on_limits(self, axis: VirtualAxis) -> None:
        end = axis.moving_towards()
        if end is not None and self.moves.is_at_limit(axis, end):
            axis.model.stop_abruptly()
            axis.limit_end = end
            self._on_move_end(axis)

    # ---- moves ----

    def _move_to(self, axis: VirtualAxis, target: int) -> None:
        if axis.group is not None or self.homing.is_homing(axis):
            self.session.refuse("axis is moved by others")
        elif self.moves.check_step_rate(0.0 if axis.model.is_moving else axis.speed):
            self.moves.start_move(axis, target, axis.speed, axis.acceleration)

    def _on_move_end(self, axis: VirtualAxis) -> None:
        """A move has ended: at its target, by a stop, or at a limit."""
        if self.homing.is_homing(axis):
            self.homing.advance(axis, axis.limit_end is not None)
            return
        if axis.limit_end is not None and self.session.has_own_reports:
            self.session.send(own.limit_hit(axis.number, axis.limit_end))
        if axis.group is None:
            self.complete(axis)
        else:
            self.groups.on_member_end(axis, axis.group)

    def complete(self, axis: VirtualAxis) -> None:
        """Report the end of a move, with the position."""
        self.session.send(accelstepper.move_complete(axis.number, axis.position))

    def _report(self, axis: VirtualAxis) -> None:
        self.session.send(accelstepper.position(axis.number, axis.position))

    def _slow_down(self, axis: VirtualAxis, _: bytes) -> None:
        self.homing.cancel(axis)
        if axis.model.is_moving:
            axis.model.slow_down()
            axis.target = axis.model.rest_at - (axis.model.true_position - axis.position)
        elif axis.group is None:
            self.complete(axis)
