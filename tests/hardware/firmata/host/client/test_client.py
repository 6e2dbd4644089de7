"""What the host's client passes on, what pyfirmata2 users find in it, and how it notices trouble; in virtual time."""

from __future__ import annotations

import gc

import pyfirmata2
import pytest

from cellwright.errors import CellFault
from cellwright.hardware.clock import WallClock
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.messages import MessageReader, PinMode
from cellwright.hardware.firmata.protocol.pin_maps import UNO

BOOT_S = 2.2


def run_for(env, seconds):
    env.run(until=env.now + seconds)


# ---- what it passes on ----


def test_levels_values_words_and_sysex_reach_those_who_asked(client):
    seen = []
    client.on_digital(1, lambda levels: seen.append(("port 1", levels)))
    client.on_analog(0, lambda value: seen.append(("channel 0", value)))
    client.on_analog(16, lambda value: seen.append(("channel 16", value)))
    client.on_sysex(messages.ENCODER_DATA, lambda data: seen.append(("encoder", data)))
    client.on_string(lambda words: seen.append(("words", words)))
    client.link.say(messages.port(0, 0xFF) + messages.port(1, 0x81))
    client.link.say(messages.analog(0, 1023) + messages.analog(1, 5) + messages.extended_analog(16, 4095))
    client.link.say(messages.sysex(messages.ENCODER_DATA, b"\x01\x02") + messages.string("Booted"))
    assert seen == [
        ("port 1", 0x81),
        ("channel 0", 1023),
        ("channel 16", 4095),
        ("encoder", b"\x01\x02"),
        ("words", "Booted"),
    ]


def test_several_may_listen_and_more_may_join_meanwhile(client):
    seen = []
    client.on_digital(0, seen.append)
    client.on_digital(0, lambda levels: client.on_digital(0, lambda again: seen.append(-again)))
    client.link.say(messages.port(0, 1))
    client.link.say(messages.port(0, 2))
    assert seen == [1, 2, -2]


@pytest.mark.parametrize("error", [ValueError, KeyError, CellFault])
def test_what_a_handler_raises_is_not_swallowed(env, client, error):
    def handle(levels):
        raise error("from the handler")

    client.on_digital(0, handle)
    env.timeout(1).callbacks.append(lambda _: client.link.say(messages.port(0, 1)))
    with pytest.raises(error, match="from the handler"):
        run_for(env, 2)


def test_analog_pins_keep_their_resolution(env, uno_facts, ready_client):
    answers = dict(uno_facts)
    pins = [UNO.capabilities(pin, "configurable") for pin in range(20)]
    pins[14] |= {PinMode.ANALOG: 12}
    answers[messages.QUERY_CAPABILITIES] = messages.capabilities(pins)
    client = ready_client(env, answers=answers)
    seen = []
    for channel in (0, 1):
        pin = client.get_pin(f"a:{channel}:i")
        pin.register_callback(lambda value, channel=channel: seen.append((channel, value)))
    client.link.say(messages.analog(0, 4095) + messages.analog(1, 1023) + messages.analog(0, 0) + messages.analog(9, 1))
    assert seen == [(0, 1.0), (1, 1.0), (0, 0.0)]


# ---- as a pyfirmata2 board ----


def test_it_is_a_pyfirmata2_board_with_all_pins_by_their_numbers(env, client):
    assert isinstance(client, pyfirmata2.Board)
    assert str(client) == "Board/dev/ttyTEST on /dev/ttyTEST"
    assert client.firmware == "ConfigurableFirmata"
    assert [pin.pin_number for pin in client.digital] == list(range(20))
    before = len(client.link.heard)
    client.get_pin("d:13:o").write(1)
    seen = []
    client.get_pin("d:9:i").register_callback(seen.append)
    client.send_sysex(messages.SAMPLING_INTERVAL, bytearray([10, 0]))
    with pytest.raises(OSError, match="can not be used"):
        client.digital[0].write(1)
    client.link.say(messages.port(1, 0b10))
    assert seen == [True]
    assert [data.hex(" ") for _, data in client.link.heard[before:]] == [
        "f4 0d 01",
        "91 20 00",
        "f4 09 00",
        "d1 01",
        "f0 7a 0a 00 f7",
    ]


def test_pyfirmata2s_own_way_of_adding_handlers_works(client):
    seen = []
    client.add_cmd_handler(messages.STRING_DATA, lambda *data: seen.append(bytes(data)))
    client.add_cmd_handler(messages.DIGITAL_MESSAGE, lambda port, low, high: seen.append((port, low, high)))
    client.link.say(messages.string("A") + messages.port(2, 0x83))
    assert seen == [b"A\0", (2, 3, 1)]


def test_every_write_is_one_whole_message(client):
    client.get_pin("d:3:p").write(0.5)
    client.get_pin("d:9:s").write(90)
    client.get_pin("d:8:u")
    client.samplingOn(10)
    client.samplingOff()
    while client.bytes_available():
        client.iterate()
    reader = MessageReader()
    for _, data in client.link.heard:
        if data not in (messages.QUERY_VERSION, messages.QUERY_CAPABILITIES, messages.QUERY_ANALOG_MAPPING):
            assert len(reader.feed(data)) == 1


def test_two_clients_do_not_disturb_each_other(env, mega_facts, ready_client):
    first = ready_client(env, name="one")
    second = ready_client(env, name="two", answers=mega_facts)
    seen = []
    for client in (first, second):
        client.on_digital(0, lambda levels, client=client: seen.append((client.name, levels)))
        client.add_cmd_handler(
            messages.STRING_DATA, lambda *data, client=client: seen.append((client.name, bytes(data)))
        )
    first.link.say(messages.port(0, 1) + messages.string("A"))
    second.link.say(messages.port(0, 2) + messages.string("B"))
    assert seen == [("one", 1), ("one", b"A\0"), ("two", 2), ("two", b"B\0")]
    assert (len(first.capabilities), len(second.capabilities)) == (20, 70)
    first.close()
    run_for(env, 5)
    assert first.troubles == second.troubles == []
    second.link.on_lost("unplugged")
    assert first.troubles == []
    assert len(second.troubles) == 1


# ---- its health ----


def test_a_board_that_answers_stays_trusted(env, client):
    run_for(env, 60)
    assert client.troubles == []
    assert 119 <= len(client.link.heard_since(BOOT_S, messages.QUERY_VERSION)) <= 122


def test_a_board_that_falls_silent_is_noticed_once(env, client):
    run_for(env, 10)
    client.link.answers = {}
    silent_from_s = env.now
    while not client.troubles:
        env.step()
    assert 0.5 <= env.now - silent_from_s <= 1.5
    run_for(env, 10)
    assert client.troubles == ["The board on /dev/ttyTEST has been silent for 1 s; check its cable and its supply."]


def test_a_board_that_comes_back_and_falls_silent_again_is_noticed_again(env, client):
    answers = client.link.answers
    for _ in range(2):
        client.link.answers = {}
        run_for(env, 5)
        client.link.answers = answers
        run_for(env, 5)
    assert len(client.troubles) == 2


def test_a_slow_reset_is_noticed_as_silence_and_named_when_the_board_is_back(env, client):
    restarts = []
    client.on_restart = lambda: restarts.append(list(client.troubles))
    run_for(env, 5)
    client.link.boot(2.2)
    run_for(env, 5)
    silent, reset = client.troubles
    assert "has been silent" in silent
    assert "reset itself" in reset
    assert restarts == [[silent]]


def test_a_few_lost_heartbeats_are_forgiven(env, client):
    beats = [0]

    def every_other(_, data):
        if data == messages.version(2, 6):
            beats[0] += 1
        return data if beats[0] % 2 else b""

    client.link.distort = every_other
    run_for(env, 30)
    assert client.troubles == []


def test_a_board_that_resets_itself_is_noticed_once(env, client):
    run_for(env, 5)
    client.link.boot(0.3)
    run_for(env, 5)
    assert client.troubles == ["The board on /dev/ttyTEST reset itself; check its supply and what it drives."]


def test_a_late_answer_to_a_question_is_no_reset(env, uno_facts, ready_client):
    client = ready_client(env, boot_s=None)
    client.link.say(uno_facts[messages.QUERY_FIRMWARE])
    run_for(env, 5)
    assert client.troubles == []


def test_a_lost_link_is_noticed_once(env, client):
    client.link.on_lost("the cable was pulled")
    client.link.answers = {}
    run_for(env, 5)
    assert client.troubles == [
        "The link to /dev/ttyTEST was lost: the cable was pulled; check its cable and its supply."
    ]


def test_trouble_that_nobody_listens_for_is_a_fault(env, scripted_board):
    link = scripted_board(env)
    client = FirmataClient(env, link)
    env.run(until=client.ready)
    link.answers = {}
    with pytest.raises(CellFault, match="silent"):
        run_for(env, 5)


def test_a_closed_client_asks_nothing_and_hears_nothing(env, client, greeting):
    seen = []
    client.on_digital(0, seen.append)
    client.close()
    client.exit()
    closed_s = env.now
    client.link.say(messages.port(0, 1) + greeting)
    client.link.on_lost("afterwards")
    env.run()
    assert not [when_s for when_s, _ in client.link.heard if when_s > closed_s]
    assert seen == client.troubles == []
    assert client.link.closed >= 1


def test_a_handler_may_close_the_client(env, client):
    seen = []
    client.on_digital(0, lambda levels: (seen.append(levels), client.close()))
    client.link.say(messages.port(0, 1) + messages.port(0, 2))
    assert seen == [1]


def test_a_client_that_is_thrown_away_writes_nothing(env, scripted_board):
    link = scripted_board(env)
    FirmataClient(env, link).__del__()
    gc.collect()
    assert not link.heard


def test_a_host_that_stalled_hears_what_has_come_before_it_judges(scripted_board, uno_facts):
    """The wall's time jumps by 30 s, and the answer waits in the inbox all the while."""
    wall_s = [0.0]
    clock = WallClock(lambda: wall_s[0])
    link = scripted_board(clock, boot_s=None)
    link.write = lambda data: data in uno_facts and clock.post(link.say, uno_facts[data])
    client = FirmataClient(clock, link)
    troubles = []
    client.on_failure = troubles.append
    link.say(b"".join(uno_facts.values()))

    def stall():
        yield client.ready
        for _ in range(5):
            wall_s[0] += 30.0
            yield clock.timeout(0)

    done = clock.process(stall())
    clock.run(until=done)
    assert troubles == []
