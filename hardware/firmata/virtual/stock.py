"""The program of a virtual Arduino with StandardFirmata or ConfigurableFirmata."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cellwright.hardware.firmata.protocol import cellwright, messages
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.firmware_parser import FirmwareParser, MessageHandler
from cellwright.hardware.firmata.virtual.encoder_i2c_scheduler import VirtualScheduler
from cellwright.hardware.firmata.virtual.pins import VirtualPins
from cellwright.hardware.firmata.virtual.stock_steppers import VirtualSteppers

if TYPE_CHECKING:
    from cellwright.hardware.firmata.virtual.arduino import VirtualArduino


class VirtualStock:
    """What differs between firmwares, for stock firmware."""

    encoders = features.MAX_ENCODERS

    def __init__(self, arduino: VirtualArduino) -> None:
        self.arduino = arduino
        self.is_configurable = arduino.firmware == "configurable"
        self.scheduler = VirtualScheduler(arduino)

    def parser(self, handle_message: MessageHandler, handle_sysex: MessageHandler) -> FirmwareParser:
        """The parser of the host's bytes."""
        return FirmwareParser(handle_message, handle_sysex, self._overflow, resets_anywhere=self.is_configurable)

    def pins(self) -> VirtualPins:
        """Its pins before the boot."""
        return VirtualPins(self.arduino)

    def steppers(self) -> VirtualSteppers:
        """Its steppers: none yet."""
        return VirtualSteppers(self.arduino)

    def handlers(self) -> dict[int, Callable[[bytes], bool]]:
        """Handlers of the messages that not every firmware knows."""
        if not self.is_configurable:
            return {}
        self.scheduler = VirtualScheduler(self.arduino)
        return {
            messages.ACCELSTEPPER_DATA: self.arduino.steppers.handle,
            messages.ENCODER_DATA: self.arduino.encoders.handle,
            messages.SCHEDULER_DATA: self.scheduler.handle,
        }

    def before_reset(self, reason: int) -> None:
        """Keep what a reset does not clear; stock firmware keeps nothing."""

    def on_booted(self) -> None:
        """The end of the boot, after the firmware is reported."""
        if self.is_configurable:
            # The second of the two sysex messages by which a host sees that it has booted.
            self.arduino.send_string("Booting device. Stand by...")
        self.arduino.reset_configuration()

    def system_reset(self) -> None:
        """Handle FF."""
        self.arduino.reset_configuration()

    def clear(self) -> None:
        """Clear the scheduler."""
        self.scheduler.reset()

    def refuse_unknown(self, command: int, size: int) -> None:
        """Handle an unknown sysex command."""
        if command != cellwright.FEATURES:  # the host sends this query before it knows the firmware
            self.arduino.complain(
                f"Sysex command {command:02X} with {size} bytes of data means nothing to this firmware."
            )
        if self.is_configurable:
            self.arduino.send_string(
                f"Unhandled sysex command: 0x{command:x} (len: {size})"[:31]
            )  # its buffer, on an AVR

    def _overflow(self) -> None:
        self.arduino.complain("A sysex message was longer than the firmware's 64 bytes and was dropped.")
        if self.is_configurable:
            self.arduino.send_string("Discarding input message, out of buffer")
