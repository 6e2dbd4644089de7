"""Real instruments: each has a thread of its own; one that blocks, fails or is late harms nobody."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from cellwright.hardware import ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.peripherals.peripheral import Peripheral
from cellwright.hardware.peripherals.real import RealPeripherals


class Instrument:
    """An instrument that answers what it is asked, fails or blocks, and remembers its thread."""

    def __init__(self, answer):
        self.answer = answer
        self.threads = set()
        self.is_closed = threading.Event()

    def ask(self, question, within_s):
        self.threads.add(threading.current_thread())
        return self.answer(question, within_s)

    def close(self):
        self.is_closed.set()


@pytest.fixture
def real():
    """Opens instruments beside a model board in real time; closes them."""
    clock = WallClock()
    board = ModelBoard(clock)
    board.peripherals = RealPeripherals(clock)

    def plug_in(answer):
        instrument = Instrument(answer)
        scanner = Peripheral()
        scanner.name, scanner.open = "scanner", lambda: instrument
        scanner.attach(board)
        return SimpleNamespace(clock=clock, instrument=instrument, scanner=scanner, peripherals=board.peripherals)

    yield plug_in
    board.peripherals.close()


def ask(rig, within_s=5.0):
    wait = rig.scanner.ask("code", within_s=within_s)
    return rig.clock.run(until=wait)


def test_a_real_one_answers_on_a_thread_of_its_own(real):
    rig = real(lambda question, within_s: (question, "42"))
    assert ask(rig) == ("code", "42")
    assert threading.current_thread() not in rig.instrument.threads
    rig.peripherals.close()
    assert rig.instrument.is_closed.wait(5)


@pytest.mark.parametrize(
    ("error", "words"), [(OSError(5, "Input/output error"), "Input/output error"), (ValueError(), "ValueError")]
)
def test_a_real_one_that_fails_is_named(real, error, words):
    def fail(question, within_s):
        raise error

    with pytest.raises(Exception, match=f"scanner was lost .*{words}"):
        ask(real(fail))


def test_one_that_blocks_does_not_hold_up_the_clock_and_its_late_answer_harms_nobody(real):
    go_on = threading.Event()

    def block(question, within_s):
        go_on.wait(10)
        raise OSError("too late")

    rig = real(block)
    wait = rig.scanner.ask("code", within_s=0.05)
    rig.clock.run(until=rig.clock.timeout(0.1))  # the clock runs on
    assert not wait.triggered
    wait.callbacks.clear()  # whoever waited has given up
    go_on.set()
    rig.peripherals.close()
    rig.clock.run(until=rig.clock.timeout(0.05))


def test_a_question_that_nobody_waits_for_any_more_is_not_asked(real):
    asked, go_on = [], threading.Event()

    def answer(question, within_s):
        asked.append(question)
        go_on.wait(10)
        return question

    rig = real(answer)
    rig.scanner.ask("first", within_s=10)
    rig.scanner.ask("second", within_s=0.0)
    last = rig.scanner.ask("third", within_s=10)
    go_on.set()
    assert rig.clock.run(until=last) == "third" and asked == ["first", "third"]
