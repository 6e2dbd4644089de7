"""``board``: a virtual or emulated Arduino for any Firmata client."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simpy.events import Event

from cellwright import cells
from cellwright.errors import InputError
from cellwright.hardware import ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.device import Device
from cellwright.hardware.fault_injection import Faults, FaultyLink, read_fault
from cellwright.hardware.firmata.protocol.pin_maps import Firmware, Kind
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.firmware_profiles import BAUDS, DEFAULT_FIRMWARE, STEP_TIMINGS, SteppingFirmware
from cellwright.hardware.transport.loopback import MemoryLine
from cellwright.hardware.transport.server import PtyEnd, ServedEnd, TcpEnd, address
from cellwright.sim import Streams
from cellwright.sim.world import world_for_others


@dataclass(frozen=True, slots=True)
class Served:
    """What the user asked to have served, and where."""

    pty: Path | None
    tcp: str | None
    kind: Kind | None
    firmware: Firmware
    baud: int | None
    latency_s: float
    plant: str | None
    settings: Sequence[str]
    seed: int
    faults: Sequence[str]


def serve_virtual(asked: Served) -> None:
    """Serve a virtual Arduino until Ctrl-C."""
    if (asked.pty is None) == (asked.tcp is None):
        raise InputError("Say where to serve the board: --pty PATH or --tcp HOST:PORT.")
    scenario = cells.load(asked.plant).scenario(asked.settings) if asked.plant else None
    kind = asked.kind or (scenario.study.cell.arduino if scenario else "uno")
    clock = WallClock()
    end = PtyEnd(clock, asked.pty) if asked.pty else TcpEnd(clock, *address(asked.tcp or ""))
    try:
        board = ModelBoard(clock, STEP_TIMINGS[_stepping(asked)])
        plant = None
        if scenario is not None:
            plant = world_for_others(scenario, board, asked.seed)
            plant.connect()
        devices = plant.cell.devices if plant else {}
        faults = _put_on_line(clock, end, board, kind, asked, devices)
        for text in asked.faults:
            faults.plan(read_fault(text, devices))
        world = f"in the world of the {asked.plant}" if asked.plant else "with nothing round it"
        print(f"A virtual {kind.capitalize()} {world} is at {end.name}; Ctrl-C ends it.", flush=True)
        clock.run(until=_ctrl_c(clock))
    finally:
        end.close()


def _stepping(asked: Served) -> SteppingFirmware:
    """The firmware as which the world's axes are stepped; StandardFirmata steps none."""
    return DEFAULT_FIRMWARE if asked.firmware == "standard" else asked.firmware


def _put_on_line(
    clock: WallClock, end: ServedEnd, board: ModelBoard, kind: Kind, asked: Served, devices: Mapping[str, Device]
) -> Faults:
    """A line in memory between the end and the board gives it the baud rate that a pty and a socket do not have."""
    line = MemoryLine(clock, asked.baud or BAUDS[_stepping(asked)], asked.latency_s)
    arduino = VirtualArduino(clock, line.board, board, kind, asked.firmware)
    random = Streams(asked.seed, 0)["faults on the line"]
    faulty = FaultyLink(clock, line.host, random)
    end.on_bytes = faulty.write
    end.on_open = arduino.reset
    faulty.on_bytes = end.write
    return Faults(clock, board, devices, random, faulty, arduino)


def serve_emulated_chip(hex_path: Path, pty: Path | None, kind: Kind = "uno") -> None:
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
        on_ready=lambda: print(f"{hex_path.name} on an emulated {chip} is at {pty}; Ctrl-C ends it.", flush=True),
    )


def _ctrl_c(clock: WallClock) -> Event:
    """An event that comes with Ctrl-C, or with the request to end."""
    ended = clock.event()
    signal.signal(signal.SIGINT, lambda *_: clock.post(ended.succeed))
    signal.signal(signal.SIGTERM, lambda *_: clock.post(ended.succeed))
    return ended
