"""Draws docs/pictures/firmware_*.png and prints their figures: python docs/pictures/firmware_traces.py.

Each is what an emulated Uno with CellwrightFirmata does at its pins when something goes wrong in the middle of a move
of three axes with a solenoid on. The emulated chip has to be there: sh hardware/emulator/build.sh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from cellwright.benchmarks.charts.style import save
from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip, EventKind, ResetCause
from cellwright.hardware.emulator.pin_ports import port_and_bit
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmware_profiles import firmware_hex

SOLENOID, BUTTON, SWITCH = 8, 12, 11
SPEEDS = (8000.0, 5000.0, 3000.0)
ACCELERATION = 80_000.0
STEP_PINS = (2, 4, 6)
BYTE_MS = 10 * 1000 / 57_600
BLUE, GREY, RED = "#1f5f99", "#777777", "#b3261e"


@dataclass
class Trace:
    """What the pins did: times in ms from the cause, levels by pin, and when all was safe."""

    edges: dict[int, list[tuple[float, int]]]
    safe_at_ms: float


class Uno:
    """An emulated Uno in the middle of its move; its pins' edges are kept."""

    def __init__(self) -> None:
        self.chip = EmulatedChip(find_library(), firmware_hex("uno"))
        self.axes = [self.chip.add_axis(port_and_bit(pin), port_and_bit(pin + 1)) for pin in STEP_PINS]
        self.pins = {port_and_bit(pin): pin for pin in (*STEP_PINS, SOLENOID, BUTTON, SWITCH)}
        self.edges: dict[int, list[tuple[int, int]]] = {pin: [] for pin in self.pins.values()}
        for place in self.pins:
            self.chip.watch(*place)
        for pin in (BUTTON, SWITCH):
            self.chip.set_input(*port_and_bit(pin), True)
        self.run(15)

    def run(self, ms: float) -> None:
        end = self.chip.cycle + round(ms * CLOCK_HZ / 1000)
        while self.chip.cycle < end:
            for event in self.chip.run(end):
                if event.kind is EventKind.PIN and event.pin is not None:
                    self.edges[self.pins[event.pin]].append((event.cycle, event.value))

    def say(self, *commands: bytes) -> None:
        sent = b"".join(commands)
        self.chip.feed(sent)
        self.run(len(sent) * BYTE_MS)

    def set_going(self) -> None:
        """Three axes far from where they are sent, and the solenoid on."""
        for device, (pin, speed) in enumerate(zip(STEP_PINS, SPEEDS, strict=True)):
            driver = bytes((0, device, 0x10, pin, pin + 1, 0))
            self.say(messages.sysex(accelstepper.ACCELSTEPPER_DATA, driver), accelstepper.speed(device, speed))
            self.say(accelstepper.acceleration(device, ACCELERATION))
        self.say(
            own.output(own.OutputLimits(SOLENOID, safe=False)),
            own.emergency_stop_input(BUTTON, False),
            own.watchdog(100),
        )
        self.say(messages.sysex(accelstepper.ACCELSTEPPER_DATA, bytes((7, 0, SWITCH, 0, own.NO_PIN, 0))))
        self.say(*(accelstepper.move_to(device, -100_000) for device in range(3)), messages.set_pin(SOLENOID, True))
        for _ in range(4):
            self.run(50)
            self.say(accelstepper.query_position(0))

    def trace(self, cause_cycle: int, pins: tuple[int, ...]) -> Trace:
        """Times from the cause on, and the last time that any of these pins showed life."""
        edges = {
            pin: [((cycle - cause_cycle) * 1000 / CLOCK_HZ, level) for cycle, level in seen]
            for pin, seen in self.edges.items()
        }
        return Trace(edges, max(edges[pin][-1][0] for pin in pins if edges[pin]))


def _link_cut(uno: Uno) -> int:
    heard = uno.chip.cycle
    uno.run(130)
    return heard


def _host_killed(uno: Uno) -> int:
    heard = uno.chip.cycle
    uno.say(accelstepper.move_to(1, 5000)[:5])
    uno.run(130)
    return heard


def _emergency(uno: Uno) -> int:
    pressed = uno.chip.cycle
    uno.chip.set_input(*port_and_bit(BUTTON), False)
    uno.run(5)
    return pressed


def _limit(uno: Uno) -> int:
    uno.chip.add_trip_point(uno.axes[0], uno.chip.axis(uno.axes[0]).position - 40, port_and_bit(SWITCH), False)
    uno.run(20)
    return next(cycle for cycle, level in reversed(uno.edges[SWITCH]) if not level)


def _brown_out(uno: Uno) -> int:
    gone = uno.chip.cycle
    uno.chip.reset(ResetCause.BROWN_OUT)
    uno.run(10)
    return gone


@dataclass(frozen=True)
class Scene:
    """A figure: its file, cause, the pins that have to be still, what it shows, and from when to when (ms)."""

    name: str
    cause: Callable[[Uno], int]
    title: str
    still: tuple[int, ...]
    shown_ms: tuple[float, float]
    since: str
    watched: int | None = None


ALL = (*STEP_PINS, SOLENOID)
SCENES = (
    Scene(
        "link_cut",
        _link_cut,
        "The line falls silent: {:.1f} ms until all outputs are off",
        ALL,
        (97, 103),
        "the last message",
    ),
    Scene(
        "host_killed",
        _host_killed,
        "The host dies in mid-message: {:.1f} ms until all outputs are off",
        ALL,
        (97, 103),
        "the last message",
    ),
    Scene(
        "emergency",
        _emergency,
        "Emergency stop: {:.2f} ms until all outputs are off",
        ALL,
        (-1.5, 2.5),
        "the button closed",
        BUTTON,
    ),
    Scene(
        "limit",
        _limit,
        "A limit switch: its axis makes no step after it, the others go on",
        (STEP_PINS[0],),
        (-1.5, 2.5),
        "the switch closed",
        SWITCH,
    ),
    Scene(
        "brown_out",
        _brown_out,
        "Brown-out: all pins float at once; {:.1f} ms after power is back outputs are safe again",
        (SOLENOID,),
        (-1.5, 2.5),
        "power was back",
    ),
)
NAMES = {2: "axis 0, step", 4: "axis 1, step", 6: "axis 2, step", 8: "solenoid", 12: "button", 11: "switch"}


def draw(scene: Scene, trace: Trace, path: Path, safe_ms: float) -> None:
    """The pins above each other, each a level over time; the cause and the reaction as lines."""
    pins = [*((scene.watched,) if scene.watched else ()), SOLENOID, *STEP_PINS[::-1]]
    figure = Figure(figsize=(7.5, 0.55 * len(pins) + 1.5), layout="constrained")
    axes = figure.subplots()
    start, end = scene.shown_ms
    for row, pin in enumerate(pins):
        seen = trace.edges[pin]
        level = next((level for at, level in reversed(seen) if at < start), 1 if pin in (BUTTON, SWITCH) else 0)
        times, levels = [start], [level]
        for at, after in seen:
            if start <= at <= end:
                times.append(at)
                levels.append(after)
        times.append(end)
        levels.append(levels[-1])
        color = RED if pin in (BUTTON, SWITCH) else BLUE
        axes.step(times, [row + 0.62 * each for each in levels], where="post", color=color, linewidth=1.0)
    axes.set_yticks([row + 0.3 for row in range(len(pins))], [NAMES[pin] for pin in pins])
    axes.tick_params(axis="y", length=0)
    if start <= 0:
        axes.axvline(0, color=RED, linewidth=0.8, linestyle=":")
    if start <= safe_ms <= end:
        axes.axvline(safe_ms, color=GREY, linewidth=0.8, linestyle="--")
    if scene.cause is _brown_out:
        axes.axvspan(0, safe_ms, color=GREY, alpha=0.15, linewidth=0)
        axes.text(safe_ms / 2, 0.3, "pins float", ha="center", va="center", fontsize=9, color=GREY)
    axes.set_xlim(start, end)
    axes.set_xlabel(f"ms since {scene.since}")
    axes.set_title(scene.title.format(safe_ms), loc="left", fontsize=11)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    save(figure, path)


def main() -> None:
    """Draw each scene and print how long it took."""
    for scene in SCENES:
        uno = Uno()
        uno.set_going()
        trace = uno.trace(scene.cause(uno), scene.still)
        safe_ms = trace.safe_at_ms
        if scene.cause is _brown_out:
            safe_ms = safe_again_ms()
        print(f"{scene.name}: last step or output off its safe level {safe_ms:.3f} ms after the cause")
        draw(scene, trace, Path(__file__).with_name(f"firmware_{scene.name}.png"), safe_ms)


def safe_again_ms() -> float:
    """From a brown-out until the solenoid's pin is driven to its safe level, to 0.01 ms."""
    uno = Uno()
    uno.set_going()
    gone = uno.chip.cycle
    uno.chip.reset(ResetCause.BROWN_OUT)
    while not uno.chip.drives(*port_and_bit(SOLENOID)):
        uno.run(0.01)
    return (uno.chip.cycle - gone) * 1000 / CLOCK_HZ


if __name__ == "__main__":
    main()
