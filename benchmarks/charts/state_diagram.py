"""A cell's states as a diagram, and in sentences."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Curve
from matplotlib.textpath import TextPath

from cellwright.benchmarks.charts.style import drawing
from cellwright.files import plain_text
from cellwright.sequences import Cell
from cellwright.sequences.cell import FAULTED, STOPPED

INK, FAINT, BUSY, RED = "#24303a", "#5d6b78", "#2a7fa8", "#b3261e"
NAME_PT, SMALL_PT = 12.0, 10.5
BOX, PITCH, PAD = 0.62, 1.18, 0.16
"""Height of a box, distance from one main state to the next, and room round text; inches."""
PORT, CURVE = 0.3, 0.8
"""Distance between lines at one side of a box, and the width of their curves; inches."""

Point = tuple[float, float]
Codes = list[Any]
"""Matplotlib's path code of each point of a curve."""


@dataclass(frozen=True, slots=True)
class _Edge:
    source: str
    destination: str
    label: str


@dataclass(frozen=True, slots=True)
class _Box:
    """A state's place: centre, width and height, inches."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width / 2


def state_diagram(cell: type[Cell], time_in_state_s: Mapping[str, float] | None = None) -> Figure:
    """The cell's states, drawn: the main cycle downwards, states beside it to the right, faults below in red.

    time_in_state_s: mean seconds a cycle in each state; boxes then show them and are coloured by their share.
    """
    with drawing():
        return _Drawing(cell, time_in_state_s or {}).figure()


def in_sentences(cell: type[Cell], time_in_state_s: Mapping[str, float]) -> list[str]:
    """The same in sentences, where a diagram is too wide: each state, its seconds of a cycle, and what it leads to."""
    said = []
    for state in cell.states:
        edges = [edge for edge in _merged(cell) if edge.source == state]
        leads = ", ".join(f"{edge.label} → {edge.destination}" for edge in edges) or "nothing"
        said.append(f"{state} ({time_in_state_s.get(state, 0.0):.0f} s): {leads}".replace("_", " "))
    return said


def main_cycle(cell: type[Cell]) -> list[str]:
    """The states on the shortest path from the first state to the trigger that ends a cycle."""
    first = cell.states[0]
    ends = {source for trigger, source, _ in cell.transitions if trigger == cell.cycle_ends_with}
    predecessor: dict[str, str] = {}
    waiting, seen = deque([first]), {first}
    while waiting:
        state = waiting.popleft()
        if state in ends:
            path = [state]
            while path[-1] != first:
                path.append(predecessor[path[-1]])
            return path[::-1]
        for _, source, destination in cell.transitions:
            if source == state and destination not in seen:
                seen.add(destination)
                predecessor[destination] = state
                waiting.append(destination)
    return [first]


class _Drawing:
    """One diagram being drawn. All lengths in inches; the origin is the first state's centre, y points up."""

    def __init__(self, cell: type[Cell], time_in_state_s: Mapping[str, float]) -> None:
        self.cell = cell
        self.spent_s = {state: time_in_state_s.get(state, 0.0) for state in cell.states}
        self.total_s = sum(time_in_state_s.values())
        self.main = main_cycle(cell)
        self.side = [state for state in cell.states if state not in self.main]
        self.edges = _merged(cell)
        self.boxes: dict[str, _Box] = {}
        self.extent = [0.0, 0.0, 0.0, 0.0]  # left, right, bottom, top
        self.canvas = Figure()
        self.axes: Axes = self.canvas.add_axes((0, 0, 1, 1))

    def figure(self) -> Figure:
        """Place and draw everything, and crop the figure."""
        down, across, left, right = self._sorted_edges()
        self._place_main(down)
        self._place_side(across)
        for edge in down:
            self._draw_down(edge)
        self._draw_across(across)
        self._draw_lanes(left, -1)
        self._draw_lanes(right, +1)
        for state in self.cell.states:
            self._draw_state(state)
        self._draw_start()
        self._draw_faults()
        return self._cropped()

    def _sorted_edges(self) -> tuple[list[_Edge], list[_Edge], list[_Edge], list[_Edge]]:
        """Edges straight down, between main and side states, and round the left and the right."""
        down: list[_Edge] = []
        across: list[_Edge] = []
        left: list[_Edge] = []
        right: list[_Edge] = []
        for edge in self.edges:
            inside = [state in self.main for state in (edge.source, edge.destination)]
            if not all(inside):
                (across if any(inside) else right).append(edge)
            elif self.main.index(edge.destination) - self.main.index(edge.source) == 1:
                down.append(edge)
            else:
                left.append(edge)
        return down, across, left, right

    # ---- placing ----

    def _place_main(self, down: list[_Edge]) -> None:
        width = max(self._width_of(state) for state in self.main)
        self.curves_from = max([width / 2, *(PAD + _inches(edge.label) for edge in down)]) + 0.1
        y = 0.0
        for number, state in enumerate(self.main):
            height = self._height_of(state)
            y -= 0 if number == 0 else PITCH - BOX + height / 2 + self.boxes[self.main[number - 1]].height / 2
            self.boxes[state] = _Box(0, y, width, height)

    def _height_of(self, state: str) -> float:
        others = self.main if state in self.side else self.side
        lines = sum(1 for edge in self.edges if state in (edge.source, edge.destination) and
                    (edge.source in others or edge.destination in others))  # fmt: skip
        return max(BOX, (PORT if state in self.side else PORT / 2) * lines + 0.1)

    def _place_side(self, across: list[_Edge]) -> None:
        if not self.side:
            return
        width = max(self._width_of(state) for state in self.side)
        self.labels_from = self.curves_from + CURVE
        left = self.labels_from + max([_inches(edge.label) for edge in across], default=0) + 3 * PAD
        target_y = {state: self._target_y(state, across) for state in self.side}
        order = sorted(self.side, key=lambda state: -target_y[state])
        heights = [self._height_of(state) for state in order]
        gap = PITCH - BOX
        total = sum(heights) + gap * (len(order) - 1)
        y = sum(target_y.values()) / len(order) + total / 2
        for state, height in zip(order, heights, strict=True):
            self.boxes[state] = _Box(left + width / 2, y - height / 2, width, height)
            y -= height + gap

    def _target_y(self, state: str, across: list[_Edge]) -> float:
        near = [_other(edge, state) for edge in across if state in (edge.source, edge.destination)]
        return sum(self.boxes[each].y for each in near) / len(near) if near else self.boxes[self.main[-1]].y

    def _width_of(self, state: str) -> float:
        return max(1.25, _inches(state, NAME_PT) * 1.08, _inches(self._time_label(state))) + 2 * PAD

    # ---- drawing ----

    def _draw_down(self, edge: _Edge) -> None:
        upper, lower = self.boxes[edge.source], self.boxes[edge.destination]
        start, end = (0.0, upper.y - upper.height / 2), (0.0, lower.y + lower.height / 2)
        self._arrow([start, end])
        self._write(PAD, (start[1] + end[1]) / 2, edge.label, ha="left")

    def _draw_across(self, across: list[_Edge]) -> None:
        main_ports = self._ports(across, self.main, PORT / 2)
        side_ports = self._ports(across, self.side, PORT)
        for edge in across:
            outwards = edge.destination in self.side
            main, side = (edge.source, edge.destination) if outwards else (edge.destination, edge.source)
            near = (self.boxes[main].right, self.boxes[main].y + main_ports[edge, main])
            far = (self.boxes[side].left, self.boxes[side].y + side_ports[edge, side])
            middle = self.curves_from + CURVE / 2
            points = [
                near, (self.curves_from, near[1]), (middle, near[1]), (middle, far[1]), (self.labels_from, far[1]), far
            ]  # fmt: skip
            codes = [Curve.MOVETO, Curve.LINETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4, Curve.LINETO]
            if not outwards:
                points = points[::-1]
            self._arrow(points, codes)
            self._write((self.labels_from + far[0]) / 2, far[1] + 0.1, edge.label)

    def _ports(self, across: list[_Edge], states: list[str], apart: float) -> dict[tuple[_Edge, str], float]:
        """Where each edge meets its box, above or below the box's centre; in the order that crosses least."""
        ports: dict[tuple[_Edge, str], float] = {}
        for state in states:
            mine = [edge for edge in across if state in (edge.source, edge.destination)]
            mine.sort(key=lambda edge: (-self.boxes[_other(edge, state)].y, edge.destination in self.main))
            for number, edge in enumerate(mine):
                ports[edge, state] = ((len(mine) - 1) / 2 - number) * apart
        return ports

    def _draw_lanes(self, edges: list[_Edge], side: int) -> None:
        """Lines that leave a box at one side and come back to that side of another; short ones inside."""
        edges = sorted(edges, key=lambda edge: abs(self.boxes[edge.source].y - self.boxes[edge.destination].y))
        used: dict[tuple[str, int], int] = {}
        out = 0.25
        for edge in edges:
            width = _inches(edge.label) + PAD
            to_itself = edge.source == edge.destination
            out += 0.1 if to_itself else width / 2
            ends = []
            for state, other, leaves in ((edge.source, edge.destination, 1), (edge.destination, edge.source, -1)):
                box, up = self.boxes[state], self.boxes[other].y - self.boxes[state].y
                direction = 1 if up > 0 or (up == 0 and leaves > 0) else -1
                used[state, direction] = taken = used.get((state, direction), 0) + 1
                ends.append(
                    (box.right if side > 0 else box.left, box.y + direction * min(0.12 * taken, box.height / 2))
                )
            x = (max(box.right for box in self.boxes.values()) if side > 0 else ends[0][0]) + side * out
            self._arrow(*_rounded_path(ends[0], ends[1], x, side))
            beside = side * width / 2 if to_itself else 0.0
            self._write(x + beside, self._between_rows(ends[0][1], ends[1][1]), edge.label, on_line=not to_itself)
            out += (width if to_itself else width / 2) + 0.05

    def _between_rows(self, one: float, other: float) -> float:
        """A height between two ends that is level with no main box, if there is one."""
        middle = (one + other) / 2
        rows = sorted((self.boxes[state].y for state in self.main), reverse=True)
        gaps = [(upper + lower) / 2 for upper, lower in pairwise(rows)]
        inside = [gap for gap in gaps if min(one, other) < gap < max(one, other)]
        return min(inside, key=lambda gap: abs(gap - middle), default=middle)

    def _draw_state(self, state: str) -> None:
        label = self._time_label(state)
        share = self.spent_s[state] / self.total_s if self.total_s else 0.0
        colour = tuple(1 - (1 - part) * (0.08 + 0.92 * share) for part in to_rgb(BUSY))
        ink = "white" if share > 0.7 else INK
        box = self.boxes[state]
        self._box(box, face=colour, edge=BUSY)
        above = 0.11 if label else 0.0
        self._write(box.x, box.y + above, state, size=NAME_PT, weight="bold", colour=ink)
        if label:
            self._write(box.x, box.y - 0.13, label, colour=ink)

    def _time_label(self, state: str) -> str:
        if not self.total_s:
            return ""
        seconds, percent = self.spent_s[state], 100 * self.spent_s[state] / self.total_s
        if seconds < 0.005:
            return "0 s"
        share = "under 1 %" if percent < 1 else f"{percent:.0f} %"
        return f"{seconds:.0f} s, {share}" if seconds >= 10 else f"{seconds:.2g} s, {share}"

    def _draw_start(self) -> None:
        first = self.boxes[self.cell.states[0]]
        top = first.y + first.height / 2
        self.axes.add_patch(Circle((0, top + 0.5), 0.08, color=INK))
        self._arrow([(0, top + 0.42), (0, top)])
        self._write(PAD, top + 0.5, "at power-up", ha="left")
        self._extend_to(0, top + 0.65)

    def _draw_faults(self) -> None:
        """Below all: from any state into faulted or stopped, and out of both by reset."""
        left, right, bottom, _ = self.extent
        y, width = bottom - 1.15, 1.5
        x = max(left + 0.1 + width / 2, (left + right) / 2 - 2.35)
        any_state, back = _Box(x, y, width, 0.55), _Box(x + 4.7, y, width, 0.55)
        for state, trigger, above in ((FAULTED, "fault", 0.36), (STOPPED, "stop", -0.36)):
            box = _Box(x + 2.35, y + above, width, 0.5)
            self._box(box, face="#fbe9e7", edge=RED)
            self._write(box.x, box.y, state, size=NAME_PT, weight="bold", colour=RED)
            port = y + (0.12 if above > 0 else -0.12)
            self._arrow(*_s_curve((any_state.right, port), (box.left, box.y)), colour=RED)
            self._arrow(*_s_curve((box.right, box.y), (back.left, port)), colour=RED)
            off = 0.14 if above > 0 else -0.14
            self._write((any_state.right + box.left) / 2 - 0.06, box.y + off, trigger, colour=RED)
            self._write((box.right + back.left) / 2 + 0.06, box.y + off, "reset", colour=RED)
        for box, text in ((any_state, "from any state"), (back, self.cell.states[0])):
            self._box(box, face="white", edge=FAINT, style="--")
            self._write(box.x, box.y, text, colour=FAINT)

    # ---- primitives ----

    def _arrow(self, points: list[Point], codes: Codes | None = None, colour: str = FAINT) -> None:
        curve = Curve(points, codes)
        style = "-|>,head_length=5,head_width=2.5"
        self.axes.add_patch(
            FancyArrowPatch(path=curve, arrowstyle=style, color=colour, linewidth=1.4, capstyle="butt", shrinkA=0)
        )
        for x, y in points:
            self._extend_to(x, y)

    def _box(self, box: _Box, face: str | tuple[float, ...], edge: str, style: str = "-") -> None:
        corner = (box.left, box.y - box.height / 2)
        shape = "round,pad=0,rounding_size=0.1"
        self.axes.add_patch(
            FancyBboxPatch(
                corner, box.width, box.height, shape, facecolor=face, edgecolor=edge, linewidth=1.4, ls=style
            )
        )
        self._extend_to(box.left, corner[1])
        self._extend_to(box.right, box.y + box.height / 2)

    def _write(self, x: float, y: float, text: str, *, size: float = SMALL_PT, ha: str = "center", colour: str = INK,
               weight: str = "normal", on_line: bool = False) -> None:  # fmt: skip
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 1.5} if on_line else None
        self.axes.text(x, y, text, size=size, ha=ha, va="center", color=colour, weight=weight, bbox=behind)
        half = _inches(text, size) * {"center": 0.5, "left": 1}[ha]
        self._extend_to(x + half, y)
        self._extend_to(x - (half if ha == "center" else 0), y)

    def _extend_to(self, x: float, y: float) -> None:
        left, right, bottom, top = self.extent
        self.extent = [min(left, x), max(right, x), min(bottom, y), max(top, y)]

    def _cropped(self) -> Figure:
        left, right, bottom, top = self.extent
        margin = 0.15
        self.canvas.set_size_inches(right - left + 2 * margin, top - bottom + 2 * margin)
        self.axes.set(xlim=(left - margin, right + margin), ylim=(bottom - margin, top + margin))
        self.axes.set_axis_off()
        return self.canvas


def _merged(cell: type[Cell]) -> list[_Edge]:
    """One edge for each pair of states, with all its triggers."""
    labels: dict[tuple[str, str], list[str]] = {}
    for trigger, source, destination in cell.transitions:
        labels.setdefault((source, destination), []).append(trigger)
    return [_Edge(source, destination, " or ".join(names)) for (source, destination), names in labels.items()]


def _other(edge: _Edge, state: str) -> str:
    return edge.destination if edge.source == state else edge.source


def _inches(text: str, size: float = SMALL_PT) -> float:
    if not text:
        return 0.0
    with drawing():
        return float(TextPath((0, 0), plain_text(text), size=size).get_extents().width) / 72


def _s_curve(start: Point, end: Point) -> tuple[list[Point], Codes]:
    middle = (start[0] + end[0]) / 2
    return [start, (middle, start[1]), (middle, end[1]), end], [Curve.MOVETO, Curve.CURVE4, Curve.CURVE4, Curve.CURVE4]


def _rounded_path(start: Point, end: Point, x: float, side: int) -> tuple[list[Point], Codes]:
    """Out to ``x``, along it, and back, with round corners."""
    radius = min(0.2, abs(start[1] - end[1]) / 2)
    turn = radius if end[1] > start[1] else -radius
    near = x - side * radius
    points = [start, (near, start[1]), (x, start[1]), (x, start[1] + turn), (x, end[1] - turn), (x, end[1])]
    codes = (
        Curve.MOVETO, Curve.LINETO, Curve.CURVE3, Curve.CURVE3, Curve.LINETO, Curve.CURVE3, Curve.CURVE3, Curve.LINETO
    )  # fmt: skip
    return [*points, (near, end[1]), end], list(codes)
