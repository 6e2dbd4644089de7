"""Why a board with CellwrightFirmata stopped by itself or restarted, when, and where its axes were, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simpy.events import Event, Timeout

from cellwright.hardware.firmata.host.cellwright_stepper import CellwrightStepper
from cellwright.hardware.firmata.host.watchdog import STOPS_AFTER_S
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import State
from cellwright.hardware.waits import cancel

if TYPE_CHECKING:
    from cellwright.hardware.firmata.host.board import FirmataBoard

CAUSE_IS_TOLD_WITHIN_S = 0.1
OLD_ANSWERS_S = 0.45
"""For so long after a release an answer may come from before it."""

STOPPED_SINCE = {
    own.ASKED: "it was told to, though not by this run",
    own.SILENCE: f"it had heard nothing from this computer for {STOPS_AFTER_S:g} s; the computer was too busy, or the "
    "link broke off",
    own.EMERGENCY: "its emergency stop was pressed",
    own.HUNG: "its firmware had no time left for half a second; let axes and encoders that run at once be slower, or, "
    "if few do, load it again and check its supply",
    own.LINK_RESET: "it was told to forget everything, as by another program on the line",
}
RESTARTED_SINCE = {
    own.BROWN_OUT: "its supply dipped (brown-out); check its supply and what it drives",
    own.POWER_ON: "it was without power; check its cable and its supply",
    own.RESET_PRESSED: "its reset button was pressed, or its port was opened by another program",
    own.UNKNOWN_RESTART: "its supply dipped, its reset button was pressed, or another program opened its port, and its "
    "boot loader hides which; check its supply and what it drives",
}
UNKNOWN = "it does not know why; check its supply and what it drives"


class BoardStops:
    """Hears why the board stops, and tells it as trouble once for each time."""

    def __init__(self, board: FirmataBoard) -> None:
        self.board = board
        self._stop_input: tuple[int, bool] | None = None
        self._told: State | None = None  # the stop that is known of already
        self._released_s = float("-inf")
        self._restart = ""  # the sentence that waits for the cause of a restart
        self._timer: Event | None = None

    def watches(self, pin: int) -> bool:
        """Whether this pin may be the emergency stop's: the board has one."""
        return self._stop_input is None or self._stop_input[0] == pin

    def watch(self, pin: int, active: bool) -> None:
        """Remember which input is the emergency stop's, and its level when pressed."""
        self._stop_input = pin, active

    def release(self) -> None:
        """Let the board be driven again; it says whether it can be."""
        self._released_s = self.board.env.now
        self.board.send(own.RELEASE_BOARD)
        self.board.send(own.ask_state())

    # ---- stops ----

    def hear(self, data: bytes) -> None:
        """The board says what its state is, or was before its last start."""
        state = own.decode_state(data)
        if state is None:
            return
        if self._told is None and state.which == own.NOW and not state.stopped:
            self._told = state  # whatever was before is no concern of this run
        if state.which == own.BEFORE_START:
            self._on_cause(state)
        elif state.why == own.LINK_RESET and not self._is_known(state):
            self._told = state
            self.board.declare_again()
            self._tell(state)
        elif state.stopped and state.why != own.NEVER:
            self._on_stop(state)

    def _is_known(self, state: State) -> bool:
        return self._told is not None and (state.why, state.ms) == (self._told.why, self._told.ms)

    def _on_stop(self, state: State) -> None:
        is_new = not self._is_known(state)
        self._told = state
        for number, position in state.positions.items():
            stepper = self.board.steppers[number] if number < len(self.board.steppers) else None
            if isinstance(stepper, CellwrightStepper):
                stepper.on_where(position)
        if state.why == own.EMERGENCY and is_new:
            self._press_stop_button()
        may_be_old = self.board.env.now < self._released_s + OLD_ANSWERS_S
        if is_new and state.why != own.ASKED:
            self._tell(state)
        elif not self.board.locked and not may_be_old:
            self._tell(state, "is still stopped")

    def _press_stop_button(self) -> None:
        """What stands for the button on this side hears of it at once, as if it had reported its input."""
        if self._stop_input is not None:
            pin, active = self._stop_input
            self.board.inputs[pin].sense(active)

    def _tell(self, state: State, what: str = "stopped itself") -> None:
        why = STOPPED_SINCE.get(state.why, UNKNOWN)
        where = self._places(state)
        self.board.report_trouble(
            f"The board on {self.board.client.name} {what}: {why} ({state.ms / 1000:.3f} s after its start{where})."
        )

    def _places(self, state: State) -> str:
        steppers = self.board.steppers
        known = ((number, at) for number, at in state.positions.items() if number < len(steppers))
        before = state.which == own.BEFORE_START
        places = [
            each.in_words(at, before_reset=before)
            for number, at in known
            if isinstance(each := steppers[number], CellwrightStepper)
        ]
        return f", with {' and '.join(places)}" if places else ""

    # ---- restarts ----

    def wait_for_cause(self, sentence: str) -> None:
        """The board has restarted and is about to say why; if it does not, ``sentence`` is all there is to tell."""
        self._restart, self._told = sentence, None
        self._timer = Timeout(self.board.env, CAUSE_IS_TOLD_WITHIN_S)
        self._timer.callbacks.append(lambda _: self._report_restart(sentence))

    def _on_cause(self, state: State) -> None:
        if not self._restart:  # its name was lost on the line
            self.board.declare_again()
        elif self._timer is not None:
            cancel(self.board.env, self._timer)
        why = RESTARTED_SINCE.get(state.why, UNKNOWN)
        when = f", {state.ms / 1000:.3f} s after it had started" if state.why != own.POWER_ON else ""
        places = self._places(state)
        self._report_restart(f"The board on {self.board.client.name} reset itself{when}{places}: {why}.")

    def _report_restart(self, sentence: str) -> None:
        self._restart, self._timer = "", None
        self.board.report_trouble(sentence)
