"""A cell on real firmware: an emulated Arduino in lock step with virtual time, the cell's plant at its pins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import simpy

from cellwright.actuators import Buzzer, Lamp, Motor, Pump, Solenoid, Stepper, Valve
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.fault_injection import PinFaultInjector
from cellwright.hardware.emulator.world import PinWorld, Wiring
from cellwright.hardware.fault_injection import FaultInjector, FaultyLink
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.transport.link import Link
from cellwright.sensors.hx711 import Hx711
from cellwright.sequences import Cell, RunLog
from cellwright.sim.plants.plant import CellPlant
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams
from cellwright.sim.targets import build_plant

EXCHANGE_S = 0.02
"""How far the chip may run ahead while nothing is due. It stops at its own output, so this affects speed only."""


@dataclass(slots=True)
class EmulatedRig:
    """A cell that runs as soon as ``env`` does; its plant acts on ``world``. Close ``arduino`` afterwards."""

    env: simpy.Environment
    board: FirmataBoard
    cell: Cell
    world: PinWorld
    plant: CellPlant
    faults: FaultInjector
    arduino: EmulatedArduino


def emulated_rig(
    scenario: Scenario,
    seed: int,
    replication: int,
    log: RunLog | None = None,
    *,
    hex_path: Path | None = None,
    kind: ArduinoModel | None = None,
    between: Callable[[simpy.Environment, Link], Link] | None = None,
) -> EmulatedRig:
    """The cell on CellwrightFirmata, every byte, step and edge of it.

    The firmware has booted and the board is prepared, so time has passed. hex_path: other firmware; None is the
    CellwrightFirmata of this checkout. kind: which Arduino; None is the one in the description of the cell. between:
    wraps the link at the end of the host.

    Raises InputError if the emulator is not built or the Arduino lacks what the cell needs.
    """
    env = simpy.Environment()
    streams = Streams(seed, replication)
    kind = kind or scenario.study.cell.arduino
    firmware = hex_path or firmware_hex(kind)
    arduino = EmulatedArduino(env, firmware, kind=kind, exchange_s=EXCHANGE_S, watched=())
    try:
        return _assemble(scenario, streams, log, arduino, between)
    except BaseException:
        arduino.close()
        raise


def _assemble(
    scenario: Scenario,
    streams: Streams,
    log: RunLog | None,
    arduino: EmulatedArduino,
    between: Callable[[simpy.Environment, Link], Link] | None,
) -> EmulatedRig:
    env = arduino.env
    world = PinWorld(arduino, wiring_of(scenario.study.cell.parameters(scenario.parameters).values()))
    faulty = FaultyLink(env, arduino.link, streams["faults on the line"])
    board = connect(env, between(env, faulty) if between else faulty)
    if log is not None:
        log.begin(streams.replication)
    cell = scenario.study.cell(board, scenario.parameters, log)
    plant = build_plant(scenario, cell, world, streams)
    plant.connect()
    env.run(until=env.process(board.prepare()))
    env.process(cell.run())
    faults = PinFaultInjector(world, cell.devices, streams["faults"], faulty)
    return EmulatedRig(env, board, cell, world, plant, faults, arduino)


def wiring_of(devices: Iterable[object]) -> Wiring:
    """The wiring of a cell's devices: drivers, and resistors that hold each output safe."""
    drivers: dict[int, tuple[int, bool]] = {}
    pwm: set[int] = set()
    resting: dict[int, bool] = {}
    samples_per_s: dict[tuple[int, int], float] = {}
    for device in devices:
        match device:
            case Stepper() | Pump():
                drivers[device.step] = device.dir, device.inverted
                if isinstance(device, Stepper) and device.enable is not None:
                    resting[device.enable] = True
            case Motor():
                pwm.add(device.pin)
                resting[device.pin] = False
            case Lamp() | Buzzer() | Solenoid() | Valve():
                resting[device.pin] = device.active_low
            case Hx711():
                samples_per_s[device.data, device.clock] = device.samples_per_s
    return Wiring(drivers, frozenset(pwm), resting, samples_per_s)
