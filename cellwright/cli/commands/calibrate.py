"""``calibrate``: a sensor on a real board against something known, kept in a file."""

from __future__ import annotations

import datetime
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from simpy.events import Event

from cellwright import cells
from cellwright.cli.tables import console
from cellwright.errors import CellFault, InputError, nearest
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.transport.serial import SerialLink, auto_port
from cellwright.sensors.calibration import Ask, CalibratedSensor, Calibration


def calibrate(
    name: str, sensor: str, port: str, bauds: Sequence[int], known: float, output: Path, settings: Sequence[str]
) -> None:
    """Ask a person to do what it takes, and write the calibration. Raises InputError for what cannot be calibrated."""
    scenario = cells.load(name).scenario(settings)
    parts = scenario.study.cell.parts(scenario.parameters)
    able = {key: part for key, part in parts.items() if isinstance(part, CalibratedSensor)}
    if sensor not in able:
        raise InputError(f"{name} has no {sensor!r} that could be calibrated; {nearest(sensor, able)}")
    device = able[sensor]
    if not known > 0:
        raise InputError(f"{known:g} {device.known_unit} calibrates nothing; use something known above 0.")
    clock = WallClock()
    board = FirmataBoard(clock, SerialLink(clock, auto_port() if port == "auto" else port, *bauds))
    board.on_trouble(_fail)
    try:
        clock.run(until=board.ready)
        device.attach(board)
        clock.run(until=clock.process(board.prepare()))
        steps = device.calibrate(known, _asking(clock), datetime.date.today())
        found = clock.run(until=clock.process(steps))
        assert isinstance(found, Calibration)
    finally:
        board.close()
    found.write(output)
    console().print(f"Wrote {output}; use it with --set {sensor}.calibration={output}.")


def _fail(reason: str) -> None:
    raise CellFault(reason)


def _asking(clock: WallClock) -> Ask:
    """Prints a sentence and waits for Enter, while the clock goes on."""

    def ask(sentence: str) -> Event:
        console().print(f"{sentence} Then press Enter.")
        done = clock.event()
        threading.Thread(target=_await_enter, args=(clock, done), daemon=True).start()
        return done

    return ask


def _await_enter(clock: WallClock, done: Event) -> None:
    if sys.stdin.readline():
        clock.post(done.succeed)
    else:
        clock.post(lambda: done.fail(InputError("Nobody is there to press Enter; run it in a terminal.")))
