"""A line in memory: bytes take their time, one direction does not hold up the other, and it can be lost."""

from __future__ import annotations

import pytest

from cellwright.hardware.transport.loopback import LoopbackLine

BYTE_S = 10 / 115200


def arrivals(env, end):
    """What arrives at an end, as (time, bytes)."""
    seen = []
    end.on_bytes = lambda data: seen.append((env.now, data))
    return seen


def test_bytes_arrive_when_the_last_of_them_has_crossed(env):
    line = LoopbackLine(env)
    seen = arrivals(env, line.board)
    line.host.write(b"abc")
    env.run()
    assert seen == [(pytest.approx(3 * BYTE_S), b"abc")]


def test_a_line_at_half_the_speed_takes_twice_as_long(env):
    line = LoopbackLine(env, baud=57600)
    seen = arrivals(env, line.host)
    line.board.write(b"abc")
    env.run()
    assert seen == [(pytest.approx(6 * BYTE_S), b"abc")]


def test_a_busy_direction_queues_and_the_other_does_not_wait(env):
    line = LoopbackLine(env)
    at_board, at_host = arrivals(env, line.board), arrivals(env, line.host)
    line.host.write(b"12345678")
    line.host.write(b"9")
    line.board.write(b"x")
    assert line.host.busy_until_s == pytest.approx(9 * BYTE_S)
    assert line.board.busy_until_s == pytest.approx(BYTE_S)
    env.run()
    assert at_board == [(pytest.approx(8 * BYTE_S), b"12345678"), (pytest.approx(9 * BYTE_S), b"9")]
    assert at_host == [(pytest.approx(BYTE_S), b"x")]


def test_an_idle_line_starts_at_once_again(env):
    line = LoopbackLine(env)
    seen = arrivals(env, line.board)
    line.host.write(b"1")
    env.run(until=1.0)
    line.host.write(b"2")
    env.run()
    assert seen[1][0] == pytest.approx(1.0 + BYTE_S)


def test_latency_delays_but_does_not_hold_up(env):
    line = LoopbackLine(env, latency_s=0.004)
    seen = arrivals(env, line.board)
    line.host.write(b"1")
    line.host.write(b"2")
    assert line.host.busy_until_s == pytest.approx(2 * BYTE_S)
    env.run()
    assert [time for time, _ in seen] == [pytest.approx(0.004 + BYTE_S), pytest.approx(0.004 + 2 * BYTE_S)]


def test_bytes_are_counted_by_direction(env):
    line = LoopbackLine(env)
    line.host.write(b"12345")
    line.board.write(b"12")
    env.run(until=4.5 * BYTE_S)
    assert (line.host.bytes_written, line.board.bytes_received) == (5, 0)
    assert (line.board.bytes_written, line.host.bytes_received) == (2, 2)
    env.run()
    assert line.board.bytes_received == 5


def test_a_write_is_one_event_and_an_empty_write_none(env):
    line = LoopbackLine(env)
    line.host.write(b"many bytes at once")
    line.host.write(b"")
    assert len(env._queue) == 1


def test_a_cut_loses_what_is_under_way_and_tells_both_ends_once(env):
    line = LoopbackLine(env)
    seen = [*arrivals(env, line.board), *arrivals(env, line.host)]
    reasons = []
    line.host.on_lost = lambda reason: reasons.append(("host", reason))
    line.board.on_lost = lambda reason: reasons.append(("board", reason))
    line.host.write(b"under way")
    line.board.write(b"under way")
    line.cut("the cable was pulled")
    line.cut("again")
    line.host.write(b"later")
    env.run()
    assert reasons == [("host", "the cable was pulled"), ("board", "the cable was pulled")]
    assert seen == []
    assert line.board.bytes_received == line.host.bytes_received == 0


def test_what_was_written_before_closing_arrives_and_nothing_else(env):
    line = LoopbackLine(env)
    at_board, at_host = arrivals(env, line.board), arrivals(env, line.host)
    lost = []
    line.host.on_lost = lost.append
    line.host.write(b"last words")
    line.host.close()
    line.host.close()
    line.host.write(b"too late")
    line.board.write(b"to nobody")
    env.run()
    assert [data for _, data in at_board] == [b"last words"]
    assert at_host == []
    line.cut("the cable was pulled")
    assert lost == []
