"""Identity: the firmware of a board, and what its pins can do, as the board reports them."""

from __future__ import annotations

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import FEATURES, QUERY_FEATURES, Features, decode_features
from cellwright.hardware.firmata.protocol.codec import decode_text
from cellwright.hardware.firmata.protocol.messages import Message, PinMode

CELLWRIGHT_FIRMWARE_NAME = "CellwrightFirmata"
"""The firmware whose features are queried until it replies; any other firmware is queried once."""

DIGITAL_MODES = {PinMode.INPUT, PinMode.OUTPUT, PinMode.PULLUP}


class Identity:
    """The board's replies put together; some may be lost or damaged on the line.

    Firmata has no checksums, but some damage shows: a name of an odd number of bytes, or capabilities and analog
    channels of different numbers of pins. Such replies are dropped.
    features: those of hardware/firmware/PROTOCOL.md; None for a firmware without them.
    """

    def __init__(self) -> None:
        self.firmata_version: tuple[int, int] | None = None
        self.firmware_version: tuple[int, int] | None = None
        self.firmware_name: str | None = None
        self.capabilities: list[dict[int, int]] = []
        self.channels: list[int | None] = []  # by pin
        self.features: Features | None = None
        self._has_queried_features = False

    def update(self, message: Message) -> None:
        """Keep what a message reports, if it is complete and about the identity."""
        command, data = message
        if command == messages.REPORT_VERSION:
            self.firmata_version = (data[0], data[1])
        elif is_firmware(message):
            self.firmware_version = (data[0], data[1])
            self.firmware_name = decode_text(data[2:])
        elif command == messages.CAPABILITY_RESPONSE:
            self.capabilities = messages.decode_capabilities(data)
        elif command == messages.ANALOG_MAPPING_RESPONSE:
            self.channels = messages.decode_analog_mapping(data)
        elif command == FEATURES:
            self.features = decode_features(data) or self.features
        if self.capabilities and self.channels and len(self.capabilities) != len(self.channels):
            self.capabilities, self.channels = [], []

    def missing(self) -> dict[str, bytes]:
        """What the board has not reported yet, each with its query."""
        queries = {}
        if self.firmata_version is None:
            queries["protocol version"] = messages.QUERY_VERSION
        if self.firmware_name is None:
            queries["firmware name"] = messages.QUERY_FIRMWARE
        if self.features is None and self.firmware_name == CELLWRIGHT_FIRMWARE_NAME:
            queries["features"] = QUERY_FEATURES
        if not self.capabilities:
            queries["capabilities"] = messages.QUERY_CAPABILITIES
        if not self.channels:
            queries["analog channels"] = messages.QUERY_ANALOG_MAPPING
        return queries

    def next_queries(self) -> list[bytes]:
        """The queries to send now. Firmware replies in order, so the optional query comes first."""
        queries = list(self.missing().values())
        if not self._has_queried_features and QUERY_FEATURES not in queries and self.features is None:
            self._has_queried_features = True
            queries.insert(0, QUERY_FEATURES)
        return queries

    @property
    def is_empty(self) -> bool:
        """Whether the board has reported nothing at all."""
        return len(self.missing()) == 4

    @property
    def analog_channels(self) -> dict[int, int]:
        """The analog channel of each pin that has one."""
        return {pin: channel for pin, channel in enumerate(self.channels) if channel is not None}

    def resolution_bits(self, channel: int) -> int:
        """The resolution of an analog channel, by default the 10 bits of most Arduinos."""
        pin = self.channels.index(channel) if channel in self.channels else None
        return 10 if pin is None else self.capabilities[pin].get(PinMode.ANALOG, 10)

    def layout(self) -> dict[str, tuple[int, ...]]:
        """The board's layout in pyfirmata2's format, with all pins by their numbers."""
        pins = range(len(self.capabilities))
        return {
            "digital": tuple(pins),
            "analog": tuple(range(max(self.analog_channels.values(), default=-1) + 1)),
            "pwm": tuple(pin for pin in pins if PinMode.PWM in self.capabilities[pin]),
            "disabled": tuple(pin for pin in pins if not DIGITAL_MODES & self.capabilities[pin].keys()),
        }


def is_firmware(message: Message) -> bool:
    """Whether a message reports the firmware's version and name: two bytes, and two for each letter."""
    return message.command == messages.REPORT_FIRMWARE and len(message.data) >= 2 and len(message.data) % 2 == 0
