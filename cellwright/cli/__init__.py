"""The command line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from cellwright.cli.interrupts import exit_code_of, name_of, stop_signals

INTERRUPTED_MESSAGE = "stopped by {}; no file is left half written."


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Errors are one sentence on stderr."""
    from typer import Abort
    from typer.exceptions import TyperException
    from typer.main import get_command

    from cellwright.cli.app import app
    from cellwright.errors import CellwrightError, clause

    signals: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        signals.append(number)
        raise KeyboardInterrupt

    try:
        with stop_signals(interrupt):
            code = get_command(app).main(list(arguments), prog_name="cellwright", standalone_mode=False)
    except CellwrightError as error:
        return _print_error(str(error), exit_code_of(signals[0]) if signals else error.exit_code)
    except TyperException as error:
        return _print_error(_sentence(clause(error.format_message())), 2)
    except (Abort, KeyboardInterrupt):
        signals = signals or [signal.SIGINT]
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if signals:  # Typer may have made an exit code of it
        return _print_error(INTERRUPTED_MESSAGE.format(name_of(signals[0])), exit_code_of(signals[0]))
    return code or 0


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}. See: cellwright --help"


def _print_error(sentence: str, code: int) -> int:
    print(f"cellwright: {sentence}", file=sys.stderr)
    return code
