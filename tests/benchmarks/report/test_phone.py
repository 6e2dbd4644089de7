"""Report and demo page on a phone, in a real browser: nothing scrolls sideways, and text in figures can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellwright.benchmarks.charts.style import as_svg
from cellwright.benchmarks.report.builder import build
from cellwright.benchmarks.report.charts import NARROW_WIDTH_IN
from cellwright.benchmarks.report.renderers import as_html
from cellwright.cli import run

from .test_report import built, report_inputs, translations_of

PHONE_PX = 390
SMALLEST_PT = 10.5
"""The smallest text in our figures, points; a point of a figure is as many px as its width in points goes into px."""
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(each => each.clientWidth > 1 && each.scrollWidth > each.clientWidth + 1
            && getComputedStyle(each).overflowX !== 'visible')
    .map(each => each.tagName + ' ' + each.className + ': ' + each.textContent.slice(0, 60))"""
BEYOND = f"""() => [...document.querySelectorAll('main *, header *')]
    .filter(each => each.getBoundingClientRect().right > {PHONE_PX} + 1 && !each.closest('svg'))
    .map(each => each.tagName + ': ' + each.textContent.slice(0, 60))"""
SCALES = """() => [...document.querySelectorAll('svg')].filter(each => each.getBoundingClientRect().width > 0)
    .map(each => each.getBoundingClientRect().width / each.viewBox.baseVal.width)"""


def fits_a_phone(browser: Any, file: Path) -> None:
    page = browser.new_page(viewport={"width": PHONE_PX, "height": 844})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE_PX
    assert page.evaluate(TOO_WIDE) == []
    assert page.evaluate(BEYOND) == []
    scales = page.evaluate(SCALES)
    assert scales and all(SMALLEST_PT * scale >= 11 for scale in scales), scales
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(("name", "language"), [("stapler", "nb"), ("digital_tape", "en")])
def test_a_report_fits_a_phone(name: str, language: str, tmp_path: Path, browser: Any) -> None:
    given = report_inputs(name)
    document = build(given, translations_of(given, language))
    drawn = {each.name: as_svg(each.figure, each.name) for each in document.drawings()}
    assert all(each.narrow is not None for each in document.drawings())
    drawn |= {f"{each.name}_narrow": as_svg(each.narrow, f"{each.name}-narrow") for each in document.drawings()}
    file = tmp_path / "report.html"
    file.write_text(as_html(document, drawn), encoding="utf-8")
    fits_a_phone(browser, file)


@pytest.mark.browser
def test_the_demo_page_fits_a_phone(
    tmp_path: Path, browser: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cellwright.cli.commands.demo.REPLICATIONS", 2)
    assert run(["demo", "stapler", "-o", str(tmp_path / "shown")]) == 0
    assert "Best manual method: by hand, with a pneumatic stapler." in " ".join(capsys.readouterr().out.split())
    fits_a_phone(browser, tmp_path / "shown" / "index.html")


def test_a_narrow_figure_is_as_wide_as_it_says() -> None:
    document = built("stapler", "en")
    assert {each.narrow.get_figwidth() for each in document.drawings() if each.narrow} == {NARROW_WIDTH_IN}
