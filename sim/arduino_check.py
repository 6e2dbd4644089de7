"""What a cell's Arduino, with the firmware to be used, refuses of it or does less well: found before anything moves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import simpy

from cellwright.errors import CellwrightError
from cellwright.hardware import ModelBoard
from cellwright.hardware.device import Device
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.protocol.pin_maps import PIN_MAPS
from cellwright.hardware.firmware_profiles import (
    FIRMWARE_NAMES,
    MEASURED_STEP_RATES,
    STEP_TIMINGS,
    SteppingFirmware,
)
from cellwright.hardware.model.timing import SpeedLimitError
from cellwright.sim.scenario import Scenario
from cellwright.sim.streams import Streams
from cellwright.sim.targets import VirtualLine, power_up, virtual_board


def arduino_problems(scenario: Scenario) -> list[str]:
    """What the Arduino refuses, as sentences: what it says that it lacks, step rates, and whatever else it refuses.

    A virtual Arduino is asked, which refuses what a real one does: the devices are declared on it as a run does that.
    """
    title = scenario.study.cell.name()
    rates = [f"{title}: {problem}" for problem in _refused_rates(scenario)]
    if rates:
        return rates
    try:
        _, refusals = _declared(scenario)
    except CellwrightError as error:
        return [str(error)]
    devices = _devices(scenario)
    return [f"{title}: {_user_of(refusal, devices)} the firmware refuses: {refusal}." for refusal in refusals]


def arduino_notes(scenario: Scenario) -> list[str]:
    """What the Arduino does less well than described, as sentences. Raises what ``arduino_problems`` finds."""
    board, _ = _declared(scenario)
    return [*board.notes, *_untimed_inputs(scenario, board), *_slower_axes(scenario)]


def _declared(scenario: Scenario) -> tuple[FirmataBoard, list[str]]:
    """A virtual Arduino on which the cell has declared its devices, and what it has refused of that."""
    cell, firmware = scenario.study.cell, scenario.firmware
    world = ModelBoard(simpy.Environment(), STEP_TIMINGS[firmware])
    board, _, arduino, _ = virtual_board(world, Streams(1, 0), VirtualLine(kind=cell.arduino), firmware=firmware)
    cell(board, scenario.parameters)
    power_up(board)
    refusals = [sentence.strip().removesuffix(".") for sentence in dict.fromkeys(arduino.complaints)]
    return board, refusals


def _devices(scenario: Scenario) -> dict[str, Device]:
    parts = scenario.study.cell.parameters(scenario.parameters)
    return {name: part for name, part in parts.items() if isinstance(part, Device)}


def _user_of(refusal: str, devices: dict[str, Device]) -> str:
    """Who is meant by a refusal that names a pin, as the beginning of a sentence."""
    named = re.search(r"\bpin (\d+)", refusal, re.IGNORECASE)
    number = int(named[1]) if named else -1
    users = [name for name, each in devices.items() if number in [pin.number for pin in each.pins().values()]]
    return f"something that {users[0]} needs" if users else "something that its devices need"


# ---- inputs ----


def _untimed_inputs(scenario: Scenario, board: FirmataBoard) -> Iterator[str]:
    """A note about inputs beyond those that the firmware times."""
    inputs = list(board.inputs)
    timed = board.timed_inputs
    if timed is None or len(inputs) <= timed:
        return
    label = PIN_MAPS[scenario.study.cell.arduino].label
    rest = ", ".join(label(pin) for pin in inputs[timed:])
    yield f"This board times {timed} inputs by itself; those beyond, this computer times, to some milliseconds: {rest}."


# ---- step rates ----


def _step_rates(scenario: Scenario) -> dict[str, float]:
    """The highest step rate that each device asks for, steps/s, where it says one."""
    return {
        name: max(rates)
        for name, device in _devices(scenario).items()
        if (rates := [float(pin.max_steps_per_s) for pin in device.pins().values() if pin.max_steps_per_s > 0])
    }


def _refused_rates(scenario: Scenario) -> Iterator[str]:
    """Rates that the firmware refuses of one axis alone."""
    for name, rate in _step_rates(scenario).items():
        try:
            STEP_TIMINGS[scenario.firmware].check_max_speed(rate)
        except SpeedLimitError as error:
            yield f"{name} {error}."


def _slower_axes(scenario: Scenario) -> Iterator[str]:
    """Notes about rates above the firmware's ceiling: of one axis, and of all if they move at once."""
    firmware, rates = scenario.firmware, _step_rates(scenario)
    timing = STEP_TIMINGS[firmware]
    for count in sorted({1, len(rates)} - {0}):
        above = {name: rate for name, rate in rates.items() if rate > timing.ceiling(count)}
        if not above:
            continue
        asked = ", ".join(f"{name} for {rate:,.0f}" for name, rate in above.items())
        if count == 1:
            yield (
                f"{FIRMWARE_NAMES[firmware]} makes at most {_rate(firmware, 1)} on one axis, and it is asked for more: "
                f"{asked}. Those axes move that much more slowly."
            )
        elif sum(rates.values()) > count * timing.ceiling(count) or timing.slows_down:
            what = "they move more slowly" if timing.slows_down else "it refuses a move beyond that"
            yield (
                f"{FIRMWARE_NAMES[firmware]} makes at most {_rate(firmware, count)} on each of {count} axes that move "
                f"at once, and it may be asked for more: {asked}. Then {what}."
            )


def _rate(firmware: SteppingFirmware, axes: int) -> str:
    """The ceiling for so many axes at once, and where that figure comes from."""
    computed = f"{STEP_TIMINGS[firmware].ceiling(axes):,.0f} steps/s"
    measured = MEASURED_STEP_RATES[firmware].get(axes)
    if measured is None:
        return f"{computed} (computed)"
    if abs(measured - STEP_TIMINGS[firmware].ceiling(axes)) < 1:
        return f"{computed} (measured)"
    return f"{computed} (computed; measured: {measured:,.0f})"
