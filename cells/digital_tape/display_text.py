"""What is shown to the person at the saw: the one place for the display's and the terminal's layout."""

from __future__ import annotations

import re

COLUMNS = 16
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
"""The two lines of each state, 16 characters each; what is too long is cut off, so numbers come before names."""
LOG = re.compile(r"Log \d+ (\d+(?:\.\d+)?)(?: |$)")
"""How a person reads which log is meant: its number, then its length."""
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?$")


def lines(state: str, **values: object) -> list[str]:
    """What is shown in ``state``: the display shows it, the terminal prints it, the run log keeps it."""
    return [line.format(**values)[:COLUMNS] for line in LAYOUT[state]]


def number_of(line: str) -> float | None:
    """The number at the end of a line, as a person reads it."""
    match = _NUMBER.search(line.strip())
    return float(match[0]) if match else None
