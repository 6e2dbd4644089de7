"""Draws docs/pictures/byte_path.png, the way of a move from a cell's step to the pin and back.

Run: python docs/pictures/byte_path.py. tests/test_architecture.py holds every name to the code.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
from lanes import FAINT, INK, MARGIN_IN, NAME_PT, STYLE, TEXT_PT, WIDTH_IN, save_with_data
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

OUT, BACK, HOST, BOARD = "#1f6a94", "#a85a1b", "#eef3f6", "#f3f1ea"
BOX_IN, PITCH_IN, GAP_IN, SIDE_IN, HEAD_IN = 0.92, 1.12, 0.62, 0.34, 0.98

Station = dict[str, str]
"""What it is, its file, and the functions through which the move goes out and its end comes back."""
HOST_STATIONS: list[Station] = [
    {"is": "Cell", "file": "cells/stapler/cell.py", "out": "Stapler.stapling", "back": "Stapler.stapling"},
    {"is": "Device", "file": "actuators/stepper.py", "out": "Stepper.move_to", "back": ""},
    {
        "is": "Port",
        "file": "hardware/firmata/host/stepper.py",
        "out": "FirmataStepper.move_to",
        "back": "FirmataStepper.on_reply",
    },
    {
        "is": "Messages",
        "file": "hardware/firmata/protocol/accelstepper.py",
        "out": "speed, move_to",
        "back": "decode_reply",
    },
    {"is": "Board", "file": "hardware/firmata/host/board.py", "out": "", "back": "FirmataBoard._on_stepper"},
    {"is": "Session", "file": "hardware/firmata/host/session.py", "out": "Session.send", "back": ""},
    {
        "is": "Client",
        "file": "hardware/firmata/host/client.py",
        "out": "FirmataClient.send",
        "back": "FirmataClient.on_bytes",
    },
    {
        "is": "Link",
        "file": "hardware/transport/serial.py",
        "out": "SerialLink.write, SerialLink._write",
        "back": "SerialLink._read, SerialLink._receive",
    },
]
BOARD_STATIONS: list[Station] = [
    {
        "is": "Step interrupt, to the step pin",
        "file": "motion/step_interrupt.cpp",
        "out": "ISR(TIMER1_COMPA_vect)",
        "back": "",
    },
    {
        "is": "Queue of segments",
        "file": "motion/step_interrupt.cpp",
        "out": "load_next_segment",
        "back": "service_axis",
    },
    {"is": "Planner", "file": "motion/planner.cpp", "out": "plan_one_segment, queue_segment", "back": ""},
    {"is": "Moves", "file": "motion/moves.cpp", "out": "begin_move, plan_first_segment", "back": ""},
    {"is": "Axes", "file": "motion/steppers.cpp", "out": "handle_stepper, move_to", "back": "report_finished_moves"},
    {"is": "Dispatch", "file": "protocol/firmata.cpp", "out": "handle_sysex", "back": ""},
    {
        "is": "Messages",
        "file": "protocol/messages.cpp",
        "out": "receive_messages, parse_byte",
        "back": "begin_reply, put_signed",
    },
    {"is": "Line", "file": "core/serial.cpp", "out": "ISR(RX_VECTOR), read_byte", "back": "send_byte, ISR(TX_VECTOR)"},
]


def main() -> None:
    """Draw the host at the left, downwards to the line, and the board at the right, upwards to the pin."""
    wide = (WIDTH_IN - 2 * SIDE_IN - GAP_IN) / 2
    left, right = SIDE_IN, SIDE_IN + wide + GAP_IN
    height = HEAD_IN + PITCH_IN * len(HOST_STATIONS)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_IN, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH_IN), ylim=(height, 0))
        axes.set_axis_off()
        title = (
            "A move goes down the host, over the line and up the board to the pin\n(blue); its end comes back (brown)"
        )
        axes.text(MARGIN_IN, 0.32, title, size=13, weight="bold", va="center", linespacing=1.3)
        for x, text in ((left, "Host: Python"), (right, "Arduino: CellwrightFirmata/src")):
            axes.text(x, HEAD_IN - 0.16, text, size=NAME_PT, weight="bold", va="center", color=FAINT)
        for x, stations, colour in ((left, HOST_STATIONS, HOST), (right, BOARD_STATIONS, BOARD)):
            for place, station in enumerate(stations):
                draw_station(axes, station, x, HEAD_IN + PITCH_IN * place, wide, colour)
        draw_way(axes, HOST_STATIONS, "out", left, wide, side=-1)
        draw_way(axes, HOST_STATIONS[::-1], "back", left, wide, side=1)
        draw_way(axes, BOARD_STATIONS[::-1], "out", right, wide, side=-1)
        draw_way(axes, BOARD_STATIONS, "back", right, wide, side=1)
        y = HEAD_IN + PITCH_IN * (len(HOST_STATIONS) - 1) + BOX_IN / 2
        arrow(axes, (left + wide, y - 0.12), (right, y - 0.12), OUT)
        arrow(axes, (right, y + 0.12), (left + wide, y + 0.12), BACK)
        axes.text(left + wide + GAP_IN / 2, y - 0.2, "bytes", size=TEXT_PT, ha="center", color=FAINT)
    data = {"host": HOST_STATIONS, "board": BOARD_STATIONS}
    save_with_data(figure, Path(__file__).with_name("byte_path.png"), data)


def draw_station(axes: Axes, station: Station, x: float, y: float, wide: float, colour: str) -> None:
    """A box: what it is, its file, and its functions, one for each direction."""
    shape = FancyBboxPatch((x, y), wide, BOX_IN, "round,pad=0,rounding_size=0.07", facecolor=colour, edgecolor=FAINT)
    axes.add_patch(shape)
    axes.text(x + 0.1, y + 0.17, station["is"], size=NAME_PT, weight="bold", va="center", color=INK)
    axes.text(x + 0.1, y + 0.39, station["file"], size=TEXT_PT, va="center", color=FAINT)
    axes.text(x + 0.1, y + 0.59, station["out"], size=TEXT_PT, va="center", color=OUT)
    axes.text(x + 0.1, y + (0.78 if station["out"] else 0.59), station["back"], size=TEXT_PT, va="center", color=BACK)


def draw_way(axes: Axes, stations: list[Station], way: str, x: float, wide: float, *, side: int) -> None:
    """The arrows of one direction, from each station that has a part in it to the next; past others at the side.

    side: -1 for arrows left of the middle, which pass at the left; 1 for the right.
    """
    rows = HOST_STATIONS if stations[0] in HOST_STATIONS else BOARD_STATIONS
    places = [rows.index(station) for station in stations if station[way]]
    colour, middle = OUT if way == "out" else BACK, x + wide / 2
    for here, there in pairwise(places):
        down = there > here
        if abs(here - there) == 1:
            start, end = (HEAD_IN + PITCH_IN * place for place in (here, there))
            ends = (start + BOX_IN, end) if down else (start, end + BOX_IN)
            arrow(axes, (middle + side * 0.3, ends[0]), (middle + side * 0.3, ends[1]), colour)
            continue
        edge = x + wide if side > 0 else x
        out = edge + side * 0.2
        start, end = (HEAD_IN + PITCH_IN * place + BOX_IN / 2 for place in (here, there))
        start, end = (start + 0.2, end - 0.2) if down else (start - 0.2, end + 0.2)
        axes.plot([edge, out, out], [start, start, end], color=colour, linewidth=1.5)
        arrow(axes, (out, end), (edge, end), colour)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str) -> None:
    """An arrow in one of the two colours."""
    style = {"arrowstyle": "-|>,head_length=0.5,head_width=0.25", "color": colour, "linewidth": 1.5}
    axes.annotate("", end, start, arrowprops={**style, "shrinkA": 0, "shrinkB": 0})


if __name__ == "__main__":
    main()
