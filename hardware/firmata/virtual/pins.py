"""VirtualPins: the pin modes of a virtual Arduino, its outputs and its inputs."""

from __future__ import annotations

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.codec import decode_u14, decode_unsigned
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.servo import MAX_PULSE_US, MIN_PULSE_US, stock_servos
from cellwright.hardware.firmata.virtual.session import VirtualSession

REFERENCE_VOLTS = 5.0
ADC_STEPS = 1024
PWM_TOP = 255
SERVO_PULSES_US = (MIN_PULSE_US, MAX_PULSE_US)
SERVO_MIDDLE_DEG = 90.0


class VirtualPins:
    """A firmware's pins on a model board. modes: by pin; empty until the firmware has booted.

    states: the value last written to each pin; for an input, 1 means that its pull-up is on. keeps_levels: the level
    that an output or a pull-up left in the port's register returns with the next output there, as in StandardFirmata.
    """

    def __init__(self, session: VirtualSession, *, keeps_levels: bool = False) -> None:
        self.session = session
        self._keeps_levels = keeps_levels
        self.board = session.board
        self.pin_map = session.pin_map
        self.capabilities = session.capabilities
        self.max_servos = stock_servos(self.pin_map.pins)
        self.modes: dict[int, int] = {}
        self.states = [0] * self.pin_map.pins
        self._pulses_us: dict[int, tuple[int, int]] = {}
        self._inputs: set[int] = set()
        self.clear_reports()

    def clear_reports(self) -> None:
        """Switch off the reports of all ports and channels."""
        self._reported_ports: set[int] = set()
        self._sent_ports: dict[int, int] = {}
        self._reported_channels: set[int] = set()

    def set_default_modes(self) -> None:
        """Make every digital pin an output, except that pins with an analog channel become analog.

        ConfigurableFirmata drives the outputs low, which switches active-low devices on. StandardFirmata keeps their
        level.
        """
        for pin in range(self.pin_map.pins):
            if self.capabilities[pin]:
                self._apply_mode(pin, PinMode.ANALOG if pin in self.pin_map.analog else PinMode.OUTPUT)

    # ---- pin modes ----

    def set_mode(self, pin: int, mode: int) -> None:
        """Set the mode of a pin, if it supports it."""
        if pin >= self.pin_map.pins:
            self.session.complain(f"Pin {pin} does not exist on an {self.pin_map.name}.")
        elif mode not in self.capabilities[pin]:
            self.session.complain(f"Pin {pin} cannot be used in mode {mode}.")
            self.session.send_string("Unknown pin mode")
        elif mode == PinMode.SERVO and not self.has_room_for_servo(pin):
            self.session.complain(f"Pin {pin} would be one servo too many.")
            self.session.send_string("Max servos attached")
        else:
            self._apply_mode(pin, mode)
            if mode == PinMode.ANALOG:
                self.enable_analog_reporting(pin - self.pin_map.analog.start, True)
            self._report_port(pin // 8)

    def _apply_mode(self, pin: int, mode: int) -> None:
        before = self.modes.get(pin)
        keeps_high = self._keeps_levels and (
            before == PinMode.PULLUP or (before == PinMode.OUTPUT and self.board.output(pin).level)
        )
        self.modes[pin] = mode
        self.states[pin] = 0
        self._inputs.discard(pin)
        self.board.levels.pop(pin, None)
        if mode == PinMode.OUTPUT:
            self.drive(pin, keeps_high)
            return
        self.float_pin(pin)
        if mode in (PinMode.INPUT, PinMode.PULLUP):
            self._inputs.add(pin)
            self.states[pin] = int(mode == PinMode.PULLUP)
            contact = self.board.declare_input(pin, at_rest=mode == PinMode.PULLUP)
            contact.on_change = lambda level: self._on_input_change(pin, level)
        elif mode == PinMode.PWM:
            self.board.declare_pwm(pin)
        elif mode == PinMode.SERVO:
            self._pulses_us[pin] = SERVO_PULSES_US
            self._attach_servo(pin)

    def _attach_servo(self, pin: int) -> None:
        """Drive a new servo: the Servo library sends it to its middle."""
        self.board.declare_servo(pin, SERVO_MIDDLE_DEG)

    def _turn_servo(self, pin: int, degrees: float) -> None:
        self.board.levels[pin].write(degrees)

    def has_room_for_servo(self, pin: int) -> bool:
        """Whether the firmware can drive a servo on a pin beside those that it has."""
        return sum(mode == PinMode.SERVO for other, mode in self.modes.items() if other != pin) < self.max_servos

    def claim(self, pin: int, mode: int) -> None:
        """Set the mode of a pin for a device that the firmware drives or reads."""
        self.set_mode(pin, mode)

    def _on_input_change(self, pin: int, level: bool) -> None:  # noqa: ARG002
        self._report_port(pin // 8)

    def drive(self, pin: int, level: bool) -> None:
        """Make a pin of the board an output at ``level``; the plant decides what a floating pin does."""
        output = self.board.output(pin)
        output.declared = True
        output.write(level)

    def float_pin(self, pin: int) -> None:
        """Stop driving a pin of the board."""
        output = self.board.output(pin)
        if output.declared:
            output.make_safe()
            output.declared = False

    # ---- outputs ----

    def write_pin(self, pin: int, level: bool) -> None:
        """Write a pin that is an output."""
        if self.modes.get(pin) == PinMode.OUTPUT:
            self.states[pin] = int(level)
            self.board.output(pin).write(level)
        else:
            self.session.complain(f"Pin {pin} was driven without being an output.")

    def write_port(self, port: int, levels: int) -> None:
        """Write those of a port's eight pins that are outputs."""
        for pin in range(port * 8, min(port * 8 + 8, self.pin_map.pins)):
            level = bool(levels >> pin % 8 & 1)
            if self.modes.get(pin) == PinMode.OUTPUT:
                self.write_pin(pin, level)
            elif self.modes.get(pin) == PinMode.INPUT:
                self.states[pin] = int(level)  # 1 switches the pull-up on

    def write_level(self, data: bytes) -> bool:
        """Set a PWM duty or a servo's angle; ignored for any other pin."""
        if len(data) < 2:
            return False
        pin, value = data[0], decode_unsigned(data[1:4])
        mode = self.modes.get(pin)
        if mode == PinMode.PWM:
            self.board.levels[pin].write(min(value, PWM_TOP) / PWM_TOP)
        elif mode == PinMode.SERVO:
            self._turn_servo(pin, self._degrees(pin, value))
        else:
            self.session.complain(f"Pin {pin} was given a level without being a PWM or a servo pin.")
            return True
        self.states[pin] = value
        return True

    def _degrees(self, pin: int, value: int) -> float:
        """The angle of a servo: a value below 544 is degrees, any other the pulse in microseconds."""
        shortest_us, longest_us = self._pulses_us[pin]
        if value < SERVO_PULSES_US[0]:
            return float(min(value, 180))
        pulse_us = min(max(value, shortest_us), longest_us)
        return 180 * (pulse_us - shortest_us) / max(1, longest_us - shortest_us)

    def configure_servo(self, data: bytes) -> bool:
        """Attach a servo with its own range of pulses; false if the pin does not support one."""
        if len(data) < 5 or data[0] >= self.pin_map.pins or PinMode.SERVO not in self.capabilities[data[0]]:
            return False
        self.set_mode(data[0], PinMode.SERVO)
        self._pulses_us[data[0]] = decode_u14(data, 1), decode_u14(data, 3)
        return True

    # ---- inputs ----

    def enable_port_reporting(self, port: int, on: bool) -> None:
        """Switch reports of a port, now and at every change, on or off."""
        if port >= self.pin_map.ports:
            self.session.complain(f"Port {port} does not exist on an {self.pin_map.name}.")
            return
        self._reported_ports.discard(port)
        self._sent_ports.pop(port, None)
        if on:
            self._reported_ports.add(port)
            self._report_port(port)

    def _report_port(self, port: int) -> None:
        """Report a port if that is enabled and its inputs have changed; pins that are no inputs count as low."""
        if port not in self._reported_ports:
            return
        levels = 0
        for pin in range(port * 8, port * 8 + 8):
            if pin in self._inputs and self.board.declare_input(pin, at_rest=False).level:
                levels |= 1 << pin % 8
        if self._sent_ports.get(port) != levels:
            self._sent_ports[port] = levels
            self.session.send(messages.port(port, levels))

    def enable_analog_reporting(self, channel: int, on: bool) -> None:
        """Switch reports of an analog channel, now and at every sampling, on or off."""
        if channel >= len(self.pin_map.analog):
            self.session.complain(f"Analog channel {channel} does not exist on an {self.pin_map.name}.")
        elif on:
            self._reported_channels.add(channel)
            self._report_channel(channel)
            self.session.sampling.keep()
        else:
            self._reported_channels.discard(channel)

    def _report_channel(self, channel: int) -> None:
        volts = self.board.declare_analog(self.pin_map.analog[channel]).volts
        value = min(max(int(volts / REFERENCE_VOLTS * ADC_STEPS), 0), ADC_STEPS - 1)
        self.session.send(messages.analog(channel, value))

    def sample(self) -> bool:
        """Report the enabled analog channels; whether there are any."""
        due = [
            channel
            for channel in sorted(self._reported_channels)
            if self.modes.get(self.pin_map.analog[channel]) == PinMode.ANALOG
        ]
        for channel in due:
            self._report_channel(channel)
        return bool(due)
