"""The firmware's parts include each other downwards only, and what calls upwards is listed."""

from __future__ import annotations

import importlib.util
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

_spec = importlib.util.spec_from_file_location("firmware_includes", Path(__file__).with_name("firmware_includes.py"))
assert _spec is not None and _spec.loader is not None
firmware = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(firmware)
SOURCES = firmware.SKETCH / "src"
PICTURE = Path(__file__).resolve().parents[3] / "docs" / "pictures" / "firmware_parts.png"


@pytest.fixture(scope="module")
def includes() -> dict[str, set[str]]:
    return firmware.read_includes(SOURCES)


def test_every_include_is_read(includes):
    lines = sum(path.read_text().count('#include "') for path in SOURCES.rglob("*.*"))
    own = sum(f'#include "{path.stem}.h"' in path.with_suffix(".cpp").read_text() for path in SOURCES.rglob("*.h")
              if path.with_suffix(".cpp").exists())  # fmt: skip
    both = sum(len(_named(part, ".h") & _named(part, ".cpp")) for part in includes)
    assert sum(map(len, includes.values())) == lines - own - both
    assert len(includes) > 25


def _named(part: str, suffix: str) -> set[Path]:
    """The files that the part's header, or its source, includes."""
    path = SOURCES / f"{part}{suffix}"
    names = re.findall(r'#include "(.+)"', path.read_text()) if path.exists() else []
    return {(path.parent / name).resolve() for name in names}


def test_no_include_goes_in_a_circle(includes):
    assert not firmware.circles(includes)


def test_every_part_is_in_one_layer(includes):
    listed = Counter(part for parts in firmware.LAYERS.values() for part in parts)
    assert set(listed) == set(includes)
    assert set(listed.values()) == {1}


def test_no_include_points_up(includes):
    assert not firmware.upward(includes, firmware.LAYERS)


def test_what_calls_up_is_listed():
    """A part calls what is above it by declaring it; each such function is known, so that none creeps in."""
    assert firmware.read_upcalls(SOURCES) == sorted(firmware.UPCALLS.items())


def test_what_calls_up_is_defined_no_lower_than_it_is_declared():
    depth = {part: number for number, parts in enumerate(firmware.LAYERS.values()) for part in parts}
    assert not [name for name, (low, high) in firmware.UPCALLS.items() if depth[high] > depth[low]]


def test_the_picture_is_drawn_from_these_includes(includes):
    """The script writes into the file what it has drawn."""
    with Image.open(PICTURE) as picture:
        drawn = json.loads(picture.info["Source"])
    assert drawn == {
        "includes": {part: sorted(targets) for part, targets in includes.items()},
        "layers": {layer: sorted(parts) for layer, parts in firmware.LAYERS.items()},
    }, "draw it again: python docs/pictures/firmware_parts.py"


def test_the_sketch_includes_the_main_loop_only():
    assert firmware.INCLUDE.findall((firmware.SKETCH / "CellwrightFirmata.ino").read_text()) == ["src/core/main_loop.h"]


# ---- a fault would be seen ----


@pytest.fixture
def made(tmp_path):
    """A sketch of three parts, each above the next; more lines can be added to a file of it."""

    def write(**lines: str) -> dict[str, set[str]]:
        for name, text in {"top": '#include "middle.h"', "middle": '#include "low.h"', "low": ""}.items():
            (tmp_path / f"{name}.h").write_text("#pragma once\n")
            (tmp_path / f"{name}.cpp").write_text(f'#include "{name}.h"\n{text}\n{lines.get(name, "")}\n')
        return firmware.read_includes(tmp_path)

    return write


THREE = {"top": ("top",), "middle": ("middle",), "low": ("low",)}


def test_includes_that_point_down_are_let_through(made):
    found = made()
    assert found == {"top": {"middle"}, "middle": {"low"}, "low": set()}
    assert not firmware.circles(found)
    assert not firmware.upward(found, THREE)


@pytest.mark.parametrize("upper", ["middle", "top"])
@pytest.mark.parametrize("line", ['#include "{}.h"', '  #  include "{0}/../{0}.h"', '#if 1\n#include\t"{}.h"\n#endif'])
def test_a_circle_is_seen(made, tmp_path, upper, line):
    (tmp_path / upper).mkdir()
    found = made(low=line.format(upper))
    assert any(circle.startswith(f"low -> {upper}") for circle in firmware.circles(found))
    assert firmware.upward(found, THREE) == [f"low includes {upper}"]


def test_an_include_of_what_is_not_there_is_seen(made):
    with pytest.raises(FileNotFoundError):
        made(low='#include "gone.h"')


def test_a_call_upwards_is_seen(made, tmp_path):
    made(top="uint8_t report(const Axis& axis, uint8_t pin)\n{\n    return 1;\n}\nstatic void own() {}\nvoid one() { }")
    (tmp_path / "low.h").write_text(
        "uint8_t report(const Axis& axis, uint8_t pin);  // above\nvoid own();\nvoid one();"
    )
    assert firmware.read_upcalls(tmp_path) == [("one", ("low", "top")), ("report", ("low", "top"))]
