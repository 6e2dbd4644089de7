"""The mixer's equipment, the same for every line, and its stirring rules."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cellwright.actuators import Pump, Valve
from cellwright.provenance import assumed, published, vendor
from cellwright.sequences import Settings

PUMP = "Omega FPU5MT220 manual: 3.0 mL/rev, up to 600 rpm"


class StirringRules(Settings):
    """How a can is stirred and the stirrer rinsed; assumed. duty: share of the supply. stir_s, rinse_s: seconds."""

    source: str = "a propeller in a litre of thin lacquer: brisk, without a splash"
    duty: Annotated[float, Field(gt=0, le=1)] = 0.6
    stir_s: Annotated[float, Field(gt=0, le=3600)] = 45
    rinse_s: Annotated[float, Field(gt=0, le=3600)] = 20


def peristaltic(step: int, dir: int) -> Pump:
    """The pump of every line: a peristaltic head on a 200-step motor at 1/4 step."""
    return Pump(
        step=step,
        dir=dir,
        steps_per_rev=vendor(400, "200-step motor at 1/2 step"),
        ml_per_rev=published(3.0, PUMP),
        max_rpm=published(600, PUMP),
        max_acceleration=assumed(60, "turns/s²: a light rotor on a NEMA 23"),
    )


def pinch_valve(pin: int) -> Valve:
    """The valve at the end of every line."""
    return Valve(pin=pin, max_open_s=assumed(120, "coil of a small pinch valve at full current"))
