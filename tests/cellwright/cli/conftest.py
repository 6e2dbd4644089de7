"""The drill press of the guide to cells of one's own: a cell that has no files in its folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "describe-your-own-cell.md"


@pytest.fixture
def drill_press(tmp_path: Path) -> Path:
    blocks = re.findall(r"```python\n# drill_press\.py[^\n]*\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    folder = tmp_path / "own"
    folder.mkdir()
    path = folder / "drill_press.py"
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path
