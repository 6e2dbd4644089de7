"""The demo's page, in a real browser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `cellwright demo` leaves behind, run as a user runs it."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "cellwright", "demo", "-o", str(folder / "shown")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=folder, check=False)
    assert done.returncode == 0, done.stderr
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "The cell takes" in done.stdout
    assert done.stderr == "", "no progress bar in a pipe"
    return folder / "shown"


def test_the_demo_writes_a_page_and_its_pictures(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "cycle_time.png",
        "index.html",
        "states.png",
        "timeline.png",
    ]
    for picture in folder.glob("*.png"):
        assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_needs_nothing_from_outside_and_fits(folder: Path, browser: Any, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto((folder / "index.html").as_uri())
    assert requested == [(folder / "index.html").as_uri()]
    assert complaints == []
    shown = [each for each in page.locator("svg").all() if each.is_visible()]
    assert len(shown) == (3 if width > 640 else 2)  # on a phone the states are a list
    for drawn in shown:
        box = drawn.bounding_box()
        assert box is not None and box["width"] > 200 and box["height"] > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    text = page.inner_text("body")
    for word in ("less time", "assumed", "Nothing here was measured", "cellwright demo stapler --seed 1"):
        assert word in text
    page.close()
