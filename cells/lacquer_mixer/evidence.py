"""Times of the person who tends the mixer, from its run log.

Rates of blocked lines or air cannot be taken from it: a mishap in a line that the can does not need goes unnoticed.
"""

from __future__ import annotations

from cellwright.sim.log_evidence import Evidence, LogEvent, WorkInterval

CALLED = LogEvent("lamp", "on", "presenting")
DOOR_OPEN, DOOR_CLOSED = LogEvent("door", "open", "presenting"), LogEvent("door", "closed", "waiting")

EVIDENCE = Evidence(
    spans=(
        WorkInterval("coming", CALLED, DOOR_OPEN, (), called=True),
        WorkInterval(
            "closing",
            DOOR_OPEN,
            LogEvent("can_in_place", "open", "presenting"),
            ("close and label",),
            fits="manual.close_and_label_mods",
        ),
        WorkInterval(
            "starting",
            DOOR_CLOSED,
            LogEvent("start_button", "closed", "waiting"),
            ("press start",),
            fits="manual.press_start_mods",
        ),
    )
)
