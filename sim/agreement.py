"""Agreement of the targets: makes the same units under the same random numbers on each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from cellwright.errors import CellFault, InputError
from cellwright.hardware.device import Device
from cellwright.sequences import RunLog
from cellwright.sim.scenario import Scenario
from cellwright.sim.targets import CellOnBoard, put_on_target

TargetName = Literal["model", "virtual", "emulated"]
TARGETS: tuple[TargetName, ...] = ("model", "virtual", "emulated")
AGREES_WITHIN_PERCENT = 1.0
"""Largest difference of the cycle time between the model and real firmware."""


@dataclass(frozen=True, slots=True)
class TargetResult:
    """The results of some units on one target; the first is counted from the start of the cell.

    unit_times_s: of each unit. time_in_state_s: per unit, s. actions: how often in total each device began an action
    ("trigger fire"). measured: means of the measures of the units, by names that end in their unit.
    """

    target: TargetName
    unit_times_s: tuple[float, ...]
    time_in_state_s: dict[str, float]
    actions: dict[str, int]
    measured: dict[str, float]

    @property
    def cycle_time_s(self) -> float:
        """Mean time per unit, s."""
        return fmean(self.unit_times_s)

    def figures(self) -> dict[str, float]:
        """All figures in one table, by names that end in their unit."""
        states = {f"in_{state}_s": seconds for state, seconds in self.time_in_state_s.items()}
        return {"cycle_time_s": self.cycle_time_s} | states | self.measured | self.actions


def percent_off(value: float, model: float) -> float | None:
    """Difference of a figure from that of the model, percent; None where only that of the model is 0."""
    if value == model:
        return 0.0
    return 100 * (value - model) / model if model else None


def disagreement(accounts: Sequence[TargetResult]) -> float:
    """Difference of the cycle time on real firmware from that of the model, percent, with its sign."""
    model, emulated = (next(each for each in accounts if each.target == target) for target in ("model", "emulated"))
    return 100 * (emulated.cycle_time_s - model.cycle_time_s) / model.cycle_time_s


def run_on_target(
    target: TargetName, scenario: Scenario, units: int, seed: int, on_unit: Callable[[], None] = lambda: None
) -> TargetResult:
    """Make so many units on a target. Raises CellFault if the cell stops, InputError if the target is unavailable."""
    if units < 1:
        raise InputError(f"{units} cycles show nothing; make at least 1.")
    log = RunLog(":memory:")
    placed = put_on_target(target, scenario, seed, log)
    try:
        return _account(target, placed, log, units, on_unit)
    finally:
        placed.close()


def _account(
    target: TargetName, rig: CellOnBoard, log: RunLog, units: int, on_unit: Callable[[], None]
) -> TargetResult:
    cell, last_s = rig.cell, rig.env.now
    times_s: list[float] = []
    while len(times_s) < units:
        rig.env.step()
        if cell.is_stopped:
            raise CellFault(f"On the target {target}: {cell.last_stop.reason if cell.last_stop else 'it stopped.'}")
        if cell.finished > len(times_s):
            times_s.append(rig.env.now - last_s)
            last_s = rig.env.now
            on_unit()
    states = {state: seconds / units for state, seconds in cell.time_in_states().items() if seconds}
    assert rig.plant is not None
    measured = {name: fmean(values) for name, values in rig.plant.measured.items() if values}
    return TargetResult(target, tuple(times_s), states, _actions(cell.devices, log), measured)


def _actions(devices: Mapping[str, Device], log: RunLog) -> dict[str, int]:
    """How often each device began each of its actions."""
    actions = {(name, event) for name, device in devices.items() for event in device.action_events()}
    by_device = "SELECT source, what, COUNT(*) FROM event GROUP BY source, what ORDER BY source, what"
    counts = log.connection.execute(by_device)
    return {f"{source} {what}": count for source, what, count in counts if (source, what) in actions}
