"""The wall clock: order, lateness and posts on a wall of the test's own, and a few milliseconds of the real one."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from queue import Empty, SimpleQueue

import pytest

from cellwright.hardware.clock import WallClock


class Wall:
    """A wall clock and an inbox in one: time passes while the inbox is waited on, and when the test sets it."""

    def __init__(self):
        self.now_s = 100.0
        self.inbox = SimpleQueue()
        self.arriving = []  # (when, post): what other threads hand over while the clock waits

    def seconds(self):
        return self.now_s

    def put(self, post):
        self.inbox.put(post)

    def get(self, timeout):
        until_s = self.now_s + timeout
        if timeout > 0:  # time passes, however short the wait
            until_s = max(until_s, math.nextafter(self.now_s, math.inf))
        if self.inbox.empty() and self.arriving and self.arriving[0][0] <= until_s:
            self.now_s, post = self.arriving.pop(0)
            self.inbox.put(post)
        if self.inbox.empty():
            self.now_s = until_s
            raise Empty
        return self.inbox.get_nowait()


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def clock(wall):
    clock = WallClock(wall.seconds)
    clock._inbox = wall
    return clock


def after(clock, delay_s, action):
    clock.timeout(delay_s).callbacks.append(lambda _: action())


def test_events_come_when_they_are_due_on_the_wall(clock, wall):
    seen = []
    for delay_s in (3.0, 1.0, 2.0):
        after(clock, delay_s, lambda: seen.append((clock.now, wall.now_s)))
    clock.run(until=5)
    assert seen == [(1.0, 101.0), (2.0, 102.0), (3.0, 103.0)]
    assert clock.now == 5.0
    assert clock.max_lateness_s == 0.0


def test_time_stands_still_while_it_does_not_run(clock, wall):
    clock.run(until=1)
    seen = []
    after(clock, 2.0, lambda: seen.append(wall.now_s))
    wall.now_s += 50
    clock.run(until=4)
    assert seen == [153.0]
    assert clock.max_lateness_s == 0.0


def test_events_due_at_the_same_time_keep_their_order(clock):
    seen = []
    for name in "abc":
        after(clock, 1.0, lambda name=name: seen.append(name))
    clock.run(until=2)
    assert seen == ["a", "b", "c"]


def test_posts_come_in_order_at_the_walls_time(clock, wall):
    seen = []
    wall.arriving = [(100.5, lambda: seen.append(("a", clock.now))), (100.75, lambda: seen.append(("b", clock.now)))]
    after(clock, 1.0, lambda: seen.append(("event", clock.now)))
    clock.run(until=2)
    assert seen == [("a", 0.5), ("b", 0.75), ("event", 1.0)]


def test_posts_are_waited_for_with_nothing_scheduled(clock, wall):
    done = clock.event()
    wall.arriving = [(5000.0, lambda: done.succeed("received"))]
    assert clock.run(until=done) == "received"
    assert clock.now == 4900.0


def test_a_post_passes_its_arguments(clock):
    seen = []
    clock.post(seen.extend, b"ab")
    clock.run(until=0.1)
    assert seen == [97, 98]


def test_what_a_post_raises_comes_out_of_run_and_the_rest_stays(clock, wall):
    seen = []
    clock.post(int, "no number")
    clock.post(seen.append, 1)
    with pytest.raises(ValueError, match="no number"):
        clock.run(until=1)
    clock.run(until=1)
    assert seen == [1]


def test_what_is_late_runs_at_once_and_in_order(clock, wall):
    seen = []
    after(clock, 1.0, lambda: setattr(wall, "now_s", 103.5))
    for delay_s in (3.0, 2.0, 4.0):
        after(clock, delay_s, lambda delay_s=delay_s: seen.append((delay_s, clock.now, wall.now_s)))
    clock.run(until=5)
    assert seen == [(2.0, 3.5, 103.5), (3.0, 3.5, 103.5), (4.0, 4.0, 104.0)]
    assert clock.max_lateness_s == 1.5


def test_a_delay_after_something_late_is_not_cut_short(clock, wall):
    edges = []

    def pulse():
        yield clock.timeout(1.0)
        edges.append(wall.now_s)
        yield clock.timeout(0.5)
        edges.append(wall.now_s)

    after(clock, 0.9, lambda: setattr(wall, "now_s", 101.3))
    clock.process(pulse())
    clock.run(until=3)
    assert edges == [101.3, pytest.approx(101.8)]


def test_an_interrupt_still_comes_before_what_is_overdue(clock, wall):
    seen = []

    def step():
        try:
            yield clock.timeout(2.0)
            seen.append("went on")
        except Exception as interrupt:
            seen.append(interrupt.cause)

    process = clock.process(step())

    def stall_and_stop():
        wall.now_s += 30
        process.interrupt("stopped")

    after(clock, 1.0, stall_and_stop)
    clock.run(until=process)
    assert seen == ["stopped"]


def test_what_is_overdue_and_what_is_due_now_keep_their_order(clock, wall):
    seen = []
    after(clock, 1.0, lambda: setattr(wall, "now_s", 103.0))
    for delay_s in (3.0, 2.0):
        after(clock, delay_s, lambda delay_s=delay_s: seen.append(delay_s))
    clock.run(until=4)
    assert seen == [2.0, 3.0]


def test_an_overdue_event_interrupts_what_is_overdue_after_it(clock, wall):
    seen = []

    def step():
        try:
            yield clock.timeout(3.0)
            seen.append("went on")
        except Exception as interrupt:
            seen.append(interrupt.cause)

    process = clock.process(step())
    after(clock, 1.0, lambda: setattr(wall, "now_s", 150.0))
    after(clock, 2.0, lambda: process.interrupt("stopped"))
    clock.run(until=process)
    assert seen == ["stopped"]


def test_posts_are_called_between_overdue_events(clock, wall):
    seen = []

    def late_for_ever():
        while True:
            yield clock.timeout(1.0)
            wall.now_s += 10

    clock.process(late_for_ever())
    clock.post(seen.append, "a")
    clock.post(seen.append, "b")
    clock.run(until=50)
    assert seen == ["a", "b"]


def test_time_never_goes_backwards(clock, wall):
    seen = []
    wall.arriving = [(100.5, lambda: seen.append(clock.now)), (100.2, lambda: seen.append(clock.now))]
    after(clock, 1.0, lambda: seen.append(clock.now))
    clock.run(until=2)
    assert seen == sorted(seen)


def test_threads_hand_over_on_the_real_clock_without_a_loss():
    clock = WallClock()
    seen = []
    done = clock.event()

    def work(name):
        for number in range(200):
            clock.post(receive, name, number)

    def receive(name, number):
        assert threading.current_thread() is threading.main_thread()
        seen.append((name, number))
        if len(seen) == 600:
            done.succeed()

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    clock.run(until=done)
    for thread in threads:
        thread.join()
    for name in "abc":
        assert [number for who, number in seen if who == name] == list(range(200))


def test_waiting_costs_no_processor_time():
    clock = WallClock()
    spent_s = time.process_time()
    clock.run(until=0.2)
    assert time.process_time() - spent_s < 0.05
    assert clock.now >= 0.2


@pytest.mark.skipif(sys.platform == "win32", reason="no timer signals on Windows")
@pytest.mark.parametrize("scheduled", [False, True])
def test_ctrl_c_interrupts_the_wait(scheduled):
    clock = WallClock()
    if scheduled:
        clock.timeout(60)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(KeyboardInterrupt):
            clock.run()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert clock.now < 30
