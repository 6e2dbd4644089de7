"""A model of a scale that is plugged into the computer: it waits for rest, rounds, and knows its capacity."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

import simpy
from simpy.events import Event

from cellwright.sensors.serial_scale import SET_ZERO


class BenchScale:
    """Answers in place of a ``SerialScale``: ``cell.scale.answer_with(BenchScale(env, load_g).answer)`` in a plant.

    Args:
        env: The environment of the plant's board.
        load_g: Gives the load now, g.
        settle_s: From the question to the answer, s.
        readability_g: The last digit of the display, g.
        capacity_g: Beyond this it is overloaded, g.
    """

    def __init__(
        self,
        env: simpy.Environment,
        load_g: Callable[[], float],
        *,
        settle_s: float = 1.0,
        readability_g: float = 0.1,
        capacity_g: float = math.inf,
    ) -> None:
        self.env = env
        self.load_g = load_g
        self.settle_s = settle_s
        self.readability_g = readability_g
        self.capacity_g = capacity_g
        self.zero_g = 0.0

    def answer(self, question: str) -> Generator[Event, Any, str]:
        """A step that answers a command as the scale would."""
        yield self.env.timeout(self.settle_s)
        load_g = self.load_g()
        if question == SET_ZERO:
            self.zero_g = load_g
            return "Z A"
        if load_g > self.capacity_g:
            return "S +"
        shown_g = round((load_g - self.zero_g) / self.readability_g) * self.readability_g
        digits = max(0, math.ceil(-math.log10(self.readability_g) - 1e-9))
        return f"S S {shown_g:10.{digits}f} g"
