"""A model board's ports beyond on and off: analog inputs, duties and angles, encoders, the I2C bus."""

from __future__ import annotations

from collections.abc import Callable

import simpy

from cellwright.errors import CellFault
from cellwright.hardware.model.session import ModelSession
from cellwright.hardware.waits import Named, Wait

ANALOG_V = 5.0
"""The supply of an Uno, a Nano and a Mega, which is the reference of their converters and the most on an input."""


def analog_volts(volts: float) -> float:
    """What is on an analog input that a plant drives to ``volts``: the chip's diodes hold it between 0 and 5 V."""
    return min(max(float(volts), 0.0), ANALOG_V)


class ModelAnalog:
    """An analog input; a plant sets ``volts``."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self._volts = 0.0

    @property
    def volts(self) -> float:
        """The voltage on it, 0 to 5 V."""
        return self._volts

    @volts.setter
    def volts(self, volts: float) -> None:
        self._volts = analog_volts(volts)

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait that is over at once: a model needs no time to sample."""
        wait = Wait(self.env, subject, "sent no sample", within_s)
        wait.complete(self.volts)
        return wait


class ModelLevel:
    """A PWM output (duty, 0 to 1) or a servo (degrees).

    holds: a servo, which gets no pulses while the board is stopped, and so stays where it is until the release.
    """

    def __init__(self, session: ModelSession, pin: int, safe: float, *, holds: bool = False) -> None:
        self.session = session
        self.pin = pin
        self.safe = safe
        self.value = safe
        self.holds = holds
        self._is_driven = True

    @property
    def is_safe(self) -> bool:
        """Whether it is at its safe value, or a servo without pulses."""
        return not self._is_driven or self.value == self.safe

    def snapshot(self) -> tuple[float, float]:
        """Its state, for ``restore``."""
        return self.safe, self.value

    def restore(self, state: tuple[float, float]) -> None:
        """Take the state of a snapshot."""
        self.safe, self.value = state
        self._is_driven = True

    def write(self, value: float) -> None:
        """Drive it."""
        if self.session.is_locked:
            raise CellFault(f"pin {self.pin} cannot be driven: the board has been made safe; reset the cell first.")
        self.value = value
        self._is_driven = True

    def make_safe(self) -> None:
        """Take the safe duty; a servo gets no more pulses."""
        if self.holds:
            self._is_driven = False
        else:
            self.value = self.safe

    def release(self) -> None:
        """Turn a servo to its safe angle, now that it may be driven again."""
        if not self._is_driven:
            self.write(self.safe)


class ModelEncoder:
    """A quadrature counter; ``true_count`` is set by a plant."""

    def __init__(self) -> None:
        self.true_count = 0
        self._stuck_at: int | None = None
        self._zero_at = 0

    @property
    def count(self) -> int:
        """The count since it was zeroed."""
        return self._counted - self._zero_at

    @property
    def _counted(self) -> int:
        return self.true_count if self._stuck_at is None else self._stuck_at

    def zero(self) -> None:
        """Call the present count 0."""
        self._zero_at = self._counted

    def stick(self) -> None:
        """Freeze the count, as if its wheel or its wire were off."""
        self._stuck_at = self.true_count


class ModelHx711:
    """An HX711; a plant sets ``convert``, which returns counts. Without it nothing answers."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.convert: Callable[[], int] | None = None

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait that is over at once: a model needs no time to sample."""
        wait = Wait(self.env, subject, "sent no sample", within_s)
        if self.convert is not None:
            wait.complete(self.convert())
        return wait


class ModelI2c:
    """One address on the I2C bus; where a plant has put no device, nothing answers."""

    def __init__(self, session: ModelSession, address: int) -> None:
        self.session = session
        self.address = address

    def write(self, data: bytes) -> None:
        """Send bytes to it."""
        device = self.session.i2c_devices.get(self.address)
        if device is not None:
            device.write(data)

    def read(self, subject: Named, register: int | None, count: int, within_s: float) -> Wait:
        """Request bytes; they are the wait's value."""
        wait = Wait(self.session.env, subject, f"did not answer on I2C address {self.address:#x}", within_s)
        device = self.session.i2c_devices.get(self.address)
        if device is not None:
            if register is not None:
                device.write(bytes([register]))
            wait.complete(device.read(count))
        return wait
