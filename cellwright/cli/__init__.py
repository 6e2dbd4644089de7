"""The command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

INTERRUPTED_EXIT_CODE = 130
"""The exit code that Typer returns for a command that Ctrl-C ended."""
BROKEN_PIPE_EXIT_CODE = 141
"""128 and the number of SIGPIPE: what a shell reports of any program whose reader, such as head, went away."""
OUTPUT_EXIT_CODE = 1
INTERRUPTED_MESSAGE = "stopped by Ctrl-C; no file is left half written."


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Errors are one sentence on stderr."""
    from typer import Abort
    from typer.exceptions import TyperException
    from typer.main import get_command

    from cellwright.cli.app import app
    from cellwright.cli.terminal import make_streams_readable
    from cellwright.cli.verbose import stop_logging
    from cellwright.errors import CellwrightError, clause

    make_streams_readable()
    try:
        code = get_command(app).main(list(arguments), prog_name="cellwright", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except CellwrightError as error:
        return _print_error(str(error), error.exit_code)
    except TyperException as error:
        return _print_error(_sentence(clause(error.format_message())), 2)
    except (Abort, KeyboardInterrupt):
        return _print_error(INTERRUPTED_MESSAGE, 1)
    except BrokenPipeError:
        _discard_output()
        return BROKEN_PIPE_EXIT_CODE
    except SystemExit as ended:  # what Typer makes of a broken pipe, before anybody else can
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        _discard_output()
        return BROKEN_PIPE_EXIT_CODE
    except OSError as error:
        _discard_output()
        what = str(error.filename) if error.filename is not None else "the output"
        return _print_error(
            f"{what} cannot be read or written ({error.strerror or error}); make room or choose another place.",
            OUTPUT_EXIT_CODE,
        )
    finally:
        stop_logging()
    return _print_error(INTERRUPTED_MESSAGE, 1) if code == INTERRUPTED_EXIT_CODE else code or 0


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
