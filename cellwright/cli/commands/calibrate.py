"""``calibrate``: a sensor of a real board against a known value, saved to a file."""

from __future__ import annotations

import datetime
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from simpy.events import Event

from cellwright import cells
from cellwright.cli.terminal import console
from cellwright.errors import CellFault, InputError, nearest
from cellwright.hardware.clock import WallClock
from cellwright.hardware.device import CalibrationFile, Device, Prompt
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.transport.serial import SerialLink, auto_port


def calibrate(
    name: str, sensor: str, port: str, bauds: Sequence[int], known: float, output: Path, overrides: Sequence[str]
) -> None:
    """Guide a person through the calibration, and write it to ``output``.

    Raises:
        InputError: The cell has no such sensor, or the known value is not above 0.
    """
    scenario = cells.load(name).scenario(overrides)
    parts = scenario.study.cell.parameters(scenario.parameters)
    calibratable = {key: part for key, part in parts.items() if isinstance(part, Device) and part.known_unit}
    if sensor not in calibratable:
        raise InputError(f"{name} has no sensor {sensor!r} that can be calibrated; {nearest(sensor, calibratable)}")
    device = calibratable[sensor]
    if not known > 0:
        raise InputError(f"{known:g} {device.known_unit} cannot be used for calibration; --known must be above 0.")
    clock = WallClock()
    board = connect(clock, SerialLink(clock, auto_port() if port == "auto" else port, *bauds))
    board.on_failure(_raise_fault)
    try:
        board.require({sensor: device})
        device.attach(board)
        clock.run(until=clock.process(board.prepare()))
        steps = device.calibrate(known, _prompter(clock), datetime.date.today())
        calibration: CalibrationFile = clock.run(until=clock.process(steps))  # type: ignore[assignment]
    finally:
        board.close()
    calibration.write(output)
    console().print(f"Wrote {output}; use it with --set {sensor}.calibration={output}.")


def _raise_fault(reason: str) -> None:
    raise CellFault(reason)


def _prompter(clock: WallClock) -> Prompt:
    """A function that prints an instruction and waits for Enter while the clock runs."""

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
