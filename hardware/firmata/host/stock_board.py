"""StockFirmataBoard: a board with StandardFirmata or ConfigurableFirmata."""

from __future__ import annotations

from functools import partial

from cellwright.errors import CapabilityError
from cellwright.hardware.board import ConverterPort
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.host.capabilities import Capabilities
from cellwright.hardware.firmata.host.ports import FirmataInput, FirmataOutput
from cellwright.hardware.firmata.host.scheduler_watchdog import TASK_DELAY_S, SchedulerWatchdog
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.host.stock_stepper import StockStepper
from cellwright.hardware.firmata.protocol import accelstepper, encoder_i2c_scheduler, messages
from cellwright.hardware.firmata.protocol.servo import pwm_taken_by_servos, stock_servos
from cellwright.hardware.pins import Feature, Need
from cellwright.hardware.waits import Named

NO_PROTECTION = (
    "This board cannot protect itself from a lost link: its firmware has no scheduler. If the cable is pulled, or "
    "if this program is killed, its outputs stay as they are. Keep the power switch within reach."
)
REPORTS_AT_ONCE = (2, 4)
"""The first StandardFirmata that reports a port as soon as it is asked to, not only when it changes from low."""

LIMITS = {
    Feature.STEPPER: accelstepper.MAX_DEVICES,
    Feature.ENCODER: encoder_i2c_scheduler.MAX_ENCODERS,
    Feature.CONVERTER: 0,
}


class StockFirmataBoard(FirmataBoard):
    """A board with stock firmware; the scheduler of ConfigurableFirmata is its only protection."""

    def __init__(self, session: Session) -> None:
        pins = len(session.client.capabilities)
        limits = LIMITS | {Feature.SERVO: stock_servos(pins)}
        super().__init__(session, Capabilities(session, limits, partial(pwm_taken_by_servos, pins)))
        self.communication_watchdog = SchedulerWatchdog(session, self._on_watchdog_fired)

    # ---- ports ----

    def _make_output(
        self,
        pin: int,
        safe: bool,
        max_on_s: float | None,  # noqa: ARG002  # only CellwrightFirmata enforces limits
        max_duty: float,  # noqa: ARG002
    ) -> FirmataOutput:
        return FirmataOutput(self.session, self.outputs, pin, safe)

    def _make_input(self, pin: int, at_rest: bool) -> FirmataInput:
        return FirmataInput(self.session, pin, at_rest)

    def _make_stepper(self, device: Named, pins: tuple[int, int], inverted: bool) -> StockStepper:
        return StockStepper(self.session, self.axes, device, pins, inverted)

    def declare_hx711(self, data: int, clock: int) -> ConverterPort:
        need = Need(Feature.CONVERTER, (data, clock))
        raise CapabilityError(self.capabilities.lack(need), self.session.description)

    def _request_input_reports(self) -> None:
        for port in self._input_ports():
            self.session.send(messages.report_port(port, True))

    # ---- a run ----

    def _prepare_protection(self) -> None:
        self.communication_watchdog.query()

    def _protect(self) -> None:
        client = self.session.client
        is_standard = (client.firmware_name or "").startswith("StandardFirmata")
        if self.inputs and is_standard and (client.firmware_version or REPORTS_AT_ONCE) < REPORTS_AT_ONCE:
            self.notes.append(
                f"{self.firmware} does not report an input that is low when the run begins, such as a stop button that "
                "is pressed: flash a newer one."
            )
        if self.communication_watchdog.is_available:
            self._arm()
        else:
            self.notes.append(NO_PROTECTION)

    def _arm(self) -> None:
        """Arm the communication watchdog in the board's scheduler."""
        self.communication_watchdog.arm(b"".join(self._stop_messages()))

    def _end_protection(self) -> None:
        self.communication_watchdog.disarm()

    def _before_redeclaring(self) -> None:
        """Send the safe levels first: a reset has made every pin a low output, which switches active-low outputs on."""
        for message in self.outputs.safe_levels():
            self.session.send(message)

    def _restore_protection(self) -> None:
        if self.communication_watchdog.is_available:
            self._arm()

    def _report_restart(self, sentence: str) -> None:
        self.session.report_trouble(sentence)

    def _poll_state(self) -> None:
        """Stock firmware has no state to report."""

    # ---- stopping ----

    def _stop_messages(self) -> list[bytes]:
        """Outputs first, then groups and axes, duties and angles."""
        stops = [accelstepper.stop_group(group.number) for group in self.groups]
        stops += [accelstepper.stop(axis.number) for axis in self.axes]
        return self.outputs.safe_levels() + stops + [level.message(level.safe) for level in self.levels]

    def _on_stopped(self) -> None:
        """Stock firmware has no state to query."""

    def _release(self) -> None:
        if self.communication_watchdog.is_available and not self.communication_watchdog.is_armed:
            self._arm()

    def _on_watchdog_fired(self) -> None:
        self.session.report_trouble(
            f"The board on {self.session.client.name} heard nothing for {TASK_DELAY_S:g} s and switched its outputs to "
            "safe; this computer was too busy, or the link broke off."
        )
