"""Fits a model's parameters to the log of a run, with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cellwright.benchmarks.calibration.fit_axes import fit_moves
from cellwright.benchmarks.calibration.fit_operator import fit_operator
from cellwright.benchmarks.calibration.line_change import change_sentence, line_changes
from cellwright.benchmarks.calibration.move_models import MOVE_MODELS
from cellwright.benchmarks.calibration.run_log_reader import RunLogData
from cellwright.hardware.device import Device, FittedPulse
from cellwright.sequences.measured import LineTime, MeasuredFile, MeasuredValue, rounded
from cellwright.sequences.parameters import apply_measured
from cellwright.sim import Scenario, estimate
from cellwright.sim.log_evidence import Rate

MIN_PULSES = 10
CLOCK_S = 1e-4
"""The resolution of a pulse's time, s: the board's clock and the log's."""


@dataclass(frozen=True, slots=True)
class FitResult:
    """The result of a fit: values with intervals, the line's time for a move, and notes on what is not fitted."""

    values: tuple[MeasuredValue, ...]
    line: LineTime | None
    notes: tuple[str, ...]

    def as_file(self, observed: RunLogData, cell: str) -> MeasuredFile:
        """The same as a file stores it."""
        return MeasuredFile(
            cell=cell, log=observed.path.name, target=observed.facts["target"], line=self.line, measured=self.values
        )


def fit(observed: RunLogData, scenario: Scenario) -> FitResult:
    """Fit everything that the run shows of ``scenario``'s devices, plant and operator."""
    parts = scenario.study.cell.parameters(scenario.parameters)
    devices = {name: part for name, part in parts.items() if isinstance(part, Device)}
    axes = {name: axis for name, device in devices.items() if (axis := device.linear_axis()) is not None}
    moves = fit_moves(axes, observed.moves_s, observed.facts["target"] != "model", MOVE_MODELS[observed.firmware])
    changed = change_sentence(line_changes(observed.actions))
    values, notes = list(moves.values), [*([changed] if changed else []), *moves.notes]
    for name, device in devices.items():
        if (pulse := device.fitted_pulse()) is not None:
            values += _pulses(name, pulse, float(getattr(device, pulse.on_s)), observed)
    for rate in scenario.study.evidence.rates:
        value, note = _rate(rate, observed)
        values += [value] if value else []
        notes += [note] if note else []
    operator = fit_operator(scenario, scenario.study.evidence.spans, observed.spans_s)
    return FitResult((*values, *operator.values), moves.line, (*notes, *operator.notes))


def with_fitted(scenario: Scenario, file: MeasuredFile) -> Scenario:
    """The scenario with the measured values in place of the described ones."""
    return replace(scenario, parameters=apply_measured(scenario.parameters, file, file.log))


def described(scenario: Scenario, parameter: str) -> float:
    """The described value of a parameter, without the run."""
    group, _, name = parameter.partition(".")
    return float(getattr(scenario.parameters[group], name))


def unit_of(parameter: str) -> str:
    """The unit of a parameter, by its name; empty for a share or a number."""
    name = parameter.partition(".")[2]
    known = {"max_speed": "mm/s", "max_acceleration": "mm/s²", "_s": "s", "_mods": "MOD", "_mm": "mm", "_g": "g"}
    return next((unit for ending, unit in known.items() if name.endswith(ending)), "")


def _pulses(name: str, fitted: FittedPulse, described_s: float, observed: RunLogData) -> list[MeasuredValue]:
    """The rest after a pulse, including the line's time; and the pulse, if it differs from the described one."""
    periods_s = observed.pulses_s.get(name, [])
    if len(periods_s) < MIN_PULSES:
        return []
    pulse_s, period = observed.pulse_s[name], estimate(periods_s)
    assert period.ci95_high is not None
    reach_s = math.hypot(period.ci95_high - period.mean, 1.96 * CLOCK_S)
    rest_s = max(0.0, period.mean - pulse_s)
    rest = MeasuredValue(
        parameter=f"{name}.{fitted.rest_s}",
        value=rounded(rest_s),
        ci95_low=rounded(max(0.0, rest_s - reach_s)),
        ci95_high=rounded(rest_s + reach_s),
        n=len(periods_s),
        method=f"mean time from pulse to pulse's end and rest, less {pulse_s:g} s; Student's t, no closer than 0.1 ms",
    )
    if math.isclose(pulse_s, described_s, abs_tol=1e-9):
        return [rest]
    commanded = MeasuredValue(
        parameter=f"{name}.{fitted.on_s}",
        value=pulse_s,
        ci95_low=pulse_s,
        ci95_high=pulse_s,
        n=len(periods_s),
        method="the commanded on time",
    )
    return [commanded, rest]


def _rate(rate: Rate, observed: RunLogData) -> tuple[MeasuredValue | None, str]:
    """The rate of an event: binomial, with the exact interval of Clopper and Pearson (1934, Biometrika 26)."""
    from scipy import stats

    happened, n = observed.counts[rate.happens], sum(observed.counts[event] for event in rate.each)
    if n < happened or not n:
        return None, f"{rate.parameter} is not fitted: the log has no {rate.each[0].source} {rate.each[0].what}."
    interval = stats.binomtest(happened, n).proportion_ci(0.95, method="exact")
    low, high = rate.per * float(interval.low), rate.per * float(interval.high)
    if not happened:
        return None, (
            f"{rate.parameter} is not fitted: 0 events in {n} only show that it is below {high:.3g} (95 %); the run "
            "was too short."
        )
    return (
        MeasuredValue(
            parameter=rate.parameter,
            value=rounded(rate.per * happened / n),
            ci95_low=rounded(low),
            ci95_high=rounded(high),
            n=n,
            method=f"{happened} counted, exact binomial interval (Clopper-Pearson)",
        ),
        "",
    )
