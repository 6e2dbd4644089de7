"""The NAU7802, a converter for load cells that any Firmata firmware reaches over I2C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import simpy

from cellwright.errors import CellFault
from cellwright.hardware.board import Board, I2cPort
from cellwright.hardware.model.world import World
from cellwright.hardware.pins import Pin
from cellwright.hardware.waits import Steps
from cellwright.sensors.load_cell import SAMPLE_TIMEOUT_S, LoadCell

# Registers and bits. Source: Nuvoton, NAU7802 datasheet, register map and power-on sequence.
PU_CTRL, CTRL1, CTRL2, RESULT, ADC_CONTROL, PGA_POWER = 0x00, 0x01, 0x02, 0x12, 0x15, 0x1C
RESET, POWER_DIGITAL, POWER_ANALOG, POWERED_UP, CYCLE_START, INNER_SUPPLY = 0x01, 0x02, 0x04, 0x08, 0x10, 0x80
GAIN_128, SUPPLY_4V5 = 0x07, 0x00 << 3
CALIBRATE, CALIBRATION_ERROR = 0x04, 0x08
RATES = {10: 0x00 << 4, 20: 0x01 << 4, 40: 0x02 << 4, 80: 0x03 << 4, 320: 0x07 << 4}
"""Samples/s that the converter offers, and its bits for them."""
CHOPPER_OFF, CHANNEL_2_CAPACITOR = 0x30, 0x80

SUPPLY_SETTLING_S = 0.2
SELF_CALIBRATION_S = 0.344
SELF_CALIBRATION_TIMEOUT_S = 1.0
CALIBRATION_POLL_S = 0.05


@dataclass(kw_only=True)
class Nau7802(LoadCell):
    """A load cell on an NAU7802. It uses only the board's two I2C pins: 18 and 19 on an Uno, 20 and 21 on a Mega.

    address: on the I2C bus; the chip has only this one.
    """

    rates: ClassVar[tuple[int, ...]] = tuple(RATES)

    address: int = 0x2A
    port: I2cPort = field(init=False, repr=False)

    def pins(self) -> dict[str, Pin]:
        return {}

    def i2c_addresses(self) -> tuple[int, ...]:
        return (self.address,)

    def attach(self, board: Board) -> None:
        self.board = board
        self.read_calibration()
        self.port = board.declare_i2c(self.address)

    def start(self) -> Steps:
        """Power up the converter, set gain 128 and the sample rate, and have it calibrate its amplifier.

        Raises CellFault if it does not power up or cannot calibrate itself, StepTimeoutError if it does not answer.
        """
        power = POWER_DIGITAL | POWER_ANALOG | INNER_SUPPLY
        rate = RATES[self.samples_per_s]
        self._write_register(PU_CTRL, RESET)
        self._write_register(PU_CTRL, POWER_DIGITAL)
        self._write_register(PU_CTRL, power)
        self._write_register(CTRL1, SUPPLY_4V5 | GAIN_128)
        self._write_register(CTRL2, rate)
        self._write_register(ADC_CONTROL, CHOPPER_OFF)
        self._write_register(PGA_POWER, CHANNEL_2_CAPACITOR)
        yield self.board.env.timeout(SUPPLY_SETTLING_S)
        status = yield from self._read_register(PU_CTRL)
        if not status & POWERED_UP:
            raise CellFault(f"{self.name} did not power up; check the supply of its converter.")
        self._write_register(CTRL2, rate | CALIBRATE)
        yield from self._await_calibration()
        self._write_register(PU_CTRL, power | CYCLE_START)
        yield self.board.env.timeout(8 * self.period_s)  # the first conversions are not settled
        self.is_ready = True
        self.note("started", None)

    def _await_calibration(self) -> Steps:
        until_s = self.board.env.now + SELF_CALIBRATION_TIMEOUT_S
        while self.board.env.now < until_s:
            yield self.board.env.timeout(CALIBRATION_POLL_S)
            status = yield from self._read_register(CTRL2)
            if not status & CALIBRATE:
                if status & CALIBRATION_ERROR:
                    raise CellFault(f"{self.name} could not calibrate its amplifier; check the load cell's wires.")
                return
        raise CellFault(f"{self.name} did not calibrate its amplifier within {SELF_CALIBRATION_TIMEOUT_S:g} s.")

    def _write_register(self, register: int, value: int) -> None:
        self.port.write(bytes((register, value)))

    def _read_register(self, register: int) -> Steps:
        data = yield self.port.read(self, register, 1, SAMPLE_TIMEOUT_S)
        return data[0]

    def latest(self) -> Steps:
        data = yield self.port.read(self, RESULT, 3, SAMPLE_TIMEOUT_S)
        return int.from_bytes(data, "big", signed=True)

    def put_chip(self, world: World, counts: Callable[[], int]) -> None:
        world.i2c_devices[self.address] = ModelNau7802(world.env, counts)


class ModelNau7802:
    """An NAU7802 on a simulated board's I2C bus: its registers. counts: samples its load cell, in counts."""

    def __init__(self, env: simpy.Environment, counts: Callable[[], int]) -> None:
        self.env = env
        self._counts = counts
        self._registers = bytearray(0x20)
        self._pointer = 0
        self._calibrated_at_s = 0.0

    def write(self, data: bytes) -> None:
        """A register, and values for it and those after it."""
        self._pointer = data[0]
        for offset, value in enumerate(data[1:]):
            self._set(self._pointer + offset, value)

    def _set(self, register: int, value: int) -> None:
        if register == PU_CTRL and value & RESET:
            self._registers[:] = bytes(len(self._registers))
            return
        if register < len(self._registers):
            self._registers[register] = value
        if register == CTRL2 and value & CALIBRATE:
            self._calibrated_at_s = self.env.now + SELF_CALIBRATION_S

    def read(self, count: int) -> bytes:
        """Registers from where the last write pointed."""
        power = self._registers[PU_CTRL]
        if power & POWER_DIGITAL:
            self._registers[PU_CTRL] = power | POWERED_UP
        if self._registers[CTRL2] & CALIBRATE and self.env.now >= self._calibrated_at_s:
            self._registers[CTRL2] &= ~CALIBRATE
        if self._pointer <= RESULT < self._pointer + count and power & CYCLE_START:
            self._registers[RESULT : RESULT + 3] = self._counts().to_bytes(3, "big", signed=True)
        return bytes(self._registers[self._pointer : self._pointer + count])
