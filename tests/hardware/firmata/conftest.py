"""The host's end of a line to a virtual Arduino."""

from __future__ import annotations

import pytest

from cellwright.hardware import CELLWRIGHT_FIRMATA, CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.hardware.firmata.protocol.cellwright import QUERY_FEATURES
from cellwright.hardware.firmata.protocol.messages import MessageReader
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.transport.loopback import LoopbackLine


class Desk:
    """A virtual Arduino on a line fast enough not to matter, booted; ``sent`` is what it sent since last asked."""

    def __init__(self, env, kind="uno", firmware="configurable"):
        self.env = env
        self.board = ModelBoard(env, CELLWRIGHT_FIRMATA if firmware == "cellwright" else CONFIGURABLE_FIRMATA)
        self.line = LoopbackLine(env, baud=1_000_000_000)
        self.arduino = VirtualArduino(env, self.line.board, self.board, kind, firmware)
        self.received = b""
        self.line.host.on_bytes = self._hear
        self.wait(self.arduino.boot_s + 0.001)
        self.greeting = self.sent()
        if firmware == "cellwright":
            self.tell(QUERY_FEATURES)  # as our host does: now it reports by itself in messages of its own

    def _hear(self, data):
        self.received += data

    def wait(self, seconds):
        self.env.run(until=self.env.now + seconds)

    def sent(self):
        """What arrived since last asked, as hexadecimal."""
        received, self.received = self.received, b""
        return received.hex(" ")

    def tell(self, *messages, wait_s=1e-4):
        """Send bytes (or hexadecimal) and see what comes back within ``wait_s``."""
        for message in messages:
            self.line.host.write(bytes.fromhex(message) if isinstance(message, str) else message)
        self.wait(wait_s)
        return self.sent()

    def is_idle(self):
        """Whether nothing is yet to happen."""
        return all(due_s <= self.env.now for due_s, *_ in self.env._queue)

    def messages(self, seconds):
        """Messages that come within so many seconds, with the time of each."""
        received = []
        reader = MessageReader()
        self.line.host.on_bytes = lambda data: received.extend((self.env.now, each) for each in reader.feed(data))
        self.wait(seconds)
        self.line.host.on_bytes = self._hear
        return received


@pytest.fixture
def make_desk(env):
    return lambda **kinds: Desk(env, **kinds)


@pytest.fixture
def desk(env):
    return Desk(env)


@pytest.fixture
def cell_desk(env):
    """With CellwrightFirmata."""
    return Desk(env, firmware="cellwright")


@pytest.fixture
def standard(env):
    return Desk(env, firmware="standard")
