"""What differs between firmwares, for a FirmataBoard: here as it is with stock firmware."""

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


class Dialect:
    """How to speak with StandardFirmata and ConfigurableFirmata, whose scheduler is all that they have for safety.

    devices, encoders: how many steppers and encoders the firmware has room for.
    """

    devices = accelstepper.DEVICES
    encoders = features.ENCODERS

    def __init__(self, board: FirmataBoard) -> None:
        self.board = board

    # ---- ports ----

    def output(self, pin: int, safe: bool, most_on_s: float | None, most_duty: float) -> FirmataOutput:  # noqa: ARG002
        """A port for an output; only firmware that times outputs can hold it to limits."""
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
        """Let an input stop the board by itself, where the firmware can."""

    def watch_limit(self, stepper: FirmataStepper, pin: int, active: bool) -> None:
        """Let a switch stop an axis by itself, where the firmware can."""

    def home(
        self,
        stepper: FirmataStepper,  # noqa: ARG002
        fast: float,  # noqa: ARG002
        slow: float,  # noqa: ARG002
        acceleration: float,  # noqa: ARG002
        back_off: int,  # noqa: ARG002
        most: int,  # noqa: ARG002
    ) -> Wait | None:
        """Let the board home an axis, where it can."""
        return None

    # ---- a run ----

    def ask_what_it_has(self) -> None:
        """Ask what must be known before ``protect``."""
        self.board.communication_watchdog.look()

    def protect(self) -> None:
        """See to it that the board makes itself safe when this computer falls silent, if it can."""
        if self.board.communication_watchdog.present:
            self.board.arm()
        else:
            self.board.notes.append(NO_PROTECTION)

    def unprotect(self) -> None:
        """The run is over."""
        self.board.communication_watchdog.disarm()

    def ask_for_inputs(self) -> None:
        """Have the ports with inputs reported, once all their pins are inputs: until then they read as low outputs."""
        for port in self.board.input_ports():
            self.board.send(messages.report_port(port, True))

    def look_again(self) -> None:
        """Called twice a second during a run."""

    # ---- stopping ----

    def stop_messages(self) -> list[bytes]:
        """What makes the board safe, whatever it is doing: outputs first."""
        board = self.board
        stops = [accelstepper.stop_group(group.number) for group in board.groups]
        stops += [accelstepper.stop(stepper.number) for stepper in board.steppers]
        return board.safe_levels() + stops + [level.message(level.safe) for level in board.levels]

    def stopped(self) -> None:
        """What else to ask once the board was told to stop."""

    def release(self) -> None:
        """Let the board be driven again."""
        if self.board.communication_watchdog.present and not self.board.communication_watchdog.armed:
            self.board.arm()

    def before_declaring_again(self) -> None:
        """A reset has made every pin a low output, so the levels come first, for what is on when its pin is low."""
        for message in self.board.safe_levels():
            self.board.send(message)

    def protect_again(self) -> None:
        """After a reset, once all is declared again."""
        if self.board.communication_watchdog.present:
            self.board.arm()

    def report_restart(self, sentence: str) -> None:
        """Say that the board has reset itself, with what it knows of that."""
        self.board.report_trouble(sentence)
