"""Draws docs/pictures/firmware_parts.png, who includes whom in the firmware: python docs/pictures/firmware_parts.py."""

from __future__ import annotations

import runpy
from pathlib import Path

from lanes import Row, draw, save_with_data

ROOT = Path(__file__).resolve().parents[2]
READER = ROOT / "tests" / "hardware" / "firmware" / "firmware_includes.py"


def main() -> None:
    """Read the includes as the test does, and draw them."""
    firmware = runpy.run_path(str(READER))
    includes: dict[str, set[str]] = firmware["read_includes"](firmware["SKETCH"] / "src")
    rows = [
        Row(part, layer.replace(" and ", "\nand "), "", part.partition("/")[0])
        for layer, parts in firmware["LAYERS"].items()
        for part in sorted_by_use(parts, includes)
    ]
    place = {row.name: number for number, row in enumerate(rows)}
    count = sum(map(len, includes.values()))
    up = [(part, target) for part in includes for target in includes[part] if place[target] < place[part]]
    title = (
        f"All {count} includes between the firmware's parts point down"
        if not up
        else f"{len(up)} of {count} includes between the firmware's parts point up"
    )
    figure = draw(
        rows,
        includes,
        f"{title}:\na line falls from each part (■) to those that it includes (▼)",
        names_in=2.05,
        layers_in=1.05,
        row_in=0.23,
    )
    data = {
        "includes": {part: sorted(targets) for part, targets in includes.items()},
        "layers": {layer: sorted(parts) for layer, parts in firmware["LAYERS"].items()},
    }
    save_with_data(figure, Path(__file__).with_name("firmware_parts.png"), data)


def sorted_by_use(parts: tuple[str, ...], includes: dict[str, set[str]]) -> list[str]:
    """The parts of a layer, each before those that it includes; otherwise in their order."""
    left, placed = list(parts), []
    while left:
        free = [part for part in left if not any(part in includes[other] for other in left if other != part)]
        placed.append((free or left)[0])
        left.remove(placed[-1])
    return placed


if __name__ == "__main__":
    main()
