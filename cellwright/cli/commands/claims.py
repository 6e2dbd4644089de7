"""``claims``: check that published claims still hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from cellwright.benchmarks.claims import Claim, Claims, Verdict, check_claim
from cellwright.cli.commands.simulate import SimulationOptions, comparison_json, run_comparison
from cellwright.cli.tables import WIDTH, console
from cellwright.errors import CellFault


def check_claims(path: Path, jobs: int | None, as_json: bool) -> None:
    """Simulate the comparisons behind the claims, and check each claim.

    Raises:
        CellFault: A claim does not hold.
    """
    verdicts = [verdict for _, verdict in _judge_all(Claims.read(path).claims, jobs)]
    if as_json:
        print(json.dumps([_as_json(each) for each in verdicts], indent=2))
    else:
        _print(verdicts)
    broken = [each for each in verdicts if not each.holds]
    if broken:
        more = "" if len(broken) == 1 else f" and {len(broken) - 1} more"
        raise CellFault(f"{path}: {broken[0].claim.claim!r} does not hold any more{more}.")


def _judge_all(claims: tuple[Claim, ...], jobs: int | None) -> list[tuple[Claim, Verdict]]:
    """Each claim with its verdict; claims on the same comparison share one simulation."""
    figures: dict[Any, dict[str, Any]] = {}
    for claim in claims:
        if claim.comparison not in figures:
            options = SimulationOptions(
                claim.cell, None, claim.hours, claim.replications, claim.seed, claim.overrides, jobs, claim.firmware
            )
            scenario = options.scenario()
            figures[claim.comparison] = comparison_json(options, scenario, run_comparison(options, scenario))
    return [(claim, check_claim(claim, figures[claim.comparison])) for claim in claims]


def _print(verdicts: list[Verdict]) -> None:
    table = Table("claim", "claimed", "now", "", width=WIDTH)
    for each in verdicts:
        table.add_row(each.claim.claim, each.claim.promised, each.shown, "holds" if each.holds else "DOES NOT HOLD")
    console().print(table)


def _as_json(verdict: Verdict) -> dict[str, Any]:
    claim = verdict.claim
    return {
        "claim": claim.claim,
        "figure": claim.figure,
        "at_least": claim.at_least,
        "at_most": claim.at_most,
        "low": verdict.low,
        "high": verdict.high,
        "holds": verdict.holds,
    }
