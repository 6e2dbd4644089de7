"""What goes on from one moment in several ways: each in a copy of this process, where the system can copy one."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

_ResultT = TypeVar("_ResultT")

CAN_COPY = sys.platform == "linux"
"""A Mac has fork too, but libraries that were used before do not survive it there."""


def in_a_copy(work: Callable[[], _ResultT]) -> _ResultT | None:
    """What ``work`` returns, computed in a copy of this process: whatever it changes, here nothing has changed.

    A running simulation cannot be copied otherwise: its generators cannot be pickled.

    Returns:
        The result; None if ``work`` raised, or if the copy was killed: who then does the work here sees why.
    """
    receiver, sender = multiprocessing.get_context("fork").Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_send_result, args=(sender, work), daemon=True)
    with receiver, warnings.catch_warnings():
        # Python 3.12 warns of locks that another thread may hold: the copy computes, and takes none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        process.start()
        sender.close()
        try:
            result: _ResultT | None = receiver.recv()
        except EOFError:
            result = None
        finally:
            process.kill()  # it has nothing left to do; without its result nobody waits for it
            process.join()
            process.close()
    return result


def _send_result(sender: Connection[Any, Any], work: Callable[[], Any]) -> None:
    """Ends the copy at once after it: what the first process does when it ends is not to be done twice."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()  # or a collection would touch, and so copy, all the memory that is shared with the first process
    try:
        sender.send(work())
    finally:
        os._exit(0)
