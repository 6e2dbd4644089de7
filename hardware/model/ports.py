"""A model board's ports beyond on and off: analog inputs, duties and angles, encoders, the I2C bus."""

from __future__ import annotations

from collections.abc import Callable

import simpy

from cellwright.errors import CellFault
from cellwright.hardware.model.session import ModelSession
from cellwright.hardware.waits import Named, Wait


class ModelAnalog:
    """An analog input; a plant sets ``volts``."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.volts = 0.0

    def sample(self, subject: Named, within_s: float) -> Wait:
        """A wait that is over at once: a model needs no time to sample."""
        wait = Wait(self.env, subject, "sent no sample", within_s)
        wait.complete(self.volts)
        return wait


class ModelLevel:
    """A PWM output (duty, 0 to 1) or a servo (degrees)."""

    def __init__(self, session: ModelSession, pin: int, safe: float) -> None:
        self.session = session
        self.pin = pin
        self.safe = safe
        self.value = safe

    def snapshot(self) -> tuple[float, float]:
        """Its state, for ``restore``."""
        return self.safe, self.value

    def restore(self, state: tuple[float, float]) -> None:
        """Take the state of a snapshot."""
        self.safe, self.value = state

    def write(self, value: float) -> None:
        """Drive it."""
        if self.session.is_locked:
            raise CellFault(f"pin {self.pin} cannot be driven: the board has been made safe; reset the cell first.")
        self.value = value


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
