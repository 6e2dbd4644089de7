"""The person who tends a cell."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import simpy
from simpy.events import Event

from cellwright.provenance import assumed
from cellwright.sim.streams import Streams


@dataclass(kw_only=True)
class OperatorParameters:
    """How the person who tends a cell responds to a call.

    response_s: mean time until the person can leave other work. response_spread: its coefficient of variation.
    walk_s: the walk to the cell, one way.
    """

    response_s: float = assumed(15, "a person at other work in the same room")
    response_spread: float = assumed(0.7, "mostly at once, now and then much later")
    walk_s: float = assumed(3.9, "six paces of 5 MOD, 0.129 s each (the pace is published: MODAPTS)")


class Operator:
    """One person, as a SimPy resource. ``labour_s`` counts the seconds spent on the cell, walking included.

    The allowance is added to the work here: ``allowance`` is a share of work time.
    """

    def __init__(
        self, env: simpy.Environment, parameters: OperatorParameters, streams: Streams, allowance: float
    ) -> None:
        self.env = env
        self.parameters = parameters
        self.streams = streams
        self.allowance = allowance
        self.labour_s = 0.0
        self._person = simpy.Resource(env, capacity=1)

    def come(self, visit: Callable[[], Generator[Event, Any, None]]) -> Generator[Event, Any, None]:
        """Respond to a call of the cell: leave other work, walk over, do ``visit``, walk back.

        The response time delays the cell but is no labour time.
        """
        parameters = self.parameters
        with self._person.request() as request:
            yield request
            response_s = self.streams.lognormal("operator response", parameters.response_s, parameters.response_spread)
            yield self.env.timeout(response_s)
            yield from self.spend(parameters.walk_s)
            yield from visit()
            self.labour_s += parameters.walk_s * (1 + self.allowance)  # the walk back keeps nobody waiting

    def spend(self, work_s: float) -> Generator[Event, Any, None]:
        """Work for ``work_s`` seconds of normal time, allowance on top."""
        seconds = work_s * (1 + self.allowance)
        self.labour_s += seconds
        yield self.env.timeout(seconds)
