"""The command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

INTERRUPTED_EXIT_CODE = 130
"""The exit code that Typer returns for a command that Ctrl-C ended."""
INTERRUPTED_MESSAGE = "stopped by Ctrl-C; no file is left half written."


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code. Errors are one sentence on stderr."""
    from typer import Abort
    from typer.exceptions import TyperException
    from typer.main import get_command

    from cellwright.cli.app import app
    from cellwright.errors import CellwrightError, clause

    try:
        code = get_command(app).main(list(arguments), prog_name="cellwright", standalone_mode=False)
    except CellwrightError as error:
        return _print_error(str(error), error.exit_code)
    except TyperException as error:
        return _print_error(_sentence(clause(error.format_message())), 2)
    except (Abort, KeyboardInterrupt):
        return _print_error(INTERRUPTED_MESSAGE, 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return _print_error(INTERRUPTED_MESSAGE, 1) if code == INTERRUPTED_EXIT_CODE else code or 0


def _sentence(clause: str) -> str:
    return f"{clause[:1].upper()}{clause[1:]}. See: cellwright --help"


def _print_error(sentence: str, code: int) -> int:
    print(f"cellwright: {sentence}", file=sys.stderr)
    return code
