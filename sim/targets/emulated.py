"""A cell on real firmware: an emulated Arduino in lock step with virtual time, the cell's plant at its pins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cellwright.hardware.device import Device
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.fault_injection import PinFaultInjector
from cellwright.hardware.emulator.world import PinWorld, Wiring
from cellwright.hardware.event_loop import VirtualClock
from cellwright.hardware.fault_injection import FaultInjector, FaultyLink
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.pins import PinRole
from cellwright.sequences import RunLog
from cellwright.sim.plants.plant import CellPlant
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams
from cellwright.sim.targets.assembly import CellOnBoard, build_cell, build_plant, connect_recorded, power_up

EXCHANGE_S = 0.02
"""How far the chip may run ahead while nothing is due. It stops at its own output, so this affects speed only."""


@dataclass(slots=True, kw_only=True)
class EmulatedRig(CellOnBoard):
    """A cell on real firmware in virtual time; its plant acts on ``world``. Close it afterwards."""

    board: FirmataBoard
    world: PinWorld
    plant: CellPlant
    faults: FaultInjector
    arduino: EmulatedArduino

    def close(self) -> None:
        """End the emulated chip, and close a recording."""
        CellOnBoard.close(self)
        self.arduino.close()


def emulated_rig(
    scenario: Scenario,
    seed: int,
    replication: int,
    log: RunLog | None = None,
    *,
    hex_path: Path | None = None,
    kind: ArduinoModel | None = None,
    record: Path | None = None,
) -> EmulatedRig:
    """The cell on CellwrightFirmata, every byte, step and edge of it.

    The firmware has booted and the board is prepared, so time has passed. hex_path: other firmware; None is the
    CellwrightFirmata of this checkout. kind: which Arduino; None is the one in the description of the cell. record:
    where the bytes of the line are written.

    Raises InputError if the emulator is not built or the Arduino lacks what the cell needs.
    """
    env = VirtualClock()
    streams = Streams(seed, replication)
    kind = kind or scenario.study.cell.arduino
    firmware = hex_path or firmware_hex(kind)
    arduino = EmulatedArduino(env, firmware, kind=kind, exchange_s=EXCHANGE_S, watched=())
    try:
        return _assemble(scenario, streams, log, arduino, record)
    except BaseException:
        arduino.close()
        raise


def _assemble(
    scenario: Scenario,
    streams: Streams,
    log: RunLog | None,
    arduino: EmulatedArduino,
    record: Path | None,
) -> EmulatedRig:
    env = arduino.env
    parts = scenario.study.cell.parameters(scenario.parameters).values()
    world = PinWorld(arduino, wiring_of(part for part in parts if isinstance(part, Device)))
    faulty = FaultyLink(env, arduino.link, streams["faults on the line"])
    board = connect_recorded(env, faulty, record)
    cell = build_cell(scenario, board, log, streams.replication)
    plant = build_plant(scenario, cell, world, streams)
    power_up(board, plant)
    env.process(cell.run())
    faults = PinFaultInjector(world, cell.devices, streams["faults"], faulty)
    return EmulatedRig(env=env, board=board, cell=cell, world=world, plant=plant, faults=faults, arduino=arduino)


def wiring_of(devices: Iterable[Device]) -> Wiring:
    """The wiring of a cell's devices, as their pins say: drivers, and resistors for outputs and open contacts."""
    drivers: dict[int, tuple[int, bool]] = {}
    pwm: set[int] = set()
    resting: dict[int, bool] = {}
    samples_per_s: dict[tuple[int, int], float] = {}
    servos: set[int] = set()
    for pin in (pin for device in devices for pin in device.pins().values()):
        if pin.role in (PinRole.OUTPUT, PinRole.CONTACT):
            resting[pin.number] = pin.rests_high
        elif pin.role is PinRole.PWM:
            pwm.add(pin.number)
            resting[pin.number] = False
        elif pin.role is PinRole.SERVO:
            servos.add(pin.number)
            resting[pin.number] = False
        elif pin.role is PinRole.STEP and pin.partner is not None:
            drivers[pin.number] = pin.partner, pin.is_inverted
        elif pin.role is PinRole.CONVERTER and pin.partner is not None:
            samples_per_s[pin.number, pin.partner] = pin.samples_per_s
    return Wiring(drivers, frozenset(pwm), resting, samples_per_s, frozenset(servos))
