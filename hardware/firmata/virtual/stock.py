"""What is of StandardFirmata and ConfigurableFirmata only, in a virtual Arduino."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cellwright.hardware.firmata.protocol import cellwright, messages
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.firmware_parser import FirmwareParser, Handle
from cellwright.hardware.firmata.virtual.encoder_i2c_scheduler import VirtualScheduler
from cellwright.hardware.firmata.virtual.pins import VirtualPins
from cellwright.hardware.firmata.virtual.stock_steppers import VirtualSteppers

if TYPE_CHECKING:
    from cellwright.hardware.firmata.virtual.arduino import VirtualArduino


class VirtualStock:
    """The firmware that a virtual Arduino runs, where it differs from one to another."""

    encoders = features.ENCODERS

    def __init__(self, arduino: VirtualArduino) -> None:
        self.arduino = arduino
        self.is_configurable = arduino.firmware == "configurable"
        self.scheduler = VirtualScheduler(arduino)

    def parser(self, handle_message: Handle, handle_sysex: Handle) -> FirmwareParser:
        """What cuts the host's bytes into messages."""
        return FirmwareParser(handle_message, handle_sysex, self._overflow, resets_anywhere=self.is_configurable)

    def pins(self) -> VirtualPins:
        """Its pins, as they are before anything is said of them."""
        return VirtualPins(self.arduino)

    def steppers(self) -> VirtualSteppers:
        """Its steppers: none yet."""
        return VirtualSteppers(self.arduino)

    def handlers(self) -> dict[int, Callable[[bytes], bool]]:
        """What it understands beyond what all firmware does."""
        if not self.is_configurable:
            return {}
        self.scheduler = VirtualScheduler(self.arduino)
        return {
            messages.ACCELSTEPPER: self.arduino.steppers.handle,
            messages.ENCODER: self.arduino.encoders.handle,
            messages.SCHEDULER: self.scheduler.handle,
        }

    def before_reset(self, why: int) -> None:
        """What survives a reset is remembered here; stock firmware remembers nothing."""

    def wake(self) -> None:
        """The end of the boot, once it has said who is there."""
        if self.is_configurable:
            # The second of the two sysex messages by which a host sees that it has booted.
            self.arduino.say("Booting device. Stand by...")
        self.arduino.forget_all()

    def system_reset(self) -> None:
        """What FF does."""
        self.arduino.forget_all()

    def forget(self) -> None:
        """Forget what it holds beyond pins and devices."""
        self.scheduler.reset()

    def refuse_unknown(self, command: int, size: int) -> None:
        """A sysex command that it does not know."""
        if command != cellwright.FEATURES:  # a fair question, asked before it is known who answers
            self.arduino.complain(
                f"Sysex command {command:02X} with {size} bytes of data means nothing to this firmware."
            )
        if self.is_configurable:
            self.arduino.say(f"Unhandled sysex command: 0x{command:x} (len: {size})"[:31])  # its buffer, on an AVR

    def _overflow(self) -> None:
        self.arduino.complain("A sysex message was longer than the firmware's 64 bytes and was dropped.")
        if self.is_configurable:
            self.arduino.say("Discarding input message, out of buffer")
