"""CellwrightFirmata in a virtual Arduino, as hardware/firmware/PROTOCOL.md defines it, in virtual time.

It is simpler than the firmware: nothing is ever late or lost, so its diagnostics count nothing; and it has no stack.
"""

from __future__ import annotations

from collections.abc import Callable

from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import BoardHealth, Features, FirmwareState
from cellwright.hardware.firmata.protocol.codec import decode_u14
from cellwright.hardware.firmata.protocol.firmware_parser import StrictParser
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel
from cellwright.hardware.firmata.virtual.cellwright_axes import VirtualAxes
from cellwright.hardware.firmata.virtual.cellwright_pins import CellwrightPins
from cellwright.hardware.firmata.virtual.cellwright_sensors import (
    CellwrightEncoders,
    VirtualConverters,
    VirtualTimedInputs,
)
from cellwright.hardware.firmata.virtual.program import SysexHandler, VirtualProgram
from cellwright.hardware.firmata.virtual.session import CellwrightSession
from cellwright.hardware.model.trapezoid_timing import CELLWRIGHT_FIRMATA

WATCHDOG_MS = range(100, 2001)
EMERGENCY_STOP_DELAY_S = 0.0005
"""The input is read every quarter of a millisecond, and must be active twice."""
MEMORY = (2048, 8192)

_RATES = int(CELLWRIGHT_FIRMATA.one), int(CELLWRIGHT_FIRMATA.together)
_UNO_FEATURES = Features(own.PROTOCOL_VERSION, 0, 6, 5, 2, 5, 2, 6, *_RATES)
FEATURES_BY_MODEL: dict[ArduinoModel, Features] = {
    "uno": _UNO_FEATURES,
    "nano": _UNO_FEATURES._replace(outputs=4, inputs=5),
    "mega": Features(own.PROTOCOL_VERSION, 1, 10, 5, 5, 16, 3, 12, *_RATES),
}
"""By model of Arduino. Source: hardware/firmware/CellwrightFirmata/src/core/chip.h."""


class VirtualCellwright(VirtualProgram):
    """CellwrightFirmata. boot_s is assumed, without the boot loader."""

    name = "CellwrightFirmata"
    protocol = 2, 6
    version = 1, 0
    boot_s = 0.05
    pins: CellwrightPins
    steppers: VirtualAxes

    def __init__(self, session: CellwrightSession) -> None:
        super().__init__(session)
        self.session: CellwrightSession = session
        self.env = session.env
        self.max_encoders = session.features.encoders
        self._starts = 0
        self._safe_levels: dict[int, bool] = {}  # kept over a restart
        self._retained_state: FirmwareState | None = None
        self._is_restart_reported = False
        self._watchdog_timer: Event | None = None
        self._forget_stop()

    def _forget_stop(self) -> None:
        self.session.is_stopped = False
        self.session.stop_pin = None
        self._stop_level = False
        self._stop_reason = own.NOT_STOPPED
        self._stopped_ms = 0
        self._last_message_s = self.env.now
        self._watchdog_timeout_s = 0.0
        if self._watchdog_timer is not None:
            cancel(self.env, self._watchdog_timer)
            self._watchdog_timer = None

    # ---- starting ----

    def _make_parts(self) -> None:
        self.parser = StrictParser(
            self._handle_message,
            self._handle_sysex,
            lambda: self.session.refuse("message longer than 72 bytes"),
            self._feed_watchdog,
        )
        self.pins = CellwrightPins(self.session, self._send_pulse_result)
        self.steppers = VirtualAxes(self.session, self.pins)
        self.timed_inputs = VirtualTimedInputs(self.session, self.pins)
        self.converters = VirtualConverters(self.session, self.pins)

    def _make_encoders(self) -> CellwrightEncoders:
        return CellwrightEncoders(self.session, self.pins, self.max_encoders)

    def _own_handlers(self) -> dict[int, SysexHandler]:
        actions: dict[int, Callable[[bytes], None]] = {
            own.FEATURES: lambda _: self._send_features(),
            own.OUTPUT: self._declare_output,
            own.PULSE: self._pulse,
            own.WATCHDOG: self._set_watchdog,
            own.STOP_COMMAND: self._handle_stop,
            own.STATE: self._send_state,
            own.HOME: self.steppers.homing.handle,
            own.CONVERTER: self.converters.handle,
            own.TIMED_INPUT: self.timed_inputs.handle,
            own.AXIS: self.steppers.handle_axis,
            own.HEALTH: self._send_health,
        }
        handlers = {command: self._handled(do) for command, do in actions.items()}
        handlers[messages.ACCELSTEPPER_DATA] = self.steppers.handle
        handlers[messages.I2C_CONFIG] = self._configure_i2c
        handlers[messages.PIN_STATE_QUERY] = self._handled(self._send_pin_state)
        handlers[messages.ENCODER_DATA] = self.encoders.handle
        return handlers

    @staticmethod
    def _handled(do: Callable[[bytes], None]) -> Callable[[bytes], bool]:
        def handle(data: bytes) -> bool:
            do(data)
            return True

        return handle

    def _send_features(self) -> None:
        """Report the features; the host now knows our own messages, so the reason of a restart follows, once."""
        self.session.send(own.features(self.session.features))
        self.session.has_own_reports = True
        self.pins.forget_refusals()
        if self._retained_state is not None and not self._is_restart_reported:
            self.session.send(own.state(self._retained_state))
        self._is_restart_reported = True

    def _send_pin_state(self, data: bytes) -> None:
        """Report a pin's state; for a pin that does not exist, its number only."""
        pin = data[0] if data else own.NO_PIN
        if pin < self.session.pin_map.pins:
            self.send_pin_state(data)
        else:
            self.session.send(messages.sysex(messages.PIN_STATE_RESPONSE, bytes([pin])))

    def _send_health(self, _: bytes) -> None:
        self.session.send(own.health(BoardHealth(MEMORY[self.session.features.chip], 0, 0, 0, 0, 0, 0)))

    def _configure_i2c(self, data: bytes) -> bool:
        """Enable the bus, unless its pins are in use."""
        pins = self.pins
        if all(pins.modes.get(pin) == PinMode.I2C or pins.is_free(pin) for pin in self.session.pin_map.i2c):
            return self.i2c.configure(data)
        self.session.refuse("the pins of I2C are in use")
        return True

    def before_reset(self, reason: int) -> None:
        """The chip restarts: keep what a restart does not clear, and nothing at power-on."""
        pins = self.pins
        if reason == own.POWER_ON:
            self._starts, self._safe_levels, self._retained_state = 1, {}, None
        else:
            self._starts = min(self._starts + 1, own.MAX_STARTS)
            self._safe_levels = {pin: each.limits.safe for pin, each in pins.outputs.items() if pins.is_output(pin)}
            self._retained_state = FirmwareState(
                own.BEFORE_START, False, reason, self.session.now_ms, self._starts, self.steppers.positions()
            )
        self._is_restart_reported = False
        self.session.has_own_reports = False
        pins.cancel_events()
        self._clear()
        self._forget_stop()

    def _on_booted(self) -> None:
        """The outputs declared before become safe."""
        for pin, safe in self._safe_levels.items():
            self.pins.declare_output(own.OutputLimits(pin, safe))

    def _system_reset(self) -> None:
        """Handle FF: stop for that moment, and clear all but the outputs and the emergency stop input."""
        was_stopped = self.session.is_stopped
        self._stop(own.LINK_RESET, is_reported=False)
        self.session.is_stopped = was_stopped
        self._watchdog_timeout_s = 0.0
        self.session.has_own_reports = False
        self.pins.forget_refusals()
        self._reset_configuration()

    def _clear(self) -> None:
        self.timed_inputs.reset()
        self.converters.reset()

    def _refuse_unknown(self, command: int, size: int) -> None:  # noqa: ARG002
        """Handle an unknown sysex command, or I2C before it is configured."""
        self.session.refuse(
            "I2C is not configured" if command == messages.I2C_REQUEST else "sysex command is not known"
        )

    # ---- outputs ----

    def _declare_output(self, data: bytes) -> None:
        pins, limits = self.pins, own.decode_output(data[:6])
        pin = data[0] if data else 0
        if limits is None or not pins.is_digital(pin) or (pins.is_in_use(pin) and not pins.is_output(pin)):
            pins.refuse(pin, "cannot be an output")
        elif (limits.max_on_ms or 0 < limits.duty < own.NO_DUTY_LIMIT) and not pins.reserve_limiter(pin):
            pins.refuse(pin, "has no limiter")
        else:
            pins.declare_output(limits)

    def _pulse(self, data: bytes) -> None:
        request = own.decode_pulse(data[:6])
        if request is None:
            self.session.refuse("pulse message is too short")
            return
        pin, level, microseconds = request
        pins = self.pins
        if not pins.is_output(pin) or microseconds < own.MIN_PULSE_US or not pins.reserve_limiter(pin):
            self._send_pulse_result(pin, own.REFUSED_PIN)
            return
        output = pins.outputs[pin]
        if self.session.is_stopped:
            self._send_pulse_result(pin, own.REFUSED_STOPPED)
        elif level != output.limits.safe and not output.fits(microseconds / 1000):
            self._send_pulse_result(pin, own.REFUSED_LIMIT)
        else:
            output.pulse(level, microseconds / 1e6)

    def _send_pulse_result(self, pin: int, result: int) -> None:
        """Report the result of a pulse."""
        self.session.send(own.pulse_result(pin, result))

    # ---- stopping ----

    def _stop(self, reason: int, *, is_reported: bool = True) -> None:
        """Stop all axes abruptly and drive all outputs to their safe levels; report each stop and each request."""
        was_stopped, self.session.is_stopped = self.session.is_stopped, True
        if not was_stopped:
            self._stop_reason, self._stopped_ms = reason, self.session.now_ms
        self.steppers.stop_all_abruptly()
        cut_short = self.pins.apply_safe_levels()
        is_new = not was_stopped and self.session.has_own_reports
        if is_reported and (is_new or reason == own.HOST_REQUEST):
            self._send_state(bytes((own.NOW,)))
        self.steppers.homing.cancel_all()
        for pin in cut_short:
            self._send_pulse_result(pin, own.CUT_SHORT)

    def _handle_stop(self, data: bytes) -> None:
        what = data[0] if data else -1
        if what == own.STOP_NOW:
            self._stop(own.HOST_REQUEST)
        elif what == own.RELEASE:
            if self._is_emergency_active():
                self.session.refuse("emergency stop is pressed")
            else:
                self.session.is_stopped = False
        elif what == own.DECLARE_STOP_INPUT and len(data) >= 3:
            self._declare_stop_input(data[1], data[2] != 0)
        elif what == own.REMOVE_STOP_INPUT:
            self._remove_stop_input()
        else:
            self.session.refuse("stop message is not known")

    def _remove_stop_input(self) -> None:
        if self.session.stop_pin is not None:
            self.pins.unwatch("stop")
            self.pins.reserved.discard(self.session.stop_pin)
            self.session.stop_pin = None

    def _declare_stop_input(self, pin: int, active: bool) -> None:
        pins = self.pins
        if not pins.can_be_watched(pin) and pin != self.session.stop_pin:
            pins.refuse(pin, "cannot be the stop")
            return
        self._remove_stop_input()
        pins.make_input(pin, pull_up=not active)
        pins.reserved.add(pin)
        self.session.stop_pin, self._stop_level = pin, active
        pins.watch(pin, "stop", self._on_stop_input)
        self._on_stop_input(pins.level(pin))

    def _is_emergency_active(self) -> bool:
        return self.session.stop_pin is not None and self.pins.level(self.session.stop_pin) == self._stop_level

    def _on_stop_input(self, level: bool) -> None:
        if level == self._stop_level:
            Timeout(self.env, EMERGENCY_STOP_DELAY_S).callbacks.append(lambda _: self._stop_if_still_active())

    def _stop_if_still_active(self) -> None:
        if self._is_emergency_active() and not self.session.is_stopped:
            self._stop(own.EMERGENCY)

    def _send_state(self, data: bytes) -> None:
        if data[:1] == bytes((own.BEFORE_START,)):
            before = self._retained_state or FirmwareState(own.BEFORE_START, False, own.POWER_ON, 0, self._starts, {})
            self.session.send(own.state(before._replace(starts=self._starts)))
        else:
            where = self.steppers.positions()
            now = FirmwareState(
                own.NOW, self.session.is_stopped, self._stop_reason, self._stopped_ms, self._starts, where
            )
            self.session.send(own.state(now))

    # ---- the communication watchdog ----

    def _feed_watchdog(self) -> None:
        """Any complete message feeds the watchdog."""
        self._last_message_s = self.env.now

    def _set_watchdog(self, data: bytes) -> None:
        milliseconds = decode_u14(data) if len(data) >= 2 else 1
        if milliseconds and milliseconds not in WATCHDOG_MS:
            self.session.refuse("watchdog: 100 to 2000 ms, or 0")
            return
        self._watchdog_timeout_s = milliseconds / 1000
        if self._watchdog_timeout_s and self._watchdog_timer is None:
            self._schedule_watchdog()

    def _schedule_watchdog(self) -> None:
        self._watchdog_timer = Timeout(
            self.env, max(0.0, self._last_message_s + self._watchdog_timeout_s - self.env.now)
        )
        self._watchdog_timer.callbacks.append(self._check_watchdog)

    def _check_watchdog(self, _: Event) -> None:
        self._watchdog_timer = None
        if not self._watchdog_timeout_s:
            return
        if self.env.now >= self._last_message_s + self._watchdog_timeout_s - 1e-9:
            if not self.session.is_stopped:
                self._stop(own.COMMUNICATION_TIMEOUT)
            self._last_message_s = (
                self.env.now
            )  # and check again: a host may return, release the board, and fall silent
        self._schedule_watchdog()
