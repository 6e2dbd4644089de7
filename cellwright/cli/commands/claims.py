"""``claims``: check that published claims still hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from cellwright.benchmarks.claims import Claims, Verdict
from cellwright.benchmarks.experiments.claims import judge_claims
from cellwright.cli.progress import progress_bars
from cellwright.cli.terminal import WIDTH, console
from cellwright.errors import CellFault


def check_claims(path: Path, jobs: int | None, as_json: bool) -> None:
    """Simulate the comparisons behind the claims, and check each claim.

    Raises:
        CellFault: A claim does not hold.
    """
    claims = Claims.read(path)
    with progress_bars() as progress:
        verdicts = judge_claims(claims, jobs, progress)
    if as_json:
        print(json.dumps([_as_json(each) for each in verdicts], indent=2))
    else:
        _print(verdicts)
    broken = [each for each in verdicts if not each.holds]
    if broken:
        more = "" if len(broken) == 1 else f" and {len(broken) - 1} more"
        raise CellFault(f"{path}: {broken[0].claim.claim!r} does not hold any more{more}.")


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
