"""Signals that end a run: Ctrl-C, a request to end, a closed terminal. All stop a cell alike."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object]

REASONS = {
    "SIGINT": "Ctrl-C was pressed",
    "SIGBREAK": "Ctrl-Break was pressed, or the console was closed",
    "SIGTERM": "the program received SIGTERM",
    "SIGHUP": "its terminal was closed (SIGHUP)",
}
STOP_SIGNALS = tuple(getattr(signal, name) for name in REASONS if hasattr(signal, name))
CONSOLE_CLOSED, USER_LOGS_OFF, SYSTEM_SHUTS_DOWN = 2, 5, 6
"""Events of Windows' SetConsoleCtrlHandler that Python turns into no signal."""
CONSOLE_GRACE_S = 4.0
"""Windows ends a program 5 s after its console was closed."""


def reason_of(number: int) -> str:
    """Why a signal ends a run, as a clause."""
    return REASONS[signal.Signals(number).name]


def name_of(number: int) -> str:
    """What a person calls a signal."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name


def exit_code_of(number: int) -> int:
    """The exit code of a command that a signal ended, as shells count it: Ctrl-C is 130."""
    return 128 + number


@contextmanager
def stop_signals(handler: Handler) -> Iterator[None]:
    """Have ``handler`` called for each signal that ends a run, within the block.

    A signal that was ignored when the program started stays ignored: ``nohup`` asks for that. Outside the main thread
    nothing changes, as Python handles signals there alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    changed = [number for number, old in before.items() if old is not signal.SIG_IGN or number == signal.SIGINT]
    for number in changed:
        signal.signal(number, handler)
    try:
        with _closed_console():
            yield
    finally:
        for number in changed:
            signal.signal(number, before[number])


@contextmanager
def _closed_console() -> Iterator[None]:
    """On Windows, turn a closed console into Ctrl-Break; there it is no signal."""
    if sys.platform != "win32":
        yield
        return
    import ctypes

    @ctypes.WINFUNCTYPE(ctypes.c_int, ctypes.c_uint)
    def on_event(event: int) -> int:
        if event not in (CONSOLE_CLOSED, USER_LOGS_OFF, SYSTEM_SHUTS_DOWN):
            return 0
        signal.raise_signal(signal.SIGBREAK)
        threading.Event().wait(CONSOLE_GRACE_S)  # Windows ends the program as soon as this returns
        return 1

    set_handler = ctypes.windll.kernel32.SetConsoleCtrlHandler
    set_handler(on_event, 1)
    try:
        yield
    finally:
        set_handler(on_event, 0)
