"""``board``: a virtual or emulated Arduino for any Firmata client."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simpy.events import Event

from cellwright import cells
from cellwright.cli.terminal import write_lines
from cellwright.errors import InputError
from cellwright.hardware import ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.device import Device
from cellwright.hardware.fault_injection import FaultInjector, FaultyLink, read_fault
from cellwright.hardware.firmata.logged_link import logged
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel, FirmwareKind
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.hardware.transport.server import PseudoTerminalLink, ServerLink, TcpLink, address
from cellwright.sim import Streams
from cellwright.sim.targets import build_plant_for_remote_cell


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The options of ``board``: which board to serve, and where."""

    pty: Path | None
    tcp: str | None
    kind: ArduinoModel | None
    firmware: FirmwareKind
    baud: int | None
    latency_s: float
    plant: str | None
    overrides: Sequence[str]
    seed: int
    faults: Sequence[str]


def serve_virtual(options: ServeOptions) -> None:
    """Serve a virtual Arduino until Ctrl-C."""
    if (options.pty is None) == (options.tcp is None):
        raise InputError("Give one address to serve the board at: --pty PATH or --tcp HOST:PORT.")
    scenario = cells.load(options.plant).scenario(options.overrides) if options.plant else None
    kind = options.kind or (scenario.study.cell.arduino if scenario else "uno")
    clock = WallClock()
    end = PseudoTerminalLink(clock, options.pty) if options.pty else TcpLink(clock, *address(options.tcp or ""))
    try:
        board = ModelBoard(clock, STEP_TIMINGS[_stepping_firmware(options)])
        plant = None
        if scenario is not None:
            plant = build_plant_for_remote_cell(scenario, board, options.seed)
            plant.connect()
        devices = plant.cell.devices if plant else {}
        faults = _connect_line(clock, end, board, kind, options, devices)
        for text in options.faults:
            faults.schedule(read_fault(text, devices))
        plant_text = f"with the plant of the {options.plant}" if options.plant else "with nothing connected to it"
        write_lines([f"A virtual {kind.capitalize()} {plant_text} is at {end.name}; Ctrl-C ends it."])
        clock.run(until=_ctrl_c_event(clock))
    finally:
        end.close()


def _stepping_firmware(options: ServeOptions) -> SteppingFirmware:
    """The firmware whose timing the axes of the plant have; StandardFirmata has no steppers."""
    return DEFAULT_FIRMWARE if options.firmware == "standard" else options.firmware


def _connect_line(
    clock: WallClock,
    end: ServerLink,
    board: ModelBoard,
    kind: ArduinoModel,
    options: ServeOptions,
    devices: Mapping[str, Device],
) -> FaultInjector:
    """Connect the board through a line in memory, which gives a pty or a socket the baud rate that it does not have."""
    line = LoopbackLine(clock, options.baud or BAUDS[_stepping_firmware(options)], options.latency_s)
    arduino = VirtualArduino(clock, line.board, board, kind, options.firmware)
    random = Streams(options.seed, 0)["faults on the line"]
    faulty = FaultyLink(clock, line.host, random)
    shown = logged(clock, faulty)
    end.on_bytes = shown.write
    end.on_open = arduino.reset
    shown.on_bytes = end.write
    return FaultInjector(clock, board, devices, random, faulty, arduino)


def serve_emulated_chip(hex_path: Path, pty: Path | None, kind: ArduinoModel = "uno") -> None:
    """Serve real firmware on an emulated chip until Ctrl-C."""
    from cellwright.hardware.emulator.server import serve_emulated

    if pty is None:
        raise InputError("An emulated chip is served on a pseudo-terminal: add --pty PATH.")
    chip = {"mega": "ATmega2560"}.get(kind, "ATmega328P")
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    serve_emulated(
        hex_path,
        pty,
        stop,
        kind=kind,
        on_ready=lambda: write_lines([f"{hex_path.name} on an emulated {chip} is at {pty}; Ctrl-C ends it."]),
    )


def _ctrl_c_event(clock: WallClock) -> Event:
    """An event that succeeds on SIGINT (Ctrl-C) or SIGTERM."""
    ended = clock.event()
    signal.signal(signal.SIGINT, lambda *_: clock.post(ended.succeed))
    signal.signal(signal.SIGTERM, lambda *_: clock.post(ended.succeed))
    return ended
