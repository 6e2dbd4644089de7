"""The communication watchdog for ConfigurableFirmata: a task in the board's scheduler that makes the board safe.

The task ends an incomplete message, drives every output to its safe level, stops every axis, and drives every duty and
angle to its safe value. It is scheduled to run in half a second, and postponed long before that as long as the host and
the line work.
"""

from __future__ import annotations

from collections.abc import Callable

from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.host.watchdog import KeepAlive
from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol import messages

WATCHDOG_TASK = 1
TASK_DELAY_S = 0.5
RESCHEDULE_INTERVAL_S = 0.2
MAX_TASK_BYTES = 50
"""What fits into the firmware's 64 bytes of sysex after packing."""


class SchedulerWatchdog:
    """Keeps the board's scheduler from making the board safe.

    is_available: whether the board has a scheduler. on_fired: called when the board has run the task, because it
    received nothing from the host.
    """

    def __init__(self, session: Session, on_fired: Callable[[], None]) -> None:
        self.session = session
        self.on_fired = on_fired
        self.is_available = False
        self._armed_s = 0.0
        postpone = features.schedule_task(WATCHDOG_TASK, round(1000 * TASK_DELAY_S))
        self._keep_alive = KeepAlive(session, postpone, RESCHEDULE_INTERVAL_S)
        session.client.on_sysex(messages.SCHEDULER_DATA, self._on_scheduler_reply)

    @property
    def is_armed(self) -> bool:
        """Whether the task is stored and postponed again and again."""
        return self._keep_alive.is_running

    def query(self) -> None:
        """Query whether the board has a scheduler; one without does not reply."""
        self.session.send(features.LIST_TASKS)

    def _on_scheduler_reply(self, data: bytes) -> None:
        self.is_available = True
        is_missing = data == bytes((features.TASK_ERROR, WATCHDOG_TASK))
        # Just after arming, this may be the reply to an earlier message, as from a board that was reset.
        if is_missing and self.is_armed and self.session.env.now >= self._armed_s + RESCHEDULE_INTERVAL_S:
            self._keep_alive.stop()
            self.on_fired()

    def arm(self, make_safe: bytes) -> None:
        """Store the messages that make the board safe, in place of earlier ones, and start to feed the watchdog."""
        self._keep_alive.stop()
        task = bytes((messages.END_SYSEX,)) + make_safe
        self.session.send(features.delete_task(WATCHDOG_TASK))
        self.session.send(features.create_task(WATCHDOG_TASK, len(task)))
        for start in range(0, len(task), MAX_TASK_BYTES):
            self.session.send(features.add_to_task(WATCHDOG_TASK, task[start : start + MAX_TASK_BYTES]))
        self._armed_s = self.session.env.now
        self._keep_alive.start()

    def disarm(self) -> None:
        """Delete the task: the run is over, and the board is safe."""
        if self.is_armed:
            self._keep_alive.stop()
            self.session.send(features.delete_task(WATCHDOG_TASK))
