"""The ports of a FirmataBoard: each turns a device's calls into messages, and messages into what the device reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from simpy.events import Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.digital_input import Input
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.waits import Named, ScheduledWait, Wait, cancel

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

DEBOUNCE_S = 0.005
TIMEOUT_MARGIN_S = 5.0
SUPPLY_VOLTS = 5.0
"""The converter's reference on an Uno, a Nano and a Mega."""


class Declared(Protocol):
    """What has been declared on a board, and is declared again after the board was reset."""

    def declare(self) -> None:
        """Send what makes the pin what it is, at its safe level."""
        ...


def refuse_locked(board: FirmataBoard, pin: int) -> None:
    """Raise a CellFault while the board is to be safe."""
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
        """Drive it; a pulse under way ends when it is due all the same."""
        refuse_locked(self.board, self.pin)
        self._drive(level)

    def _drive(self, level: bool) -> None:
        if level != self.level:
            self.level = level
            self.board.send(self.board.port_message(self.pin // 8))

    def pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive it to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that.

        The board's own timer takes it back, whatever becomes of the step that fired it. In place of a pulse under
        way it begins anew, and the wait of that one never ends.
        """
        refuse_locked(self.board, self.pin)
        self._forget_pulse()
        self._drive(level)
        return self._time_pulse(subject, level, seconds, rest_s)

    def _time_pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """A pulse has begun: its end, and the wait for the end of the rest after it."""
        env = self.board.env
        self._back = Timeout(env, seconds, not level)
        self._back.callbacks.append(self._go_back)
        due_s = env.now + seconds + rest_s
        self._rest = rest = ScheduledWait(env, subject, "did not fire", due_s, seconds + rest_s + TIMEOUT_MARGIN_S)
        return rest

    def _go_back(self, back: Event) -> None:
        self._back = self._rest = None  # what is left of the rest ends by itself
        self._drive(bool(back.value))

    def _forget_pulse(self) -> None:
        if self._back is not None:
            cancel(self.board.env, self._back, self._rest)
            self._back = self._rest = None

    def make_safe(self) -> None:
        """Take the safe level, for the board to send."""
        self._forget_pulse()
        self.level = self.safe

    @property
    def is_safe(self) -> bool:
        """Whether it is at its safe level."""
        return self.level == self.safe


class FirmataInput(Input):
    """A digital input, with the pull-up on where its level at rest is high and the firmware can."""

    def __init__(self, board: FirmataBoard, pin: int, at_rest: bool) -> None:
        super().__init__(board.env, at_rest, DEBOUNCE_S)
        self.board = board
        self.pin = pin
        self._mode = PinMode.PULLUP if at_rest and board.client.supports(pin, PinMode.PULLUP) else PinMode.INPUT

    def declare(self) -> None:
        self.board.send(messages.pin_mode(self.pin, self._mode))

    def on_port(self, level: bool) -> None:
        """The board shows what it reads."""
        self.sense(level)


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
    """A PWM output (duty, 0 to ``most`` = 1) or a servo (degrees, 0 to ``most`` = 180).

    top: what is sent for 1, or for 1 degree.
    """

    def __init__(self, board: FirmataBoard, pin: int, mode: PinMode, safe: float, most: float, top: int) -> None:
        self.board = board
        self.pin = pin
        self.safe = safe
        self.value = safe
        self._mode = mode
        self._most = most
        self._top = top
        self._refuse_outside(safe)

    def declare(self) -> None:
        # One write: the firmware turns a new servo to its middle until the angle follows, here three bytes later.
        self.value = self.safe
        self.board.send(messages.pin_mode(self.pin, self._mode) + self.message(self.safe))

    def write(self, value: float) -> None:
        """Drive it."""
        refuse_locked(self.board, self.pin)
        self._refuse_outside(value)
        self.value = value
        self.board.send(self.message(value))

    @property
    def is_safe(self) -> bool:
        """Whether it is at its safe value."""
        return self.value == self.safe

    def _refuse_outside(self, value: float) -> None:
        if not 0.0 <= value <= self._most:
            raise CellFault(f"pin {self.pin} cannot be driven to {value:g}; it takes 0 to {self._most:g}.")

    def message(self, value: float) -> bytes:
        """What drives it to ``value``."""
        number = round(value * self._top)
        is_short = self.pin < 16 and number < 1 << 14
        return messages.analog(self.pin, number) if is_short else messages.extended_analog(self.pin, number)


class FirmataEncoder:
    """A quadrature counter in the firmware, which reports it at every sampling."""

    def __init__(self, board: FirmataBoard, number: int, pin_a: int, pin_b: int) -> None:
        self.board = board
        self.number = number
        self.count = 0
        self._pins = (pin_a, pin_b)
        self._zeroed: Wait | None = None
        self._deaf_until_s = 0.0

    def declare(self) -> None:
        self.count = 0
        self._zeroed = None
        self.board.send(features.attach_encoder(self.number, *self._pins))
        self.board.send(features.report_encoders(True))

    def zero(self) -> None:
        """Call the present count 0."""
        self.count = 0
        self.board.send(features.zero_encoder(self.number))
        self._zeroed = self.board.round_trip()
        self._deaf_until_s = self.board.env.now + self._zeroed.limit_s

    def hear(self, count: int) -> None:
        """Take in a count, unless it is from before it was zeroed."""
        if self._zeroed is None or self._zeroed.triggered or self.board.env.now > self._deaf_until_s:
            self.count = count


class _Question(NamedTuple):
    """A read of an I2C device that has not been answered."""

    register: int
    size: int
    wait: Wait
    until_s: float


class FirmataI2c:
    """A device on the I2C bus. The firmware answers for one that is not there, with fewer bytes than asked for."""

    def __init__(self, board: FirmataBoard, address: int) -> None:
        self.board = board
        self.address = address
        self._asked: list[_Question] = []

    def declare(self) -> None:
        self._asked.clear()
        self.board.send(features.i2c_config())

    def write(self, data: bytes) -> None:
        """Send bytes to it."""
        self.board.send(features.i2c_write(self.address, data))

    def read(self, subject: Named, register: int | None, count: int, within_s: float) -> Wait:
        """Ask for bytes; the wait's value is those bytes."""
        now_s = self.board.env.now
        wait = Wait(self.board.env, subject, f"did not answer on I2C address {self.address:#x}", within_s)
        self._asked = [each for each in self._asked if each.until_s > now_s]
        self._asked.append(_Question(register or 0, count, wait, now_s + within_s))
        self.board.send(features.i2c_read(self.address, register, count))
        return wait

    def hear(self, reply: features.I2cReply) -> None:
        """Take in an answer from this address: it is to the first question for its register."""
        for question in self._asked:
            if question.register == reply.register:
                self._asked.remove(question)
                if len(reply.data) == question.size:
                    question.wait.complete(reply.data)
                return
