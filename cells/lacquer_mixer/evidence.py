"""Times of the person who tends the mixer, from its run log.

Rates of blocked lines or air cannot be taken from it: a mishap in a line that the can does not need goes unnoticed.
"""

from __future__ import annotations

from cellwright.sim.log_evidence import Evidence, Seen, Span

CALLED = Seen("lamp", "on", "presenting")
DOOR_OPEN, DOOR_CLOSED = Seen("door", "open", "presenting"), Seen("door", "closed", "waiting")

EVIDENCE = Evidence(
    spans=(
        Span("coming", CALLED, DOOR_OPEN, (), called=True),
        Span(
            "closing",
            DOOR_OPEN,
            Seen("can_in_place", "open", "presenting"),
            ("close and label",),
            fits="manual.close_and_label_mods",
        ),
        Span(
            "starting",
            DOOR_CLOSED,
            Seen("start_button", "closed", "waiting"),
            ("press start",),
            fits="manual.press_start_mods",
        ),
    )
)
