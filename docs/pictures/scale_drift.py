"""What becomes of cans whose scale drifts, and of good ones: python docs/pictures/scale_drift.py.

Each can is the first of its run; its scale begins to drift 5 to 60 s after it was put in, at a rate of its own.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

from cellwright.cells.lacquer_mixer import STUDY
from cellwright.cells.lacquer_mixer.accuracy import NO_MISHAPS
from cellwright.cells.lacquer_mixer.certificate import certificates
from cellwright.sequences import RunLog
from cellwright.sim import model_rig

DRIFTS_G_PER_S = (0.01, 0.03, 0.07)
CANS = 400


class Fate(NamedTuple):
    """What became of a can. outcome: "verified", "called back" or "noticed before". shift_g: of the zero, over it."""

    outcome: str
    is_wrong: bool
    shift_g: float


def first_can(drift_g_per_s: float, seed: int) -> Fate:
    """The first can of a run whose scale drifts at up to ``drift_g_per_s``, either way."""
    log = RunLog(":memory:")
    drift = ("plant.drifts_per_1000_cans=1000", f"plant.drift_g_per_s={drift_g_per_s}") if drift_g_per_s else ()
    rig = model_rig(STUDY.scenario([*NO_MISHAPS, *drift]), seed, 0, log)
    troubles = ("pausing", "mending", "refusing")
    while rig.cell.finished == 0 and rig.cell.state not in ("recalling", *troubles):
        rig.env.step()
    if rig.cell.state in troubles:
        return Fate("noticed before", False, 0.0)
    can = certificates(log.connection)[0]
    return Fate("verified" if can.is_verified else "called back", bool(rig.plant.wrong_units), can.zero_shift_g or 0.0)


def main() -> None:
    """Simulate, and print a row for each drift."""
    print(f"{CANS} cans each | noticed in mid-dose | collected wrong | of them called back | good, and called back")
    with ProcessPoolExecutor(2) as pool:
        for drift_g_per_s in (0.0, *DRIFTS_G_PER_S):
            fates = list(pool.map(partial(first_can, drift_g_per_s), range(CANS), chunksize=20))
            counts = Counter((fate.outcome, fate.is_wrong) for fate in fates)
            wrong = counts["called back", True] + counts["verified", True]
            print(
                f"±{drift_g_per_s:g} g/s | {counts['noticed before', False]} | {wrong} | "
                f"{counts['called back', True]} | {counts['called back', False]}"
            )
            if not drift_g_per_s:
                shifts_g = sorted(abs(fate.shift_g) for fate in fates)
                print(f"  without a drift the zero moved by {shifts_g[int(0.95 * CANS)]:.2f} g at most in 95 % of cans")


if __name__ == "__main__":
    main()
