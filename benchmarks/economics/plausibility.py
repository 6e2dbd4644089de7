"""Prices and rates that can hardly be meant, such as a share where per cent belong."""

from __future__ import annotations

from pathlib import Path

from cellwright import files
from cellwright.benchmarks.economics.inputs import InputModel, UncertainNumber
from cellwright.errors import InputError

MIN_LIKELY_PERCENT = {"discount_percent": 0.5, "maintenance_percent": 0.25}
"""Below this, and above 0, a share was probably written for per cent: nobody discounts at 0.07 % a year."""
MAX_ALLOWANCE = 1.0
"""A larger allowance was probably written in per cent: 15 for 0.15."""


def refuse_unlikely_percent(read: InputModel, path: Path) -> None:
    """Raise InputError, with file and line, for a rate that was probably written as a share."""
    for name, least in MIN_LIKELY_PERCENT.items():
        number = getattr(read, name, None)
        if isinstance(number, UncertainNumber) and 0 < number.value < least:
            line = files.line_of(files.read_text(path), (name,))
            where = f"{path}, line {line}" if line else str(path)
            raise InputError(
                f"{where}: {name} = {number.value:g} is {number.value:g} %; it is in percent, so write "
                f"{100 * number.value:g} for {100 * number.value:g} %. Correct it, or insist with --accept."
            )


def refuse_unlikely_allowance(allowance: float) -> None:
    """Raise InputError for an allowance that was probably written in per cent."""
    if allowance > MAX_ALLOWANCE:
        raise InputError(
            f"manual.allowance = {allowance:g} is {100 * allowance:g} % of work time; {allowance:g} % is "
            f"{allowance / 100:g}. Correct it, or insist with --accept."
        )
    if allowance < 0:
        raise InputError(f"manual.allowance = {allowance:g} is below 0; 15 % of work time is 0.15.")
