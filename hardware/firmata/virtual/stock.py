"""The program of a virtual Arduino with StandardFirmata or ConfigurableFirmata."""

from __future__ import annotations

from cellwright.hardware.firmata.protocol import cellwright, encoder_i2c_scheduler, messages
from cellwright.hardware.firmata.protocol.firmware_parser import FirmwareParser
from cellwright.hardware.firmata.virtual.encoder_i2c_scheduler import VirtualScheduler
from cellwright.hardware.firmata.virtual.pins import VirtualPins
from cellwright.hardware.firmata.virtual.program import SysexHandler, VirtualProgram
from cellwright.hardware.firmata.virtual.stock_steppers import VirtualSteppers


class VirtualStandard(VirtualProgram):
    """StandardFirmata.ino 2.5. boot_s is assumed."""

    name = "StandardFirmata.ino"
    protocol = 2, 5
    version = 2, 5
    boot_s = 1.6
    max_encoders = encoder_i2c_scheduler.MAX_ENCODERS
    resets_anywhere = False
    """Whether FF within another message is a reset too."""
    keeps_levels = True
    parser: FirmwareParser

    def _make_parts(self) -> None:
        self.parser = FirmwareParser(
            self._handle_message, self._handle_sysex, self._overflow, resets_anywhere=self.resets_anywhere
        )
        self.pins = VirtualPins(self.session, keeps_levels=self.keeps_levels)
        self.steppers = VirtualSteppers(self.session, self.pins)

    def _own_handlers(self) -> dict[int, SysexHandler]:
        return {}

    def before_reset(self, reason: int) -> None:
        """Stock firmware keeps nothing."""

    def _on_booted(self) -> None:
        self._reset_configuration()

    def _system_reset(self) -> None:
        self._reset_configuration()

    def _clear(self) -> None:
        """It has no parts of its own."""

    def _refuse_unknown(self, command: int, size: int) -> None:
        if command != cellwright.FEATURES:  # the host sends this query before it knows the firmware
            self.session.complain(
                f"Sysex command {command:02X} with {size} bytes of data means nothing to this firmware."
            )

    def _overflow(self) -> None:
        self.session.complain("A sysex message was longer than the firmware's 64 bytes and was dropped.")


class VirtualConfigurable(VirtualStandard):
    """ConfigurableFirmata 2.12. boot_s: measured (emulated, without a boot loader)."""

    name = "ConfigurableFirmata"
    protocol = 2, 6
    version = 2, 12
    boot_s = 2.2
    resets_anywhere = True
    keeps_levels = False
    steppers: VirtualSteppers
    scheduler: VirtualScheduler

    def _make_parts(self) -> None:
        super()._make_parts()
        self.scheduler = VirtualScheduler(self.session, self.parser.feed_byte)

    def _own_handlers(self) -> dict[int, SysexHandler]:
        return {
            messages.ACCELSTEPPER_DATA: self.steppers.handle,
            messages.ENCODER_DATA: self.encoders.handle,
            messages.SCHEDULER_DATA: self.scheduler.handle,
        }

    def _on_booted(self) -> None:
        # The second of the two sysex messages by which a host sees that it has booted.
        self.session.send_string("Booting device. Stand by...")
        self._reset_configuration()

    def _clear(self) -> None:
        self.scheduler.reset()

    def _refuse_unknown(self, command: int, size: int) -> None:
        super()._refuse_unknown(command, size)
        # cut to its buffer, on an AVR
        self.session.send_string(f"Unhandled sysex command: 0x{command:x} (len: {size})"[:31])

    def _overflow(self) -> None:
        super()._overflow()
        self.session.send_string("Discarding input message, out of buffer")
