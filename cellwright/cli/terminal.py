"""Standard output and standard error: every text as it was typed, on any terminal, at most 80 columns wide."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.text import Text

from cellwright.files import make_readable_handler, plain_text

WIDTH = 80


class PlainConsole(Console):
    """A console to which a text is a text: no markup, no emoji codes, and nothing in it that steers the terminal."""

    def __init__(self, stderr: bool = False) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, stderr=stderr)

    def render_str(self, text: str, **options: Any) -> Text:
        """A text of a table or a sentence, as this terminal can show it."""
        plain = plain_text(text, self.encoding).expandtabs()  # rich takes a tab for no column at all in a table
        return super().render_str(plain, **options | {"markup": False, "emoji": False})

    def on_broken_pipe(self) -> None:
        """Leave a reader that went away to the command line's end; rich would exit here."""
        raise BrokenPipeError


def console(stderr: bool = False) -> PlainConsole:
    """Standard output (or error), at most 80 columns wide."""
    out = PlainConsole(stderr)
    out.width = min(WIDTH, out.width) if out.is_terminal else WIDTH
    return out


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to standard output, each as long as it is: what another program reads, or a person copies."""
    print("\n".join(map(plain_text, lines)), flush=True)


@contextmanager
def spinner(text: str) -> Iterator[None]:
    """Show a spinner on a terminal during work of several seconds, such as planning a long cut list."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield
        return
    with err.status(err.render_str(f"{text} …")):
        yield


def make_streams_readable() -> None:
    """Let standard output and error write what their encoding lacks with the letters it has, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=make_readable_handler())
