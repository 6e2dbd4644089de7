"""Benchmark of the cell's simulation: speed against the hand-written model, memory, start-up, and a whole demo.

Run by ``make bench``. It prints figures and targets and checks nothing, so its exit code is always 0.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from simpy_baseline import HandwrittenStapler

from cellwright.cells import load
from cellwright.sim import Length, run_cell_by_events

CYCLES = 150
SPEED_PAIRS = 9
START_PAIRS = 15
CELLWRIGHT = Path(sys.executable).with_name("cellwright")
# VmHWM and not ru_maxrss, which a child inherits from its parent.
PEAK_KB = (
    "from pathlib import Path; from cellwright.cells import load; from cellwright.sim import Length, run_cell; "
    "run_cell(load('stapler').scenario(), Length(cycles={cycles}), 1, 0); "
    "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
)


def seconds(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def interleaved(pairs: int, one: Callable[[], object], other: Callable[[], object]) -> list[tuple[float, float]]:
    """Seconds of both in alternation, so that other load slows both alike; one extra pair first to warm up."""
    return [(seconds(one), seconds(other)) for _ in range(pairs + 1)][1:]


def spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}, {len(ratios)} pairs)"


def verdict(holds: bool) -> str:
    return "holds" if holds else "DOES NOT HOLD"


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)


def speed() -> str:
    """Cycles per second of the cell by events, and of the hand-written model, including the warm-up of both."""
    ratios, cell_rate, handwritten_rate = speed_against(merged=False)
    against_merged, _, merged_rate = speed_against(merged=True)
    return (
        f"speed: {cell_rate:.0f} cycles/s, hand-written {handwritten_rate:.0f}; ratio {spread(ratios)}; "
        f"target: at least 0.5: {verdict(median(ratios) >= 0.5)}\n"
        f"speed, with no event for a pulse's end in the hand-written model either: {merged_rate:.0f}; "
        f"ratio {spread(against_merged)}"
    )


def speed_against(merged: bool) -> tuple[list[float], float, float]:
    """Ratios by pair, and the median cycles per second of the cell and of the hand-written model."""
    scenario = load("stapler").scenario()

    def cell() -> None:
        run_cell_by_events(scenario, Length(cycles=CYCLES), 1, 0)

    def handwritten() -> None:
        model = HandwrittenStapler(1, 0, merged)
        model.env.process(model.run(CYCLES + 2, (0.0, 0.0), 0.0))
        model.env.run()

    times = interleaved(SPEED_PAIRS, cell, handwritten)
    cell_rate = (CYCLES + 2) / median(cell_s for cell_s, _ in times)
    handwritten_rate = (CYCLES + 2) / median(handwritten_s for _, handwritten_s in times)
    return [handwritten_s / cell_s for cell_s, handwritten_s in times], cell_rate, handwritten_rate


def memory() -> str:
    """Peak memory of 20,000 cycles against 1,000, each in a process of its own."""
    if not Path("/proc/self/status").exists():
        return "memory: not measured, it needs Linux"
    few_kb, many_kb = (
        int(run(sys.executable, "-c", PEAK_KB.format(cycles=cycles)).stdout) for cycles in (1_000, 20_000)
    )
    more_mb = (many_kb - few_kb) / 1024
    return (
        f"memory: {many_kb / 1024:.1f} MB at 20,000 cycles, {more_mb:+.1f} MB against 1,000; "
        f"target: at most +10: {verdict(more_mb <= 10)}"
    )


def start_up() -> str:
    """``cellwright --help`` against importing Typer alone."""
    times = interleaved(
        START_PAIRS, lambda: run(CELLWRIGHT, "--help"), lambda: run(sys.executable, "-c", "import typer")
    )
    ratios = [help_s / typer_s for help_s, typer_s in times]
    help_s = median(help_s for help_s, _ in times)
    return (
        f"start-up: cellwright --help {help_s:.2f} s; ratio to import typer {spread(ratios)}; "
        f"target: at most 3: {verdict(median(ratios) <= 3)}"
    )


def demo() -> str:
    """The whole demo, into a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.perf_counter()
        ended = run(CELLWRIGHT, "demo", "--output", Path(folder) / "demo")
        took_s = time.perf_counter() - started_s
    if ended.returncode:
        last = (ended.stderr.strip() or "no message").splitlines()[-1]
        return f"demo: not measured, it ended with code {ended.returncode}: {last}"
    return f"demo: {took_s:.1f} s; target: at most 20: {verdict(took_s <= 20)}"


if __name__ == "__main__":
    for measure in (speed, memory, start_up, demo):
        print(measure(), flush=True)
