"""A board that says what a test has it say, and clients that are connected to one."""

from __future__ import annotations

import pytest

from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.pin_maps import MEGA, UNO
from cellwright.hardware.transport.link import Link

BOOT_S = 2.2


def facts(pin_map):
    """A board's answers: to each question what it says."""
    capabilities = [pin_map.capabilities(pin, "configurable") for pin in range(pin_map.pins)]
    return {
        messages.QUERY_VERSION: messages.version(2, 6),
        messages.QUERY_FIRMWARE: messages.firmware(2, 12, "ConfigurableFirmata"),
        messages.QUERY_CAPABILITIES: messages.capabilities(capabilities),
        messages.QUERY_ANALOG_MAPPING: messages.analog_mapping(map(pin_map.channel, range(pin_map.pins))),
    }


UNO_FACTS = facts(UNO)
MEGA_FACTS = facts(MEGA)
GREETING = messages.version(2, 6) + messages.firmware(2, 12, "ConfigurableFirmata")


class ScriptedBoard(Link):
    """A link with a board at its end, deaf until ``boot_s``, that answers in ``takes_s``.

    distort: what the line makes of the board's answers, given how many it has sent so far and the answer's bytes.
    """

    def __init__(self, env, answers=UNO_FACTS, boot_s=BOOT_S, takes_s=0.0, distort=None, name="/dev/ttyTEST"):
        super().__init__(name)
        self.env = env
        self.answers = answers
        self.takes_s = takes_s
        self.distort = distort or (lambda count, data: data)
        self.heard = []  # (when, message)
        self.sent = 0
        self.closed = 0
        self.is_booted = boot_s is None
        if boot_s is not None:
            self.boot(boot_s)

    def boot(self, boot_s):
        self.is_booted = False
        self.env.timeout(boot_s).callbacks.append(self._wake)

    def _wake(self, _):
        self.is_booted = True
        self.say(GREETING)

    def write(self, data):
        self.heard.append((self.env.now, data))
        if self.is_booted and data in self.answers:
            answer = self.answers[data]
            self.env.timeout(self.takes_s).callbacks.append(lambda _: self.say(answer))

    def say(self, data):
        self.sent += 1
        self.on_bytes(self.distort(self.sent, data))

    def close(self):
        self.closed += 1

    def heard_since(self, since_s, message):
        return [when_s for when_s, data in self.heard if data == message and when_s >= since_s]


def assert_knows_uno(client):
    assert client.firmware_name == "ConfigurableFirmata"
    assert client.firmware_version == (2, 12)
    assert client.firmata_version == (2, 6)
    assert client.capabilities == [UNO.capabilities(pin, "configurable") for pin in range(20)]
    assert client.analog_channels == {14: 0, 15: 1, 16: 2, 17: 3, 18: 4, 19: 5}


def connect_client(env, **board):
    """A client that is ready, on a scripted board; its ``troubles`` are those reported."""
    client = FirmataClient(env, ScriptedBoard(env, **board))
    env.run(until=client.ready)
    client.troubles = []
    client.on_failure = client.troubles.append
    return client


@pytest.fixture
def uno_facts():
    return UNO_FACTS


@pytest.fixture
def mega_facts():
    return MEGA_FACTS


@pytest.fixture
def greeting():
    return GREETING


@pytest.fixture
def scripted_board():
    return ScriptedBoard


@pytest.fixture
def ready_client():
    return connect_client


@pytest.fixture
def knows_uno():
    return assert_knows_uno


@pytest.fixture
def client(env):
    return connect_client(env)
