"""Jam rate and the tending person's times, from a run log of the stapler."""

from __future__ import annotations

from cellwright.sim.log_evidence import Evidence, Rate, Seen, Span

PRESSED = Seen("start_button", "closed")
PANEL_IN = Seen("panel_in_place", "closed")
PANEL_OUT = Seen("panel_in_place", "open")

EVIDENCE = Evidence(
    rates=(
        Rate(
            "plant.jams_per_1000_staples",
            happens=Seen("cell", "trigger jammed"),
            each=(Seen("trigger", "fire"),),
        ),
    ),
    spans=(
        Span("collecting", Seen("lamp", "on", "presenting"), PANEL_OUT, ("lift off",), called=True),
        Span("laying", PANEL_OUT, PANEL_IN, ("fetch felt", "lay slats"), fits="manual.slat_mods"),
        Span("starting", PANEL_IN, PRESSED, ("press start",), fits="manual.press_start_mods"),
        Span(
            "refilling",
            Seen("lamp", "on", "refilling"),
            PRESSED,
            ("refill", "press start"),
            called=True,
            fits="manual.refill_mods",
        ),
        Span(
            "clearing",
            Seen("lamp", "on", "clearing"),
            PRESSED,
            ("clear jam", "press start"),
            called=True,
            fits="manual.clear_jam_s",
        ),
    ),
)
