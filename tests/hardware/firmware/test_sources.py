"""What every source of the firmware, and of its native build, keeps to."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

MAX_LINES, MAX_FILES, MAX_COLUMNS = 400, 18, 120
PRIVATE_WORDS = re.compile(
    r"\b(obey\w*|hear|heard|tell_\w+|say_\w+|ask_\w+|told|stretch(es)?|journeys?|reckon\w*|dead man\w*|halt\w*|beats?"
    r"|take_in|lay|lay_out|let_go|slow_down|call_here\w*|to_tell|anew|somebody|nobody)\b",
    re.IGNORECASE,
)
"""Words that the field has others for (segment, move, report, query, compute, stop, systick)."""
STRING = re.compile(r'"(?:\\.|[^"\\])*"')


@pytest.fixture(scope="module")
def sources(firmware_folder: Path) -> list[Path]:
    folders = (firmware_folder / "CellwrightFirmata", Path(__file__).parent / "native")
    return sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in (".cpp", ".h", ".ino"))


def test_there_is_something_to_check(sources):
    assert len(sources) > 40
    assert PRIVATE_WORDS.search("static void lay_out()")


def test_no_file_is_longer_than_400_lines(sources):
    for path in sources:
        lines = path.read_text().splitlines()
        assert len(lines) <= MAX_LINES, path.name
        assert max(map(len, lines)) <= MAX_COLUMNS, path.name


def test_no_folder_has_more_than_18_files(sources):
    assert max(Counter(path.parent for path in sources).values()) <= MAX_FILES


def test_words_are_the_fields(sources):
    """Strings are apart: those of the firmware go to the host, and hosts may know them."""
    found = [
        f"{path.name}:{number}: {match.group()}"
        for path in sources
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (match := PRIVATE_WORDS.search(STRING.sub('""', line)))
    ]
    assert not found
