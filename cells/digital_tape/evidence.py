"""Rates that a run log of the digital tape gives: logs pulled back, and pieces spoiled."""

from __future__ import annotations

from cellwright.sim.log_evidence import Evidence, LogEvent, Rate

CONFIRMED, SPOILED = LogEvent("cell", "trigger confirmed"), LogEvent("cell", "trigger spoiled")
FURTHER_CUT = LogEvent("cell", "trigger next_cut")
"""One for each cut of a log but its first, which only trims the end."""

EVIDENCE = Evidence(
    rates=(
        Rate(
            "plant.pull_backs_per_1000_cuts", happens=LogEvent("cell", "trigger pulled_back"), each=(CONFIRMED, SPOILED)
        ),
        Rate("plant.wrong_per_1000_cuts", happens=SPOILED, each=(FURTHER_CUT,)),
    )
)
