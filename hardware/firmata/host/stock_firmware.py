"""The adapter for stock firmware: what a FirmataBoard does differently for each firmware."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellwright.errors import CapabilityError
from cellwright.hardware.board import ConverterPort
from cellwright.hardware.firmata.host.ports import FirmataInput, FirmataOutput
from cellwright.hardware.firmata.host.stepper import FirmataStepper
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

NO_PROTECTION = (
    "This board cannot protect itself from a lost link: its firmware has no scheduler. "
    "Keep the power switch within reach."
)


class FirmwareAdapter:
    """StandardFirmata and ConfigurableFirmata; the scheduler of the latter is their only protection.

    devices, encoders: how many steppers and encoders the firmware supports.
    """

    devices = accelstepper.MAX_DEVICES
    encoders = features.MAX_ENCODERS

    def __init__(self, board: FirmataBoard) -> None:
        self.board = board

    # ---- ports ----

    def output(self, pin: int, safe: bool, max_on_s: float | None, max_duty: float) -> FirmataOutput:  # noqa: ARG002
        """A port for an output; only CellwrightFirmata enforces limits."""
        return FirmataOutput(self.board, pin, safe)

    def input(self, pin: int, at_rest: bool) -> FirmataInput:
        """A port for an input."""
        return FirmataInput(self.board, pin, at_rest)

    def stepper(self, number: int, device: Named, step: int, direction: int, inverted: bool) -> FirmataStepper:
        """A port for a stepper."""
        return FirmataStepper(self.board, number, device, step, direction, inverted)

    def converter(self, data: int, clock: int) -> ConverterPort:
        """A port for an HX711. Raises CapabilityError where the firmware cannot read one."""
        raise CapabilityError(
            f"firmware that reads an HX711 (pins {data} and {clock}); an Nau7802 needs none", self.board.description
        )

    def watch_stop_input(self, pin: int, active: bool) -> None:
        """Declare the emergency stop input, where the firmware supports one."""

    def watch_limit(self, stepper: FirmataStepper, pin: int, active: bool) -> None:
        """Declare a limit switch, where the firmware supports it."""

    def home(
        self,
        stepper: FirmataStepper,  # noqa: ARG002
        fast: float,  # noqa: ARG002
        slow: float,  # noqa: ARG002
        acceleration: float,  # noqa: ARG002
        back_off: int,  # noqa: ARG002
        most: int,  # noqa: ARG002
    ) -> Wait | None:
        """Let the board home an axis, where the firmware supports it."""
        return None

    # ---- a run ----

    def prepare_protection(self) -> None:
        """Query what ``protect`` needs."""
        self.board.communication_watchdog.query()

    def protect(self) -> None:
        """Arm the communication watchdog, if there is one."""
        if self.board.communication_watchdog.is_available:
            self.board.arm()
        else:
            self.board.notes.append(NO_PROTECTION)

    def end_protection(self) -> None:
        """The run is over."""
        self.board.communication_watchdog.disarm()

    def request_input_reports(self) -> None:
        """Request reports of the ports with inputs, once all their pins are inputs: until then they read low."""
        for port in self.board.input_ports():
            self.board.send(messages.report_port(port, True))

    def poll_state(self) -> None:
        """Called twice a second during a run."""

    # ---- stopping ----

    def stop_messages(self) -> list[bytes]:
        """The messages that make the board safe, whatever it is doing: outputs first."""
        board = self.board
        stops = [accelstepper.stop_group(group.number) for group in board.groups]
        stops += [accelstepper.stop(stepper.number) for stepper in board.steppers]
        return board.safe_levels() + stops + [level.message(level.safe) for level in board.levels]

    def on_stopped(self) -> None:
        """What to query once the stop messages are sent."""

    def release(self) -> None:
        """Release the board."""
        if self.board.communication_watchdog.is_available and not self.board.communication_watchdog.is_armed:
            self.board.arm()

    def before_redeclaring(self) -> None:
        """Send the safe levels first: a reset has made every pin a low output, which switches active-low outputs on."""
        for message in self.board.safe_levels():
            self.board.send(message)

    def restore_protection(self) -> None:
        """Arm the watchdog again after a reset, once all is declared."""
        if self.board.communication_watchdog.is_available:
            self.board.arm()

    def report_restart(self, sentence: str) -> None:
        """Report that the board has reset itself, with the reason where it is known."""
        self.board.report_trouble(sentence)
