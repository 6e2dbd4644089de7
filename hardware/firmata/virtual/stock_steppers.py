"""VirtualSteppers: ConfigurableFirmata's AccelStepper feature (AccelStepperFirmata.cpp) on a model board's axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cellwright.hardware.firmata.protocol import accelstepper
from cellwright.hardware.firmata.protocol.codec import decode_decimal, decode_i32
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.pins import VirtualPins
from cellwright.hardware.firmata.virtual.session import VirtualSession
from cellwright.hardware.model.axes import ModelStepper

MAX_ACCELERATION = 1_000_000.0
"""What the firmware uses for full speed at once, steps/s²."""

MAX_ENCODABLE_STEPS = 1 << 28
"""The firmware drops bits 28 to 30 of a received number."""


@dataclass(slots=True)
class _Device:
    """A configured driver. Speeds in steps/s, accelerations in steps/s², as the firmware has them at first."""

    number: int
    name: str
    axis: ModelStepper
    enable_pin: int | None
    enabled_level: bool
    max_speed: float = 1.0
    acceleration: float = MAX_ACCELERATION
    has_stale_speed: bool = False


@dataclass(slots=True)
class _Group:
    """Devices that arrive together."""

    devices: list[_Device] = field(default_factory=list)
    still_moving: int = 0


@dataclass(slots=True)
class _AxisName:
    name: str


class VirtualSteppers:
    """Steppers and their groups, by number."""

    def __init__(self, session: VirtualSession, pins: VirtualPins) -> None:
        self.session = session
        self.pins = pins
        self._devices: dict[int, _Device] = {}
        self._groups: dict[int, _Group] = {}
        self._groups_ever: set[int] = set()
        # By sub-command: how many bytes must follow the number, and the handler.
        self._messages: dict[int, tuple[int, Callable[[int, bytes], None]]] = {
            accelstepper.CONFIGURE: (3, self._configure),
            accelstepper.ZERO: (0, self._on_device(self._zero)),
            accelstepper.MOVE_BY: (5, self._on_device(self._step)),
            accelstepper.MOVE_TO: (5, self._on_device(self._to)),
            accelstepper.ENABLE: (1, self._on_device(self._enable)),
            accelstepper.STOP_DEVICE: (0, self._on_device(self._stop)),
            accelstepper.REPORT_POSITION: (0, self._on_device(self._report)),
            accelstepper.SET_ACCELERATION: (4, self._on_device(self._set_acceleration)),
            accelstepper.SET_SPEED: (4, self._on_device(self._set_speed)),
            accelstepper.GROUP_CONFIGURE: (0, self._configure_group),
            accelstepper.GROUP_MOVE_TO: (0, self._on_group(self._group_to)),
            accelstepper.GROUP_STOP: (0, self._on_group(self._stop_group)),
        }

    def reset(self) -> None:
        """Stop all axes abruptly and clear all devices and groups."""
        for device in self._devices.values():
            device.axis.stop_abruptly()
        self._devices.clear()
        self._groups.clear()

    def handle(self, data: bytes) -> bool:
        """Handle an AccelStepper sysex. The firmware silently ignores an invalid one."""
        if len(data) < 2 or data[0] not in self._messages:
            self._complain(f"AccelStepper was sent {data.hex(' ') or 'nothing'}, which is no message of its own.")
            return True
        least, do = self._messages[data[0]]
        if data[1] >= accelstepper.MAX_DEVICES:
            self._complain(f"AccelStepper has no device or group {data[1]}.")
        elif len(data) - 2 < least:
            self._complain(f"AccelStepper message {data.hex(' ')} is too short.")
        else:
            do(data[1], data[2:])
        return True

    def _complain(self, sentence: str) -> None:
        self.session.complain(sentence)

    def _on_device(self, do: Callable[[_Device, bytes], None]) -> Callable[[int, bytes], None]:
        def do_if_configured(number: int, data: bytes) -> None:
            if number in self._devices:
                do(self._devices[number], data)
            else:
                self._complain(f"Stepper {number} was used before it was configured.")

        return do_if_configured

    def _on_group(self, do: Callable[[int, _Group, bytes], None]) -> Callable[[int, bytes], None]:
        def do_if_configured(number: int, data: bytes) -> None:
            if number in self._groups:
                do(number, self._groups[number], data)
            else:
                self._complain(f"Stepper group {number} was used before it was configured: real firmware crashes.")

        return do_if_configured

    # ---- single devices ----

    def _configure(self, number: int, data: bytes) -> None:
        interface, step_pin, direction_pin, *rest = data
        if interface >> 4 & 0x07 != accelstepper.DRIVER:
            self._complain(f"Stepper {number} has no driver; only drivers are modelled.")
            return
        enable_pin = rest.pop(0) if interface & 0x01 and rest else None
        for pin in (step_pin, direction_pin, enable_pin):
            if pin is not None and pin not in self.session.pin_map.digital:
                self._complain(f"Stepper {number} cannot be on pin {pin}, which is no digital pin.")
                return
        if not rest:
            self._complain(f"Stepper {number} was configured without its invert byte: real firmware reads a stale one.")
        inverted = rest[0] if rest else 0
        if number in self._devices:
            self._devices[number].axis.stop_abruptly()
        self.pins.set_mode(step_pin, PinMode.STEPPER)
        self.pins.set_mode(direction_pin, PinMode.STEPPER)
        name = f"stepper {number}"
        is_reversed = bool(inverted & accelstepper.INVERT_DIRECTION)
        axis = self.session.board.declare_stepper(_AxisName(name), step_pin, direction_pin, is_reversed)
        device = _Device(number, name, axis, enable_pin, not inverted & accelstepper.INVERT_ENABLE)
        self._devices[number] = device
        self._set_enabled(device, True)  # AccelStepper's setEnablePin: a driver is on from here

    def _set_enabled(self, device: _Device, on: bool) -> None:
        if device.enable_pin is not None:
            self.pins.drive(device.enable_pin, device.enabled_level == on)

    def _enable(self, device: _Device, data: bytes) -> None:
        self._set_enabled(device, data[0] != 0)

    def _zero(self, device: _Device, _: bytes) -> None:
        was_moving = device.axis.is_moving
        device.axis.stop_abruptly()
        device.axis.zero()
        device.has_stale_speed = False
        if was_moving:
            self._send_complete(device)  # the target became 0 too, which ends the move

    def _step(self, device: _Device, data: bytes) -> None:
        self._move(device, device.axis.position + self._decode(device, data))

    def _to(self, device: _Device, data: bytes) -> None:
        self._move(device, self._decode(device, data))

    def _decode(self, device: _Device, data: bytes) -> int:
        value = decode_i32(data)
        if abs(value) < MAX_ENCODABLE_STEPS:
            return value
        self._complain(f"{device.name} was sent {value} steps: real firmware loses all from 2^28 on.")
        return abs(value) % MAX_ENCODABLE_STEPS * (-1 if value < 0 else 1)

    def _move(self, device: _Device, target: int) -> None:
        if device.has_stale_speed:
            self._complain(f"{device.name} was moved after a stop without zero: real firmware starts at full speed.")
            device.has_stale_speed = False
        if device.axis.is_moving:
            device.axis.change_target(target)  # the move's one answer comes when it ends there
        elif target == device.axis.position:
            self._send_complete(device)
        elif device.max_speed == 0:
            self._complain(f"{device.name} was moved at speed 0.")
        else:
            move = device.axis.move_to(target, device.max_speed, device.acceleration)
            move.callbacks.append(lambda _: self._send_complete(device))

    def _send_complete(self, device: _Device) -> None:
        self.session.send(accelstepper.move_complete(device.number, device.axis.position))

    def _report(self, device: _Device, _: bytes) -> None:
        self.session.send(accelstepper.position(device.number, device.axis.position))

    def _stop(self, device: _Device, _: bytes) -> None:
        device.has_stale_speed |= device.axis.is_moving
        device.axis.stop_abruptly()
        self._send_complete(device)

    # A speed or an acceleration set during a move applies from the next move on; the firmware applies it at once.

    def _set_acceleration(self, device: _Device, data: bytes) -> None:
        device.acceleration = abs(decode_decimal(data)) or MAX_ACCELERATION

    def _set_speed(self, device: _Device, data: bytes) -> None:
        device.max_speed = abs(decode_decimal(data))

    # ---- groups ----

    def _configure_group(self, number: int, data: bytes) -> None:
        if number >= accelstepper.MAX_GROUPS:
            self._complain(f"Stepper group {number} is out of range: real firmware crashes.")
            return
        if number in self._groups_ever:
            self._complain(f"Stepper group {number} was configured twice: real firmware adds up its devices.")
        self._groups_ever.add(number)
        missing = [each for each in data if each not in self._devices]
        if missing:
            self._complain(f"Stepper group {number} has devices that are not configured: {missing}.")
        self._groups[number] = _Group([self._devices[each] for each in data if each in self._devices])

    def _group_to(self, number: int, group: _Group, data: bytes) -> None:
        if len(data) < 5 * len(group.devices):
            self._complain(f"Stepper group {number} was sent fewer positions than it has devices.")
            return
        targets = [self._decode(device, data[5 * place :]) for place, device in enumerate(group.devices)]
        for device in group.devices:
            if device.axis.is_moving:
                self._complain(f"{device.name} was moved with a group while it was moving.")
                device.axis.stop_abruptly()
        # As MultiStepper does it: constant speeds, such that all take as long as the slowest.
        distances = [abs(target - device.axis.position) for target, device in zip(targets, group.devices, strict=True)]
        times_s = [
            distance / max(device.max_speed, 1e-9) for distance, device in zip(distances, group.devices, strict=True)
        ]
        group.still_moving = sum(distance > 0 for distance in distances)
        if group.still_moving == 0:
            self.session.send(accelstepper.group_complete(number))
        for distance, target, device in zip(distances, targets, group.devices, strict=True):
            if distance:
                move = device.axis.move_to(target, distance / max(times_s), MAX_ACCELERATION)
                move.callbacks.append(lambda _: self._arrive_in_group(number, group))

    def _arrive_in_group(self, number: int, group: _Group) -> None:
        group.still_moving -= 1
        if group.still_moving == 0:
            self.session.send(accelstepper.group_complete(number))

    def _stop_group(self, number: int, group: _Group, _: bytes) -> None:
        for device in group.devices:
            device.axis.stop_abruptly()
        group.still_moving = 0
        self.session.send(accelstepper.group_complete(number))
