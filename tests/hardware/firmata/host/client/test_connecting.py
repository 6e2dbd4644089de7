"""How the host's client gets to know a board, in virtual time, whatever the line does to the bytes."""

from __future__ import annotations

import pytest
import simpy
from hypothesis import given
from hypothesis import strategies as st

from cellwright.errors import CellFault, InputError
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import QUERY_FEATURES
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.pin_maps import MEGA, UNO

BOOT_S = 2.2
QUESTIONS = [
    messages.QUERY_VERSION,
    messages.QUERY_FIRMWARE,
    messages.QUERY_CAPABILITIES,
    messages.QUERY_ANALOG_MAPPING,
]


# ---- connecting ----


def test_a_board_that_boots_is_asked_nothing_before_it_has_spoken(env, knows_uno, ready_client):
    client = ready_client(env)
    assert env.now == pytest.approx(BOOT_S)
    knows_uno(client)
    questions = [data for _, data in client.link.heard]
    assert questions[:3] == [QUERY_FEATURES, messages.QUERY_CAPABILITIES, messages.QUERY_ANALOG_MAPPING]
    assert set(questions[3:]) <= {messages.QUERY_VERSION}


def test_ready_succeeds_with_the_client(env, scripted_board):
    link = scripted_board(env)
    client = FirmataClient(env, link)
    assert env.run(until=client.ready) is client


def test_a_board_that_does_not_boot_is_asked(env, knows_uno, ready_client):
    client = ready_client(env, boot_s=None)
    assert env.now == pytest.approx(2.5)
    knows_uno(client)


def test_a_board_that_boots_slowly_is_asked_until_it_answers(env, knows_uno, ready_client):
    knows_uno(ready_client(env, boot_s=6.1))
    assert 6.1 <= env.now <= 6.7


class AtAnotherRate:
    """A board that sends noise to who listens at the wrong rate, and hears only noise from there."""

    def __init__(self, link, rates, right):
        self.rates, self.right, self.tried = rates, right, [0]
        link.distort = lambda _, data: data if self.tried[-1] % rates == right else b"\x9c\xe6\x06\xf0"
        link.try_another_rate = lambda: self.tried.append(self.tried[-1] + 1)


@pytest.mark.parametrize("boot_s", [0.3, 2.2, 3.1, None])
def test_a_board_at_another_rate_is_found(env, boot_s, scripted_board, knows_uno):
    link = scripted_board(env, boot_s=boot_s)
    rates = AtAnotherRate(link, rates=2, right=1)
    client = FirmataClient(env, link)
    env.run(until=client.ready)
    knows_uno(client)
    assert env.now < 5
    assert rates.tried == [0, 1]


def test_a_board_at_neither_rate_is_given_up(env, scripted_board):
    link = scripted_board(env)
    rates = AtAnotherRate(link, rates=2, right=None)
    client = FirmataClient(env, link)
    with pytest.raises(InputError, match="what came within 10 s is no Firmata"):
        env.run(until=client.ready)
    assert len(rates.tried) >= 4


def test_the_rate_of_a_board_that_has_answered_is_kept(env, uno_facts, scripted_board):
    answers = {question: answer for question, answer in uno_facts.items() if question != messages.QUERY_CAPABILITIES}
    link = scripted_board(env, answers=answers)
    rates = AtAnotherRate(link, rates=2, right=0)
    with pytest.raises(InputError, match="did not report its"):
        env.run(until=FirmataClient(env, link).ready)
    assert rates.tried == [0]


def test_a_mega_may_take_its_time(env, mega_facts, ready_client):
    client = ready_client(env, answers=mega_facts, takes_s=0.2)
    assert len(client.capabilities) == 70
    assert client.analog_channels == {54 + channel: channel for channel in range(16)}
    assert client.supports(69, PinMode.ANALOG)
    assert client.supports(46, PinMode.PWM)
    assert env.now == pytest.approx(BOOT_S + 0.2)


@pytest.mark.parametrize("times_lost", [1, 2, 3])
@pytest.mark.parametrize("question", QUESTIONS, ids=["version", "firmware", "capabilities", "mapping"])
def test_what_is_lost_is_asked_for_again(env, question, times_lost, scripted_board, uno_facts, knows_uno):
    answers = dict(uno_facts)
    link = scripted_board(env, answers, boot_s=None)
    lost = []

    def lose(_, data):
        if data == uno_facts[question] and len(lost) < times_lost:
            lost.append(data)
            return b""
        return data

    link.distort = lose
    client = FirmataClient(env, link)
    env.run(until=client.ready)
    knows_uno(client)
    assert len(lost) == times_lost


def test_any_byte_may_be_lost_while_it_connects(scripted_board, uno_facts, greeting, knows_uno):
    whole = greeting + uno_facts[messages.QUERY_CAPABILITIES] + uno_facts[messages.QUERY_ANALOG_MAPPING]
    for position in range(len(whole)):
        env = simpy.Environment()
        before = [0]

        def drop(_, data, position=position, before=before):
            at = position - before[0]
            before[0] += len(data)
            return data[:at] + data[at + 1 :] if 0 <= at < len(data) else data

        client = FirmataClient(env, scripted_board(env, distort=drop))
        env.run(until=client.ready)
        assert client.firmware_name == "ConfigurableFirmata", position
        knows_uno(client)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_bytes_may_come_in_any_pieces(env, size, scripted_board, uno_facts, knows_uno):
    link = scripted_board(env, boot_s=None)
    client = FirmataClient(env, link)
    whole = b"".join(uno_facts.values())
    for at in range(0, len(whole), size):
        link.say(whole[at : at + size])
    assert env.run(until=client.ready) is client
    knows_uno(client)
    assert env.now == 0


@pytest.mark.parametrize("garbage", [b"\x00\xff\xf0\x12\xf7", b"\xf0\x79\x02", b"hello\r\n", b"\xf0" * 50, b"\xe0\x01"])
def test_garbage_before_the_greeting_does_no_harm(env, garbage, knows_uno, ready_client):
    knows_uno(ready_client(env, distort=lambda count, data: garbage + data if count == 1 else data))


def test_a_board_that_says_nothing_is_given_up(env, scripted_board):
    client = FirmataClient(env, scripted_board(env, answers={}, boot_s=99), within_s=5)
    with pytest.raises(InputError) as caught:
        env.run(until=client.ready)
    assert env.now == 5
    assert str(caught.value) == (
        "/dev/ttyTEST does not answer as a Firmata board: nothing came within 5 s; "
        "check that Firmata is loaded, and the baud rate."
    )


def test_what_is_no_firmata_is_called_so(env, scripted_board):
    link = scripted_board(env, answers={}, boot_s=None)
    client = FirmataClient(env, link, within_s=5)

    def chatter():
        while True:
            yield env.timeout(0.1)
            link.say(b"T=21.5\r\n\xf0\x80")

    env.process(chatter())
    with pytest.raises(InputError, match=r"what came within 5 s is no Firmata; .* the baud rate\."):
        env.run(until=client.ready)


def test_a_board_that_tells_half_is_given_up_by_what_is_missing(env, scripted_board, uno_facts):
    answers = {question: answer for question, answer in uno_facts.items() if question != messages.QUERY_CAPABILITIES}
    client = FirmataClient(env, scripted_board(env, answers))
    with pytest.raises(InputError, match="it did not report its capabilities within 10 s"):
        env.run(until=client.ready)


def test_a_link_lost_while_connecting_is_a_fault(env, scripted_board):
    link = scripted_board(env)
    client = FirmataClient(env, link)
    env.timeout(1).callbacks.append(lambda _: link.on_lost("the cable was pulled"))
    with pytest.raises(CellFault, match="The link to /dev/ttyTEST was lost: the cable was pulled;"):
        env.run(until=client.ready)


def test_after_giving_up_nothing_is_asked_and_nothing_heard(env, scripted_board, uno_facts, greeting):
    link = scripted_board(env, boot_s=99)
    client = FirmataClient(env, link, within_s=5)
    with pytest.raises(InputError):
        env.run(until=client.ready)
    link.say(b"".join(uno_facts.values()))
    link.on_lost("late")
    link.say(greeting)
    env.run(until=25)
    assert not [when_s for when_s, _ in link.heard if when_s > 5]


# ---- anything may come ----

ANSWERS = [
    messages.version(2, 6),
    messages.firmware(2, 12, "ConfigurableFirmata"),
    messages.capabilities([UNO.capabilities(pin, "standard") for pin in range(UNO.pins)]),
    messages.analog_mapping(map(UNO.channel, range(UNO.pins))),
    messages.analog_mapping(map(MEGA.channel, range(MEGA.pins))),
]
odd_bytes = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from(ANSWERS),
        st.builds(messages.sysex, st.integers(0x60, 0x7F), st.binary(max_size=12)),
        st.builds(lambda each, cut: each[:cut], st.sampled_from(ANSWERS), st.integers(0, 80)),
        st.builds(messages.analog, st.integers(0, 15), st.integers(0, 16383)),
    ),
    max_size=12,
)


@given(pieces=odd_bytes, is_ready=st.booleans())
def test_no_bytes_make_it_hang_or_raise(pieces, is_ready, scripted_board, knows_uno):
    env = simpy.Environment()
    link = scripted_board(env, boot_s=None if is_ready else 99)
    client = FirmataClient(env, link)
    troubles = []
    client.on_failure = troubles.append
    if is_ready:
        env.run(until=client.ready)
    client.ready.defused = True  # it may fail, and nobody waits for it
    for piece in pieces:
        link.say(piece)
        env.run(until=env.now + 0.4)
    env.run(until=20)
    assert all("reset itself" in trouble or "silent" in trouble for trouble in troubles)
    assert len(troubles) <= len(pieces) + 1
    assert client.ready.triggered
    if is_ready and not troubles:
        knows_uno(client)
