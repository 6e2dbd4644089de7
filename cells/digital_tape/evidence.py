"""Rates that a run log of the digital tape gives: logs pulled back, and pieces spoiled."""

from __future__ import annotations

from cellwright.sim.log_evidence import Evidence, Rate, Seen

CONFIRMED, SPOILED = Seen("cell", "trigger confirmed"), Seen("cell", "trigger spoiled")
FURTHER_CUT = Seen("cell", "trigger next_cut")
"""One for each cut of a log but its first, which only trims the end."""

EVIDENCE = Evidence(
    rates=(
        Rate("plant.pull_backs_per_1000_cuts", happens=Seen("cell", "trigger pulled_back"), each=(CONFIRMED, SPOILED)),
        Rate("plant.wrong_per_1000_cuts", happens=SPOILED, each=(FURTHER_CUT,)),
    )
)
