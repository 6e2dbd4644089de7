"""Identity: what a Firmata board says of itself and of its pins."""

from __future__ import annotations

from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import ASK_FEATURES, FEATURES, Features, decode_features
from cellwright.hardware.firmata.protocol.codec import decode_text
from cellwright.hardware.firmata.protocol.messages import Message, PinMode

HAS_FEATURES = "CellwrightFirmata"
"""The firmware that is asked for its features until it answers; any other may have some, and is asked once."""

DIGITAL_MODES = {PinMode.INPUT, PinMode.OUTPUT, PinMode.PULLUP}


class Identity:
    """Put together from answers, some of which may be lost or torn on the way.

    Firmata has no checksums, but some losses show: a name of an odd number of bytes, or as many answers about
    capabilities as about analog channels that speak of different numbers of pins. Such answers are not kept.
    features: what the board has of hardware/firmware/PROTOCOL.md; None where it does not answer to that.
    """

    def __init__(self) -> None:
        self.firmata_version: tuple[int, int] | None = None
        self.firmware_version: tuple[int, int] | None = None
        self.firmware_name: str | None = None
        self.capabilities: list[dict[int, int]] = []
        self.channels: list[int | None] = []  # by pin
        self.features: Features | None = None
        self._has_been_asked = False

    def learn(self, message: Message) -> None:
        """Keep what a message says, if it is one of those and whole."""
        command, data = message
        if command == messages.VERSION:
            self.firmata_version = (data[0], data[1])
        elif is_firmware(message):
            self.firmware_version = (data[0], data[1])
            self.firmware_name = decode_text(data[2:])
        elif command == messages.CAPABILITIES:
            self.capabilities = messages.decode_capabilities(data)
        elif command == messages.ANALOG_MAPPING:
            self.channels = messages.decode_analog_mapping(data)
        elif command == FEATURES:
            self.features = decode_features(data) or self.features
        if self.capabilities and self.channels and len(self.capabilities) != len(self.channels):
            self.capabilities, self.channels = [], []

    def unknown(self) -> dict[str, bytes]:
        """What the board has not said yet, each with the question to ask for it."""
        questions = {}
        if self.firmata_version is None:
            questions["protocol version"] = messages.ASK_VERSION
        if self.firmware_name is None:
            questions["firmware name"] = messages.ASK_FIRMWARE
        if self.features is None and self.firmware_name == HAS_FEATURES:
            questions["features"] = ASK_FEATURES
        if not self.capabilities:
            questions["capabilities"] = messages.ASK_CAPABILITIES
        if not self.channels:
            questions["analog channels"] = messages.ASK_ANALOG_MAPPING
        return questions

    def next_questions(self) -> list[bytes]:
        """What to ask now. Firmware answers in order, so what it need not answer comes before what it must."""
        questions = list(self.unknown().values())
        if not self._has_been_asked and ASK_FEATURES not in questions and self.features is None:
            self._has_been_asked = True
            questions.insert(0, ASK_FEATURES)
        return questions

    @property
    def is_blank(self) -> bool:
        """Whether the board has said nothing at all."""
        return len(self.unknown()) == 4

    @property
    def analog_channels(self) -> dict[int, int]:
        """The analog channel of each pin that has one."""
        return {pin: channel for pin, channel in enumerate(self.channels) if channel is not None}

    def resolution_bits(self, channel: int) -> int:
        """The resolution of an analog channel, by default the 10 bits of most Arduinos."""
        pin = self.channels.index(channel) if channel in self.channels else None
        return 10 if pin is None else self.capabilities[pin].get(PinMode.ANALOG, 10)

    def layout(self) -> dict[str, tuple[int, ...]]:
        """The board's layout as pyfirmata2 wants it; unlike its own, it has all pins, by their numbers."""
        pins = range(len(self.capabilities))
        return {
            "digital": tuple(pins),
            "analog": tuple(range(max(self.analog_channels.values(), default=-1) + 1)),
            "pwm": tuple(pin for pin in pins if PinMode.PWM in self.capabilities[pin]),
            "disabled": tuple(pin for pin in pins if not DIGITAL_MODES & self.capabilities[pin].keys()),
        }


def is_firmware(message: Message) -> bool:
    """Whether a message tells the firmware's version and name: two bytes, and two for each letter."""
    return message.command == messages.FIRMWARE and len(message.data) >= 2 and len(message.data) % 2 == 0
