"""The fault matrix: injects every fault in every state of a cell and reports the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from cellwright.errors import CellFault, describe_unexpected
from cellwright.hardware.device import Device
from cellwright.hardware.fault_injection import BOARD_FAULTS, LINE_FAULTS, Fault, device_faults, read_fault
from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.model.board import ModelBoard
from cellwright.hardware.pins import PinRole
from cellwright.sim.copies import CAN_COPY, in_a_copy
from cellwright.sim.scenario import Scenario
from cellwright.sim.targets import Rig, virtual_rig

MIN_UNITS_AFTER_FAULT = 2
"""A cell that finishes this many units after a fault has finished correctly."""
FAULT_DELAY_S = 0.35
"""From the entry of the state to the fault: axes that move in this state are moving then."""
HUNG_AFTER_S = 10 * 3600.0
"""A cell that neither stops nor finishes within this time has hung; longer than any wait for an operator."""
SAFE_TIMEOUT_S = 2.0
"""The board must be safe this long after the cell has stopped: the watchdog needs half a second, a boot 2.2 s."""
SAFE_AGAIN_TIMEOUT_S = 0.6
"""On a line that still garbles bytes a pin may be driven by mistake until the host repeats the stop."""
BROKEN_OFF = "broken off"
"""The outcome where the plant or the person's part of it raised an error: nothing is known of the cell."""
STATE_TIMEOUT_S = 8 * 3600.0
"""How long a cell may take to reach the state in which a fault is injected."""


@dataclass(frozen=True, slots=True)
class FaultOutcome:
    """The outcome of one fault in one state.

    outcome: "faulted", "stopped", "finished", "hung", or "broken off" by an error of the plant. Where only the
    finished unit shows the fault, the person who sees it stops the cell; without a stop button the outcome is "seen
    on the unit". reason: of the cell, or what the person saw. safe_after_s: seconds from the stop of the cell until
    all outputs were safe; None if they never were. wrong_product: what was outside its tolerance, by the plant, on
    units that the cell counted as finished after the fault; empty if all were good. is_judged: whether the plant
    said so of any unit.
    """

    state: str
    fault: str
    outcome: str
    reason: str
    safe_after_s: float | None
    wrong_product: str = ""
    is_judged: bool = False

    @property
    def verdict(self) -> str:
        """The worst of it: "unsafe", "hung", "wrong product", or else the outcome."""
        if self.outcome in ("faulted", "stopped") and self.safe_after_s is None:
            return "unsafe"
        return "wrong product" if self.wrong_product and self.outcome != "hung" else self.outcome


def possible_faults(parameters: Mapping[str, Any]) -> list[Fault]:
    """One fault of each kind on the line, on the board, and on each device that can have it."""
    devices = {name: value for name, value in parameters.items() if isinstance(value, Device)}
    own = [f"{name}:{fault}" for name, device in devices.items() for fault in device_faults(device)]
    return [read_fault(text, devices) for text in (*LINE_FAULTS, *BOARD_FAULTS, *own)]


def fault_matrix(scenario: Scenario, seed: int) -> Iterator[FaultOutcome]:
    """Inject every fault in every state, on the virtual Arduino; yields each outcome as soon as it is known."""
    for state in scenario.study.cell.states:
        faults = possible_faults(scenario.study.cell.parameters(scenario.parameters))
        yield from inject_each(scenario, seed, state, faults)


def inject_each(
    scenario: Scenario,
    seed: int,
    state: str,
    faults: Iterable[Fault],
    make_rig: Callable[[Scenario, int, int], Rig] = virtual_rig,
) -> Iterator[FaultOutcome]:
    """The outcome of each fault by itself, as ``inject_fault`` has it; the way to the state is simulated once."""
    rig = _rig_in_state(scenario, seed, state, make_rig) if CAN_COPY else None
    for fault in faults:
        outcome = in_a_copy(partial(_inject, rig, state, fault)) if rig is not None else None
        yield outcome or inject_fault(scenario, seed, state, fault, make_rig)


def inject_fault(
    scenario: Scenario,
    seed: int,
    state: str,
    fault: Fault,
    make_rig: Callable[[Scenario, int, int], Rig] = virtual_rig,
) -> FaultOutcome:
    """Inject one fault as soon as the cell is in ``state``. Raises CellFault if it never gets there.

    make_rig: makes the rig, on any target; on a model board only faults that need no bytes are possible.
    """
    return _inject(_rig_in_state(scenario, seed, state, make_rig), state, fault)


def _rig_in_state(scenario: Scenario, seed: int, state: str, make_rig: Callable[[Scenario, int, int], Rig]) -> Rig:
    rig = make_rig(scenario.for_fault_rehearsal(state), seed, 0)
    while rig.cell.state != state:
        if rig.env.now > STATE_TIMEOUT_S or rig.cell.last_stop is not None:
            raise CellFault(f"{rig.cell.name()} never reached {state!r}, so no fault could be injected there.")
        rig.env.step()
    return rig


def _inject(rig: Rig, state: str, fault: Fault) -> FaultOutcome:
    """Let the fault strike in the state that the cell is in, and judge the units that leave after it."""
    finished, wrong_before = rig.cell.finished, set(rig.plant.wrong_units)
    outcome = _outcome(rig, state, fault, finished)
    wrong = [defects for unit, defects in rig.plant.unnoticed().items() if unit not in wrong_before]
    return replace(outcome, wrong_product="; then ".join(dict.fromkeys(wrong)), is_judged=rig.plant.units_out > 0)


def _outcome(rig: Rig, state: str, fault: Fault, finished: int) -> FaultOutcome:
    """Let the fault strike, and run until the cell stops or has finished enough units, from ``finished`` on."""
    rig.faults.schedule(replace(fault, at_s=FAULT_DELAY_S))
    until_s = rig.env.now + HUNG_AFTER_S
    try:
        while (
            not rig.cell.is_stopped and rig.cell.finished < finished + MIN_UNITS_AFTER_FAULT and rig.env.now < until_s
        ):
            rig.env.step()
    except CellFault as seen:
        return _stopped_by_operator(rig, state, fault, str(seen))
    except (Exception, SystemExit) as error:  # of the plant or the person: the matrix goes on, and names the pair
        return FaultOutcome(state, str(fault), BROKEN_OFF, describe_unexpected(error), None)
    if not rig.cell.is_stopped:
        outcome = "finished" if rig.cell.finished >= finished + MIN_UNITS_AFTER_FAULT else "hung"
        return FaultOutcome(state, str(fault), outcome, "", None)
    assert rig.cell.last_stop is not None
    return FaultOutcome(state, str(fault), rig.cell.state, rig.cell.last_stop.reason, _safe_after_s(rig))


def _stopped_by_operator(rig: Rig, state: str, fault: Fault, seen: str) -> FaultOutcome:
    """A fault that no sensor detects, but a person on the finished unit: they press stop, if there is a button."""
    button = next((each for each in rig.cell.devices.values() if each.stops_cell_when_closed()), None)
    if button is None:
        return FaultOutcome(state, str(fault), "seen on the unit", seen, None)
    contact = next(pin for pin in button.pins().values() if pin.role is PinRole.CONTACT)
    rig.model.set_input(contact.number, not contact.rests_high)
    until_s = rig.env.now + SAFE_TIMEOUT_S
    while not rig.cell.is_stopped and rig.env.now < until_s:
        rig.env.step()
    return FaultOutcome(
        state, str(fault), rig.cell.state, f"{seen} Who saw it pressed {button.name}.", _safe_after_s(rig)
    )


def _safe_after_s(rig: Rig) -> float | None:
    """Seconds until host and board are safe; None if they are not in time, or do not stay so."""
    stopped_s = rig.env.now
    if not _becomes_safe(rig, SAFE_TIMEOUT_S):
        return None
    safe_s = rig.env.now
    rig.env.run(until=safe_s + SAFE_TIMEOUT_S)
    stays_safe = not rig.cell.is_stopped or _becomes_safe(rig, SAFE_AGAIN_TIMEOUT_S)  # a person may have reset it
    return safe_s - stopped_s if stays_safe else None


def _becomes_safe(rig: Rig, within_s: float) -> bool:
    until_s = rig.env.now + within_s
    while not _is_safe(rig) and rig.env.peek() <= until_s:
        rig.env.step()
    return _is_safe(rig)


def _is_safe(rig: Rig) -> bool:
    assert isinstance(rig.board, (FirmataBoard, ModelBoard))
    return rig.model.is_safe and rig.board.is_safe
