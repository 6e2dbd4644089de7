"""The ports of a FirmataBoard: each turns a device's calls into messages, and messages into what the device reads."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from simpy.events import Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.firmata import features, messages
from cellwright.hardware.firmata.messages import PinMode
from cellwright.hardware.inputs import Input
from cellwright.hardware.waits import Coming, Named, Wait, cancel

if TYPE_CHECKING:
    from cellwright.hardware.firmata.board import FirmataBoard

DEBOUNCE_S = 0.005
LATE_S = 5.0
SUPPLY_VOLTS = 5.0
"""The converter's reference on an Uno, a Nano and a Mega."""


class Declared(Protocol):
    """What has been declared on a board, and is declared again after the board was reset."""

    def declare(self) -> None:
        """Send what makes the pin what it is, at its safe level."""
        ...


def _refuse_locked(board: FirmataBoard, pin: int) -> None:
    if board.locked:
        raise CellFault(f"pin {pin} cannot be driven: the board has been made safe; reset the cell first.")


class FirmataOutput:
    """A digital output. Written a port of eight pins at a time, which every firmware understands."""

    def __init__(self, board: FirmataBoard, pin: int, safe: bool) -> None:
        self.board = board
        self.pin = pin
        self.safe = safe
        self.level = safe
        self._back: Event | None = None
        self._rest: Event | None = None

    def declare(self) -> None:
        # One write: the firmware drives a new output low until the level follows, here three bytes later.
        self.level = self.safe
        self.board.send(messages.pin_mode(self.pin, PinMode.OUTPUT) + self.board.port_message(self.pin // 8))

    def write(self, level: bool) -> None:
        """Drive it."""
        _refuse_locked(self.board, self.pin)
        self._forget_pulse()
        self._drive(level)

    def _drive(self, level: bool) -> None:
        if level != self.level:
            self.level = level
            self.board.send(self.board.port_message(self.pin // 8))

    def pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive it to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that.

        The board's own timer takes it back, whatever becomes of the step that fired it.
        """
        _refuse_locked(self.board, self.pin)
        self._forget_pulse()
        self._drive(level)
        env = self.board.env
        self._back = Timeout(env, seconds)
        self._back.callbacks.append(lambda _: self._drive(not level))
        due_s = env.now + seconds + rest_s
        self._rest = rest = Coming(env, subject, "did not fire", due_s, seconds + rest_s + LATE_S)
        return rest

    def _forget_pulse(self) -> None:
        if self._back is not None:
            cancel(self.board.env, self._back, self._rest)
            self._back = self._rest = None

    def make_safe(self) -> bool:
        """Take the safe level without sending it; returns whether that is a change."""
        self._forget_pulse()
        changed = self.level != self.safe
        self.level = self.safe
        return changed


class FirmataInput(Input):
    """A digital input, with the pull-up on where its level at rest is high and the firmware can."""

    def __init__(self, board: FirmataBoard, pin: int, at_rest: bool) -> None:
        super().__init__(board.env, at_rest, DEBOUNCE_S)
        self.board = board
        self.pin = pin
        self._mode = PinMode.PULLUP if at_rest and board.client.supports(pin, PinMode.PULLUP) else PinMode.INPUT

    def declare(self) -> None:
        self.board.send(messages.pin_mode(self.pin, self._mode))


class FirmataAnalog:
    """An analog input; ``volts`` is the latest sample."""

    def __init__(self, board: FirmataBoard, pin: int) -> None:
        self.board = board
        self.pin = pin
        self.volts = 0.0
        self._channel = board.client.analog_channels[pin]
        self._top = (1 << board.client.capabilities[pin][PinMode.ANALOG]) - 1
        self._waiting: list[Wait] = []
        board.client.on_analog(self._channel, self._hear)

    def declare(self) -> None:
        self.board.send(messages.pin_mode(self.pin, PinMode.ANALOG) + messages.report_analog(self._channel, True))

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait for the next sample; its value is in V."""
        wait = Wait(self.board.env, subject, "sent no sample", within_s)
        self._waiting.append(wait)
        return wait

    def _hear(self, value: int) -> None:
        self.volts = SUPPLY_VOLTS * value / self._top
        waiting, self._waiting = self._waiting, []
        for wait in waiting:
            wait.complete(self.volts)


class FirmataLevel:
    """A PWM output (duty, 0 to 1) or a servo (degrees); ``top`` is the value sent for 1, or for 1 degree."""

    def __init__(self, board: FirmataBoard, pin: int, mode: PinMode, safe: float, top: int) -> None:
        self.board = board
        self.pin = pin
        self.safe = safe
        self.value = safe
        self._mode = mode
        self._top = top

    def declare(self) -> None:
        self.board.send(messages.pin_mode(self.pin, self._mode))
        self.make_safe()

    def write(self, value: float) -> None:
        """Drive it."""
        _refuse_locked(self.board, self.pin)
        self._drive(value)

    def make_safe(self) -> None:
        """Go back to the safe value."""
        self._drive(self.safe)

    def _drive(self, value: float) -> None:
        self.value = value
        number = round(value * self._top)
        short = self.pin < 16 and number < 1 << 14
        self.board.send(messages.analog(self.pin, number) if short else messages.extended_analog(self.pin, number))


class FirmataEncoder:
    """A quadrature counter in the firmware, which reports it at every sampling."""

    def __init__(self, board: FirmataBoard, number: int, pin_a: int, pin_b: int) -> None:
        self.board = board
        self.number = number
        self.count = 0
        self._pins = (pin_a, pin_b)

    def declare(self) -> None:
        self.count = 0
        self.board.send(features.attach_encoder(self.number, *self._pins))
        self.board.send(features.report_encoders(True))

    def zero(self) -> None:
        """Call the present count 0."""
        self.count = 0
        self.board.send(features.zero_encoder(self.number))


class FirmataI2c:
    """A device on the I2C bus. Answers come in the order of the questions."""

    def __init__(self, board: FirmataBoard, address: int) -> None:
        self.board = board
        self.address = address
        self._asked: deque[Wait] = deque()

    def declare(self) -> None:
        self._asked.clear()
        self.board.send(features.i2c_config())

    def write(self, data: bytes) -> None:
        """Send bytes to it."""
        self.board.send(features.i2c_write(self.address, data))

    def read(self, subject: Named, register: int | None, count: int, within_s: float) -> Wait:
        """Ask for bytes; the wait's value is those bytes."""
        wait = Wait(self.board.env, subject, f"did not answer on I2C address {self.address:#x}", within_s)
        self._asked.append(wait)
        self.board.send(features.i2c_read(self.address, register, count))
        return wait

    def hear(self, data: Any) -> None:
        """Take in an answer from this address."""
        if self._asked:
            self._asked.popleft().complete(bytes(data))
