"""A progress bar with the time left on a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta

from cellwright.files import plain_text

UNKNOWN = "time left: not known yet"


@contextmanager
def progress(label: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
    """Show how much of ``total`` is done and the time left at the rate so far; yields a function that adds one.

    done: what an earlier run finished; it does not count for the rate.
    """
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.text import Text

    from cellwright.cli.terminal import PlainConsole

    class TimeLeft(ProgressColumn):
        """Time left by the mean rate; rich's own column uses only the last 30 s, which bursts distort."""

        def render(self, task: Task) -> Text:
            return Text(time_left(task.total or 0, task.completed, done, task.fields["last_s"], task.elapsed or 0))

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeLeft())
    with Progress(*columns, console=PlainConsole(stderr=True), transient=True) as bar:
        task = bar.add_task(plain_text(label, bar.console.encoding), total=total, completed=done, last_s=0.0)

        def advance() -> None:
            bar.update(task, advance=1, last_s=bar.tasks[0].elapsed)

        yield advance


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Show one part of the work after the other; yields a function of what it is, how much is done, and of how much."""
    with ExitStack() as stack:
        shown, done_before, advance = "", 0, _nothing

        def show(what: str, done: int, total: int) -> None:
            nonlocal shown, done_before, advance
            if what != shown or done < done_before:
                stack.close()
                advance = stack.enter_context(progress(what, total, done))
            else:
                for _ in range(done - done_before):
                    advance()
            shown, done_before = what, done

        yield show


def _nothing() -> None:
    """There is no bar yet."""


def time_left(total: float, completed: float, before: float, last_s: float, elapsed_s: float) -> str:
    """The time left at the mean rate so far, as text.

    before: what was done at the start. last_s: when the last one was finished; elapsed_s: now; both s since the start.
    """
    if completed <= before:
        return UNKNOWN
    left_s = last_s / (completed - before) * (total - completed) - (elapsed_s - last_s)
    return f"{timedelta(seconds=round(max(0.0, left_s)))} left"
