"""The command line."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

INTERRUPTED = 130
"""What Typer returns for a command that Ctrl-C ended."""
STOPPED = "stopped by Ctrl-C; nothing was left half written."


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line; returns the exit code. What goes wrong is one sentence on stderr."""
    from typer import Abort
    from typer.exceptions import TyperException
    from typer.main import get_command

    from cellwright.cli.app import app
    from cellwright.errors import CellwrightError

    try:
        code = get_command(app).main(list(arguments), prog_name="cellwright", standalone_mode=False)
    except CellwrightError as error:
        return _say(str(error), error.exit_code)
    except TyperException as error:
        return _say(f"{error.format_message()} See: cellwright --help", 2)
    except (Abort, KeyboardInterrupt):
        return _say(STOPPED, 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return _say(STOPPED, 1) if code == INTERRUPTED else code or 0


def _say(sentence: str, code: int) -> int:
    print(f"cellwright: {sentence}", file=sys.stderr)
    return code
