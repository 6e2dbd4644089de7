"""The adapter for CellwrightFirmata: the board protects itself, and reports why it has stopped.

The messages are those of hardware/firmware/PROTOCOL.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellwright.errors import CapabilityError
from cellwright.hardware.board import ConverterPort
from cellwright.hardware.firmata.host.cellwright_ports import (
    FirmataConverter,
    LimitedOutput,
    OutputLimiters,
    TimedInput,
    limits_for,
)
from cellwright.hardware.firmata.host.cellwright_stepper import CellwrightStepper
from cellwright.hardware.firmata.host.ports import REPLY_TIMEOUT_S, FirmataInput, FirmataOutput
from cellwright.hardware.firmata.host.stepper import FirmataStepper
from cellwright.hardware.firmata.host.stock_firmware import FirmwareAdapter
from cellwright.hardware.firmata.host.stop_causes import StopReports
from cellwright.hardware.firmata.host.watchdog import FirmwareWatchdog
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import BoardHealth, Features
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

STOPPED_ERROR = "stopped"
"""The beginning of refusals of a stopped board, which reports its stop in a message of its own."""
EMERGENCY_STOP_ERROR = "emergency stop"
"""The beginning of the refusal of a release."""
HEALTH_NOTE = "The board's own account of the run: "
MANY_LATE_STEPS, MANY_UNDERRUNS = 1000, 100


class CellwrightAdapter(FirmwareAdapter):
    """Uses the features that the board has reported."""

    def __init__(self, board: FirmataBoard, features: Features) -> None:
        super().__init__(board)
        self.features = features
        self.devices = features.devices
        self.encoders = features.encoders
        self.limiters = OutputLimiters(features.outputs)
        self.watchdog = FirmwareWatchdog(board.env, board.client)
        self.stops = StopReports(board)
        self.latest_health: BoardHealth | None = None
        self._converters: list[FirmataConverter] = []
        self._timed: dict[int, TimedInput] = {}
        self._health: list[Wait] = []
        self._reports_refusals = False
        for command, handler in {
            own.PULSE: self._on_pulse,
            own.STATE: self.stops.on_state,
            own.HOME: self._on_home,
            own.CONVERTER: self._on_conversion,
            own.TIMED_INPUT: self._on_edge,
            own.AXIS: self._on_axis,
            own.HEALTH: self._on_health,
        }.items():
            board.client.on_sysex(command, handler)
        board.client.on_string(self._on_refusal)

    # ---- ports ----

    def output(self, pin: int, safe: bool, max_on_s: float | None, max_duty: float) -> FirmataOutput:
        limits = limits_for(pin, safe, max_on_s, max_duty)
        if (limits.max_on_ms or limits.duty) and not self.limiters.reserve(pin):
            self.board.notes.append(
                f"This board guards {self.limiters.capacity} outputs, and pin {pin} is one more: "
                "that it is not on for too long only this computer sees to."
            )
            limits = limits._replace(max_on_ms=0, duty=0)
        return LimitedOutput(self.board, limits, self.limiters)

    def input(self, pin: int, at_rest: bool) -> FirmataInput:
        if len(self._timed) == self.features.inputs:
            return super().input(pin, at_rest)
        self._timed[pin] = TimedInput(self.board, pin, at_rest)
        return self._timed[pin]

    def stepper(self, number: int, device: Named, step: int, direction: int, inverted: bool) -> FirmataStepper:
        return CellwrightStepper(self.board, number, device, (step, direction), inverted, self.features)

    def converter(self, data: int, clock: int) -> ConverterPort:
        if len(self._converters) == self.features.converters:
            raise CapabilityError(
                f"one HX711 more than the firmware's {self.features.converters}", self.board.description
            )
        self._converters.append(FirmataConverter(self.board, len(self._converters), data, clock))
        return self.board.declare(self._converters[-1])

    def watch_stop_input(self, pin: int, active: bool) -> None:
        if self.stops.can_watch(pin):
            self.board.declare(_EmergencyStopInput(self.board, pin, active))
            self.stops.watch(pin, active)

    def watch_limit(self, stepper: FirmataStepper, pin: int, active: bool) -> None:
        assert isinstance(stepper, CellwrightStepper)
        stepper.watch_limit(pin, active)

    def home(
        self, stepper: FirmataStepper, fast: float, slow: float, acceleration: float, back_off: int, most: int
    ) -> Wait | None:
        assert isinstance(stepper, CellwrightStepper)
        return stepper.home(fast, slow, acceleration, back_off, most)

    # ---- a run ----

    def prepare_protection(self) -> None:
        """Release a board that was left stopped; its reply comes in time for ``protect``."""
        self._reports_refusals = True
        self.stops.release()

    def protect(self) -> None:
        self.watchdog.arm()

    def end_protection(self) -> None:
        self.watchdog.disarm()

    def request_input_reports(self) -> None:
        """Request every port once; ports with inputs that the board does not time go on reporting."""
        for port in self.board.input_ports():
            self.board.send(messages.report_port(port, True))
            if all(pin in self._timed for pin in self.board.inputs if pin // 8 == port):
                self.board.send(messages.report_port(port, False))

    def poll_state(self) -> None:
        self.board.send(own.query_state())

    # ---- stopping ----

    def stop_messages(self) -> list[bytes]:
        return [own.STOP_BOARD]

    def on_stopped(self) -> None:
        """After a stop of the board: query its state and diagnostics."""
        self.board.send(own.query_state())
        self.board.send(own.QUERY_HEALTH)

    def release(self) -> None:
        self.stops.release()
        for level in self.board.levels:
            self.board.send(level.message(level.safe))  # a stopped board sends a servo no pulses
        for contact in self.board.inputs.values():
            contact.declare()  # a stopped board makes no input of a pin that noise on the line has made an output

    def before_redeclaring(self) -> None:
        self.board.send(own.STOP_BOARD)

    def restore_protection(self) -> None:
        if self.watchdog.is_armed:
            self.watchdog.arm()

    def report_restart(self, sentence: str) -> None:
        self.stops.wait_for_reason(sentence)

    # ---- health ----

    def health(self) -> Wait:
        """A wait for the board's diagnostics; its value is a BoardHealth."""
        wait = Wait(self.board.env, self.board, "did not say how it fares", REPLY_TIMEOUT_S)
        self._health.append(wait)
        self.board.send(own.QUERY_HEALTH)
        return wait

    def _on_health(self, data: bytes) -> None:
        health = own.decode_health(data)
        if health is None:
            return
        self.latest_health = health
        kept = [note for note in self.board.notes if not note.startswith(HEALTH_NOTE)]
        self.board.notes[:] = [*kept, *_health_notes(health)]
        waiting, self._health = self._health, []
        for wait in waiting:
            wait.complete(health)

    # ---- messages from the board ----

    def _on_pulse(self, data: bytes) -> None:
        over = own.decode_pulse_result(data)
        output = self.board.outputs.get(over[0]) if over else None
        if over is not None and isinstance(output, LimitedOutput):
            output.on_pulse_result(over[1])

    def _stepper(self, number: int) -> CellwrightStepper | None:
        stepper = self.board.steppers[number] if number < len(self.board.steppers) else None
        return stepper if isinstance(stepper, CellwrightStepper) else None

    def _on_home(self, data: bytes) -> None:
        over = own.decode_home_result(data)
        stepper = self._stepper(over[0]) if over else None
        if over is not None and stepper is not None:
            stepper.on_home(over[1], over[2])

    def _on_axis(self, data: bytes) -> None:
        hit = own.decode_limit_hit(data)
        stepper = self._stepper(hit[0]) if hit else None
        if stepper is not None:
            stepper.on_limit()

    def _on_conversion(self, data: bytes) -> None:
        conversion = own.decode_conversion(data)
        if conversion is not None and conversion[0] < len(self._converters):
            self._converters[conversion[0]].on_conversion(*conversion[1:])

    def _on_edge(self, data: bytes) -> None:
        edge = own.decode_edge(data)
        if edge is not None and edge[0] in self._timed:
            self._timed[edge[0]].on_edge(edge[1], edge[2])

    def _on_refusal(self, words: str) -> None:
        """The board refuses a request: then its state is not the one that this computer assumes."""
        name = self.board.client.name
        if not self._reports_refusals or self.board.locked or words.startswith(STOPPED_ERROR):
            return
        if words.startswith(EMERGENCY_STOP_ERROR):
            self.board.report_trouble(
                f"The board on {name} is still stopped: its emergency stop is pressed; let it go, and reset again."
            )
        else:
            self.board.report_trouble(f"The board on {name} refused a command: {words.strip()!r}.")


class _EmergencyStopInput:
    """The board's emergency stop, declared again after each reset."""

    def __init__(self, board: FirmataBoard, pin: int, active: bool) -> None:
        self.board = board
        self._message = own.emergency_stop_input(pin, active)

    def declare(self) -> None:
        self.board.send(self._message)


def _health_notes(health: BoardHealth) -> list[str]:
    """A note about a board's diagnostics for a person to read; none if all is well.

    A few late steps are harmless: the axis catches up, and one step in some thousand is late where axes run side by
    side (docs/background/the-firmware.md).
    """
    counts = {
        "steps that came late": health.late if health.late >= MANY_LATE_STEPS else 0,
        "moments in which a ramp was not planned in time": health.underruns
        if health.underruns >= MANY_UNDERRUNS
        else 0,
        "bytes from this computer that were lost": health.lost,
        "encoder edges that were lost": health.edges,
    }
    problems = [f"{what}: {count}" for what, count in counts.items() if count]
    return [f"{HEALTH_NOTE}{', '.join(problems)}."] if problems else []
