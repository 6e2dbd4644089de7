"""Peripherals in virtual time: a plant answers, and its answer takes the time that its step takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import simpy
from simpy.events import Event

from cellwright.hardware.peripherals.interfaces import AnsweringStep, Peripherals, PluggedIn
from cellwright.hardware.waits import Named, Wait


class SimulatedPeripherals(Peripherals):
    """A plant answers in place of each peripheral; where none does, nothing answers."""

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self._steps: dict[str, AnsweringStep] = {}
        self._unplugged: set[str] = set()

    @property
    def answering_steps(self) -> Mapping[str, AnsweringStep]:
        return self._steps

    def plug_in(self, peripheral: PluggedIn) -> None:
        """There is nothing to open."""

    def answer_with(self, peripheral: Named, step: AnsweringStep) -> None:
        self._steps[peripheral.name] = step

    def unplug(self, peripheral: Named) -> None:
        self._unplugged.add(peripheral.name)

    def ask(self, peripheral: PluggedIn, question: Any, within_s: float) -> Wait:
        wait = Wait(self.env, peripheral, "did not answer", within_s)
        step = self._steps.get(peripheral.name)
        if step is not None and peripheral.name not in self._unplugged:
            answering = self.env.process(step(question))
            answering.callbacks.append(lambda end: self._answer(peripheral.name, end, wait))
        return wait

    def _answer(self, name: str, end: Event, wait: Wait) -> None:
        if end.ok and end.value is not None and name not in self._unplugged:
            wait.complete(end.value)
