"""VirtualProgram: the firmware of a virtual Arduino, its parts and the messages that every Firmata understands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.codec import decode_u14
from cellwright.hardware.firmata.protocol.firmware_parser import command_of
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.encoder_i2c_scheduler import VirtualEncoders, VirtualI2c
from cellwright.hardware.firmata.virtual.pins import VirtualPins
from cellwright.hardware.firmata.virtual.session import VirtualSession

SysexHandler = Callable[[bytes], bool]
"""Handles the data of a sysex message; false for one that the firmware does not know."""


class Parser(Protocol):
    """The parser of the host's bytes."""

    def feed(self, data: bytes) -> None:
        """Parse bytes; each message is handled before the next byte is parsed."""
        ...


class Steppers(Protocol):
    """The steppers of a firmware."""

    def reset(self) -> None:
        """Stop all axes abruptly and clear all devices and groups."""
        ...


class VirtualProgram(ABC):
    """A firmware on a virtual Arduino, whose parts are made anew at each start.

    What the firmwares do differently is abstract here. protocol, version, name: as it reports them.
    """

    name: str
    protocol: tuple[int, int]
    version: tuple[int, int]
    boot_s: float
    """From the reset to the report of its name, s."""
    max_encoders: int

    parser: Parser
    pins: VirtualPins
    steppers: Steppers
    encoders: VirtualEncoders
    i2c: VirtualI2c

    def __init__(self, session: VirtualSession) -> None:
        self.session = session

    # ---- starting ----

    def initialize(self) -> None:
        """Take the state of the firmware before its setup has run."""
        self._make_parts()
        self.encoders = self._make_encoders()
        self.i2c = VirtualI2c(self.session, self.pins)
        self.session.sampling.sources = (self.pins.sample, self.encoders.sample, self.i2c.sample)
        self._handlers: dict[int, SysexHandler] = {
            messages.REPORT_FIRMWARE: self._send_firmware,
            messages.CAPABILITY_QUERY: self._send_capabilities,
            messages.ANALOG_MAPPING_QUERY: self._send_analog_mapping,
            messages.PIN_STATE_QUERY: self.send_pin_state,
            messages.EXTENDED_ANALOG: self.pins.write_level,
            messages.SERVO_CONFIG: self.pins.configure_servo,
            messages.STRING_DATA: lambda _: True,
            messages.SAMPLING_INTERVAL: self._set_interval,
            messages.I2C_REQUEST: self.i2c.request,
            messages.I2C_CONFIG: self.i2c.configure,
        }
        self._handlers |= self._own_handlers()

    @abstractmethod
    def _make_parts(self) -> None:
        """Make its parser, pins and steppers, and parts of its own."""

    def _make_encoders(self) -> VirtualEncoders:
        return VirtualEncoders(self.session, self.pins, self.max_encoders)

    @abstractmethod
    def _own_handlers(self) -> dict[int, SysexHandler]:
        """Handlers of the messages that not every firmware knows."""

    @abstractmethod
    def before_reset(self, reason: int) -> None:
        """Keep what a reset does not clear. reason: see protocol/cellwright.py."""

    def finish_boot(self) -> None:
        """The end of the boot: report the firmware, and set the pins."""
        self.session.send(messages.version(*self.protocol))
        self._send_firmware(b"")
        self._on_booted()

    @abstractmethod
    def _on_booted(self) -> None:
        """After the firmware is reported."""

    def clear_configuration(self) -> None:
        """Stop the axes; clear devices, tasks and reports; reset the sampling interval."""
        self.pins.clear_reports()
        self.steppers.reset()
        self.encoders.reset()
        self.i2c.reset()
        self._clear()
        self.session.sampling.reset()

    @abstractmethod
    def _clear(self) -> None:
        """Clear its own parts."""

    def _reset_configuration(self) -> None:
        """The effect of FF, and the end of the boot of stock firmware: default pin modes, no other configuration."""
        self.pins.set_default_modes()
        self.clear_configuration()

    # ---- messages ----

    def _handle_message(self, command: int, data: bytes) -> None:
        """Handle a message of fixed length."""
        kind, number = command_of(command), command & 0x0F
        if kind == messages.DIGITAL_MESSAGE:
            self.pins.write_port(number, decode_u14(data))
        elif kind == messages.SET_DIGITAL_PIN_VALUE:
            self.pins.write_pin(data[0], data[1] != 0)
        elif kind == messages.SET_PIN_MODE:
            self.pins.set_mode(data[0], data[1])
        elif kind == messages.ANALOG_MESSAGE:
            self.pins.write_level(bytes((number,)) + data)
        elif kind == messages.REPORT_DIGITAL:
            self.pins.enable_port_reporting(number, data[0] != 0)
        elif kind == messages.REPORT_ANALOG:
            self.pins.enable_analog_reporting(number, data[0] != 0)
        elif kind == messages.REPORT_VERSION:
            self.session.send(messages.version(*self.protocol))
        else:
            self._system_reset()

    @abstractmethod
    def _system_reset(self) -> None:
        """Handle FF."""

    def _handle_sysex(self, command: int, data: bytes) -> None:
        handler = self._handlers.get(command)
        if handler is None or not handler(data):
            self._refuse_unknown(command, len(data))

    @abstractmethod
    def _refuse_unknown(self, command: int, size: int) -> None:
        """Handle an unknown sysex command, or one with data that its handler does not know."""

    def _set_interval(self, data: bytes) -> bool:
        if len(data) < 2:
            return False
        self.session.sampling.set_interval(decode_u14(data))
        return True

    # ---- queries ----

    def _send_firmware(self, _: bytes) -> bool:
        self.session.send(messages.firmware(*self.version, self.name))
        return True

    def _send_capabilities(self, _: bytes) -> bool:
        self.session.send(messages.capabilities(self.session.capabilities))
        return True

    def _send_analog_mapping(self, _: bytes) -> bool:
        pin_map = self.session.pin_map
        self.session.send(messages.analog_mapping(map(pin_map.channel, range(pin_map.pins))))
        return True

    def send_pin_state(self, data: bytes) -> bool:
        """Report the mode and value of a pin; false where there is no such pin."""
        if not data or data[0] >= self.session.pin_map.pins:
            return False
        pin = data[0]
        self.session.send(messages.pin_state(pin, self.pins.modes.get(pin, PinMode.INPUT), self.pins.states[pin]))
        return True
