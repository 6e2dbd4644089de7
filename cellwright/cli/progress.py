"""A progress bar with the time left on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

UNKNOWN = "time left: not known yet"


@contextmanager
def progress(what: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
    """Shows how much of ``total`` is done, and how long the rest takes at the pace so far; yields what adds one.

    done: what was finished before, by an earlier run, and says nothing of the pace.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    class TimeLeft(ProgressColumn):
        """rich's own column counts two that end together as a hundred a second, and forgets those of 30 s ago."""

        def render(self, task: Task) -> Text:
            return Text(time_left(task.total or 0, task.completed, done, task.fields["last_s"], task.elapsed or 0))

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeLeft())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total, completed=done, last_s=0.0)

        def advance() -> None:
            bar.update(task, advance=1, last_s=bar.tasks[0].elapsed)

        yield advance


def time_left(total: float, completed: float, before: float, last_s: float, elapsed_s: float) -> str:
    """How long the rest takes at the mean pace so far.

    last_s: when the last one was finished, elapsed_s: now, both in s since the start, at which ``before`` were done.
    """
    if completed <= before:
        return UNKNOWN
    left_s = last_s / (completed - before) * (total - completed) - (elapsed_s - last_s)
    return f"{timedelta(seconds=round(max(0.0, left_s)))} left"
