"""How a FirmataBoard speaks with CellwrightFirmata: the board guards itself, and says why it has stopped.

What it sends and hears is that of hardware/firmware/PROTOCOL.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cellwright.errors import CapabilityError
from cellwright.hardware.board import ConverterPort
from cellwright.hardware.firmata.host.cellwright_ports import (
    FirmataConverter,
    GuardedOutput,
    Guards,
    TimedInput,
    limits_for,
)
from cellwright.hardware.firmata.host.cellwright_stepper import CellwrightStepper
from cellwright.hardware.firmata.host.ports import FirmataInput, FirmataOutput
from cellwright.hardware.firmata.host.stepper import FirmataStepper
from cellwright.hardware.firmata.host.stock_firmware import Dialect
from cellwright.hardware.firmata.host.stop_causes import BoardStops
from cellwright.hardware.firmata.host.watchdog import Watchdog
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import Features, Health
from cellwright.hardware.waits import Named, Wait

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

REPLY_TIMEOUT_S = 1.0
WHILE_STOPPED = "stopped"
"""How the refusals begin of a board that has stopped itself, and says so in a message of its own."""
PRESSED = "emergency stop"
"""How the refusal of a release begins."""
ACCOUNT = "The board's own account of the run: "
MANY_LATE, MANY_WAITS = 1000, 100


class CellwrightDialect(Dialect):
    """Uses what ``has`` says that the board has."""

    def __init__(self, board: FirmataBoard, has: Features) -> None:
        super().__init__(board)
        self.has = has
        self.devices = has.devices
        self.encoders = has.encoders
        self.guards = Guards(has.outputs)
        self.watchdog = Watchdog(board.env, board.client)
        self.stops = BoardStops(board)
        self.latest_health: Health | None = None
        self._converters: list[FirmataConverter] = []
        self._timed: dict[int, TimedInput] = {}
        self._health: list[Wait] = []
        self._listens = False
        for command, hear in {
            own.PULSE: self._on_pulse,
            own.STATE: self.stops.hear,
            own.HOME: self._on_home,
            own.CONVERTER: self._on_conversion,
            own.TIMED_INPUT: self._on_edge,
            own.AXIS: self._on_axis,
            own.HEALTH: self._on_health,
        }.items():
            board.client.on_sysex(command, hear)
        board.client.on_string(self._on_refusal)

    # ---- ports ----

    def output(self, pin: int, safe: bool, most_on_s: float | None, most_duty: float) -> FirmataOutput:
        limits = limits_for(pin, safe, most_on_s, most_duty)
        if (limits.most_on_ms or limits.duty) and not self.guards.take(pin):
            self.board.notes.append(
                f"This board guards {self.guards.room} outputs, and pin {pin} is one more: "
                "that it is not on for too long only this computer sees to."
            )
            limits = limits._replace(most_on_ms=0, duty=0)
        return GuardedOutput(self.board, limits, self.guards)

    def input(self, pin: int, at_rest: bool) -> FirmataInput:
        if len(self._timed) == self.has.inputs:
            return super().input(pin, at_rest)
        self._timed[pin] = TimedInput(self.board, pin, at_rest)
        return self._timed[pin]

    def stepper(self, number: int, device: Named, step: int, direction: int, inverted: bool) -> FirmataStepper:
        return CellwrightStepper(self.board, number, device, (step, direction), inverted, self.has)

    def converter(self, data: int, clock: int) -> ConverterPort:
        if len(self._converters) == self.has.converters:
            raise CapabilityError(f"one HX711 more than the firmware's {self.has.converters}", self.board.description)
        self._converters.append(FirmataConverter(self.board, len(self._converters), data, clock))
        return self.board.declare(self._converters[-1])

    def watch_stop_input(self, pin: int, active: bool) -> None:
        if self.stops.watches(pin):
            self.board.declare(_StopInput(self.board, pin, active))
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

    def ask_what_it_has(self) -> None:
        """Let a board be driven that was left stopped; what it answers is in time for ``protect``."""
        self._listens = True
        self.stops.release()

    def protect(self) -> None:
        self.watchdog.arm()

    def unprotect(self) -> None:
        self.watchdog.disarm()

    def ask_for_inputs(self) -> None:
        """Have every port shown once; those go on reporting that have inputs that the board does not time."""
        for port in self.board.input_ports():
            self.board.send(messages.report_port(port, True))
            if all(pin in self._timed for pin in self.board.inputs if pin // 8 == port):
                self.board.send(messages.report_port(port, False))

    def look_again(self) -> None:
        self.board.send(own.ask_state())

    # ---- stopping ----

    def stop_messages(self) -> list[bytes]:
        return [own.STOP_BOARD]

    def stopped(self) -> None:
        """What else to ask when the board was stopped: how it has fared."""
        self.board.send(own.ask_state())
        self.board.send(own.ASK_HEALTH)

    def release(self) -> None:
        self.stops.release()
        for level in self.board.levels:
            self.board.send(level.message(level.safe))  # stopped, a servo has no pulses
        for contact in self.board.inputs.values():
            contact.declare()  # stopped, the board makes no input of what noise on the line has made an output

    def before_declaring_again(self) -> None:
        self.board.send(own.STOP_BOARD)

    def protect_again(self) -> None:
        if self.watchdog.armed:
            self.watchdog.arm()

    def report_restart(self, sentence: str) -> None:
        self.stops.wait_for_cause(sentence)

    # ---- health ----

    def health(self) -> Wait:
        """A wait for the board's account of its memory and of what came late or was lost; its value is a Health."""
        wait = Wait(self.board.env, self.board, "did not say how it fares", REPLY_TIMEOUT_S)
        self._health.append(wait)
        self.board.send(own.ASK_HEALTH)
        return wait

    def _on_health(self, data: bytes) -> None:
        health = own.decode_health(data)
        if health is None:
            return
        self.latest_health = health
        kept = [note for note in self.board.notes if not note.startswith(ACCOUNT)]
        self.board.notes[:] = [*kept, *_what_is_amiss(health)]
        waiting, self._health = self._health, []
        for wait in waiting:
            wait.complete(health)

    # ---- what the board says ----

    def _on_pulse(self, data: bytes) -> None:
        over = own.decode_pulse_over(data)
        output = self.board.outputs.get(over[0]) if over else None
        if over is not None and isinstance(output, GuardedOutput):
            output.on_pulse_over(over[1])

    def _stepper(self, number: int) -> CellwrightStepper | None:
        stepper = self.board.steppers[number] if number < len(self.board.steppers) else None
        return stepper if isinstance(stepper, CellwrightStepper) else None

    def _on_home(self, data: bytes) -> None:
        over = own.decode_home_over(data)
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
            self._converters[conversion[0]].hear(*conversion[1:])

    def _on_edge(self, data: bytes) -> None:
        edge = own.decode_edge(data)
        if edge is not None and edge[0] in self._timed:
            self._timed[edge[0]].on_edge(edge[1], edge[2])

    def _on_refusal(self, words: str) -> None:
        """The board refuses with words what it cannot do: then it is not where this computer takes it to be."""
        name = self.board.client.name
        if not self._listens or self.board.locked or words.startswith(WHILE_STOPPED):
            return
        if words.startswith(PRESSED):
            self.board.report_trouble(
                f"The board on {name} is still stopped: its emergency stop is pressed; let it go, and reset again."
            )
        else:
            self.board.report_trouble(f"The board on {name} refused what it was told: {words.strip()!r}.")


class _StopInput:
    """The board's emergency stop, declared again after each reset."""

    def __init__(self, board: FirmataBoard, pin: int, active: bool) -> None:
        self.board = board
        self._message = own.stop_input(pin, active)

    def declare(self) -> None:
        self.board.send(self._message)


def _what_is_amiss(health: Health) -> list[str]:
    """What a person should know of a board's health, as a note; none if all is well.

    A few late steps are no trouble: they catch up, and the firmware makes one in some thousand late where axes run side
    by side (docs/background/the-firmware.md).
    """
    counts = {
        "steps that came late": health.late if health.late >= MANY_LATE else 0,
        "moments in which a ramp was not planned in time": health.waits if health.waits >= MANY_WAITS else 0,
        "bytes from this computer that were lost": health.lost,
        "encoder edges that were lost": health.encoder,
    }
    amiss = [f"{what}: {count}" for what, count in counts.items() if count]
    return [f"{ACCOUNT}{', '.join(amiss)}."] if amiss else []
