"""Why and when a board with CellwrightFirmata stopped by itself or restarted, and where its axes were."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from simpy.events import Event, Timeout

from cellwright.hardware.digital_input import DigitalInput
from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.host.cellwright_stepper import CellwrightStepper
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.host.watchdog import WATCHDOG_TIMEOUT_S
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import FirmwareState

RESTART_REASON_TIMEOUT_S = 0.2
STALE_REPLY_S = 0.45
"""For this long after a release, a reply may be from before it."""

STOP_REASONS = {
    own.HOST_REQUEST: "the line commanded it, though not this run",
    own.COMMUNICATION_TIMEOUT: f"it heard nothing from this computer for {WATCHDOG_TIMEOUT_S:g} s; "
    "the computer was too busy, or the link broke off",
    own.EMERGENCY: "its emergency stop was pressed",
    own.MAIN_LOOP_HUNG: "its firmware had no time left for half a second; "
    "let axes and encoders that run at once be slower, or, if few do, load it again and check its supply",
    own.LINK_RESET: "it was reset over the line, as by another program",
}
RESTART_REASONS = {
    own.BROWN_OUT: "its supply dipped (brown-out); check its supply and what it drives",
    own.POWER_ON: "it was without power; check its cable and its supply",
    own.RESET_BUTTON: "its reset button was pressed, or its port was opened by another program",
    own.UNKNOWN_RESTART: "its supply dipped, its reset button was pressed, or another program opened its port, and its "
    "boot loader hides which; check its supply and what it drives",
}
UNKNOWN_REASON = "it does not know why; check its supply and what it drives"


class StopMonitor:
    """Reports each stop and restart of the board as trouble once, with its reason.

    on_forgotten: called when the board has forgotten all that was declared on it.
    """

    def __init__(self, session: Session, axes: Sequence[CellwrightStepper], on_forgotten: Callable[[], None]) -> None:
        self.session = session
        self._axes = axes
        self._on_forgotten = on_forgotten
        self._stop_input: tuple[DigitalInput, bool] | None = None
        self._last_stop: FirmwareState | None = None  # the last stop that was reported
        self._starts: int | None = None
        self._released_s = float("-inf")
        self._restart_sentence = ""  # reported unless the reason of a restart comes
        self._timer: Event | None = None

    def watch(self, contact: DigitalInput, active: bool) -> None:
        """Set the emergency stop input, and its level when pressed."""
        self._stop_input = contact, active

    def release(self) -> None:
        """Release the board; its reply says whether it is released."""
        self._released_s = self.session.env.now
        self.session.send(own.RELEASE_BOARD)
        self.session.send(own.query_state())

    # ---- stops ----

    def on_state(self, data: bytes) -> None:
        """The board reports its state, or the one before its last start."""
        state = own.decode_state(data)
        if state is None:
            return
        if self._last_stop is None and state.which == own.NOW and not state.stopped:
            self._last_stop = state  # an earlier stop does not concern this run
        if self._starts not in (None, state.starts):
            # It has restarted: should its name, or our question after that, have been lost, this asks for the reason.
            self.session.send(own.QUERY_FEATURES)
        self._starts = state.starts
        if state.which == own.BEFORE_START:
            self._on_restart_reason(state)
        elif state.reason == own.LINK_RESET and not self._is_known(state):
            self._last_stop = state
            self._on_forgotten()
            self._report_stop(state)
        elif state.stopped and state.reason != own.NOT_STOPPED:
            self._on_stop(state)

    def _is_known(self, state: FirmwareState) -> bool:
        return self._last_stop is not None and (state.reason, state.ms) == (self._last_stop.reason, self._last_stop.ms)

    def _on_stop(self, state: FirmwareState) -> None:
        is_new = not self._is_known(state)
        self._last_stop = state
        for number, position in state.positions.items():
            if number < len(self._axes):
                self._axes[number].on_position(position)
        if state.reason == own.EMERGENCY and is_new and self._stop_input is not None:
            contact, active = self._stop_input
            contact.set_level(active)  # at once, as if the board had reported it
        may_be_old = self.session.env.now < self._released_s + STALE_REPLY_S
        if is_new and state.reason != own.HOST_REQUEST:
            self._report_stop(state)
        elif not self.session.is_locked and not may_be_old:
            self._report_stop(state, "is still stopped")

    def _report_stop(self, state: FirmwareState, what: str = "stopped itself") -> None:
        reason = STOP_REASONS.get(state.reason, UNKNOWN_REASON)
        where = self._positions_text(state)
        name, after_s = self.session.client.name, state.ms / 1000
        self.session.report_trouble(f"The board on {name} {what}: {reason} ({after_s:.3f} s after its start{where}).")

    def _positions_text(self, state: FirmwareState) -> str:
        before = state.which == own.BEFORE_START
        texts = [
            self._axes[number].position_text(at, before_reset=before)
            for number, at in state.positions.items()
            if number < len(self._axes)
        ]
        return f", with {' and '.join(texts)}" if texts else ""

    # ---- restarts ----

    def wait_for_reason(self, sentence: str) -> None:
        """The board has restarted and is about to report why; if it does not, report ``sentence``."""
        self._restart_sentence, self._last_stop = sentence, None
        self._timer = Timeout(self.session.env, RESTART_REASON_TIMEOUT_S)
        self._timer.callbacks.append(lambda _: self._report_restart(sentence))

    def _on_restart_reason(self, state: FirmwareState) -> None:
        if not self._restart_sentence:  # the message with its name was lost
            self._on_forgotten()
        elif self._timer is not None:
            cancel(self.session.env, self._timer)
        reason = RESTART_REASONS.get(state.reason, UNKNOWN_REASON)
        when = f", {state.ms / 1000:.3f} s after it had started" if state.reason != own.POWER_ON else ""
        texts = self._positions_text(state)
        self._report_restart(f"The board on {self.session.client.name} reset itself{when}{texts}: {reason}.")

    def _report_restart(self, sentence: str) -> None:
        self._restart_sentence, self._timer = "", None
        self.session.report_trouble(sentence)
