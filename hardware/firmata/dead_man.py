"""The dead man's switch: a task kept in the board's own scheduler that makes it safe when the host falls silent.

A task is stored in ConfigurableFirmata's scheduler: end whatever message was cut short, stop every axis, take every
output to its safe level. It is set to run in half a second, and set anew long before that, for as long as the host
lives and the line holds.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy
from simpy.events import Event

from cellwright.hardware.firmata import features, messages
from cellwright.hardware.firmata.client import FirmataClient

TASK = 1
RUNS_AFTER_S = 0.5
SET_ANEW_S = 0.2
ANSWER_S = 0.3
BYTES_AT_ONCE = 50
"""What fits into the firmware's 64 bytes of sysex once it is packed."""


class DeadMansSwitch:
    """Keeps the board's scheduler from making the board safe. ``present`` is None until the board has answered."""

    def __init__(self, env: simpy.Environment, client: FirmataClient) -> None:
        self.env = env
        self.client = client
        self.present: bool | None = None
        self.armed = False
        self._answered = env.event()
        client.on_sysex(messages.SCHEDULER, self._hear)

    def look(self) -> Generator[Event, Any, bool]:
        """Ask the board whether it has a scheduler; one that has none does not answer."""
        if self.present is None:
            self.client.send(features.ASK_TASKS)
            yield self._answered | self.env.timeout(ANSWER_S)
            self.present = self._answered.triggered
        return self.present

    def _hear(self, data: bytes) -> None:
        if data and data[0] == features.TASK_LIST and not self._answered.triggered:
            self._answered.succeed()

    def arm(self, make_safe: bytes) -> None:
        """Store what makes the board safe, and keep it from running. Called again, it replaces what was stored."""
        task = bytes((messages.END_SYSEX,)) + make_safe
        self.client.send(features.delete_task(TASK))
        self.client.send(features.create_task(TASK, len(task)))
        for start in range(0, len(task), BYTES_AT_ONCE):
            self.client.send(features.add_to_task(TASK, task[start : start + BYTES_AT_ONCE]))
        self._set_anew()
        if not self.armed:
            self.armed = True
            self.env.process(self._keep())

    def _set_anew(self) -> None:
        self.client.send(features.schedule_task(TASK, round(1000 * RUNS_AFTER_S)))

    def _keep(self) -> Generator[Event, Any, None]:
        while self.armed:
            yield self.env.timeout(SET_ANEW_S)
            if self.armed:
                self._set_anew()

    def disarm(self) -> None:
        """Forget the task: the run is over, and the board is safe."""
        if self.armed:
            self.armed = False
            self.client.send(features.delete_task(TASK))
