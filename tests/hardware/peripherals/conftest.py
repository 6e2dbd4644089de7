"""The scale's end of a serial line, for tests of peripherals."""

from __future__ import annotations

import os
import threading

import pytest


class ScaleEnd:
    """The scale's end of a pseudo-terminal: a thread that answers each line by a table."""

    def __init__(self, answers):
        self.scale_end, self.host_end = os.openpty()
        self.path = os.ttyname(self.host_end)
        self.answers = answers
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        received = b""
        while True:
            try:
                received += os.read(self.scale_end, 100)
            except OSError:
                return
            while b"\r\n" in received:
                line, _, received = received.partition(b"\r\n")
                if answer := self.answers.pop(0) if self.answers else "":
                    assert line in (b"S", b"Z")
                    os.write(self.scale_end, answer.encode() + b"\r\n")

    def close(self):
        os.close(self.scale_end)
        os.close(self.host_end)


@pytest.fixture
def scale_end():
    """Opens the scale's end of a pseudo-terminal, which gives the answers in their order."""
    ends = []

    def scale_end(*answers):
        ends.append(ScaleEnd(list(answers)))
        return ends[-1]

    yield scale_end
    for end in ends:
        end.close()
