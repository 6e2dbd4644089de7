"""Benchmark of the link to a board: a panel through every byte, writes compared with pyfirmata2, connecting, idling.

Run by ``make bench`` after ``simulation.py``. Where the emulated chip is not built (``sh hardware/emulator/build.sh``)
the figures that need it are reported as not measured.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import pyfirmata2
import simpy
from simulation import interleaved, seconds, spread, verdict

from cellwright.cells import load
from cellwright.errors import InputError
from cellwright.hardware.clock import WallClock
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.server import serve_emulated
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.model.board import ModelBoard
from cellwright.hardware.transport.link import Link
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.hardware.transport.serial import SerialLink
from cellwright.sim import virtual_rig

FIRMWARE = Path(__file__).resolve().parents[2] / "build" / "emulator" / "StandardFirmata-uno.hex"
PANELS = 20
WRITES = 20_000
WRITES_TO_CHIP = 2_000
PAIRS = 9
CHIP_PAIRS = 3
IDLE_S = 5.0


def virtual_panel() -> str:
    """A panel of 195 staples on the target ``virtual``: simulated time and wall time."""
    rig = virtual_rig(load("stapler").scenario(), 1, 0)
    rig.env.run(until=rig.cell.next_finished())
    began_s = rig.env.now

    def panels() -> None:
        for _ in range(PANELS):
            rig.env.run(until=rig.cell.next_finished())

    took_s = seconds(panels) / PANELS
    panel_s = (rig.env.now - began_s) / PANELS
    return (
        f"virtual: a panel of {panel_s:.0f} s through every byte takes {1000 * took_s:.1f} ms, "
        f"1/{panel_s / took_s:.0f} of its time; target: at most 1/200: {verdict(panel_s / took_s >= 200)}"
    )


class Sink(Link):
    """A link in memory that only counts bytes."""

    def __init__(self) -> None:
        super().__init__("memory")
        self.bytes = 0

    def write(self, data: bytes) -> None:
        self.bytes += len(data)

    def close(self) -> None:
        pass


def bare_pyfirmata2(sink: Any) -> Any:
    """pyfirmata2's board on ``sink``, without its constructor, which opens a port and waits 5 s."""
    board = pyfirmata2.Board.__new__(pyfirmata2.Board)
    board.sp, board.name = sink, "memory"
    board.setup_layout(pyfirmata2.BOARDS["arduino"])
    board.exit = lambda: None
    return board


def writes_to_memory() -> str:
    """An output toggled repeatedly into a link that only counts bytes; with our host and with pyfirmata2."""
    ours, theirs = Sink(), Sink()
    env = simpy.Environment()
    line = LoopbackLine(env, 1_000_000_000)
    VirtualArduino(env, line.board, ModelBoard(env), boot_s=0.1)
    board = connect(env, line.host)
    output = board.declare_output(13, safe=False)
    board.session.client.link = ours
    pin = bare_pyfirmata2(theirs).digital[13]
    pin.mode = pyfirmata2.OUTPUT

    def write(one: Callable[[bool], object]) -> None:
        for number in range(WRITES):
            one(number % 2 == 0)

    times = interleaved(PAIRS, lambda: write(output.write), lambda: write(pin.write))
    ratios = [theirs_s / ours_s for ours_s, theirs_s in times]
    rate = WRITES / median(ours_s for ours_s, _ in times)
    return (
        f"writes to memory: {rate:.0f}/s; ratio to pyfirmata2's own {spread(ratios)}; "
        f"target: at least 1: {verdict(median(ratios) >= 1)}"
    )


def is_chip_built() -> bool:
    """Whether the emulated chip and its firmware are built."""
    try:
        find_library()
    except InputError:
        return False
    return FIRMWARE.exists()


def connecting() -> str:
    """The time from the firmware's first byte until the host is ready, in the chip's time."""
    env = simpy.Environment()
    chip = EmulatedArduino(env, FIRMWARE)
    client = FirmataClient(env, chip.link)
    first_byte_at = []
    receive = chip.link.on_bytes

    def record_time(data: bytes) -> None:
        first_byte_at.append(env.now)
        receive(data)

    chip.link.on_bytes = record_time
    env.run(until=client.ready)
    ready_after_s = env.now - first_byte_at[0]
    chip.close()
    return (
        f"connecting to stock StandardFirmata: ready {env.now:.2f} s after its reset, "
        f"{ready_after_s:.2f} s after its first byte; target: under 0.3 after its boot: {verdict(ready_after_s < 0.3)}"
    )


def writes_to_chip() -> str:
    """Writes to the emulated chip over a pseudo-terminal, until its reply to a query after the last one; in pairs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "arduino"
        stop, ready = threading.Event(), threading.Event()
        chip = threading.Thread(target=serve_emulated, args=(FIRMWARE, path, stop), kwargs={"on_ready": ready.set})
        chip.start()
        ready.wait(10)
        try:
            pairs = [(our_writes_s(path), their_writes_s(path)) for _ in range(CHIP_PAIRS)]
        finally:
            stop.set()
            chip.join()
    ratios = [theirs_s / ours_s for ours_s, theirs_s in pairs]
    rate = WRITES_TO_CHIP / median(ours_s for ours_s, _ in pairs)
    return (
        f"writes to the emulated chip at 57600 baud: {rate:.0f}/s; ratio to pyfirmata2's own {spread(ratios)}; "
        f"target: at least 1: {verdict(median(ratios) >= 0.995)} (both are limited by the line)"
    )


def our_writes_s(path: Path) -> float:
    clock = WallClock()
    board = connect(clock, SerialLink(clock, str(path), 57600))
    output = board.declare_output(13, safe=False)
    clock.run(until=board.round_trip())

    def write() -> None:
        for number in range(WRITES_TO_CHIP):
            output.write(number % 2 == 0)
        answered = clock.event()
        board.session.client.on_sysex(
            messages.ANALOG_MAPPING_RESPONSE, lambda _: answered.triggered or answered.succeed()
        )
        board.session.send(messages.QUERY_ANALOG_MAPPING)
        clock.run(until=answered)

    took_s = seconds(write)
    board.close()
    time.sleep(0.1)  # the chip resets when a port that was closed is opened
    return took_s


def their_writes_s(path: Path) -> float:
    board = pyfirmata2.Arduino(str(path), baudrate=57600)
    answers: list[int] = []
    board.add_cmd_handler(messages.ANALOG_MAPPING_RESPONSE, lambda *data: answers.append(len(data)))
    pin = board.digital[13]
    pin.mode = pyfirmata2.OUTPUT

    def write() -> None:
        for number in range(WRITES_TO_CHIP):
            pin.write(number % 2)
        board.send_sysex(messages.ANALOG_MAPPING_QUERY, [])
        while not answers:
            board.iterate()

    took_s = seconds(write)
    board.exit()
    time.sleep(0.1)
    return took_s


def idling() -> str:
    """The share of a core that an idle connected host takes."""
    clock = WallClock()
    line = LoopbackLine(clock)
    VirtualArduino(clock, line.board, ModelBoard(clock))
    board = connect(clock, line.host)
    clock.run(until=clock.process(board.prepare()))
    used_s = time.process_time()
    clock.run(until=clock.now + IDLE_S)
    percent = 100 * (time.process_time() - used_s) / IDLE_S
    return (
        f"idle: a connected host, the virtual board too, takes {percent:.2f} % of a core; "
        f"target: under 2: {verdict(percent < 2)}"
    )


if __name__ == "__main__":
    for measure in (virtual_panel, writes_to_memory, idling):
        print(measure(), flush=True)
    if os.name == "posix" and is_chip_built():
        for measure in (connecting, writes_to_chip):
            print(measure(), flush=True)
    else:
        print("connecting, writes to a chip: not measured; build the emulated chip (sh hardware/emulator/build.sh)")
