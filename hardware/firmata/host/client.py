"""FirmataClient: the host's end of Firmata, a pyfirmata2 board made safe for a machine.

Unlike pyfirmata2's own, it waits for replies instead of fixed times, shares nothing between boards, never blocks on an
incomplete message, hides no error, keeps an analog input's real resolution, and detects a board that is lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from itertools import count
from typing import Any, NamedTuple

import pyfirmata2
import simpy
from simpy.events import Event

from cellwright.errors import CellFault, InputError
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import Features
from cellwright.hardware.firmata.protocol.codec import decode_text, decode_u14, decode_unsigned
from cellwright.hardware.firmata.protocol.firmware_parser import command_of
from cellwright.hardware.firmata.protocol.identity import Identity, is_firmware
from cellwright.hardware.firmata.protocol.messages import Message, MessageReader
from cellwright.hardware.transport.link import Link

BOOT_TIMEOUT_S = 2.5  # earlier queries may delay a boot loader; stock firmware boots in 1.6 to 2.2 s
QUERY_INTERVAL_S = 0.5  # a Mega's capabilities take 0.2 s at 57600 baud
QUERIES_PER_RATE = 2
CONNECT_TIMEOUT_S = 10.0  # how long a board may take to be ready
HEARTBEAT_INTERVAL_S = 0.5  # how often a board that is ready is queried
MAX_MISSED_HEARTBEATS = 2  # heartbeats without a reply before the board counts as silent
SILENCE_TIMEOUT_S = MAX_MISSED_HEARTBEATS * HEARTBEAT_INTERVAL_S


def _raise_fault(reason: str) -> None:
    """The default handler of trouble."""
    raise CellFault(reason)


def _ignore_restart() -> None:
    """The default handler of a restart."""


class _SerialPort(NamedTuple):
    """The object that pyfirmata2 writes to in place of its serial port."""

    link: Link

    @property
    def port(self) -> str:
        return self.link.name

    def write(self, data: bytes) -> None:
        self.link.write(bytes(data))


class FirmataClient(pyfirmata2.Board):  # type: ignore[misc]  # pyfirmata2 has no types
    """A Firmata board at the other end of ``link``, in the time of ``env``.

    ready: succeeds with this client once the board has reported its firmware and what its pins can do; from then on all
    that pyfirmata2 offers (``digital``, ``analog``, ``get_pin``, ``send_sysex``) works. It fails with an InputError if
    there is no such board within ``within_s`` seconds, and with a CellFault if the link is lost before.
    on_failure: called with a sentence when a board that was ready is lost, falls silent or resets itself, once for
    each; unless it is set, that raises a CellFault. on_restart: called before that when it is back from a reset.
    report_restart: called with the sentence then, and may add the reason; by default it is trouble like any other.
    firmware_name, firmware_version, firmata_version: as the board reports them; versions are (major, minor).
    capabilities: for each pin its modes, and for each mode its resolution in bits. analog_channels: by pin.
    """

    def __init__(self, env: simpy.Environment, link: Link, within_s: float = CONNECT_TIMEOUT_S) -> None:
        self.env = env
        self.link = link
        self.name = link.name
        self.ready: Event = env.event()
        self.on_failure: Callable[[str], None] = _raise_fault
        self.on_restart: Callable[[], None] = _ignore_restart
        self.report_restart: Callable[[str], None] = self._report_trouble
        self.identity = Identity()

        self.sp = _SerialPort(link)
        self.digital: list[Any] = []  # pyfirmata2's pins
        self.digital_ports: list[Any] = []
        self.analog: list[Any] = []
        self._command_handlers: dict[int, Callable[..., object]] = {}  # pyfirmata2 shares one among all boards

        self._digital_actions: defaultdict[int, list[Callable[[int], None]]] = defaultdict(list)
        self._analog_actions: defaultdict[int, list[Callable[[int], None]]] = defaultdict(list)
        self._sysex_actions: defaultdict[int, list[Callable[[bytes], None]]] = defaultdict(list)

        self._reader = MessageReader()
        self._firmware_reported = env.event()
        self._has_received = False
        self._is_ready = False
        self._is_open = True
        self._is_silent = False
        self._firmware_queried_s = float("-inf")
        self._missed_heartbeats = 0
        link.on_bytes = self.on_bytes
        link.on_lost = self._on_link_lost
        env.process(self._connect())
        env.timeout(within_s).callbacks.append(lambda _: self._on_connect_timeout(within_s))

    # ---- what others use ----

    @property
    def firmware_name(self) -> str | None:
        return self.identity.firmware_name

    @property
    def firmware_version(self) -> tuple[int, int] | None:
        return self.identity.firmware_version

    @property
    def firmata_version(self) -> tuple[int, int] | None:
        return self.identity.firmata_version

    @property
    def capabilities(self) -> list[dict[int, int]]:
        return self.identity.capabilities

    @property
    def analog_channels(self) -> dict[int, int]:
        return self.identity.analog_channels

    @property
    def features(self) -> Features | None:
        return self.identity.features

    @property
    def is_open(self) -> bool:
        """Whether the link is open."""
        return self._is_open

    @property
    def is_silent(self) -> bool:
        """Whether the board has fallen silent and nothing was received since."""
        return self._is_silent

    def supports(self, pin: int, mode: int) -> bool:
        """Whether a pin supports a mode; a pin that the board does not have supports none."""
        return 0 <= pin < len(self.capabilities) and mode in self.capabilities[pin]

    def send(self, data: bytes) -> None:
        """Send one whole message, as made by ``messages``."""
        self.link.write(data)

    def on_digital(self, port: int, action: Callable[[int], None]) -> None:
        """Call ``action`` with the levels of a port's eight pins, the lowest in bit 0, whenever the board reports."""
        self._digital_actions[port].append(action)

    def on_analog(self, channel: int, action: Callable[[int], None]) -> None:
        """Call ``action`` with each value of an analog channel, as the converter gave it."""
        self._analog_actions[channel].append(action)

    def on_sysex(self, command: int, action: Callable[[bytes], None]) -> None:
        """Call ``action`` with the data of each sysex message of that command."""
        self._sysex_actions[command].append(action)

    def on_string(self, action: Callable[[str], None]) -> None:
        """Call ``action`` with each text that the board sends for people to read."""
        self.on_sysex(messages.STRING_DATA, lambda data: action(decode_text(data)))

    def close(self) -> None:
        """Send no more queries and close the link. May be called twice."""
        self._is_open = False
        self.link.close()

    # Methods of pyfirmata2 for programs that poll; here bytes are handled as they arrive.

    def iterate(self) -> None:
        """Do nothing."""

    def bytes_available(self) -> int:
        """Always 0: bytes are handled as they arrive."""
        return 0

    def samplingOn(self, sample_interval: int = messages.DEFAULT_SAMPLING_INTERVAL_MS) -> None:  # noqa: N802
        """Set the sampling interval in ms; no thread is started."""
        self.setSamplingInterval(sample_interval)

    def samplingOff(self) -> None:  # noqa: N802
        """Do nothing."""

    def exit(self) -> None:
        """Close: pyfirmata2's name for it."""
        self.close()

    def __del__(self) -> None:
        """Do nothing: pyfirmata2 would write to a link that others may have closed, from whatever thread this is."""

    # ---- receiving ----

    def on_bytes(self, data: bytes) -> None:
        """Handle received bytes. An exception of a handler is raised here."""
        self._has_received = True
        for message in self._reader.feed(data):
            if not self._is_open:
                return
            self._handle(message)

    def _handle(self, message: Message) -> None:
        self._identify(message)
        command, data = message
        kind = command_of(command) if command >= messages.DIGITAL_MESSAGE else command
        if kind == messages.DIGITAL_MESSAGE:
            self._on_port(command & 0x0F, decode_u14(data) & 0xFF)
        elif kind == messages.ANALOG_MESSAGE:
            self._on_analog(command & 0x0F, decode_u14(data))
        elif kind == messages.EXTENDED_ANALOG and len(data) > 1:  # channels from 16 on
            self._on_analog(data[0], decode_unsigned(data[1:]))
        for action in tuple(self._sysex_actions.get(command, ())):
            action(data)
        if kind in self._command_handlers:
            number = () if kind == command else (command & 0x0F,)
            self._command_handlers[kind](*number, *data)

    def _on_port(self, port: int, levels: int) -> None:
        if port < len(self.digital_ports):
            self.digital_ports[port]._update(levels)
        for action in tuple(self._digital_actions.get(port, ())):
            action(levels)

    def _on_analog(self, channel: int, value: int) -> None:
        if channel < len(self.analog) and self.analog[channel].reporting:
            pin = self.analog[channel]
            pin.value = value / ((1 << self.identity.resolution_bits(channel)) - 1)
            if pin.callback is not None:
                pin.callback(pin.value)
        for action in tuple(self._analog_actions.get(channel, ())):
            action(value)

    # ---- connecting ----

    def _connect(self) -> Generator[Event, Any, None]:
        """Let the board boot; send the missing queries again and again, since queries and replies may be lost."""
        yield self._firmware_reported | self.env.timeout(BOOT_TIMEOUT_S)
        for attempt in count():
            if not self._is_open or self.ready.triggered:
                return
            if attempt and attempt % QUERIES_PER_RATE == 0 and not self._firmware_reported.triggered:
                self.link.try_another_rate()
            self._send_queries()
            yield self.env.timeout(QUERY_INTERVAL_S)

    def _send_queries(self) -> None:
        for query in self.identity.next_queries():
            self.send(query)
            if query == messages.QUERY_FIRMWARE:
                self._firmware_queried_s = self.env.now

    def _identify(self, message: Message) -> None:
        if message.command == messages.REPORT_VERSION:
            self._missed_heartbeats = 0
            self._is_silent = False
        if self._is_ready:
            if is_firmware(message) and self.env.now - self._firmware_queried_s > SILENCE_TIMEOUT_S:
                self.on_restart()
                self.report_restart(f"The board on {self.name} reset itself; check its supply and what it drives.")
        elif not self.ready.triggered:
            self.identity.update(message)
            if is_firmware(message) and not self._firmware_reported.triggered:
                self._firmware_reported.succeed()
            if not self.identity.missing():
                self._become_ready()

    def _become_ready(self) -> None:
        self._is_ready = True
        self.firmware = self.firmware_name  # pyfirmata2's name for it
        self.setup_layout(self.identity.layout())
        self.ready.succeed(self)
        self.env.process(self._send_heartbeats())

    def _on_connect_timeout(self, within_s: float) -> None:
        if self.ready.triggered or not self._is_open:
            return
        if not self._has_received:
            reason = f"nothing came within {within_s:g} s; check that Firmata is loaded, and the baud rate."
        elif self.identity.is_empty:
            reason = f"what came within {within_s:g} s is no Firmata; check that Firmata is loaded, and the baud rate."
        else:
            missing = " and ".join(self.identity.missing())
            reason = f"it did not report its {missing} within {within_s:g} s; check the cable, and load Firmata again."
        self.ready.fail(InputError(f"{self.name} does not answer as a Firmata board: {reason}"))

    def _set_default_handlers(self) -> None:
        """Set none: pyfirmata2's handlers assume converters of 10 bits; this client has its own."""

    # ---- heartbeat ----

    def _send_heartbeats(self) -> Generator[Event, Any, None]:
        """Query the version at every interval.

        Heartbeats are counted instead of seconds: a host that stalled handles received bytes first.
        """
        while self._is_open:
            if self._missed_heartbeats >= MAX_MISSED_HEARTBEATS and not self._is_silent:
                self._is_silent = True
                silent = f"The board on {self.name} has been silent for {SILENCE_TIMEOUT_S:g} s"
                self._report_trouble(f"{silent}; check its cable and its supply.")
            self._missed_heartbeats += 1
            self.send(messages.QUERY_VERSION)
            yield self.env.timeout(HEARTBEAT_INTERVAL_S)

    def _on_link_lost(self, reason: str) -> None:
        sentence = f"The link to {self.name} was lost: {reason}; check its cable and its supply."
        if self._is_ready:
            self._report_trouble(sentence)
            self._is_open = False
        elif self._is_open and not self.ready.triggered:
            self.ready.fail(CellFault(sentence))

    def _report_trouble(self, sentence: str) -> None:
        if self._is_open:
            self.on_failure(sentence)
