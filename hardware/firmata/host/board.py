"""FirmataBoard: the boards that devices talk to, over Firmata. Everything runs in the time of ``env``.

On a SimPy environment and a line in memory it is as deterministic as the model; on a WallClock and a serial port it
drives the Arduino on the desk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

import simpy
from simpy.events import Event

from cellwright.errors import CapabilityError, CellFault
from cellwright.hardware.board import Board, ConverterPort, StepperPort
from cellwright.hardware.firmata.host.cellwright_firmware import CellwrightAdapter
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.host.ports import (
    REPLY_TIMEOUT_S,
    Declarable,
    FirmataAnalog,
    FirmataEncoder,
    FirmataI2c,
    FirmataInput,
    FirmataLevel,
    FirmataOutput,
)
from cellwright.hardware.firmata.host.scheduler_watchdog import TASK_DELAY_S, SchedulerWatchdog
from cellwright.hardware.firmata.host.stepper import FirmataStepper
from cellwright.hardware.firmata.host.stepper_group import FirmataGroup
from cellwright.hardware.firmata.host.stock_firmware import FirmwareAdapter
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol.accelstepper import decode_reply
from cellwright.hardware.firmata.protocol.encoder_i2c_scheduler import decode_encoder_counts, decode_i2c_reply
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.transport.link import Link
from cellwright.hardware.waits import Named, Wait

MODE_NAMES = {
    PinMode.INPUT: "a digital input",
    PinMode.OUTPUT: "a digital output",
    PinMode.ANALOG: "an analog input",
    PinMode.PWM: "PWM",
    PinMode.SERVO: "a servo",
    PinMode.STEPPER: "AccelStepper",
    PinMode.ENCODER: "an encoder",
}
RESEND_INTERVAL_S = 0.5
SERVO_SCALE = 1  # a value below 544 is an angle in degrees
MAX_ANGLE_DEG = 180.0

PortT = TypeVar("PortT", bound=Declarable)


class FirmataBoard(Board):
    """A board at the other end of ``link``. Wait for ``ready`` before declaring anything on it.

    notes: sentences for a person to read about this board.
    """

    def __init__(self, env: simpy.Environment, link: Link) -> None:
        self.env = env
        self.client = FirmataClient(env, link)
        self.client.on_restart = self.redeclare
        self.client.on_failure = self.report_trouble
        self.client.report_restart = lambda sentence: self.adapter.report_restart(sentence)
        self.ready: Event = self.client.ready
        self.ready.callbacks.append(self._choose_adapter)
        self.adapter = FirmwareAdapter(self)
        self.locked = False
        self.notes: list[str] = []
        self.communication_watchdog = SchedulerWatchdog(env, self.client, self._on_watchdog_fired)
        self.outputs: dict[int, FirmataOutput] = {}
        self.inputs: dict[int, FirmataInput] = {}
        self.steppers: list[FirmataStepper] = []
        self.groups: list[FirmataGroup] = []
        self.levels: list[FirmataLevel] = []
        self._encoders: list[FirmataEncoder] = []
        self._i2c: dict[int, FirmataI2c] = {}
        self._declared: list[Declarable] = []
        self._trouble_actions: list[Callable[[str], None]] = []
        self._round_trips: deque[tuple[float, Wait]] = deque()  # until when each may take
        self.client.on_sysex(messages.ACCELSTEPPER_DATA, self._on_stepper)
        self.client.on_sysex(messages.ENCODER_DATA, self._on_encoder)
        self.client.on_sysex(messages.I2C_REPLY, self._on_i2c)
        self.client.on_sysex(messages.ANALOG_MAPPING_RESPONSE, self._end_round_trip)

    def _choose_adapter(self, ready: Event) -> None:
        """Use the features of CellwrightFirmata once the board has reported them."""
        if ready.ok and self.client.features is not None:
            self.adapter = CellwrightAdapter(self, self.client.features)

    @property
    def description(self) -> str:
        """What this board is, as the end of a sentence."""
        return f"this board runs {self.firmware} and has pins 0 to {len(self.client.capabilities) - 1}"

    @property
    def firmware(self) -> str:
        """Name and version of its firmware."""
        major, minor = self.client.firmware_version or (0, 0)
        name = (self.client.firmware_name or "an unknown firmware").removesuffix(".ino")
        return f"{name} {major}.{minor}"

    @property
    def is_connected(self) -> bool:
        return self.client.is_open

    def send(self, data: bytes) -> None:
        """Send messages."""
        self.client.send(data)

    def close(self) -> None:
        """Close the line. The outputs keep their levels, so make the board safe first."""
        self.adapter.end_protection()
        self.client.close()

    # ---- declaring ----

    def declare(self, port: PortT) -> PortT:
        """Declare a port, now and after each reset of the board."""
        self._declared.append(port)
        port.declare()
        return port

    def _require(self, pin: int, mode: PinMode) -> None:
        if not self.client.supports(pin, mode):
            raise CapabilityError(f"{MODE_NAMES[mode]} on pin {pin}", self.description)

    def declare_output(
        self, pin: int, safe: bool, max_on_s: float | None = None, max_duty: float = 1.0
    ) -> FirmataOutput:
        self._require(pin, PinMode.OUTPUT)
        self.outputs[pin] = self.adapter.output(pin, safe, max_on_s, max_duty)
        return self.declare(self.outputs[pin])

    def declare_input(self, pin: int, at_rest: bool) -> FirmataInput:
        self._require(pin, PinMode.INPUT)
        if at_rest and not self.client.supports(pin, PinMode.PULLUP):
            self.notes.append(f"Pin {pin} has no pull-up in this firmware: wire a resistor of 10 kΩ to 5 V.")
        self.inputs[pin] = self.adapter.input(pin, at_rest)
        return self.declare(self.inputs[pin])

    def declare_stop_input(self, pin: int, active: bool) -> None:
        self.adapter.watch_stop_input(pin, active)

    def declare_stepper(self, device: Named, step: int, dir: int, inverted: bool) -> FirmataStepper:
        for pin in (step, dir):
            self._require(pin, PinMode.STEPPER)
        number = len(self.steppers)
        if number == self.adapter.devices:
            raise CapabilityError(f"one stepper more than the firmware's {self.adapter.devices}", self.description)
        self.steppers.append(self.adapter.stepper(number, device, step, dir, inverted))
        return self.declare(self.steppers[number])

    def declare_limit(self, stepper: StepperPort, pin: int, active: bool) -> None:
        self.adapter.watch_limit(cast(FirmataStepper, stepper), pin, active)

    def home(
        self, stepper: StepperPort, fast: float, slow: float, acceleration: float, back_off: int, most: int
    ) -> Wait | None:
        return self.adapter.home(cast(FirmataStepper, stepper), fast, slow, acceleration, back_off, most)

    def declare_group(self, steppers: Sequence[FirmataStepper]) -> FirmataGroup:
        """Make a group of steppers that arrive together; the firmware has five. Source: accelStepperFirmata.md."""
        if len(self.groups) == accelstepper.MAX_GROUPS:
            raise CapabilityError(f"a sixth group; the firmware has {accelstepper.MAX_GROUPS}", self.description)
        self.groups.append(FirmataGroup(self, len(self.groups), steppers))
        return self.declare(self.groups[-1])

    def stop_groups(self) -> None:
        """Stop every group abruptly, since a group moves its axes whatever was sent to each of them."""
        for group in self.groups:
            self.send(accelstepper.stop_group(group.number))

    def declare_analog(self, pin: int) -> FirmataAnalog:
        self._require(pin, PinMode.ANALOG)
        if pin not in self.client.analog_channels:
            raise CapabilityError(f"an analog channel for pin {pin}", self.description)
        return self.declare(FirmataAnalog(self, pin))

    def declare_pwm(self, pin: int, safe: float = 0.0) -> FirmataLevel:
        self._require(pin, PinMode.PWM)
        scale = (1 << self.client.capabilities[pin][PinMode.PWM]) - 1
        self.levels.append(FirmataLevel(self, pin, PinMode.PWM, safe, 1.0, scale))
        return self.declare(self.levels[-1])

    def declare_servo(self, pin: int, safe: float) -> FirmataLevel:
        self._require(pin, PinMode.SERVO)
        self.levels.append(FirmataLevel(self, pin, PinMode.SERVO, safe, MAX_ANGLE_DEG, SERVO_SCALE))
        return self.declare(self.levels[-1])

    def declare_encoder(self, pin_a: int, pin_b: int) -> FirmataEncoder:
        for pin in (pin_a, pin_b):
            self._require(pin, PinMode.ENCODER)
        if len(self._encoders) == self.adapter.encoders:
            raise CapabilityError(f"one encoder more than the firmware's {self.adapter.encoders}", self.description)
        self._encoders.append(FirmataEncoder(self, len(self._encoders), pin_a, pin_b))
        return self.declare(self._encoders[-1])

    def declare_i2c(self, address: int) -> FirmataI2c:
        if not any(PinMode.I2C in modes for modes in self.client.capabilities):
            raise CapabilityError("I2C", self.description)
        if address not in self._i2c:
            self._i2c[address] = self.declare(FirmataI2c(self, address))
        return self._i2c[address]

    def declare_hx711(self, data: int, clock: int) -> ConverterPort:
        return self.adapter.converter(data, clock)

    def redeclare(self) -> None:
        """Declare everything again after the board has reset itself, every output at its safe level."""
        self._lock()
        self.adapter.before_redeclaring()
        for declared in self._declared:
            declared.declare()
        self.adapter.request_input_reports()
        self.adapter.restore_protection()

    def input_ports(self) -> list[int]:
        """The ports of eight pins that have inputs."""
        return self._ports_of(self.inputs)

    @staticmethod
    def _ports_of(pins: Iterable[int]) -> list[int]:
        return sorted({pin // 8 for pin in pins})

    # ---- before a run ----

    def prepare(self) -> Generator[Event, Any, None]:
        """After all is declared: read every input once, and arm the communication watchdog if there is one.

        Raises CellFault when the board does not answer.
        """
        for port in self.input_ports():
            self.client.on_digital(port, partial(self._on_port, port))
        self.adapter.request_input_reports()
        self.env.process(self._resend())
        self.adapter.prepare_protection()
        answer = self.round_trip()
        yield answer | self.env.timeout(answer.limit_s)
        if not answer.triggered:
            raise CellFault(f"{answer.what} within {answer.limit_s:g} s; check its cable and its supply.")
        self.adapter.protect()

    def _resend(self) -> Generator[Event, Any, None]:
        """Request every input again and again, and while the board is to be safe, resend that too.

        Firmata acknowledges nothing, so any message may have been lost, even the edge of an emergency stop.
        """
        while self.client.is_open:
            yield self.env.timeout(RESEND_INTERVAL_S)
            if self.locked:
                for message in self.adapter.stop_messages():
                    self.send(message)
                for contact in self.inputs.values():
                    contact.declare()
            self.adapter.request_input_reports()
            self.adapter.poll_state()

    def arm(self) -> None:
        """Arm the communication watchdog in the board's scheduler."""
        self.communication_watchdog.arm(b"".join(self.adapter.stop_messages()))

    def round_trip(self) -> Wait:
        """A wait for the reply to a query sent now: all that was sent before has arrived by then."""
        wait = Wait(self.env, self, "did not answer", REPLY_TIMEOUT_S)
        self._round_trips.append((self.env.now + REPLY_TIMEOUT_S, wait))
        self.send(messages.QUERY_ANALOG_MAPPING)
        return wait

    def _end_round_trip(self, _: bytes) -> None:
        while self._round_trips:
            until_s, wait = self._round_trips.popleft()
            if self.env.now <= until_s:  # an earlier one without a reply was lost
                wait.complete()
                return

    @property
    def name(self) -> str:
        """The board in the user's words."""
        return f"the board on {self.client.name}"

    # ---- stopping ----

    def port_message(self, port: int) -> bytes:
        """The levels of a port's outputs, as one message."""
        levels = sum(1 << pin % 8 for pin, output in self.outputs.items() if pin // 8 == port and output.level)
        return messages.port(port, levels)

    def safe_levels(self) -> list[bytes]:
        """The messages that drive every output to its safe level."""
        levels = dict.fromkeys(self._ports_of(self.outputs), 0)
        for pin, output in self.outputs.items():
            levels[pin // 8] |= output.safe << pin % 8
        return [messages.port(port, bits) for port, bits in levels.items()]

    def _lock(self) -> None:
        """Refuse to drive anything, and record the safe value of every output, duty and angle."""
        self.locked = True
        for output in self.outputs.values():
            output.make_safe()
        for level in self.levels:
            level.value = level.safe

    def make_safe(self) -> None:
        # Everything is sent, even what should be safe already: an earlier message may have been lost.
        self._lock()
        for message in self.adapter.stop_messages():
            self.send(message)
        for stepper in self.steppers:
            stepper.query_position()
        self.adapter.on_stopped()

    @property
    def is_safe(self) -> bool:
        """Whether everything was sent to its safe value, and nothing else was sent since."""
        ports: list[FirmataStepper | FirmataOutput | FirmataLevel] = [
            *self.steppers,
            *self.outputs.values(),
            *self.levels,
        ]
        return all(port.is_safe for port in ports)

    def release(self) -> None:
        """Allow outputs to be driven again; queries that a silence left without a reply are repeated.

        Raises CellFault when the link is lost, or the board is still silent.
        """
        if self.client.is_silent:
            raise CellFault(f"The board on {self.client.name} is still silent: wait until it has booted.")
        if not self.client.is_open:
            raise CellFault(f"The link to {self.client.name} is lost: plug the board in and start the run again.")
        for stepper in self.steppers:
            stepper.query_again_if_overdue()
        self.locked = False
        self.adapter.release()

    def on_failure(self, action: Callable[[str], None]) -> None:
        self._trouble_actions.append(action)

    def report_trouble(self, reason: str) -> None:
        """Report that something is wrong with the board."""
        if not self._trouble_actions:
            raise CellFault(reason)
        for action in self._trouble_actions:
            action(reason)

    def _on_watchdog_fired(self) -> None:
        self.report_trouble(
            f"The board on {self.client.name} heard nothing for {TASK_DELAY_S:g} s and switched its outputs to safe; "
            "this computer was too busy, or the link broke off."
        )

    # ---- messages from the board ----

    def _on_port(self, port: int, levels: int) -> None:
        for pin in range(8 * port, 8 * port + 8):
            if pin in self.inputs:
                self.inputs[pin].on_port(bool(levels >> pin % 8 & 1))

    def _on_stepper(self, data: bytes) -> None:
        reply = decode_reply(data)
        if reply is None:
            return
        if reply.kind == accelstepper.GROUP_COMPLETE:
            if reply.number < len(self.groups):
                self.groups[reply.number].on_complete()
        elif reply.number < len(self.steppers):
            self.steppers[reply.number].on_reply(reply)

    def _on_encoder(self, data: bytes) -> None:
        for number, count in decode_encoder_counts(data).items():
            if number < len(self._encoders):
                self._encoders[number].on_count(count)

    def _on_i2c(self, data: bytes) -> None:
        reply = decode_i2c_reply(data)
        if reply is not None and reply.address in self._i2c:
            self._i2c[reply.address].on_reply(reply)
