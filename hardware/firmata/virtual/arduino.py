"""VirtualArduino: a Firmata front on a model board. It replies as the firmware would, byte for byte, in virtual time.

Its behaviour follows the firmware's code: StandardFirmata.ino 2.5, ConfigurableFirmata 2.12 and FirmataEncoder, and
hardware/firmware. The ``program`` holds what differs between them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import POWER_ON, RESET_BUTTON
from cellwright.hardware.firmata.protocol.codec import decode_u14
from cellwright.hardware.firmata.protocol.firmware_parser import command_of
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.pin_maps import PIN_MAPS, ArduinoModel, FirmwareKind
from cellwright.hardware.firmata.virtual.cellwright import VirtualCellwright
from cellwright.hardware.firmata.virtual.encoder_i2c_scheduler import VirtualEncoders, VirtualI2c
from cellwright.hardware.firmata.virtual.stock import VirtualStock
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE
from cellwright.hardware.model.board import ModelBoard
from cellwright.hardware.transport.link import Link
from cellwright.hardware.waits import cancel


@dataclass(frozen=True, slots=True)
class FirmwareProfile:
    """What a firmware reports of itself, and how long it takes to boot.

    boot_s: measured for ConfigurableFirmata (emulated, without a bootloader); assumed for the others, of which
    CellwrightFirmata's excludes the boot loader too.
    """

    name: str
    protocol: tuple[int, int]
    version: tuple[int, int]
    boot_s: float


FIRMWARES: dict[FirmwareKind, FirmwareProfile] = {
    "standard": FirmwareProfile("StandardFirmata.ino", (2, 5), (2, 5), 1.6),
    "configurable": FirmwareProfile("ConfigurableFirmata", (2, 6), (2, 12), 2.2),
    "cellwright": FirmwareProfile("CellwrightFirmata", (2, 6), (1, 0), 0.05),
}


class VirtualArduino:
    """An Arduino with Firmata at the board's end of a line, driving a model board.

    The model board must have the timing of the same firmware: ``ModelBoard(env, STEP_TIMINGS[firmware])``.

    It boots when it is created and receives nothing until then. complaints: sentences about messages that the real
    firmware would ignore or mishandle; here they are ignored. When its line is lost it goes on, as a board with its own
    supply does: the tasks of its scheduler still run.
    """

    def __init__(
        self,
        env: simpy.Environment,
        link: Link,
        board: ModelBoard,
        kind: ArduinoModel = "uno",
        firmware: FirmwareKind = DEFAULT_FIRMWARE,
        boot_s: float | None = None,
    ) -> None:
        self.env = env
        self.board = board
        self.pin_map = PIN_MAPS[kind]
        self.firmware = firmware
        self.facts = FIRMWARES[firmware]
        self.boot_s = self.facts.boot_s if boot_s is None else boot_s
        self.complaints: list[str] = []
        self.capabilities = [self.pin_map.capabilities(pin, firmware) for pin in range(self.pin_map.pins)]
        self._boot: Event | None = None
        self._tick: Event | None = None
        self._powered_s = env.now
        self.connect(link)
        self.program = VirtualCellwright(self, kind) if firmware == "cellwright" else VirtualStock(self)
        self._initialize()
        self.reset(POWER_ON)

    def connect(self, link: Link) -> None:
        """Connect the board's end of a line, in place of one that was lost."""
        self.link = link
        link.on_bytes = self._receive

    # ---- starting ----

    def reset(self, reason: int = RESET_BUTTON) -> None:
        """The reset button, or a power cut: pins float, axes stop, the configuration is lost; then it boots.

        reason: the reason that CellwrightFirmata reports, see protocol/cellwright.py.
        """
        if self._boot is not None:
            cancel(self.env, self._boot)
        self.program.before_reset(reason)
        self._clear_configuration()
        self.board.power_cycle()
        self._powered_s = self.env.now
        self._initialize()
        self._boot = Timeout(self.env, self.boot_s)
        self._boot.callbacks.append(self._finish_boot)

    def _initialize(self) -> None:
        """Take the state of the firmware before its setup has run."""
        self.parser = self.program.parser(self._handle_message, self._handle_sysex)
        self.pins = self.program.pins()
        self.steppers = self.program.steppers()
        self.encoders = VirtualEncoders(self, self.program.encoders)
        self.i2c = VirtualI2c(self)
        self._handlers: dict[int, Callable[[bytes], bool]] = {
            messages.REPORT_FIRMWARE: self._send_firmware,
            messages.CAPABILITY_QUERY: self._send_capabilities,
            messages.ANALOG_MAPPING_QUERY: self._send_analog_mapping,
            messages.PIN_STATE_QUERY: self.send_pin_state,
            messages.EXTENDED_ANALOG: self.pins.write_level,
            messages.SERVO_CONFIG: self.pins.configure_servo,
            messages.STRING_DATA: lambda _: True,
            messages.SAMPLING_INTERVAL: self._set_interval,
            messages.I2C_REQUEST: self.i2c.request,
            messages.I2C_CONFIG: self.i2c.configure,
        }
        self._handlers |= self.program.handlers()

    def _clear_configuration(self) -> None:
        """Stop the axes; clear devices, tasks and reports; reset the sampling interval."""
        self.pins.clear_reports()
        self.steppers.reset()
        self.encoders.reset()
        self.i2c.reset()
        self.program.clear()
        self._interval_s = messages.DEFAULT_SAMPLING_INTERVAL_MS / 1000
        self._restart_sampling()

    def _finish_boot(self, _: Event) -> None:
        """The end of the boot: report the firmware, and set the pins as after a system reset."""
        self._boot = None
        self.send(messages.version(*self.facts.protocol))
        self._send_firmware(b"")
        self.program.on_booted()

    def reset_configuration(self) -> None:
        """The effect of FF, and the end of the boot of stock firmware: default pin modes, no other configuration."""
        self.pins.set_default_modes()
        self._clear_configuration()

    @property
    def now_ms(self) -> int:
        """The firmware's clock: whole milliseconds since it had power."""
        return math.floor((self.env.now - self._powered_s) * 1000 + 1e-6)

    @property
    def now_us(self) -> int:
        """The firmware's clock: whole microseconds since it had power."""
        return math.floor((self.env.now - self._powered_s) * 1e6 + 1e-3)

    def call_at_ms(self, moment_ms: int, action: Callable[[Event], None]) -> None:
        """Call ``action`` when the firmware's clock shows ``moment_ms``, or now if that is past."""
        due_s = self._powered_s + moment_ms / 1000
        Timeout(self.env, max(0.0, due_s - self.env.now)).callbacks.append(action)

    # ---- the line ----

    def send(self, data: bytes) -> None:
        """Send bytes to the host."""
        self.link.write(data)

    def send_string(self, text: str) -> None:
        """Send a text to the host."""
        self.send(messages.string(text))

    def complain(self, sentence: str) -> None:
        """Record a mistake of the host."""
        self.complaints.append(sentence)

    def _receive(self, data: bytes) -> None:
        if self._boot is None:
            self.parser.feed(data)

    def _handle_message(self, command: int, data: bytes) -> None:
        """Handle a message of fixed length."""
        kind, number = command_of(command), command & 0x0F
        if kind == messages.DIGITAL_MESSAGE:
            self.pins.write_port(number, decode_u14(data))
        elif kind == messages.SET_DIGITAL_PIN_VALUE:
            self.pins.write_pin(data[0], data[1] != 0)
        elif kind == messages.SET_PIN_MODE:
            self.pins.set_mode(data[0], data[1])
        elif kind == messages.ANALOG_MESSAGE:
            self.pins.write_level(bytes((number,)) + data)
        elif kind == messages.REPORT_DIGITAL:
            self.pins.enable_port_reporting(number, data[0] != 0)
        elif kind == messages.REPORT_ANALOG:
            self.pins.enable_analog_reporting(number, data[0] != 0)
        elif kind == messages.REPORT_VERSION:
            self.send(messages.version(*self.facts.protocol))
        else:
            self.program.system_reset()

    def _handle_sysex(self, command: int, data: bytes) -> None:
        handler = self._handlers.get(command)
        if handler is None or not handler(data):
            self.program.refuse_unknown(command, len(data))

    # ---- queries ----

    def _send_firmware(self, _: bytes) -> bool:
        self.send(messages.firmware(*self.facts.version, self.facts.name))
        return True

    def _send_capabilities(self, _: bytes) -> bool:
        self.send(messages.capabilities(self.capabilities))
        return True

    def _send_analog_mapping(self, _: bytes) -> bool:
        self.send(messages.analog_mapping(map(self.pin_map.channel, range(self.pin_map.pins))))
        return True

    def send_pin_state(self, data: bytes) -> bool:
        """Report the mode and value of a pin; false where there is no such pin."""
        if not data or data[0] >= self.pin_map.pins:
            return False
        pin = data[0]
        self.send(messages.pin_state(pin, self.pins.modes.get(pin, PinMode.INPUT), self.pins.states[pin]))
        return True

    # ---- sampling ----

    def _set_interval(self, data: bytes) -> bool:
        if len(data) < 2:
            return False
        self._interval_s = max(1, decode_u14(data)) / 1000
        self._restart_sampling()
        self.keep_sampling()
        return True

    def _restart_sampling(self) -> None:
        """Start the sampling intervals anew."""
        self._grid_s = self.env.now
        if self._tick is not None:
            cancel(self.env, self._tick)
            self._tick = None

    def keep_sampling(self) -> None:
        """Schedule the next sampling; while nothing is sampled there is none."""
        if self._tick is None:
            turns = math.floor((self.env.now - self._grid_s) / self._interval_s + 1e-6) + 1
            self._tick = Timeout(self.env, self._grid_s + turns * self._interval_s - self.env.now)
            self._tick.callbacks.append(self._sample)

    def _sample(self, _: Event) -> None:
        self._tick = None
        if any([self.pins.sample(), self.encoders.sample(), self.i2c.sample()]):
            self.keep_sampling()
