"""Why and when a board with CellwrightFirmata stopped by itself or restarted, and where its axes were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simpy.events import Event, Timeout

from cellwright.hardware.firmata.host.cellwright_stepper import CellwrightStepper
from cellwright.hardware.firmata.host.watchdog import WATCHDOG_TIMEOUT_S
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import FirmwareState
from cellwright.hardware.waits import cancel

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

RESTART_REASON_TIMEOUT_S = 0.1
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


class StopReports:
    """Reports each stop of the board as trouble once, with its reason."""

    def __init__(self, board: FirmataBoard) -> None:
        self.board = board
        self._stop_input: tuple[int, bool] | None = None
        self._last_stop: FirmwareState | None = None  # the last stop that was reported
        self._released_s = float("-inf")
        self._restart_sentence = ""  # reported unless the reason of a restart comes
        self._timer: Event | None = None

    def can_watch(self, pin: int) -> bool:
        """Whether this pin may be the emergency stop input: the board has one."""
        return self._stop_input is None or self._stop_input[0] == pin

    def watch(self, pin: int, active: bool) -> None:
        """Set the emergency stop input, and its level when pressed."""
        self._stop_input = pin, active

    def release(self) -> None:
        """Release the board; its reply says whether it is released."""
        self._released_s = self.board.env.now
        self.board.send(own.RELEASE_BOARD)
        self.board.send(own.query_state())

    # ---- stops ----

    def on_state(self, data: bytes) -> None:
        """The board reports its state, or the one before its last start."""
        state = own.decode_state(data)
        if state is None:
            return
        if self._last_stop is None and state.which == own.NOW and not state.stopped:
            self._last_stop = state  # an earlier stop does not concern this run
        if state.which == own.BEFORE_START:
            self._on_restart_reason(state)
        elif state.reason == own.LINK_RESET and not self._is_known(state):
            self._last_stop = state
            self.board.redeclare()
            self._report_stop(state)
        elif state.stopped and state.reason != own.NOT_STOPPED:
            self._on_stop(state)

    def _is_known(self, state: FirmwareState) -> bool:
        return self._last_stop is not None and (state.reason, state.ms) == (self._last_stop.reason, self._last_stop.ms)

    def _on_stop(self, state: FirmwareState) -> None:
        is_new = not self._is_known(state)
        self._last_stop = state
        for number, position in state.positions.items():
            stepper = self.board.steppers[number] if number < len(self.board.steppers) else None
            if isinstance(stepper, CellwrightStepper):
                stepper.on_position(position)
        if state.reason == own.EMERGENCY and is_new:
            self._press_stop_button()
        may_be_old = self.board.env.now < self._released_s + STALE_REPLY_S
        if is_new and state.reason != own.HOST_REQUEST:
            self._report_stop(state)
        elif not self.board.locked and not may_be_old:
            self._report_stop(state, "is still stopped")

    def _press_stop_button(self) -> None:
        """Set the button's input at once, as if the board had reported it."""
        if self._stop_input is not None:
            pin, active = self._stop_input
            self.board.inputs[pin].set_level(active)

    def _report_stop(self, state: FirmwareState, what: str = "stopped itself") -> None:
        reason = STOP_REASONS.get(state.reason, UNKNOWN_REASON)
        where = self._positions_text(state)
        self.board.report_trouble(
            f"The board on {self.board.client.name} {what}: {reason} ({state.ms / 1000:.3f} s after its start{where})."
        )

    def _positions_text(self, state: FirmwareState) -> str:
        steppers = self.board.steppers
        known = ((number, at) for number, at in state.positions.items() if number < len(steppers))
        before = state.which == own.BEFORE_START
        texts = [
            each.position_text(at, before_reset=before)
            for number, at in known
            if isinstance(each := steppers[number], CellwrightStepper)
        ]
        return f", with {' and '.join(texts)}" if texts else ""

    # ---- restarts ----

    def wait_for_reason(self, sentence: str) -> None:
        """The board has restarted and is about to report why; if it does not, report ``sentence``."""
        self._restart_sentence, self._last_stop = sentence, None
        self._timer = Timeout(self.board.env, RESTART_REASON_TIMEOUT_S)
        self._timer.callbacks.append(lambda _: self._report_restart(sentence))

    def _on_restart_reason(self, state: FirmwareState) -> None:
        if not self._restart_sentence:  # the message with its name was lost
            self.board.redeclare()
        elif self._timer is not None:
            cancel(self.board.env, self._timer)
        reason = RESTART_REASONS.get(state.reason, UNKNOWN_REASON)
        when = f", {state.ms / 1000:.3f} s after it had started" if state.reason != own.POWER_ON else ""
        texts = self._positions_text(state)
        self._report_restart(f"The board on {self.board.client.name} reset itself{when}{texts}: {reason}.")

    def _report_restart(self, sentence: str) -> None:
        self._restart_sentence, self._timer = "", None
        self.board.report_trouble(sentence)
