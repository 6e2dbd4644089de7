"""The text shown to the person at the saw, on the display and on the terminal."""

from __future__ import annotations

import re

DISPLAY_COLUMNS = 16
PRESS = "press pedal"
PULL = "pull log back"
PUSH = "push to datum"
TO_GO = "to go"
BACK = "back"
WAIT = "wait"
SPOILED = "spoiled"
CUT = "CUT"
TAKE = "off, then pedal"
AGAIN = "again: pedal"
LAYOUT = {
    "list_done": ("All cut{but}", AGAIN),
    "waiting": ("Log {number} {log_mm:g} {log}", PRESS),
    "datum": ("Log {number} {log_mm:g} {log}", "{say}"),
    "approaching": ("{piece:<9.9}{length:>7}", "{say:<6}{to_go:>10.1f}"),
    "at_cut": ("{piece:<9.9}{length:>7}", CUT + "{to_go:>+13.1f}"),
    "cut_confirmed": ("{piece:<9.9}{length:>7}", "cut"),
    "rejecting": ("{piece:<9.9}{length:>7}", SPOILED),
    "pausing": ("Pulled back", PUSH),
    "log_done": ("Log {number} done", TAKE),
}
"""The two lines of each state, 16 characters each. Longer text is cut off, so numbers come before names."""
LOG_LINE = re.compile(r"Log \d+ (\d+(?:\.\d+)?)(?: |$)")
"""The line that names a log: its number, then its length."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")


def format_lines(state: str, **values: object) -> list[str]:
    """The lines of ``state``, for the display and the terminal."""
    return [line.format(**values)[:DISPLAY_COLUMNS] for line in LAYOUT[state]]


def trailing_number(line: str) -> float | None:
    """The number at the end of a line; None without one."""
    match = _NUMBER.search(line.strip())
    return float(match[0]) if match else None
