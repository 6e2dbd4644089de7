"""CellwrightFirmata on an emulated chip, with a record of its messages, pins and steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind, Mcu
from cellwright.hardware.emulator.pin_ports import port_and_bit
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel

FIRMWARE = Path(__file__).resolve().parents[3] / "hardware" / "firmware"
MCUS: Mapping[ArduinoModel, Mcu] = {"uno": "atmega328p", "nano": "atmega328p", "mega": "atmega2560"}
START_MS = 15
"""By then it has reported its name."""
DRIVER = 0x10
"""The interface of a stepper driver: step and direction."""
NO_INVERSION = 0


class Message(NamedTuple):
    """A message from the board: the cycle of its last byte, its command, and its data of seven bits a byte."""

    cycle: int
    command: int
    data: bytes


class FirmwareBench:
    """A board that runs CellwrightFirmata. Pins are the board's numbers, times ms of the emulated clock."""

    def __init__(self, kind: ArduinoModel = "uno", boot: bool = True) -> None:
        self.kind: ArduinoModel = kind
        self.chip = EmulatedChip(find_library(), FIRMWARE / "hex" / f"cellwright-{kind}.hex", mcu=MCUS[kind])
        self.messages: list[Message] = []
        self.edges: dict[int, list[tuple[int, bool]]] = {}
        self.converter_value: Callable[[int], int] = lambda converter: 0
        self.bus_reply = b""
        self.bus_written: list[tuple[int, bytes]] = []
        self._pin_of = {port_and_bit(pin, kind): pin for pin in range(70 if kind == "mega" else 20)}
        self._partial = bytearray()
        if boot:
            self.run(START_MS)
            self.ask_for_features()

    # ---- time and messages ----

    @staticmethod
    def in_ms(cycles: int) -> float:
        return cycles * 1000 / CLOCK_HZ

    @property
    def ms(self) -> float:
        return self.chip.cycle * 1000 / CLOCK_HZ

    def run(self, ms: float) -> list[Message]:
        """Run; returns the messages that it sends within ``ms``."""
        before = len(self.messages)
        self.run_to(self.chip.cycle + round(ms * CLOCK_HZ / 1000))
        return self.messages[before:]

    def run_to(self, cycle: int) -> None:
        while self.chip.cycle < cycle:
            for event in self.chip.run(cycle):
                if event.kind is EventKind.BYTE:
                    self._take(event.cycle, event.value)
                elif event.kind is EventKind.PIN:
                    self.edges[self._pin_of[event.pin]].append((event.cycle, bool(event.value)))
                elif event.kind is EventKind.CONVERSION:
                    self.chip.give_conversion(event.value, self.converter_value(event.value))
                elif event.kind is EventKind.BUS_WRITE:
                    self.bus_written.append((event.value, self.chip.bus_written()))
                elif event.kind is EventKind.BUS_READ:
                    self.chip.give_bus(self.bus_reply)

    def send(self, *commands: bytes, ms: float = 1.0) -> list[Message]:
        """Send commands; returns the messages until ``ms`` after the last has arrived."""
        sent = b"".join(commands)
        self.chip.feed(sent)
        return self.run(len(sent) * 10 * 1000 / 57_600 + ms)

    def ask_for_features(self) -> list[Message]:
        """As our host does: from then on it reports by itself in messages of its own."""
        return self.send(own.QUERY_FEATURES, ms=20)

    def send_until(self, command: int, *commands: bytes, timeout_ms: float = 20_000) -> Message:
        """Send commands and run until it sends ``command``."""
        before = len(self.messages)
        self.chip.feed(b"".join(commands))
        return self.wait_for(command, timeout_ms, before)

    def wait_for(self, command: int, timeout_ms: float = 20_000, since: int | None = None) -> Message:
        """Run until it sends ``command``."""
        seen = len(self.messages) if since is None else since
        end = self.ms + timeout_ms
        while self.ms < end:
            self.run(1.0)
            for message in self.messages[seen:]:
                if message.command == command:
                    return message
            seen = len(self.messages)
        raise AssertionError(f"It did not send {command:02X} within {timeout_ms} ms.")

    def _take(self, cycle: int, byte: int) -> None:
        if byte == 0xF7:
            self.messages.append(Message(cycle, self._partial[1], bytes(self._partial[2:])))
            self._partial.clear()
        elif byte >= 0x80:
            assert not self._partial, f"{byte:02X} comes within {self._partial.hex(' ')}"
            self._partial.append(byte)
        else:
            self._partial.append(byte)
            if self._partial[0] != 0xF0 and len(self._partial) == 3:
                self.messages.append(Message(cycle, self._partial[0], bytes(self._partial[1:])))
                self._partial.clear()

    def received(self, command: int, since: int = 0) -> list[Message]:
        return [message for message in self.messages[since:] if message.command == command]

    @property
    def strings(self) -> list[str]:
        return [bytes(each.data[0::2]).decode() for each in self.received(messages.STRING_DATA)]

    def state(self, which: int = own.NOW) -> own.FirmwareState:
        return own.decode_state(self.send_until(own.STATE, own.query_state(which)).data)

    def health(self) -> own.BoardHealth:
        return own.decode_health(self.send_until(own.HEALTH, own.QUERY_HEALTH).data)

    # ---- pins ----

    def watch(self, *pins: int) -> None:
        for pin in pins:
            self.edges[pin] = []
            self.chip.watch(*port_and_bit(pin, self.kind))

    def set_input(self, pin: int, level: bool) -> None:
        self.chip.set_input(*port_and_bit(pin, self.kind), level)

    def level(self, pin: int) -> bool:
        return self.chip.level(*port_and_bit(pin, self.kind))

    def port_bit(self, pin: int) -> tuple[str, int]:
        """Its port and bit."""
        return port_and_bit(pin, self.kind)

    def drives(self, pin: int) -> bool:
        return self.chip.drives(*port_and_bit(pin, self.kind))

    def driven(self) -> set[int]:
        """The pins that the chip drives, those of the line left out."""
        return {pin for pin in self._pin_of.values() if pin > 1 and self.drives(pin)}

    # ---- axes ----

    def add_axis(self, device: int, speed: float, acceleration: float, step: int | None = None) -> int:
        """Configure a driver on pins 2 and 3 (device 0), 4 and 5, …, and put its motor there; the motor's number."""
        step = 2 + 2 * device if step is None else step
        motor = self.chip.add_axis(port_and_bit(step, self.kind), port_and_bit(step + 1, self.kind))
        self.send(
            messages.sysex(accelstepper.ACCELSTEPPER_DATA, bytes((0, device, DRIVER, step, step + 1, NO_INVERSION))),
            accelstepper.speed(device, speed),
            accelstepper.acceleration(device, acceleration),
        )
        return motor

    def three_axes(self, speed: float = 20_000, acceleration: float = 200_000) -> list[int]:
        return [self.add_axis(device, speed, acceleration) for device in range(3)]

    def set_limits(self, device: int, low: tuple[int, int], high: tuple[int, int] = (own.NO_PIN, 0)) -> None:
        self.send(messages.sysex(accelstepper.ACCELSTEPPER_DATA, bytes((7, device, *low, *high))))

    def move_to(self, *positions: int) -> None:
        """Send device 0, 1, … on its way."""
        self.send(b"".join(accelstepper.move_to(device, at) for device, at in enumerate(positions)), ms=0)

    def steps(self, motor: int) -> int:
        return self.chip.axis(motor).steps

    def position(self, motor: int) -> int:
        return self.chip.axis(motor).position

    def reported_position(self, device: int) -> int:
        message = self.send_until(own.AXIS, own.query_axis(device))
        return own.decode_axis(message.data).position

    # ---- a busy line ----

    def flood(self, ms: float, pin: int = 13) -> None:
        """Send digital writes and questions without a gap for so many ms; they are on their way when it returns."""
        pair = bytes((0xF5, pin, 1, 0xF5, pin, 0))
        each = pair * 20 + accelstepper.query_position(0)
        self.chip.feed(each * (1 + round(ms / (len(each) * 10 * 1000 / 57_600))))


@pytest.fixture(scope="session")
def firmware_folder() -> Path:
    """The firmware: its sources, what builds it, and the hex files."""
    return FIRMWARE


@pytest.fixture
def uno(emulator_library: Path) -> Iterator[FirmwareBench]:
    """An Uno that has started."""
    bench = FirmwareBench()
    yield bench
    bench.chip.close()


@pytest.fixture
def mega(emulator_library: Path) -> Iterator[FirmwareBench]:
    """A Mega that has started."""
    bench = FirmwareBench("mega")
    yield bench
    bench.chip.close()


@pytest.fixture(params=["uno", "nano", "mega"])
def board(request: pytest.FixtureRequest, emulator_library: Path) -> Iterator[FirmwareBench]:
    """One of each, started."""
    bench = FirmwareBench(request.param)
    yield bench
    bench.chip.close()


@pytest.fixture
def unstarted(emulator_library: Path) -> Iterator[Callable[..., FirmwareBench]]:
    """Makes boards that have not run yet."""
    made: list[FirmwareBench] = []

    def make(kind: ArduinoModel = "uno") -> FirmwareBench:
        made.append(FirmwareBench(kind, boot=False))
        return made[-1]

    yield make
    for each in made:
        each.chip.close()
