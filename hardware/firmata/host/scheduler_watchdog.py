"""The communication watchdog: a task kept in the board's own scheduler that makes it safe when the host falls silent.

A task is stored in ConfigurableFirmata's scheduler: end whatever message was cut short, take every output to its safe
level, stop every axis, take every duty and angle to its safe value. It is set to run in half a second, and set anew
long before that, for as long as the host lives and the line holds.
"""

from __future__ import annotations

from collections.abc import Callable

import simpy

from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.host.keep_alive import KeepAlive
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol import messages

TASK = 1
RUNS_AFTER_S = 0.5
SET_ANEW_S = 0.2
BYTES_AT_ONCE = 50
"""What fits into the firmware's 64 bytes of sysex once it is packed."""


class CommunicationWatchdog:
    """Keeps the board's scheduler from making the board safe.

    present: whether the board has said that it has a scheduler. on_ran: called when the board turns out to have run the
    task, because it had not heard from the host.
    """

    def __init__(self, env: simpy.Environment, client: FirmataClient, on_ran: Callable[[], None]) -> None:
        self.env = env
        self.client = client
        self.on_ran = on_ran
        self.present = False
        self._armed_s = 0.0
        keep_waiting = features.schedule_task(TASK, round(1000 * RUNS_AFTER_S))
        self._keeping = KeepAlive(env, client, keep_waiting, SET_ANEW_S)
        client.on_sysex(messages.SCHEDULER, self._hear)

    @property
    def armed(self) -> bool:
        """Whether the task is stored and kept waiting."""
        return self._keeping.runs

    def look(self) -> None:
        """Ask the board whether it has a scheduler; one that has none does not answer."""
        self.client.send(features.ASK_TASKS)

    def _hear(self, data: bytes) -> None:
        self.present = True
        is_missing = data == bytes((features.TASK_ERROR, TASK))
        # Just after arming that may still be the answer to what was sent before, as by a board that was reset.
        if is_missing and self.armed and self.env.now >= self._armed_s + SET_ANEW_S:
            self._keeping.stop()
            self.on_ran()

    def arm(self, make_safe: bytes) -> None:
        """Store what makes the board safe, and keep it from running. Called again, it replaces what was stored."""
        self._keeping.stop()
        task = bytes((messages.END_SYSEX,)) + make_safe
        self.client.send(features.delete_task(TASK))
        self.client.send(features.create_task(TASK, len(task)))
        for start in range(0, len(task), BYTES_AT_ONCE):
            self.client.send(features.add_to_task(TASK, task[start : start + BYTES_AT_ONCE]))
        self._armed_s = self.env.now
        self._keeping.start()

    def disarm(self) -> None:
        """Forget the task: the run is over, and the board is safe."""
        if self.armed:
            self._keeping.stop()
            self.client.send(features.delete_task(TASK))
