"""The session of a model board: what its ports and axes know of it, and no more."""

from __future__ import annotations

from typing import Protocol

import simpy

from cellwright.hardware.digital_input import DigitalInput


class I2cDevice(Protocol):
    """A device on the I2C bus, implemented by a plant."""

    def write(self, data: bytes) -> None:
        """Bytes from the board, the register first if there is one."""
        ...

    def read(self, count: int) -> bytes:
        """Bytes to the board."""
        ...


class ModelSession:
    """The time of a model board, its lock and its inputs.

    is_locked: the board has been made safe, and nothing may be driven. inputs: by pin, declared or not. i2c_devices:
    what is on the I2C bus, by address; for a plant to fill.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.is_locked = False
        self.inputs: dict[int, DigitalInput] = {}
        self.i2c_devices: dict[int, I2cDevice] = {}

    def input(self, pin: int) -> DigitalInput:
        """The input on ``pin``, declared or not; its pull-up makes it high."""
        return self.inputs.setdefault(pin, DigitalInput(self.env, True))

    def set_input(self, pin: int, level: bool) -> None:
        """Make input ``pin`` read ``level``."""
        if pin in self.inputs:
            self.inputs[pin].set_level(level)
        else:
            self.inputs[pin] = DigitalInput(self.env, level)
