"""CellwrightFirmata in a virtual Arduino: what hardware/firmware/PROTOCOL.md says, in virtual time.

Simpler than the firmware: nothing is ever late or lost here, so its health has no counts; and it has no stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from simpy.events import Event, Timeout

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import Features, Health, State
from cellwright.hardware.firmata.protocol.codec import decode_pair
from cellwright.hardware.firmata.protocol.firmware_parser import Handle, StrictParser
from cellwright.hardware.firmata.protocol.pin_maps import Kind
from cellwright.hardware.firmata.virtual.cellwright_axes import VirtualAxes
from cellwright.hardware.firmata.virtual.cellwright_pins import GuardedPins
from cellwright.hardware.firmata.virtual.cellwright_sensors import VirtualConverters, VirtualTimedInputs
from cellwright.hardware.model.trapezoid_timing import CELLWRIGHT_FIRMATA
from cellwright.hardware.waits import cancel

if TYPE_CHECKING:
    from cellwright.hardware.firmata.virtual.arduino import VirtualArduino

MAX_LETTERS = 30
WATCHDOG_MS = range(100, 2001)
EMERGENCY_S = 0.0005
"""The input is looked at every quarter of a millisecond, and must be active twice."""
MEMORY = (2048, 8192)

_RATES = int(CELLWRIGHT_FIRMATA.one), int(CELLWRIGHT_FIRMATA.together)
_UNO = Features(own.VERSION, 0, 6, 5, 2, 5, 2, 6, *_RATES)
HAS: dict[Kind, Features] = {
    "uno": _UNO,
    "nano": _UNO._replace(outputs=4, inputs=5),
    "mega": Features(own.VERSION, 1, 10, 5, 5, 16, 3, 12, *_RATES),
}
"""Of each kind of Arduino. Source: hardware/firmware/CellwrightFirmata/chip.h."""


class VirtualCellwright:
    """The firmware that a virtual Arduino runs, where it differs from stock firmware.

    stopped: whether nothing may be driven. stop_pin: the emergency stop's, or None.
    """

    def __init__(self, arduino: VirtualArduino, kind: Kind) -> None:
        self.arduino = arduino
        self.env = arduino.env
        self.has = HAS[kind]
        self.encoders = self.has.encoders
        self._starts = 0
        self._safe_levels: dict[int, bool] = {}  # what a restart does not clear
        self._life_before: State | None = None
        self._watchdog: Event | None = None
        self._clear()

    def _clear(self) -> None:
        self.stopped = False
        self.stop_pin: int | None = None
        self._stop_level = False
        self._why = own.NEVER
        self._stopped_ms = 0
        self._heard_s = self.env.now
        self._silence_s = 0.0
        if self._watchdog is not None:
            cancel(self.env, self._watchdog)
            self._watchdog = None

    # ---- what VirtualArduino asks for ----

    def parser(self, handle_message: Handle, handle_sysex: Handle) -> StrictParser:
        """What cuts the host's bytes into messages."""
        return StrictParser(
            handle_message, handle_sysex, lambda: self.refuse("message longer than 72 bytes"), self._hear
        )

    def pins(self) -> GuardedPins:
        """Its pins, none of them driven."""
        self.guarded_pins = GuardedPins(self.arduino, self)
        return self.guarded_pins

    def steppers(self) -> VirtualAxes:
        """Its steppers: none yet."""
        self.axes = VirtualAxes(self.arduino, self, self.guarded_pins)
        self.timed_inputs = VirtualTimedInputs(self.arduino, self, self.guarded_pins)
        self.converters = VirtualConverters(self.arduino, self, self.guarded_pins)
        return self.axes

    def handlers(self) -> dict[int, Callable[[bytes], bool]]:
        """What it understands beyond what all firmware does."""
        does: dict[int, Callable[[bytes], None]] = {
            own.FEATURES: lambda _: self.arduino.send(own.features(self.has)),
            own.OUTPUT: self._declare_output,
            own.PULSE: self._pulse,
            own.WATCHDOG: self._set_watchdog,
            own.STOP: self._handle_stop,
            own.STATE: self._send_state,
            own.HOME: self.axes.homing.begin,
            own.CONVERTER: self.converters.handle,
            own.TIMED_INPUT: self.timed_inputs.handle,
            own.AXIS: self.axes.handle_axis,
            own.HEALTH: lambda _: self.arduino.send(own.health(Health(MEMORY[self.has.chip], 0, 0, 0, 0, 0, 0))),
        }
        known = {command: self._known(do) for command, do in does.items()}
        known[messages.ACCELSTEPPER] = self.axes.handle
        known[messages.PIN_STATE_QUERY] = self._known(self._send_pin_state)
        known[messages.ENCODER] = lambda data: self.arduino.encoders.handle(data) or self._refuse_all()
        return known

    @staticmethod
    def _known(do: Callable[[bytes], None]) -> Callable[[bytes], bool]:
        def handle(data: bytes) -> bool:
            do(data)
            return True

        return handle

    def _send_pin_state(self, data: bytes) -> None:
        """As the firmware has it: of a pin that is not there, its number and no more."""
        pin = data[0] if data else own.NO_PIN
        if pin < self.arduino.pin_map.pins:
            self.arduino.send_pin_state(data)
        else:
            self.arduino.send(messages.sysex(messages.PIN_STATE, bytes([pin])))

    def _refuse_all(self) -> bool:
        self.refuse("encoder message is not known")
        return True

    def before_reset(self, why: int) -> None:
        """The chip restarts: remember what a restart does not clear, and nothing after power-on."""
        pins = self.guarded_pins
        if why == own.POWER_ON:
            self._starts, self._safe_levels, self._life_before = 1, {}, None
        else:
            self._starts = min(self._starts + 1, own.MAX_STARTS)
            self._safe_levels = {pin: each.limits.safe for pin, each in pins.outputs.items() if pins.is_output(pin)}
            self._life_before = State(
                own.BEFORE_START, False, why, self.arduino.now_ms, self._starts, self.axes.positions()
            )
        pins.forget_events()
        self.timed_inputs.reset()
        self.converters.reset()
        self._clear()

    def wake(self) -> None:
        """The end of the boot: outputs as they were are safe again, and the host hears why it restarted."""
        for pin, safe in self._safe_levels.items():
            self.guarded_pins.declare_output(own.Output(pin, safe))
        if self._life_before is not None:
            self.arduino.send(own.state(self._life_before))

    def system_reset(self) -> None:
        """What FF does: stop for that moment, and forget all but outputs and the emergency stop."""
        was_stopped = self.stopped
        self._stop(own.LINK_RESET, tells=False)
        self.stopped = was_stopped
        self._silence_s = 0.0
        self.arduino.forget_all()

    def forget(self) -> None:
        """Forget what it holds beyond pins, steppers and encoders."""
        self.timed_inputs.reset()
        self.converters.reset()

    def refuse_unknown(self, command: int, size: int) -> None:  # noqa: ARG002
        """A sysex command that it does not know, or the bus before it is configured."""
        self.refuse("I2C is not configured" if command == messages.I2C_REQUEST else "sysex command is not known")

    def refuse(self, why: str) -> None:
        """Say to the host why something is not done."""
        self.arduino.complain(why)
        self.arduino.say(why[:MAX_LETTERS])

    # ---- outputs ----

    def _declare_output(self, data: bytes) -> None:
        pins, wanted = self.guarded_pins, own.decode_output(data[:6])
        pin = data[0] if data else 0
        if wanted is None or not pins.is_digital(pin) or pins.is_in_use(pin):
            pins.refuse(pin, "cannot be an output")
        elif (wanted.most_on_ms or 0 < wanted.duty < own.NO_DUTY) and not pins.has_guard(pin):
            pins.refuse(pin, "has no guard left")
        else:
            pins.declare_output(wanted)

    def _pulse(self, data: bytes) -> None:
        asked = own.decode_pulse(data[:6])
        if asked is None:
            self.refuse("pulse message is too short")
            return
        pin, level, microseconds = asked
        pins = self.guarded_pins
        if not pins.is_output(pin) or microseconds < own.SHORTEST_PULSE_US or not pins.has_guard(pin):
            self.send_pulse_over(pin, own.REFUSED_PIN)
            return
        output = pins.outputs[pin]
        if self.stopped:
            self.send_pulse_over(pin, own.REFUSED_STOPPED)
        elif level != output.limits.safe and not output.fits(microseconds / 1000):
            self.send_pulse_over(pin, own.REFUSED_LIMIT)
        else:
            output.pulse(level, microseconds / 1e6)

    def send_pulse_over(self, pin: int, how: int) -> None:
        """Tell the host how a pulse ended."""
        self.arduino.send(own.pulse_over(pin, how))

    # ---- stopping ----

    def _stop(self, why: int, *, tells: bool = True) -> None:
        """All axes dead, all outputs to their safe levels; said at once, and by the host's stop again each time."""
        was_stopped, self.stopped = self.stopped, True
        if not was_stopped:
            self._why, self._stopped_ms = why, self.arduino.now_ms
        self.axes.stop_all_abruptly()
        cut = self.guarded_pins.take_safe_levels()
        if tells and (not was_stopped or why == own.ASKED):
            self._send_state(bytes((own.NOW,)))
        self.axes.homing.end_all()
        for pin in cut:
            self.send_pulse_over(pin, own.CUT_SHORT)

    def _handle_stop(self, data: bytes) -> None:
        what = data[0] if data else -1
        if what == own.STOP_NOW:
            self._stop(own.ASKED)
        elif what == own.RELEASE:
            if self._is_pressed():
                self.refuse("emergency stop is pressed")
            else:
                self.stopped = False
        elif what == own.STOP_INPUT and len(data) >= 3:
            self._declare_stop_input(data[1], data[2] != 0)
        elif what == own.FORGET_STOP_INPUT:
            self._forget_stop_input()
        else:
            self.refuse("stop message is not known")

    def _forget_stop_input(self) -> None:
        if self.stop_pin is not None:
            self.guarded_pins.watch_no_more("stop")
            self.guarded_pins.taken.discard(self.stop_pin)
            self.stop_pin = None

    def _declare_stop_input(self, pin: int, active: bool) -> None:
        pins = self.guarded_pins
        if not pins.is_digital(pin) or (pins.is_in_use(pin) and pin != self.stop_pin) or pins.is_output(pin):
            pins.refuse(pin, "cannot be the stop")
            return
        self._forget_stop_input()
        pins.listen(pin, pull_up=not active)
        pins.taken.add(pin)
        self.stop_pin, self._stop_level = pin, active
        pins.watch(pin, "stop", self._on_stop_input)
        self._on_stop_input(pins.level(pin))

    def _is_pressed(self) -> bool:
        return self.stop_pin is not None and self.guarded_pins.level(self.stop_pin) == self._stop_level

    def _on_stop_input(self, level: bool) -> None:
        if level == self._stop_level:
            Timeout(self.env, EMERGENCY_S).callbacks.append(lambda _: self._stop_if_pressed())

    def _stop_if_pressed(self) -> None:
        if self._is_pressed() and not self.stopped:
            self._stop(own.EMERGENCY)

    def _send_state(self, data: bytes) -> None:
        if data[:1] == bytes((own.BEFORE_START,)):
            before = self._life_before or State(own.BEFORE_START, False, own.POWER_ON, 0, self._starts, {})
            self.arduino.send(own.state(before._replace(starts=self._starts)))
        else:
            where = self.axes.positions()
            now = State(own.NOW, self.stopped, self._why, self._stopped_ms, self._starts, where)
            self.arduino.send(own.state(now))

    # ---- the watchdog ----

    def _hear(self) -> None:
        """Any whole message feeds it."""
        self._heard_s = self.env.now

    def _set_watchdog(self, data: bytes) -> None:
        milliseconds = decode_pair(data) if len(data) >= 2 else 1
        if milliseconds and milliseconds not in WATCHDOG_MS:
            self.refuse("watchdog: 100 to 2000 ms, or 0")
            return
        self._silence_s = milliseconds / 1000
        if self._silence_s and self._watchdog is None:
            self._watch_host()

    def _watch_host(self) -> None:
        self._watchdog = Timeout(self.env, max(0.0, self._heard_s + self._silence_s - self.env.now))
        self._watchdog.callbacks.append(self._look_for_silence)

    def _look_for_silence(self, _: Event) -> None:
        self._watchdog = None
        if not self._silence_s:
            return
        if self.env.now >= self._heard_s + self._silence_s - 1e-9:
            if not self.stopped:
                self._stop(own.SILENCE)
            self._heard_s = self.env.now  # and look again, for a host that comes back, releases, and falls silent
        self._watch_host()

    # ---- the clock ----

    @property
    def now_us(self) -> int:
        """The firmware's clock in µs since the start; it begins again after 71 minutes."""
        return self.arduino.now_us % (1 << own.CLOCK_BITS)
