"""CellwrightBoard: a board with CellwrightFirmata, which protects itself, and reports why it has stopped.

The messages are those of hardware/firmware/PROTOCOL.md.
"""

from __future__ import annotations

from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.host.capabilities import Capabilities
from cellwright.hardware.firmata.host.cellwright_ports import (
    EmergencyStopInput,
    FirmataConverter,
    LimitedOutput,
    OutputLimiters,
    TimedInput,
    limits_for,
)
from cellwright.hardware.firmata.host.cellwright_stepper import CellwrightStepper
from cellwright.hardware.firmata.host.ports import FirmataInput
from cellwright.hardware.firmata.host.session import REPLY_TIMEOUT_S, Session
from cellwright.hardware.firmata.host.stop_monitor import StopMonitor
from cellwright.hardware.firmata.host.watchdog import FirmwareWatchdog
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import BoardHealth, Features
from cellwright.hardware.firmata.protocol.servo import cellwright_servos
from cellwright.hardware.pins import Feature, Need
from cellwright.hardware.waits import Named, Wait

STOPPED_ERROR = "stopped"
"""The beginning of refusals of a stopped board, which reports its stop in a message of its own."""
EMERGENCY_STOP_ERROR = "emergency stop"
"""The beginning of the refusal of a release."""
HEALTH_NOTE = "The board's own account of the run: "
MANY_LATE_STEPS, MANY_UNDERRUNS = 1000, 100


class CellwrightBoard(FirmataBoard):
    """A board with the features that it has reported."""

    def __init__(self, session: Session, features: Features) -> None:
        limits = {
            Feature.STEPPER: features.devices,
            Feature.ENCODER: features.encoders,
            Feature.CONVERTER: features.converters,
            Feature.SERVO: cellwright_servos(len(session.client.capabilities)),
        }
        super().__init__(session, Capabilities(session, limits))
        self.features = features
        self.limiters = OutputLimiters(features.outputs)
        self.watchdog = FirmwareWatchdog(session)
        self.latest_health: BoardHealth | None = None
        self._steppers: list[CellwrightStepper] = []
        self._stops = StopMonitor(session, self._steppers, self.redeclare)
        self._stop_pin: int | None = None
        self._converters: list[FirmataConverter] = []
        self._timed: dict[int, TimedInput] = {}
        self._health: list[Wait] = []
        self._reports_refusals = False
        self._has_lost_declarations = False
        """Whether the board has refused a request: noise on the line may have changed a declaration."""
        for command, handler in {
            own.PULSE: self._on_pulse,
            own.STATE: self._stops.on_state,
            own.HOME: self._on_home,
            own.CONVERTER: self._on_conversion,
            own.TIMED_INPUT: self._on_edge,
            own.AXIS: self._on_axis,
            own.HEALTH: self._on_health,
        }.items():
            session.client.on_sysex(command, handler)
        session.client.on_string(self._on_refusal)

    # ---- ports ----

    @property
    def timed_inputs(self) -> int:
        return self.features.inputs

    def _make_output(self, pin: int, safe: bool, max_on_s: float | None, max_duty: float) -> LimitedOutput:
        limits = limits_for(pin, safe, max_on_s, max_duty)
        if (limits.max_on_ms or limits.duty) and not self.limiters.reserve(pin):
            self.notes.append(
                f"This board guards {self.limiters.capacity} outputs, and {self.capabilities.label(pin)} is one more: "
                "that it is not on for too long only this computer sees to."
            )
            limits = limits._replace(max_on_ms=0, duty=0)
        return LimitedOutput(self.session, self.outputs, limits, self.limiters)

    def _make_input(self, pin: int, at_rest: bool) -> FirmataInput:
        if len(self._timed) == self.features.inputs:
            return FirmataInput(self.session, pin, at_rest)
        self._timed[pin] = TimedInput(self.session, pin, at_rest)
        return self._timed[pin]

    def _make_stepper(self, device: Named, pins: tuple[int, int], inverted: bool) -> CellwrightStepper:
        self._steppers.append(CellwrightStepper(self.session, self.axes, device, pins, inverted, self.features))
        return self._steppers[-1]

    def declare_hx711(self, data: int, clock: int) -> FirmataConverter:
        self.capabilities.require(Need(Feature.CONVERTER, (data, clock)), len(self._converters))
        self._converters.append(FirmataConverter(self.session, len(self._converters), data, clock))
        return self.declare(self._converters[-1])

    def declare_stop_input(self, pin: int, active: bool) -> None:
        if self._stop_pin in (None, pin):  # the board has one
            self._stop_pin = pin
            self.declare(EmergencyStopInput(self.session, pin, active))
            self._stops.watch(self.inputs[pin], active)

    def _request_input_reports(self) -> None:
        """Request every port once; ports with inputs that the board does not time go on reporting."""
        for port in self._input_ports():
            self.session.send(messages.report_port(port, True))
            if all(pin in self._timed for pin in self.inputs if pin // 8 == port):
                self.session.send(messages.report_port(port, False))

    # ---- a run ----

    def _prepare_protection(self) -> None:
        """Release a board that was left stopped; its reply comes in time for ``_protect``."""
        self._reports_refusals = True
        self._stops.release()
        self._drive_safe_levels()

    def _drive_safe_levels(self) -> None:
        """Drive duties and servos, to which a stopped board sends nothing."""
        for level in self.levels:
            self.session.send(level.message(level.safe))

    def _protect(self) -> None:
        self.watchdog.arm()

    def _end_protection(self) -> None:
        self.watchdog.disarm()

    def _before_redeclaring(self) -> None:
        self.session.send(own.QUERY_FEATURES)  # it reports its stops, and why it restarted, only to a host that asked
        self.session.send(own.STOP_BOARD)

    def _restore_protection(self) -> None:
        if self.watchdog.is_armed:
            self.watchdog.arm()

    def _report_restart(self, sentence: str) -> None:
        self._stops.wait_for_reason(sentence)

    def _poll_state(self) -> None:
        self.session.send(own.query_state())

    # ---- stopping ----

    def _stop_messages(self) -> list[bytes]:
        return [own.STOP_BOARD]

    def _on_stopped(self) -> None:
        """Query the board's state and diagnostics."""
        self.session.send(own.query_state())
        self.session.send(own.QUERY_HEALTH)

    def _release(self) -> None:
        self._stops.release()
        if self._has_lost_declarations:
            self._has_lost_declarations = False
            for declared in self._declared:
                declared.declare()
        self._drive_safe_levels()
        for contact in self.inputs.values():
            contact.declare()  # a stopped board makes no input of a pin that noise on the line has made an output

    # ---- health ----

    def health(self) -> Wait:
        """A wait for the board's diagnostics; its value is a BoardHealth."""
        wait = Wait(self.env, self.session, "did not say how it fares", REPLY_TIMEOUT_S)
        self._health.append(wait)
        self.session.send(own.QUERY_HEALTH)
        return wait

    def _on_health(self, data: bytes) -> None:
        health = own.decode_health(data)
        if health is None:
            return
        self.latest_health = health
        kept = [note for note in self.notes if not note.startswith(HEALTH_NOTE)]
        self.notes[:] = [*kept, *_health_notes(health)]
        waiting, self._health = self._health, []
        for wait in waiting:
            wait.complete(health)

    # ---- messages from the board ----

    def _on_pulse(self, data: bytes) -> None:
        over = own.decode_pulse_result(data)
        output = self.outputs.get(over[0]) if over else None
        if over is not None and isinstance(output, LimitedOutput):
            output.on_pulse_result(over[1])

    def _on_home(self, data: bytes) -> None:
        over = own.decode_home_result(data)
        if over is not None and over[0] < len(self._steppers):
            self._steppers[over[0]].on_home(over[1], over[2])

    def _on_axis(self, data: bytes) -> None:
        hit = own.decode_limit_hit(data)
        if hit is not None and hit[0] < len(self._steppers):
            self._steppers[hit[0]].on_limit()

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
        name = self.session.client.name
        if not self._reports_refusals or self.session.is_locked or words.startswith(STOPPED_ERROR):
            return
        if words.startswith(EMERGENCY_STOP_ERROR):
            self.session.report_trouble(
                f"The board on {name} is still stopped: its emergency stop is pressed; let it go, and reset again."
            )
        else:
            self._has_lost_declarations = True
            self.session.report_trouble(f"The board on {name} refused a command: {words.strip()!r}.")


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
