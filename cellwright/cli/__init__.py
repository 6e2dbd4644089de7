"""The command line."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from cellwright.cli.interrupts import exit_code_of, name_of, stop_signals

BROKEN_PIPE_EXIT_CODE = 141
"""128 and the number of SIGPIPE: what a shell reports of any program whose reader, such as head, went away."""
OUTPUT_EXIT_CODE = 1
UNEXPECTED_EXIT_CODE = 1
INTERRUPTED_MESSAGE = "stopped by {}; no file is left half written."


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Errors are one sentence on stderr."""
    from typer import Abort
    from typer.exceptions import TyperException
    from typer.main import get_command

    from cellwright.cli.app import app
    from cellwright.cli.terminal import make_streams_readable
    from cellwright.cli.verbose import stop_logging
    from cellwright.errors import CellwrightError, clause, describe_unexpected

    make_streams_readable()
    signals: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        signals.append(number)
        raise KeyboardInterrupt

    try:
        with stop_signals(interrupt):
            code = get_command(app).main(list(arguments), prog_name="cellwright", standalone_mode=False)
            if sys.stdout is not None:
                sys.stdout.flush()
    except CellwrightError as error:
        return _print_error(str(error), exit_code_of(signals[0]) if signals else error.exit_code)
    except TyperException as error:
        return _print_error(_sentence(clause(error.format_message())), 2)
    except (Abort, KeyboardInterrupt):
        signals = signals or [signal.SIGINT]
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE_EXIT_CODE
    except SystemExit as ended:  # what Typer makes of a broken pipe, before anybody else can
        if not isinstance(ended.__context__, BrokenPipeError):  # a user's own code called sys.exit()
            return _print_error(describe_unexpected(ended), UNEXPECTED_EXIT_CODE)
        _discard_output()
        return BROKEN_PIPE_EXIT_CODE
    except OSError as error:
        _discard_output()
        what = str(error.filename) if error.filename is not None else "the output"
        return _print_error(
            f"{what} cannot be read or written ({error.strerror or error}); make room or choose another place.",
            OUTPUT_EXIT_CODE,
        )
    except Exception as error:  # of a user's plant or manual method, or a mistake of ours: no traceback reaches anybody
        return _print_error(describe_unexpected(error), UNEXPECTED_EXIT_CODE)
    finally:
        stop_logging()
    if signals:  # Typer may have made an exit code of it
        return _print_error(INTERRUPTED_MESSAGE.format(name_of(signals[0])), exit_code_of(signals[0]))
    return code or 0


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}. See: cellwright --help"


def _print_error(sentence: str, code: int) -> int:
    from cellwright.files import plain_text

    if sys.stderr is not None:  # None where it was closed before the start
        with suppress(OSError):  # it is full or closed as well: the exit code has to do
            print(f"cellwright: {plain_text(sentence)}", file=sys.stderr, flush=True)
    return code


def _discard_output() -> None:
    """Send what is still buffered nowhere, or Python would fail once more when it ends."""
    with suppress(OSError, ValueError):  # a stream of a test has no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
