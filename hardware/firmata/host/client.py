"""FirmataClient: the host's end of Firmata, a pyfirmata2 board made safe for a machine.

Against pyfirmata2's own it waits for answers and not for fixed times, shares nothing between boards, never blocks on
half a message, swallows no error, keeps an analog input's real resolution, and notices a board that is gone.
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
from cellwright.hardware.firmata.protocol.codec import decode_pair, decode_sevens, decode_text
from cellwright.hardware.firmata.protocol.firmware_parser import kind_of
from cellwright.hardware.firmata.protocol.identity import Identity, is_firmware
from cellwright.hardware.firmata.protocol.messages import Message, MessageReader
from cellwright.hardware.transport.link import Link

BOOT_S = 2.5  # asking earlier may hold a bootloader up; stock firmware boots in 1.6 to 2.2 s
ASK_AGAIN_S = 0.5  # a Mega's capabilities take 0.2 s at 57600 baud
ASKINGS_AT_A_RATE = 2
WITHIN_S = 10.0  # how long a board may take to be ready
HEARTBEAT_S = 0.5  # how often a board that is ready is asked whether it is there
UNANSWERED_BEATS = 2  # so many without an answer are trouble: 1.0 s of silence
REPLY_TIMEOUT_S = UNANSWERED_BEATS * HEARTBEAT_S


def _raise_fault(reason: str) -> None:
    """What trouble does while nobody listens for it."""
    raise CellFault(reason)


def _nothing() -> None:
    """What a restart does while nobody listens for it."""


class _Port(NamedTuple):
    """What pyfirmata2 writes to in place of its serial port."""

    link: Link

    @property
    def port(self) -> str:
        return self.link.name

    def write(self, data: bytes) -> None:
        self.link.write(bytes(data))


class FirmataClient(pyfirmata2.Board):  # type: ignore[misc]  # pyfirmata2 has no types
    """A Firmata board at the other end of ``link``, in the time of ``env``.

    ready: succeeds with this client once the board has said what it is and what its pins can do; from then on all
    that pyfirmata2 offers (``digital``, ``analog``, ``get_pin``, ``send_sysex``) works. It fails with an InputError if
    there is no such board within ``within_s`` seconds, and with a CellFault if the link is lost before.
    on_trouble: called with a sentence when a board that was ready is lost, falls silent or resets itself, once for
    each; unless it is set, that raises a CellFault. on_restart: called before that when it is back from a reset.
    report_restart: called with the sentence then, for who knows more of it; otherwise that is trouble like any other.
    firmware_name, firmware_version, firmata_version: what the board says of itself; versions are (major, minor).
    capabilities: for each pin its modes, and for each mode its resolution in bits. analog_channels: by pin.
    """

    def __init__(self, env: simpy.Environment, link: Link, within_s: float = WITHIN_S) -> None:
        self.env = env
        self.link = link
        self.name = link.name
        self.ready: Event = env.event()
        self.on_trouble: Callable[[str], None] = _raise_fault
        self.on_restart: Callable[[], None] = _nothing
        self.report_restart: Callable[[str], None] = self._report_trouble
        self.identity = Identity()

        self.sp = _Port(link)
        self.digital: list[Any] = []  # pyfirmata2's pins
        self.digital_ports: list[Any] = []
        self.analog: list[Any] = []
        self._command_handlers: dict[int, Callable[..., object]] = {}  # pyfirmata2 shares one among all boards

        self._digital_actions: defaultdict[int, list[Callable[[int], None]]] = defaultdict(list)
        self._analog_actions: defaultdict[int, list[Callable[[int], None]]] = defaultdict(list)
        self._sysex_actions: defaultdict[int, list[Callable[[bytes], None]]] = defaultdict(list)

        self._reader = MessageReader()
        self._greeted = env.event()
        self._has_heard = False
        self._is_ready = False
        self._is_open = True
        self._is_silent = False
        self._asked_firmware_s = float("-inf")
        self._unanswered_beats = 0
        link.on_bytes = self.on_bytes
        link.on_lost = self._lose
        env.process(self._connect())
        env.timeout(within_s).callbacks.append(lambda _: self._give_up(within_s))

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
        """Whether there is a link to send by."""
        return self._is_open

    @property
    def is_silent(self) -> bool:
        """Whether the board has fallen silent and has not been heard since."""
        return self._is_silent

    def supports(self, pin: int, mode: int) -> bool:
        """Whether a pin can be used so; a pin that the board does not have cannot."""
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
        """Call ``action`` with the words that the board sends for people to read."""
        self.on_sysex(messages.STRING, lambda data: action(decode_text(data)))

    def close(self) -> None:
        """Ask no more and let go of the link. May be called twice."""
        self._is_open = False
        self.link.close()

    # pyfirmata2's own ways to be driven, for programs that use them: here bytes come by themselves.

    def iterate(self) -> None:
        """Do nothing."""

    def bytes_available(self) -> int:
        """No bytes, ever: they are handled as they come."""
        return 0

    def samplingOn(self, sample_interval: int = messages.SAMPLING_INTERVAL_MS) -> None:  # noqa: N802
        """Say how often the board is to sample, in ms; no thread is started."""
        self.setSamplingInterval(sample_interval)

    def samplingOff(self) -> None:  # noqa: N802
        """Do nothing."""

    def exit(self) -> None:
        """Close: pyfirmata2's name for it."""
        self.close()

    def __del__(self) -> None:
        """Do nothing: pyfirmata2 would write to a link that others may have closed, from whatever thread this is."""

    # ---- what arrives ----

    def on_bytes(self, data: bytes) -> None:
        """Take in what the link brings. What a handler raises is raised here."""
        self._has_heard = True
        for message in self._reader.feed(data):
            if not self._is_open:
                return
            self._handle(message)

    def _handle(self, message: Message) -> None:
        self._get_to_know(message)
        command, data = message
        kind = kind_of(command) if command >= messages.PORT else command
        if kind == messages.PORT:
            self._on_port(command & 0x0F, decode_pair(data) & 0xFF)
        elif kind == messages.ANALOG:
            self._on_analog(command & 0x0F, decode_pair(data))
        elif kind == messages.EXTENDED_ANALOG and len(data) > 1:  # channels from 16 on
            self._on_analog(data[0], decode_sevens(data[1:]))
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

    # ---- getting to know the board ----

    def _connect(self) -> Generator[Event, Any, None]:
        """Let the board boot; ask for what it has not said, again and again, for answers and questions may be lost."""
        yield self._greeted | self.env.timeout(BOOT_S)
        for asked in count():
            if not self._is_open or self.ready.triggered:
                return
            if asked and asked % ASKINGS_AT_A_RATE == 0 and not self._greeted.triggered:
                self.link.try_another_rate()
            self._ask_for_what_is_missing()
            yield self.env.timeout(ASK_AGAIN_S)

    def _ask_for_what_is_missing(self) -> None:
        for question in self.identity.next_questions():
            self.send(question)
            if question == messages.ASK_FIRMWARE:
                self._asked_firmware_s = self.env.now

    def _get_to_know(self, message: Message) -> None:
        if message.command == messages.VERSION:
            self._unanswered_beats = 0
            self._is_silent = False
        if self._is_ready:
            if is_firmware(message) and self.env.now - self._asked_firmware_s > REPLY_TIMEOUT_S:
                self.on_restart()
                self.report_restart(f"The board on {self.name} reset itself; check its supply and what it drives.")
        elif not self.ready.triggered:
            self.identity.learn(message)
            if is_firmware(message) and not self._greeted.triggered:
                self._greeted.succeed()
            if not self.identity.unknown():
                self._be_ready()

    def _be_ready(self) -> None:
        self._is_ready = True
        self.firmware = self.firmware_name  # pyfirmata2's name for it
        self.setup_layout(self.identity.layout())
        self.ready.succeed(self)
        self.env.process(self._watch())

    def _give_up(self, within_s: float) -> None:
        if self.ready.triggered or not self._is_open:
            return
        if not self._has_heard:
            why = f"nothing came within {within_s:g} s; check that Firmata is loaded, and the baud rate."
        elif self.identity.is_blank:
            why = f"what came within {within_s:g} s is no Firmata; check that Firmata is loaded, and the baud rate."
        else:
            missing = " and ".join(self.identity.unknown())
            why = f"it did not tell its {missing} within {within_s:g} s; check the cable, and load Firmata again."
        self.ready.fail(InputError(f"{self.name} does not answer as a Firmata board: {why}"))

    def _set_default_handlers(self) -> None:
        """Nothing: pyfirmata2's handlers take every converter for one of 10 bits; this client has its own."""

    # ---- its health ----

    def _watch(self) -> Generator[Event, Any, None]:
        """Ask whether the board is there. Beats are counted, and not seconds: a host that stalled hears first."""
        while self._is_open:
            if self._unanswered_beats >= UNANSWERED_BEATS and not self._is_silent:
                self._is_silent = True
                self._report_trouble(
                    f"The board on {self.name} has been silent for {REPLY_TIMEOUT_S:g} s; check its cable and supply."
                )
            self._unanswered_beats += 1
            self.send(messages.ASK_VERSION)
            yield self.env.timeout(HEARTBEAT_S)

    def _lose(self, reason: str) -> None:
        sentence = f"The link to {self.name} was lost: {reason}; check its cable and its supply."
        if self._is_ready:
            self._report_trouble(sentence)
            self._is_open = False
        elif self._is_open and not self.ready.triggered:
            self.ready.fail(CellFault(sentence))

    def _report_trouble(self, sentence: str) -> None:
        if self._is_open:
            self.on_trouble(sentence)
