"""Jam rate and the tending person's times, from a run log of the stapler."""

from __future__ import annotations

from cellwright.sim.log_evidence import Evidence, LogEvent, Rate, WorkInterval

PRESSED = LogEvent("start_button", "closed")
PANEL_IN = LogEvent("panel_in_place", "closed")
PANEL_OUT = LogEvent("panel_in_place", "open")

EVIDENCE = Evidence(
    rates=(
        Rate(
            "plant.jams_per_1000_staples",
            happens=LogEvent("cell", "trigger jammed"),
            each=(LogEvent("trigger", "fire"),),
        ),
    ),
    spans=(
        WorkInterval("collecting", LogEvent("lamp", "on", "presenting"), PANEL_OUT, ("lift off",), called=True),
        WorkInterval("laying", PANEL_OUT, PANEL_IN, ("fetch felt", "lay slats"), fits="manual.slat_mods"),
        WorkInterval("starting", PANEL_IN, PRESSED, ("press start",), fits="manual.press_start_mods"),
        WorkInterval(
            "refilling",
            LogEvent("lamp", "on", "refilling"),
            PRESSED,
            ("refill", "press start"),
            called=True,
            fits="manual.refill_mods",
        ),
        WorkInterval(
            "clearing",
            LogEvent("lamp", "on", "clearing"),
            PRESSED,
            ("clear jam", "press start"),
            called=True,
            fits="manual.clear_jam_s",
        ),
    ),
)
