"""An emulated Arduino in real time, on a port that any program on this computer can open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cellwright.hardware.emulator.arduino import MCUS
from cellwright.hardware.emulator.chip import BAUD_RATE, CLOCK_HZ, ChipEvent, EmulatedChip, EventKind
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel
from cellwright.hardware.transport.pseudo_terminal import PseudoTerminalPort

SLICE_S = 500e-6
"""The interval at which bytes are exchanged: short compared with the millisecond of a USB cable."""
MAX_LATE_S = 0.05
"""If the computer falls further behind than this, the delay is dropped and not made up for."""


def _do_nothing() -> None:
    """The default for ``on_ready``."""


def _ignore(_: ChipEvent) -> None:
    """The default for ``on_event``."""


def serve_emulated(
    hex_path: Path | Sequence[Path],
    pty_path: Path,
    stop: threading.Event,
    *,
    library: Path | None = None,
    kind: ArduinoModel = "uno",
    baud_rate: float = BAUD_RATE,
    on_ready: Callable[[], None] = _do_nothing,
) -> None:
    """Run firmware in real time with its UART on a pseudo-terminal at ``pty_path``, until ``stop`` is set.

    A host that opens the port resets the chip, as it does an Uno. With a boot loader beside the firmware (see
    EmulatedChip) programs that flash an Arduino can flash this one, at the boot loader's ``baud_rate``. ``on_ready`` is
    called once the port exists.

    Raises InputError if the chip is not built, the firmware cannot be loaded, or the port cannot be made.
    """
    chip = EmulatedChip(library or find_library(), hex_path, baud_rate, MCUS[kind])
    port = PseudoTerminalPort(pty_path)
    try:
        on_ready()
        run_in_real_time(chip, port, stop)
    finally:
        port.close()


def run_in_real_time(
    chip: EmulatedChip,
    port: PseudoTerminalPort,
    stop: threading.Event,
    *,
    on_event: Callable[[ChipEvent], object] = _ignore,
    on_reset: Callable[[], object] = _do_nothing,
) -> None:
    """Run a chip in real time with its UART on ``port``, until ``stop`` is set.

    on_event: called with all that it does but send bytes, such as a watched pin's change. on_reset: called after a host
    has opened the port, which resets it.
    """
    began_s = time.monotonic()
    elapsed_s = 0.0
    while not stop.is_set():
        if port.was_opened():
            chip.reset()
            on_reset()
        chip.feed(port.read())
        elapsed_s += SLICE_S
        port.write(_bytes_until(chip, int(elapsed_s * CLOCK_HZ), on_event))
        ahead_s = began_s + elapsed_s - time.monotonic()
        if ahead_s > 0:
            time.sleep(ahead_s)
        elif ahead_s < -MAX_LATE_S:
            began_s -= ahead_s


def _bytes_until(chip: EmulatedChip, cycle: int, on_event: Callable[[ChipEvent], object]) -> bytes:
    """Run the chip to a cycle; return what its UART sent."""
    sent = bytearray()
    while chip.cycle < cycle:
        for event in chip.run(cycle):
            if event.kind is EventKind.BYTE:
                sent.append(event.value)
            else:
                on_event(event)
    return bytes(sent)
