"""How much later a person reads the tape's display on a line than on the model: python docs/pictures/display_delay.py.

Two figures: from the step that shows a text until it can be read, and what that makes of a log's time.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from statistics import fmean, stdev

from cellwright import cells
from cellwright.sim import estimate, model_rig, virtual_rig
from cellwright.sim.plants.display import READABLE_S
from cellwright.sim.targets import Rig

SEEDS, LOGS = range(1, 21), 3
BYTES_WITHIN_S = 0.2
"""All bytes of a text are on the display within this time; what comes later starts the display for the next log."""


def read_delays_s(rig: Rig) -> list[float]:
    """Run some logs; the delay of each text from the step that shows it until a person can read it, s."""
    display, chip, env = rig.cell.display, rig.plant.lcd, rig.env
    delays_s: list[float] = []
    shown_s: list[float] = []
    show, write = display.show, chip.write
    last_byte_s = 0.0

    def finish() -> None:
        if shown_s and last_byte_s >= shown_s[0]:
            delays_s.append(last_byte_s + READABLE_S - shown_s[0])
        shown_s.clear()

    def on_show(lines: list[str]) -> None:
        finish()
        shown_s.append(env.now)
        show(lines)

    def on_write(data: bytes) -> None:
        nonlocal last_byte_s
        if shown_s and env.now < shown_s[0] + BYTES_WITHIN_S:
            last_byte_s = env.now
        write(data)

    display.show, chip.write = on_show, on_write
    for _ in range(LOGS):
        env.run(until=rig.cell.next_finished())
    return delays_s


def one_seed(seed: int) -> tuple[float, float, list[float]]:
    """Seconds a log on the model and on the virtual Arduino, and the delays on the latter."""
    scenario = cells.load("digital_tape").scenario(firmware="cellwright")
    model, virtual = model_rig(scenario, seed, 0), virtual_rig(scenario, seed, 0)
    for _ in range(LOGS):
        model.env.run(until=model.cell.next_finished())
    delays_s = read_delays_s(virtual)
    return model.env.now / LOGS, virtual.env.now / LOGS, delays_s


def main() -> None:
    """Simulate, and print the figures."""
    with ProcessPoolExecutor(2) as pool:
        done = list(pool.map(one_seed, SEEDS))
    delays_s = [delay_s for _, _, delays in done for delay_s in delays]
    print(f"{len(delays_s)} texts at 57600 baud, {len(done)} seeds of {LOGS} logs")
    print(f"read {1000 * fmean(delays_s):.0f} ms after the step showed them, at most {1000 * max(delays_s):.0f} ms")
    print("on the model: 0 ms")
    off_s = [virtual_s - model_s for model_s, virtual_s, _ in done]
    mean = estimate(off_s)
    interval = f"({mean.ci95_low:+.2f} to {mean.ci95_high:+.2f})"
    print(f"a log on the virtual Arduino, less on the model: {mean.mean:+.2f} s {interval}")
    print(f"of {fmean(model_s for model_s, _, _ in done):.2f} s; from seed to seed {stdev(off_s):.2f} s")


if __name__ == "__main__":
    main()
