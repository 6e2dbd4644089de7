"""The ports of a FirmataBoard: each turns calls of a device into messages, and received messages into its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from simpy.events import Event, Timeout

from cellwright.errors import CellFault
from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.host.session import TIMEOUT_MARGIN_S, Session
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.waits import Named, ScheduledWait, Wait

DEBOUNCE_S = 0.005
ADC_REFERENCE_VOLTS = 5.0
"""The converter's reference on an Uno, a Nano and a Mega."""


class Declarable(Protocol):
    """What is declared on a board, and declared again after a reset of the board."""

    def declare(self) -> None:
        """Send the configuration, with the safe level."""
        ...


def ports_of(pins: Iterable[int]) -> list[int]:
    """The ports of eight pins that have one of these pins."""
    return sorted({pin // 8 for pin in pins})


class Outputs(dict[int, "FirmataOutput"]):
    """The digital outputs of a board, by pin; stock firmware is written a port of eight pins at a time."""

    def port_message(self, port: int) -> bytes:
        """The present levels of a port's outputs, as one message."""
        levels = sum(1 << pin % 8 for pin, output in self.items() if pin // 8 == port and output.level)
        return messages.port(port, levels)

    def safe_levels(self) -> list[bytes]:
        """The messages that drive every output to its safe level."""
        levels = dict.fromkeys(ports_of(self), 0)
        for pin, output in self.items():
            levels[pin // 8] |= output.safe << pin % 8
        return [messages.port(port, bits) for port, bits in levels.items()]


class FirmataOutput:
    """A digital output. It is written a port of eight pins at a time, which every firmware supports."""

    def __init__(self, session: Session, outputs: Outputs, pin: int, safe: bool) -> None:
        self.session = session
        self._outputs = outputs
        self.pin = pin
        self.safe = safe
        self.level = safe
        self._pulse_end: Event | None = None
        self._rest_end: Event | None = None

    def declare(self) -> None:
        # One write: the firmware drives a new output low until the level follows, here three bytes later.
        self.level = self.safe
        self.session.send(messages.pin_mode(self.pin, PinMode.OUTPUT) + self._outputs.port_message(self.pin // 8))

    def write(self, level: bool) -> None:
        """Drive it; a pulse under way ends when it is due all the same."""
        self.session.refuse_if_locked(f"pin {self.pin} cannot be driven")
        self._drive(level)

    def _drive(self, level: bool) -> None:
        if level != self.level:
            self.level = level
            self.session.send(self._outputs.port_message(self.pin // 8))

    def pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive it to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that.

        A timer of this port ends it, whatever happens to the step that started it. It replaces a pulse under way,
        whose wait never ends.
        """
        self.session.refuse_if_locked(f"pin {self.pin} cannot be driven")
        self._cancel_pulse()
        self._drive(level)
        return self._time_pulse(subject, level, seconds, rest_s)

    def _time_pulse(self, subject: Named, level: bool, seconds: float, rest_s: float) -> Wait:
        """Schedule the end of a pulse that has begun; the wait for the end of the rest after it."""
        env = self.session.env
        self._pulse_end = Timeout(env, seconds, not level)
        self._pulse_end.callbacks.append(self._end_pulse)
        due_s = env.now + seconds + rest_s
        self._rest_end = rest = ScheduledWait(env, subject, "did not fire", due_s, seconds + rest_s + TIMEOUT_MARGIN_S)
        return rest

    def _end_pulse(self, back: Event) -> None:
        self._pulse_end = self._rest_end = None  # the rest ends by itself
        self._drive(bool(back.value))

    def _cancel_pulse(self) -> None:
        if self._pulse_end is not None:
            cancel(self.session.env, self._pulse_end, self._rest_end)
            self._pulse_end = self._rest_end = None

    def make_safe(self) -> None:
        """Record the safe level, which the board sends."""
        self._cancel_pulse()
        self.level = self.safe

    @property
    def is_safe(self) -> bool:
        """Whether it is at its safe level."""
        return self.level == self.safe


class FirmataInput(DigitalInput):
    """A digital input, with the pull-up on where its level at rest is high and the firmware supports that."""

    def __init__(self, session: Session, pin: int, at_rest: bool) -> None:
        super().__init__(session.env, at_rest, DEBOUNCE_S)
        self.session = session
        self.pin = pin
        self._mode = PinMode.PULLUP if at_rest and session.client.supports(pin, PinMode.PULLUP) else PinMode.INPUT

    def declare(self) -> None:
        self.session.send(messages.pin_mode(self.pin, self._mode))

    def on_port(self, level: bool) -> None:
        """The level in a report of its port."""
        self.set_level(level)


class FirmataAnalog:
    """An analog input; ``volts`` is the latest sample, if it has one yet."""

    def __init__(self, session: Session, pin: int) -> None:
        self.session = session
        self.pin = pin
        self.volts = 0.0
        self.has_sample = False
        self._channel = session.client.analog_channels[pin]
        self._scale = (1 << session.client.capabilities[pin][PinMode.ANALOG]) - 1
        self._waiting: list[Wait] = []
        session.client.on_analog(self._channel, self._on_sample)

    def declare(self) -> None:
        self.has_sample = False
        self.session.send(messages.pin_mode(self.pin, PinMode.ANALOG) + messages.report_analog(self._channel, True))

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait for the next sample; its value is in V."""
        wait = Wait(self.session.env, subject, "sent no sample", within_s)
        self._waiting.append(wait)
        return wait

    def _on_sample(self, value: int) -> None:
        self.volts = ADC_REFERENCE_VOLTS * value / self._scale
        self.has_sample = True
        waiting, self._waiting = self._waiting, []
        for wait in waiting:
            wait.complete(self.volts)


class FirmataLevel:
    """A PWM output (duty, 0 to ``most`` = 1) or a servo (degrees, 0 to ``most`` = 180).

    number_of: the number that is sent for a duty or an angle.
    """

    def __init__(
        self, session: Session, pin: int, mode: PinMode, safe: float, most: float, number_of: Callable[[float], int]
    ) -> None:
        self.session = session
        self.pin = pin
        self.safe = safe
        self.value = safe
        self._mode = mode
        self._max = most
        self._number_of = number_of
        self._refuse_outside(safe)

    def declare(self) -> None:
        # One write: the firmware drives a new servo to its middle until the angle follows, here three bytes later.
        self.value = self.safe
        self.session.send(messages.pin_mode(self.pin, self._mode) + self.message(self.safe))

    def write(self, value: float) -> None:
        """Drive it."""
        self.session.refuse_if_locked(f"pin {self.pin} cannot be driven")
        self._refuse_outside(value)
        self.value = value
        self.session.send(self.message(value))

    @property
    def is_safe(self) -> bool:
        """Whether it is at its safe value."""
        return self.value == self.safe

    def _refuse_outside(self, value: float) -> None:
        if not 0.0 <= value <= self._max:
            raise CellFault(f"pin {self.pin} cannot be driven to {value:g}; it takes 0 to {self._max:g}.")

    def message(self, value: float) -> bytes:
        """The message that drives it to ``value``."""
        number = self._number_of(value)
        is_short = self.pin < 16 and number < 1 << 14
        return messages.analog(self.pin, number) if is_short else messages.extended_analog(self.pin, number)


class FirmataEncoder:
    """A quadrature counter in the firmware, which reports it at every sampling."""

    def __init__(self, session: Session, number: int, pin_a: int, pin_b: int) -> None:
        self.session = session
        self.number = number
        self.count = 0
        self._pins = (pin_a, pin_b)
        self._zeroed: Wait | None = None
        self._ignore_until_s = 0.0

    def declare(self) -> None:
        self.count = 0
        self._zeroed = None
        self.session.send(features.attach_encoder(self.number, *self._pins))
        self.session.send(features.report_encoders(True))

    def zero(self) -> None:
        """Set the present count to 0."""
        self.count = 0
        self.session.send(features.zero_encoder(self.number))
        self._zeroed = self.session.round_trip()
        self._ignore_until_s = self.session.env.now + self._zeroed.limit_s

    def on_count(self, count: int) -> None:
        """Handle a count, unless it is from before the zeroing."""
        if self._zeroed is None or self._zeroed.triggered or self.session.env.now > self._ignore_until_s:
            self.count = count


class _PendingRead(NamedTuple):
    """A read of an I2C device without a reply yet."""

    register: int
    size: int
    wait: Wait
    until_s: float


class FirmataI2c:
    """A device on the I2C bus. For a missing device the firmware replies with fewer bytes than requested."""

    def __init__(self, session: Session, address: int) -> None:
        self.session = session
        self.address = address
        self._pending_reads: list[_PendingRead] = []

    def declare(self) -> None:
        self._pending_reads.clear()
        self.session.send(features.i2c_config())

    def write(self, data: bytes) -> None:
        """Send bytes to it."""
        self.session.send(features.i2c_write(self.address, data))

    def read(self, subject: Named, register: int | None, count: int, within_s: float) -> Wait:
        """Request bytes; the wait's value is those bytes."""
        now_s = self.session.env.now
        wait = Wait(self.session.env, subject, f"did not answer on I2C address {self.address:#x}", within_s)
        self._pending_reads = [each for each in self._pending_reads if each.until_s > now_s]
        self._pending_reads.append(_PendingRead(register or 0, count, wait, now_s + within_s))
        self.session.send(features.i2c_read(self.address, register, count))
        return wait

    def on_reply(self, reply: features.I2cReply) -> None:
        """Handle a reply from this address: it belongs to the first pending read of its register."""
        for pending in self._pending_reads:
            if pending.register == reply.register:
                self._pending_reads.remove(pending)
                if len(reply.data) == pending.size:
                    pending.wait.complete(reply.data)
                return
