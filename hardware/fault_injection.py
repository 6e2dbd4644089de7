"""Fault injection: faults of the line, of the board and of devices, each at a given time.

As text, for ``--fault``: the kind, ``=value`` where it takes one, and ``@seconds`` from the start (at once if left
out).

    cut@30                      the cable is pulled, and the host's computer notices
    garble=0.001                each byte is changed with this probability, both ways
    drop=0.5@30                 each chunk that the board sends is lost with this probability
    delay=0.05                  what the board sends is delayed by so many seconds
    reset@30                    the board resets itself
    brownout@30                 its supply dips: it resets, and axes without current turn by up to half a full step
    panel_in_place:open@30      this switch is stuck open; also :closed
    start_button:bouncing=8     each change of this switch bounces for so many ms
    carriage:slips=20@30        this axis loses so many steps between two moves
    carriage:home_open          its home switch is stuck open; also :home_closed
    trigger:dead@30             this output does nothing
    wheel:stuck@30              this encoder counts no more
    scale:silent@30             this device on the I2C bus does not answer any more
    scanner:unplugged@30        this device is pulled out of the computer
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

import numpy as np
import simpy
from simpy.events import Event, Timeout

from cellwright.errors import InputError, nearest
from cellwright.hardware.device import Device
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.firmata.protocol.cellwright import BROWN_OUT, RESET_BUTTON
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.model.board import ModelBoard
from cellwright.hardware.model.world import WorldAxis
from cellwright.hardware.transport.link import Link

FULL_STEP = 8
"""Microsteps of a full step at 1/8 step: without current an axis may turn by up to half of that, either way."""
STANDSTILL_POLL_S = 0.01


class FaultKind(NamedTuple):
    """A kind of fault. value: its default value."""

    description: str
    value: float | None = None
    max_value: float = float("inf")


LINE_FAULTS = {
    "cut": FaultKind("the cable is pulled"),
    "garble": FaultKind("bytes are changed with this probability", 0.001, max_value=1.0),
    "drop": FaultKind("what the board sends is lost with this probability", 0.5, max_value=1.0),
    "delay": FaultKind("what the board sends comes so many seconds late", 0.05),
}
BOARD_FAULTS = {"reset": FaultKind("the board resets itself"), "brownout": FaultKind("the supply dips")}
DEVICE_FAULTS = {
    "open": FaultKind("a contact is stuck open"),
    "closed": FaultKind("a contact is stuck closed"),
    "bouncing": FaultKind("a contact bounces for so many ms", 8.0),
    "slips": FaultKind("an axis loses so many steps", 20.0),
    "dead": FaultKind("an output does nothing"),
    "stuck": FaultKind("an encoder counts no more"),
    "silent": FaultKind("a device on the I2C bus does not answer"),
    "unplugged": FaultKind("a device is pulled out of the computer"),
}
"""Which of them a device can have follows from its own description of itself (see hardware/device.py)."""
_TEXT = re.compile(r"(?:(?P<device>\w+):)?(?P<kind>\w+)(?:=(?P<value>[^@]+))?(?:@(?P<at>.+))?")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that occurs ``at_s`` seconds after the start. device: the name of the device that has it."""

    kind: str
    value: float | None = None
    at_s: float = 0.0
    device: str = ""

    def __str__(self) -> str:
        value = "" if self.value is None else f"={self.value:g}"
        return f"{self.device + ':' if self.device else ''}{self.kind}{value}{f'@{self.at_s:g}' if self.at_s else ''}"

    @property
    def needs_bytes(self) -> bool:
        """Whether it concerns a line or a microcontroller, which a model board does not have."""
        return not self.device


def read_fault(text: str, devices: Mapping[str, Device]) -> Fault:
    """Parse a fault. Raises InputError, with the nearest name, for one that does not exist."""
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise InputError(f"--fault {text}: write it as cut@30, garble=0.001 or device:open@30.")
    name, device = match["kind"], match["device"] or ""
    if device and device not in devices:
        raise InputError(f"--fault {text}: there is no device {device!r}; {nearest(device, devices)}")
    kind = _kind(text, name, devices.get(device))
    value = kind.value if match["value"] is None else _number(text, match["value"], kind.max_value)
    if match["value"] is not None and kind.value is None:
        raise InputError(f"--fault {text}: {name} takes no value.")
    return Fault(name, value, _number(text, match["at"] or "0"), device)


def _kind(text: str, name: str, device: Device | None) -> FaultKind:
    if device is None:
        kinds = LINE_FAULTS | BOARD_FAULTS
    else:
        kinds = {each: DEVICE_FAULTS[fault.kind] for each, fault in device_faults(device).items()}
    if name not in kinds:
        refused = f"there is no fault {name!r} here" if device is None else f"{device.name} has no fault {name!r}"
        raise InputError(f"--fault {text}: {refused}; {nearest(name, kinds)}")
    return kinds[name]


def _number(text: str, word: str, max_value: float = float("inf")) -> float:
    try:
        number = float(word)
    except ValueError:
        number = -1.0
    if not 0 <= number <= max_value or number == float("inf"):
        limit = "" if max_value == float("inf") else f" and at most {max_value:g}"
        raise InputError(f"--fault {text}: {word!r} stands where a number of at least 0{limit} belongs.")
    return number


class DeviceFault(NamedTuple):
    """A fault that a device can have.

    pin: its number, or the device's address on the I2C bus; -1 if it has neither. open_level: of a contact.
    """

    kind: str
    pin: int = -1
    open_level: bool = False

    @property
    def stuck_level(self) -> bool:
        """The level of a contact that is stuck."""
        return self.open_level if self.kind == "open" else not self.open_level


def device_faults(device: Device) -> dict[str, DeviceFault]:
    """The faults that a device can have, by name, as its pins, its addresses and its socket say."""
    faults = {
        f"{pin.fault_prefix}{kind}": DeviceFault(kind, pin.number, pin.rests_high)
        for pin in device.pins().values()
        for kind in pin.faults
    }
    for address in device.i2c_addresses()[:1]:
        faults["silent"] = DeviceFault("silent", address)
    if device.is_plugged_into_computer:
        faults["unplugged"] = DeviceFault("unplugged")
    return faults


class FaultyLink(Link):
    """A link whose line can be disturbed: bytes may be changed, lost or delayed.

    garble: the probability that a byte is changed, both ways. drop: that a chunk from the board is lost. delay_s: the
    delay of what the board sends.
    """

    def __init__(self, env: simpy.Environment, link: Link, random: np.random.Generator) -> None:
        super().__init__(link.name)
        self.env = env
        self.garble = 0.0
        self.drop = 0.0
        self.delay_s = 0.0
        self._link = link
        self._random = random
        self._is_cut = False
        self._delivered_at_s = 0.0  # when the last delayed chunk is delivered
        link.on_bytes = self._receive
        link.on_lost = self.cut

    def cut(self, reason: str = "the cable was pulled") -> None:
        """Cut the line: nothing passes any more, and ``on_lost`` is called at this end."""
        if not self._is_cut:
            self._is_cut = True
            self.on_lost(reason)

    def write(self, data: bytes) -> None:
        if not self._is_cut:
            self._link.write(self._corrupted(data))

    def try_another_rate(self) -> None:
        self._link.try_another_rate()

    def _receive(self, data: bytes) -> None:
        if self._is_cut or (self.drop and self._random.random() < self.drop):
            return
        data = self._corrupted(data)
        now_s = self.env.now
        # A line keeps its order, also when the delay has become shorter.
        due_s = max(now_s + self.delay_s, self._delivered_at_s)
        if due_s > now_s:
            self._delivered_at_s = due_s
            Timeout(self.env, due_s - now_s).callbacks.append(lambda _: self._deliver(data))
        else:
            self._deliver(data)

    def _deliver(self, data: bytes) -> None:
        if not self._is_cut:
            self.on_bytes(data)

    def _corrupted(self, data: bytes) -> bytes:
        if not self.garble:
            return data
        hit = self._random.random(len(data)) < self.garble
        changed = self._random.integers(1, 256, len(data), dtype=np.uint8)
        return (np.frombuffer(data, np.uint8) ^ np.where(hit, changed, 0).astype(np.uint8)).tobytes()

    def close(self) -> None:
        self._link.close()


class Contact(Protocol):
    """An input that the plant drives."""

    env: simpy.Environment

    @property
    def level(self) -> bool:
        """The present level."""
        ...

    def set_level(self, level: bool) -> None:
        """Set the level of the contact."""
        ...


class FaultInjector:
    """Injects faults into a cell's line, board and devices. ``link`` and ``arduino`` are None on a model board."""

    def __init__(
        self,
        env: simpy.Environment,
        model: ModelBoard | None,
        devices: Mapping[str, Device],
        random: np.random.Generator,
        link: FaultyLink | None = None,
        arduino: VirtualArduino | None = None,
    ) -> None:
        self.env = env
        self.model = model
        self.devices = devices
        self.link = link
        self.arduino = arduino
        self.random = random

    def schedule(self, fault: Fault) -> None:
        """Schedule a fault, its time counted from now. Raises InputError if this cell has nothing that can fail so."""
        inject = self.action_for(fault)
        if fault.at_s:
            Timeout(self.env, fault.at_s).callbacks.append(lambda _: inject())
        else:
            inject()

    def action_for(self, fault: Fault) -> Callable[[], None]:
        """The action that injects a fault. Raises InputError if this cell has nothing that can fail so."""
        if fault.kind in LINE_FAULTS:
            if self.link is None:
                raise InputError(f"--fault {fault}: there is no line here; use --on virtual.")
            return partial(self._inject_line_fault, self.link, fault)
        if fault.kind in BOARD_FAULTS:
            if self.arduino is None:
                raise InputError(f"--fault {fault}: there is no virtual Arduino here; use --on virtual.")
            return partial(self._inject_board_fault, self.arduino, fault)
        if self.model is None:
            raise InputError(f"--fault {fault}: a real device breaks by itself; use --on virtual.")
        what = device_faults(self.devices[fault.device])[fault.kind]
        if what.kind == "unplugged":
            return partial(self._unplug, fault.device)
        return partial(self._inject_device_fault, self.model, what, fault.value or 0)

    def _unplug(self, name: str) -> None:
        device = self.devices[name]
        device.board.peripherals.unplug(device)

    @staticmethod
    def _inject_line_fault(link: FaultyLink, fault: Fault) -> None:
        if fault.kind == "cut":
            link.cut()
        else:
            setattr(link, {"delay": "delay_s"}.get(fault.kind, fault.kind), fault.value)

    def _inject_board_fault(self, arduino: VirtualArduino, fault: Fault) -> None:
        arduino.reset(BROWN_OUT if fault.kind == "brownout" else RESET_BUTTON)
        if fault.kind == "brownout":
            for axis in arduino.board.steppers.values():
                axis.slip(int(self.random.integers(-FULL_STEP // 2, FULL_STEP // 2 + 1)))

    def _inject_device_fault(self, model: ModelBoard, fault: DeviceFault, value: float) -> None:
        if fault.kind == "slips":
            self.env.process(self.slip_at_rest(model.axis(fault.pin), round(value)))
        elif fault.kind == "dead":
            model.output(fault.pin).disconnect()
        elif fault.kind == "silent":
            model.i2c_devices.pop(fault.pin, None)
        elif fault.kind == "stuck":
            for pins, encoder in model.encoders.items():
                if pins[0] == fault.pin:
                    encoder.stick()
        elif fault.kind == "bouncing":
            bounce(model.input(fault.pin), value / 1000, self.random)
        else:
            _stick(model.input(fault.pin), fault.stuck_level)

    def slip_at_rest(self, axis: WorldAxis, steps: int) -> Generator[Event, Any, None]:
        """Let an axis lose steps at its next standstill."""
        while axis.is_moving:
            yield self.env.timeout(STANDSTILL_POLL_S)
        axis.slip(steps)


def _stick(contact: DigitalInput, level: bool) -> None:
    """Set the contact to ``level`` for good."""
    contact.set_level(level)

    def stay(level: bool) -> None:
        """Ignore further changes."""

    contact.set_level = stay  # type: ignore[method-assign]


def bounce(contact: Contact, seconds: float, random: np.random.Generator) -> None:
    """Let each change of the contact be followed by some quick ones back and forth."""
    settle = contact.set_level
    last, changes = contact.level, 0

    def set_level(level: bool) -> None:
        nonlocal last, changes
        if level == last:
            return
        last = level
        changes += 1
        settle(level)
        times_s = np.sort(random.uniform(0, seconds, 2 * int(random.integers(1, 5))))
        for number, time_s in enumerate(times_s):
            bounced = level if number % 2 else not level
            Timeout(contact.env, float(time_s)).callbacks.append(partial(chatter, bounced, changes))

    def chatter(level: bool, change: int, _: Event) -> None:
        if change == changes:  # unless the next change has come since
            settle(level)

    contact.set_level = set_level  # type: ignore[method-assign]
