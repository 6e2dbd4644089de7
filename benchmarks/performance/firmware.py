"""Benchmark of CellwrightFirmata on an emulated 16 MHz ATmega328P, next to the figures measured for stock firmware.

Run by ``make bench-firmware``, after the chip and the firmware are built. Every figure is in the chip's own cycles, so
it is the same on any computer. It prints figures and targets and checks nothing, so its exit code is always 0.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import pstdev

from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind
from cellwright.hardware.emulator.pin_ports import port_and_bit
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmware_profiles import firmware_hex
from cellwright.hardware.model.trapezoid_timing import CELLWRIGHT_FIRMATA

BYTE_S = 10 / 57_600
AXES = ((2, 5), (3, 6), (4, 7))
LAMP = 8
WRITES_PER_QUERY = 20
MAX_PAUSE_S = 0.009
PHASES = 40
MANY_STEPS = 10_000_000
HEALTH_QUERY = messages.sysex(0x0B)


@dataclass(frozen=True, slots=True)
class FirmwareHealth:
    """The counters that the board reports: bytes of memory, and events."""

    memory: int
    used: int
    deepest: int
    late: int
    unplanned: int
    lost: int


class FirmwareBench:
    """A chip with the firmware, stepper drivers, a lamp, and a host that can keep the line busy."""

    def __init__(self, axes: int, queries_position: bool = True) -> None:
        self.chip = EmulatedChip(find_library(), firmware_hex("uno"))
        self.axes = [self.chip.add_axis(port_and_bit(step), port_and_bit(direction)) for step, direction in AXES[:axes]]
        self.received = bytearray()
        self.queries_position = queries_position
        self.writes = self.written = 0
        self._next_write = 0.0
        self.chip.watch(*port_and_bit(LAMP))
        self.run(0.1)
        self.chip.feed(messages.pin_mode(LAMP, PinMode.OUTPUT))
        for number, (step, direction) in enumerate(AXES[:axes]):
            self.chip.feed(accelstepper.configure(number, step, direction))
        self.run(0.05)

    def run(self, seconds: float, busy: bool = False) -> None:
        """Advance time; ``busy``: the line is full of digital writes, with a position query now and then."""
        end = self.chip.cycle + round(seconds * CLOCK_HZ)
        self._next_write = max(self._next_write, self.chip.cycle)
        while self.chip.cycle < end:
            until = end
            if busy:
                if self._next_write <= self.chip.cycle:
                    message = messages.set_pin(LAMP, bool(self.written % 2))
                    self.written += 1
                    if self.queries_position and self.written % WRITES_PER_QUERY == 0:
                        message += accelstepper.query_position(0)
                    self.chip.feed(message)
                    self._next_write += len(message) * BYTE_S * CLOCK_HZ
                until = min(end, math.ceil(self._next_write))
            for event in self.chip.run(until):
                if event.kind is EventKind.BYTE:
                    self.received.append(event.value)
                elif event.kind is EventKind.PIN:
                    self.writes += 1

    def prepare(self, number: int, speed: float, acceleration: float) -> None:
        self.chip.feed(accelstepper.acceleration(number, acceleration) + accelstepper.speed(number, speed))
        self.run(0.02)

    def move(self, targets: Iterable[int], lasts_s: float, log: int = 0, busy: bool = True, seed: int = 0) -> None:
        """Move one axis after the other to its target, with short pauses; all have stopped after ``lasts_s``."""
        pauses = random.Random(seed)
        for number, target in enumerate(targets):
            if log:
                self.chip.log_steps(self.axes[number], log)
            self.chip.feed(accelstepper.move_to(number, target))
            self.run(pauses.uniform(0.0, MAX_PAUSE_S))
        self.run(lasts_s + 0.01, busy=busy)
        self.run(0.1)

    def step_times(self, number: int) -> list[float]:
        """The times of the last move's steps, s."""
        return [cycle / CLOCK_HZ for cycle, _ in self.chip.logged_steps(self.axes[number])]

    def health(self) -> FirmwareHealth:
        self.received.clear()
        self.chip.feed(HEALTH_QUERY)
        self.run(0.1)
        start = bytes(self.received).index(b"\xf0\x0b") + 2
        figures = [
            low | high << 7 for low, high in zip(self.received[start::2], self.received[start + 1 :: 2], strict=False)
        ]
        return FirmwareHealth(*figures[:6])


def print_row(what: str, stock: str, target: str, found: str, holds: bool) -> None:
    print(f"| {what} | {stock} | {target} | {found} | {'holds' if holds else 'DOES NOT HOLD'} |", flush=True)


def cruise(times: list[float], speed: float) -> float:
    """The relative error of the speed in the middle third of a move."""
    third = len(times) // 3
    middle = times[third:-third]
    return (len(middle) - 1) / (middle[-1] - middle[0]) / speed - 1


def move_error(times: list[float], speed: float, acceleration: float) -> float:
    """The relative error of the time from the start to the last step, against the ideal trapezoid.

    The start is a first step's time, √(2/a), before the first step.
    """
    ideal_s = CELLWRIGHT_FIRMATA.move_time(len(times), speed, acceleration)
    return (times[-1] - times[0] + math.sqrt(2 / acceleration)) / ideal_s - 1


def at_rate(
    axes: int, speed: float, acceleration: float = 200_000.0, seed: int = 0
) -> tuple[float, float, FirmwareHealth, bool]:
    """The largest errors of cruise speed and move time of so many axes at once, and whether all steps were made."""
    bench = FirmwareBench(axes)
    for number in range(axes):
        bench.prepare(number, speed, acceleration)
    steps = round(speed)
    bench.move([steps] * axes, CELLWRIGHT_FIRMATA.move_time(steps, speed, acceleration), log=steps, seed=seed)
    times = [bench.step_times(number) for number in range(axes)]
    is_complete = all(len(each) == steps for each in times)
    worst_cruise = max((cruise(each, speed) for each in times), key=abs)
    worst_move = max((move_error(each, speed, acceleration) for each in times), key=abs)
    return worst_cruise, worst_move, bench.health(), is_complete


def step_rates() -> None:
    """Print step rates; the phase between the axes' steps matters, so many phases are tried."""
    for axes, stock, target in ((1, "3,430", 40_000), (3, "1,372", 20_000)):
        runs = [at_rate(axes, target, seed=seed) for seed in range(PHASES if axes > 1 else 1)]
        off, longer = (max((run[n] for run in runs), key=abs) for n in (0, 1))
        late, lost = (sum(getattr(run[2], what) for run in runs) for what in ("late", "lost"))
        holds = all(run[3] for run in runs) and abs(off) < 0.001 and abs(longer) < 0.005 and lost == 0
        name = "one axis, steps/s" if axes == 1 else f"three axes, steps/s each; {len(runs)} phases"
        found = f"{target * (1 + off):,.0f}; steps over 20 µs late {late}, bytes lost {lost}, moves {longer:+.3%}"
        print_row(name, stock, f"{target:,}", found, holds)
    off, _, health, is_complete = at_rate(1, CELLWRIGHT_FIRMATA.ceiling())
    print(
        f"|  (one axis at its ceiling) |  |  | {CELLWRIGHT_FIRMATA.ceiling() * (1 + off):,.0f}; "
        f"over 20 µs late {health.late}, bytes lost {health.lost} | {'whole' if is_complete else 'STEPS ARE MISSING'} |"
    )


MOVES = (
    *((200, speed, 10_000.0) for speed in (500.0, 1000.0, 3000.0)),
    *((2000, speed, 60_000.0) for speed in (1000.0, 5000.0, 12_000.0)),
    (20_000, 30_000.0, 200_000.0),
    (301, 20_000.0, 50_000.0),
)


def trapezoids() -> None:
    """Print cruise speeds and move times over a choice of moves, one axis, the line busy."""
    cruises, moves = [], []
    for steps, speed, acceleration in MOVES:
        bench = FirmwareBench(1)
        bench.prepare(0, speed, acceleration)
        bench.move([steps], CELLWRIGHT_FIRMATA.move_time(steps, speed, acceleration), log=steps)
        times = bench.step_times(0)
        assert len(times) == steps
        moves.append(move_error(times, speed, acceleration))
        if steps > 3 * speed * speed / acceleration:
            cruises.append(cruise(times, speed))
    most_off, most_late = max(cruises, key=abs), max(moves, key=abs)
    print_row(
        "cruise against commanded speed", "−2 to −8 %", "±0.1 %", f"at most {most_off:+.4%}", abs(most_off) <= 0.001
    )
    print_row(
        "move time against the ideal trapezoid",
        "−10 to +4 %",
        "±0.5 %",
        f"at most {most_late:+.4%}",
        abs(most_late) <= 0.005,
    )


def interval_spread() -> None:
    speed = 3000.0
    bench = FirmwareBench(1)
    bench.prepare(0, speed, 20_000.0)
    bench.move([30_000], CELLWRIGHT_FIRMATA.move_time(30_000, speed, 20_000.0), log=30_000)
    times = bench.step_times(0)[1000:-1000]
    off_us = [1e6 * (later - sooner - 1 / speed) for sooner, later in pairwise(times)]
    sd, peak = pstdev(off_us), max(map(abs, off_us))
    found = f"sd {sd:.1f} µs, peaks {peak:.1f} µs ({len(off_us):,} intervals)"
    print_row(
        "step intervals at 3,000 steps/s", "sd 4–6 µs, peaks 30 µs", "sd 4, peaks 15 µs", found, sd <= 4 and peak <= 15
    )


def many_steps() -> None:
    """Print the steps lost in ten million steps of three axes to and fro, counted by the drivers."""
    bench, commanded, stroke, lost = FirmwareBench(3), 0, 400_000, 0
    for number in range(3):
        bench.prepare(number, 20_000.0, 100_000.0)
    lasts_s = CELLWRIGHT_FIRMATA.move_time(stroke, 20_000.0, 100_000.0)
    target = 0
    while commanded < MANY_STEPS:
        target = stroke - target
        bench.move([target] * 3, lasts_s, busy=False)
        commanded += 3 * stroke
    for axis in bench.axes:
        driver = bench.chip.axis(axis)
        lost += abs(driver.position - target) + abs(driver.steps - commanded // 3)
    print_row(f"steps lost in {commanded / 1e6:.1f} million", "", "0", f"{lost}", lost == 0)


def digital_writes() -> None:
    bench = FirmwareBench(3, queries_position=False)
    for number in range(3):
        bench.prepare(number, 10_000.0, 50_000.0)
    for number in range(3):
        bench.chip.feed(accelstepper.move_to(number, 10**6))
    bench.run(0.5)
    written_before, sent_before = bench.writes, bench.written
    bench.run(5.0, busy=True)
    bench.run(0.05)
    rate, sent_rate = (bench.writes - written_before) / 5, (bench.written - sent_before) / 5
    lost = bench.health().lost
    found = f"{rate:,.0f} of {sent_rate:,.0f} sent, bytes lost {lost}"
    print_row("digital writes/s at 57600 baud, three axes at 10,000", "", "1,500", found, rate >= 1500)


def memory() -> None:
    bench = FirmwareBench(3)
    for number in range(3):
        bench.prepare(number, 20_000.0, 100_000.0)
    bench.move([20_000] * 3, 1.2)
    health = bench.health()
    share = (health.used + health.deepest) / health.memory
    found = f"{health.used} + {health.deepest} of {health.memory} bytes, {share:.1%}"
    print_row("memory: variables + deepest stack", "", "at most 75 %", found, share <= 0.75)


def main() -> None:
    print("| on an emulated 16 MHz ATmega328P, the host's line busy | stock | target | measured | |")
    print("|---|---|---|---|---|")
    step_rates()
    trapezoids()
    interval_spread()
    many_steps()
    digital_writes()
    memory()


if __name__ == "__main__":
    main()
