"""``cellwright`` and ``python -m cellwright``: the command line, with every error as one plain sentence."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and end with its exit code: 0 done, 1 the cell faulted, 2 bad input."""
    from cellwright.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
