"""FirmataBoard: the boards that devices talk to, over Firmata. Everything runs in the time of the session's ``env``.

On a SimPy environment and a line in memory it is as deterministic as the model; on a WallClock and a serial port it
drives the Arduino on the desk.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from simpy.events import Event

from cellwright.errors import CapabilityError, CellFault
from cellwright.hardware.board import Board, DescribedDevice
from cellwright.hardware.firmata.host.capabilities import Capabilities
from cellwright.hardware.firmata.host.ports import (
    Declarable,
    FirmataAnalog,
    FirmataEncoder,
    FirmataI2c,
    FirmataInput,
    FirmataLevel,
    FirmataOutput,
    Outputs,
    ports_of,
)
from cellwright.hardware.firmata.host.session import REPLY_TIMEOUT_S, Session
from cellwright.hardware.firmata.host.stepper import Axes, FirmataStepper
from cellwright.hardware.firmata.host.stepper_group import FirmataGroup
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol.accelstepper import decode_reply
from cellwright.hardware.firmata.protocol.encoder_i2c_scheduler import decode_encoder_counts, decode_i2c_reply
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.servo import MAX_ANGLE_DEG, servo_pulse_us
from cellwright.hardware.pins import Feature, Need
from cellwright.hardware.waits import Named, Wait

RESEND_INTERVAL_S = 0.5

PortT = TypeVar("PortT", bound=Declarable)


class FirmataBoard(Board):
    """A board that answers, as ``connect`` returns it. What the firmwares do differently is abstract here.

    capabilities: what the board can do, with the limits of its firmware.
    """

    def __init__(self, session: Session, capabilities: Capabilities) -> None:
        self.session = session
        self.capabilities = capabilities
        self.env = session.env
        self.outputs = Outputs()
        self.inputs: dict[int, FirmataInput] = {}
        self.axes = Axes()
        self.groups: list[FirmataGroup] = []
        self.levels: list[FirmataLevel] = []
        self._servos = 0
        self._analogs: list[FirmataAnalog] = []
        self._encoders: list[FirmataEncoder] = []
        self._i2c: dict[int, FirmataI2c] = {}
        self._declared: list[Declarable] = []
        client = session.client
        client.on_restart = self.redeclare
        client.on_failure = session.report_trouble
        client.report_restart = self._report_restart
        client.on_sysex(messages.ACCELSTEPPER_DATA, self._on_stepper)
        client.on_sysex(messages.ENCODER_DATA, self._on_encoder)
        client.on_sysex(messages.I2C_REPLY, self._on_i2c)

    @property
    def firmware(self) -> str:
        """Name and version of its firmware."""
        return self.session.firmware

    @property
    def firmware_name(self) -> str | None:
        """The name that its firmware reports."""
        return self.session.client.firmware_name

    @property
    def notes(self) -> list[str]:
        """Sentences for a person to read about this board."""
        return self.session.notes

    @property
    def timed_inputs(self) -> int | None:
        """How many inputs the board times by itself; None where that makes no difference to its inputs."""
        return None

    @property
    def is_connected(self) -> bool:
        return self.session.client.is_open

    def round_trip(self) -> Wait:
        """A wait for a reply: all that was sent before has arrived by then."""
        return self.session.round_trip()

    def close(self) -> None:
        """Close the line and the peripherals. The outputs keep their levels, so make the board safe first."""
        self._end_protection()
        self.peripherals.close()
        self.session.client.close()

    # ---- declaring ----

    def declare(self, port: PortT) -> PortT:
        """Declare a port, now and after each reset of the board."""
        self._declared.append(port)
        port.declare()
        return port

    def require(self, devices: Mapping[str, DescribedDevice]) -> None:
        self.capabilities.require_all(devices)

    def declare_output(
        self, pin: int, safe: bool, max_on_s: float | None = None, max_duty: float = 1.0
    ) -> FirmataOutput:
        self.capabilities.require(Need(Feature.OUTPUT, (pin,)))
        self.outputs[pin] = self._make_output(pin, safe, max_on_s, max_duty)
        return self.declare(self.outputs[pin])

    @abstractmethod
    def _make_output(self, pin: int, safe: bool, max_on_s: float | None, max_duty: float) -> FirmataOutput: ...

    def declare_input(self, pin: int, at_rest: bool) -> FirmataInput:
        self.capabilities.require(Need(Feature.INPUT, (pin,)))
        if at_rest and not self.session.client.supports(pin, PinMode.PULLUP):
            label = self.capabilities.label(pin)
            label = label[0].upper() + label[1:]
            self.notes.append(f"{label} has no pull-up in this firmware: wire a resistor of 10 kΩ to 5 V.")
        self.inputs[pin] = self._make_input(pin, at_rest)
        return self.declare(self.inputs[pin])

    @abstractmethod
    def _make_input(self, pin: int, at_rest: bool) -> FirmataInput: ...

    def declare_stepper(self, device: Named, step: int, dir: int, inverted: bool) -> FirmataStepper:
        self.capabilities.require(Need(Feature.STEPPER, (step, dir)), len(self.axes))
        self.axes.append(self._make_stepper(device, (step, dir), inverted))
        return self.declare(self.axes[-1])

    @abstractmethod
    def _make_stepper(self, device: Named, pins: tuple[int, int], inverted: bool) -> FirmataStepper: ...

    def declare_group(self, steppers: Sequence[FirmataStepper]) -> FirmataGroup:
        """Make a group of steppers that arrive together; the firmware has five. Source: accelStepperFirmata.md."""
        if len(self.groups) == accelstepper.MAX_GROUPS:
            raise CapabilityError(
                f"a sixth group; the firmware has {accelstepper.MAX_GROUPS}", self.session.description
            )
        self.groups.append(FirmataGroup(self.session, self.axes, len(self.groups), steppers))
        self.axes.groups = len(self.groups)
        return self.declare(self.groups[-1])

    def declare_analog(self, pin: int) -> FirmataAnalog:
        self.capabilities.require(Need(Feature.ANALOG, (pin,)))
        if pin not in self.session.client.analog_channels:
            raise CapabilityError(f"an analog channel for {self.capabilities.label(pin)}", self.session.description)
        self._analogs.append(FirmataAnalog(self.session, pin))
        return self.declare(self._analogs[-1])

    def declare_pwm(self, pin: int, safe: float = 0.0) -> FirmataLevel:
        self.capabilities.require(Need(Feature.PWM, (pin,)))
        top = (1 << self.session.client.capabilities[pin][PinMode.PWM]) - 1
        self.levels.append(FirmataLevel(self.session, pin, PinMode.PWM, safe, 1.0, lambda duty: round(duty * top)))
        return self.declare(self.levels[-1])

    def declare_servo(self, pin: int, safe: float) -> FirmataLevel:
        self.capabilities.require(Need(Feature.SERVO, (pin,)), self._servos)
        self._servos += 1
        self.levels.append(FirmataLevel(self.session, pin, PinMode.SERVO, safe, MAX_ANGLE_DEG, servo_pulse_us))
        return self.declare(self.levels[-1])

    def declare_encoder(self, pin_a: int, pin_b: int) -> FirmataEncoder:
        self.capabilities.require(Need(Feature.ENCODER, (pin_a, pin_b)), len(self._encoders))
        self._encoders.append(FirmataEncoder(self.session, len(self._encoders), pin_a, pin_b))
        return self.declare(self._encoders[-1])

    def declare_i2c(self, address: int) -> FirmataI2c:
        self.capabilities.require(Need(Feature.I2C))
        if address not in self._i2c:
            self._i2c[address] = self.declare(FirmataI2c(self.session, address))
        return self._i2c[address]

    def redeclare(self) -> None:
        """Declare everything again after the board has reset itself, every output at its safe level."""
        self._lock()
        self._before_redeclaring()
        for declared in self._declared:
            declared.declare()
        self._request_input_reports()
        self._restore_protection()

    def _input_ports(self) -> list[int]:
        """The ports of eight pins that have inputs."""
        return ports_of(self.inputs)

    @abstractmethod
    def _request_input_reports(self) -> None:
        """Request reports of the ports with inputs, once all their pins are inputs: until then they read low."""

    # ---- a run ----

    def prepare(self) -> Generator[Event, Any, None]:
        """After all is declared: read every input once, and arm the communication watchdog if there is one.

        Raises CellFault when the board does not answer.
        """
        for port in self._input_ports():
            self.session.client.on_digital(port, partial(self._on_port, port))
        self._request_input_reports()
        self.env.process(self._resend())
        self._prepare_protection()
        answer = self.session.round_trip()
        yield answer | self.env.timeout(answer.limit_s)
        if not answer.triggered:
            raise CellFault(f"{answer.what} within {answer.limit_s:g} s; check its cable and its supply.")
        for analog in self._analogs:
            yield from self._first_sample(analog)
        self._protect()

    def _first_sample(self, analog: FirmataAnalog) -> Generator[Event, Any, None]:
        """Wait until an analog input has a value, so that a device never reads the volts of before the run."""
        if not analog.has_sample:
            sample = analog.sample(self.session, REPLY_TIMEOUT_S)
            yield sample | self.env.timeout(sample.limit_s)
            if not sample.triggered:
                pin = self.capabilities.label(analog.pin)
                raise CellFault(f"{sample.what} of {pin} within {sample.limit_s:g} s; check its cable.")

    def _resend(self) -> Generator[Event, Any, None]:
        """Request every input again and again, and while the board is to be safe, resend that too.

        Firmata acknowledges nothing, so any message may have been lost, even the edge of an emergency stop.
        """
        while self.is_connected:
            yield self.env.timeout(RESEND_INTERVAL_S)
            if self.session.is_locked:
                for message in self._stop_messages():
                    self.session.send(message)
                for contact in self.inputs.values():
                    contact.declare()
            self._request_input_reports()
            self._poll_state()

    @abstractmethod
    def _prepare_protection(self) -> None:
        """Query what ``_protect`` needs."""

    @abstractmethod
    def _protect(self) -> None:
        """Arm the communication watchdog, if there is one."""

    @abstractmethod
    def _end_protection(self) -> None:
        """The run is over."""

    @abstractmethod
    def _before_redeclaring(self) -> None:
        """After a reset, before all is declared again."""

    @abstractmethod
    def _restore_protection(self) -> None:
        """Arm the watchdog again after a reset, once all is declared."""

    @abstractmethod
    def _report_restart(self, sentence: str) -> None:
        """Report that the board has reset itself, with the reason where it is known."""

    @abstractmethod
    def _poll_state(self) -> None:
        """Called twice a second during a run."""

    # ---- stopping ----

    def _lock(self) -> None:
        """Refuse to drive anything, and record the safe value of every output, duty and angle."""
        self.session.is_locked = True
        for output in self.outputs.values():
            output.make_safe()
        for level in self.levels:
            level.value = level.safe

    def make_safe(self) -> None:
        # Everything is sent, even what should be safe already: an earlier message may have been lost.
        self._lock()
        for message in self._stop_messages():
            self.session.send(message)
        for axis in self.axes:
            axis.query_position()
        self._on_stopped()

    @abstractmethod
    def _stop_messages(self) -> list[bytes]:
        """The messages that make the board safe, whatever it is doing."""

    @abstractmethod
    def _on_stopped(self) -> None:
        """After the messages that make the board safe were sent."""

    @property
    def is_safe(self) -> bool:
        """Whether everything was sent to its safe value, and nothing else was sent since."""
        ports: list[FirmataStepper | FirmataOutput | FirmataLevel] = [
            *self.axes,
            *self.outputs.values(),
            *self.levels,
        ]
        return all(port.is_safe for port in ports)

    def release(self) -> None:
        """Allow outputs to be driven again; queries that a silence left without a reply are repeated.

        Raises CellFault when the link is lost, or the board is still silent.
        """
        client = self.session.client
        if client.is_silent:
            raise CellFault(f"The board on {client.name} is still silent: wait until it has booted.")
        if not client.is_open:
            raise CellFault(f"The link to {client.name} is lost: plug the board in and start the run again.")
        for axis in self.axes:
            axis.query_again_if_overdue()
        self.session.is_locked = False
        self._release()

    @abstractmethod
    def _release(self) -> None:
        """Release the board."""

    def on_failure(self, action: Callable[[str], None]) -> None:
        self.session.on_trouble(action)

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
        elif reply.number < len(self.axes):
            self.axes[reply.number].on_reply(reply)

    def _on_encoder(self, data: bytes) -> None:
        for number, count in decode_encoder_counts(data).items():
            if number < len(self._encoders):
                self._encoders[number].on_count(count)

    def _on_i2c(self, data: bytes) -> None:
        reply = decode_i2c_reply(data)
        if reply is not None and reply.address in self._i2c:
            self._i2c[reply.address].on_reply(reply)
