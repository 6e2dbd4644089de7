"""A comparison as JSON: plain dictionaries, units in the names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cellwright.benchmarks.best_manual import Compared
from cellwright.benchmarks.comparison import Comparison
from cellwright.benchmarks.experiments.experiment import Experiment
from cellwright.sim import Precision, Scenario
from cellwright.sim.sequential import noise_percent

NOISE_FIGURES = ("cell.cycle_time_s", "manual.cycle_time_s", "less_time_percent")


def comparison_json(experiment: Experiment, scenario: Scenario, comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON; ``cell`` and ``manual`` hold the figures of each."""
    head = experiment.head(scenario, comparison.replications)
    noise = comparison.less_time_noise_percent
    return {
        "cell": {"cell": experiment.cell, "target": head["target"], "firmware": head["firmware"]}
        | comparison.cell.as_json(),
        "manual": {"source": "stopwatch" if scenario.observed else "predetermined"} | comparison.manual.as_json(),
        "less_time_percent": comparison.less_time_percent.as_json(),
        "more_output_percent": comparison.more_output_percent.as_json(),
        "less_labour_percent": comparison.less_labour_percent.as_json(),
        **(
            {"less": {name: less.as_json() for name, less in comparison.less_measured.items()}}
            if comparison.less_measured
            else {}
        ),
        "uncertainty_of_less_time": {"simulation_half_width_percent": noise, "shares": comparison.less_time_shares},
        **precision_json(experiment.rule, comparison.cell.means_s, comparison.manual.means_s),
        "provenance": comparison.provenance,
        **{key: head[key] for key in ("seed", "version", "input_hash", "replications")},
    }


def best_manual_json(scenario: Scenario, compared: Compared) -> dict[str, Any] | None:
    """The best manual method and what the cell saves against it; None where there is none."""
    best, method = compared.best, scenario.study.best_manual
    if best is None or method is None:
        return None
    return {
        "name": method.name,
        "settings": list(method.overrides),
        "note": method.note,
        **best.manual.as_json(),
        "less_time_percent": best.less_time_percent.as_json(),
        "less_labour_percent": best.less_labour_percent.as_json(),
        "less": {name: less.as_json() for name, less in best.less_measured.items()},
    }


def without_outliers_json(without: Comparison | None) -> dict[str, Any]:
    """The comparison without the outliers of the study, simulated with the same seed; nothing where there are none."""
    if without is None:
        return {}
    return {
        "without_outliers": {
            "manual_cycle_time_s": without.manual.cycle_time_s.mean,
            "cell_cycle_time_s": without.cell.cycle_time_s.mean,
            "less_time_percent": without.less_time_percent.mean,
        }
    }


def precision_json(rule: Precision | None, *means_s: Sequence[float]) -> dict[str, Any]:
    """What was asked of the simulation's noise and what came of it; nothing if the number of replications was fixed."""
    if rule is None:
        return {}
    noise = dict(zip(NOISE_FIGURES, noise_percent(*means_s), strict=False))
    return {
        "precision": {
            "asked_percent": rule.percent,
            "is_reached": rule.is_reached(*means_s),
            "simulation_half_width_percent": noise,
        }
    }
