"""``-v``: what was sent, heard and decided, through the standard library's logging, on standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import logging  # imported where it is used: help has to be quick

ROOT = "cellwright"
"""The logger above all of Cellwright's; each is named as its module is."""
FORMAT = "%(asctime)s.%(msecs)03d %(name)s: %(message)s"
_handlers: list[logging.Handler] = []


def start_logging(is_asked: bool) -> None:
    """Log everything to standard error, if that is asked; ``stop_logging`` ends it."""
    if not is_asked:
        return
    import logging

    from cellwright.files import plain_text

    class PlainFormatter(logging.Formatter):
        """A line for each record, in which nothing steers the terminal."""

        def format(self, record: logging.LogRecord) -> str:
            return plain_text(super().format(record))

    handler = logging.StreamHandler()
    handler.setFormatter(PlainFormatter(FORMAT, "%H:%M:%S"))
    _handlers.append(handler)
    logging.getLogger(ROOT).addHandler(handler)
    logging.getLogger(ROOT).setLevel(logging.DEBUG)


def stop_logging() -> None:
    """Log nothing more; another command of the same process begins anew."""
    while _handlers:
        import logging

        logging.getLogger(ROOT).removeHandler(_handlers.pop())
        logging.getLogger(ROOT).setLevel(logging.NOTSET)


VerboseOption = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Say on standard error what is sent, heard and decided.", callback=start_logging
    ),
]
