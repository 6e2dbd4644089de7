"""The words that the vocabulary has replaced (docs/glossary.md) do not come back: not in code, texts or pages."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HISTORY = {"CHANGELOG.md", "tests/test_words.py", "tests/hardware/firmware/test_sources.py"}
"""They name the old words on purpose: the table of renames, and the tests that look for them."""
READ = (".py", ".md", ".toml", ".jinja", ".cpp", ".c", ".h", ".ino", ".sh", "Makefile")

OLD_WORDS = {
    "the manual method": (r"\brun_hand\b|\bhand_elements\b|\bhand\.(?=[a-z_]+\b)|\b[Tt]he hand\b(?!-| stapler)"),
    "Study, STUDY": r"\bKit\b|\bKIT\b|\bkits?\b",
    "economics": r"\bworthing\b|\bcellwright worth\b|\bcell_worth\b|\bcommercial_worth\b",
    "Prediction, ReportContext, ReportInputs, Document, translations": r"\bTold\b|\bTelling\b|\bread_words\b",
    "sensitivity, screening, SensitivityRange": r"\bSwing\b|\bhanging_sections\b|\b[Hh]angs? on\b|\bweigh_inputs\b",
    "Alternative, AlternativeResult, Percentiles": r"\bclass (Way|Arm|Spread)\b|: (Way|Arm|Spread)\b",
    "on_, report_/send_, query_position": r"\b_?(hear|tell|say)_[a-z]\w*|\bask_where\b",
    "CapabilityError, StepTimeoutError, FlashError": r"\bLacking\b|\bTimedOut\b|\bNotFlashed\b",
    "Move, Segment, ScheduledWait": r"\b[Jj]ourneys?\b|\b[Ss]tretch(es)?\b|\bclass Coming\b",
    "MAX_, MIN_, TIMEOUT_MARGIN_S, OPERATOR_TIMEOUT_S, REPLY_TIMEOUT_S": (
        r"\b_?(MOST|FEWEST)_[A-Z]|\bLATE_S\b|\bPATIENCE_S\b|\bANSWER_S\b|\bmost_pulses\b"
    ),
    "communication watchdog": r"\b[Dd]ead[- ]?man\b|\bdead_man|DeadMan|\b[Dd]ead man's\b",
    "controlled_stop, stop_abruptly": r"\bstop_soft(ly)?\b|\b_?halt(s|ed|ing|_\w+)?\b",
    "compute, simulate, dry run, fault-rehearsal overrides": (
        r"\b_?[Rr]eckon\w*|\b[Rr]ehears(e|es|ed|ing)\b|\bprovok(e|es|ed|ing)\b"
    ),
    "outlier, 5th-95th percentile": r"\b[Ff]ar off\b|\b9 (cycles|units) of 10\b|\b[Nn]ine \w+ (out )?of ten\b",
    "RunController, cell_files, run_log_reader": r"\bAttendance\b|\bbeside\.py\b|\bcli\.beside\b",
    "cut_record, column_generation, cutting_stock, display_text": (
        r"\bclass Book\b|digital_tape\.(book|columns|packing|shown)\b"
    ),
    "snapshot, path_cache, aggregate": r"\bclass (Memory|Library)\b|\bsim\.fast\b|sim/fast/",
    "handle_message, load_next_segment, queue_segment, release_pin": (
        r"\b_?obey(s|ed)?(_\w+)?\b|\blet_go\b|\btell_stops\b"
    ),
}
"""What is said now: a pattern of what was said before."""


def texts() -> list[tuple[str, str]]:
    """Every file of the project that a person reads or that speaks to one."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [(name, (ROOT / name).read_text()) for name in listed if name.endswith(READ) and name not in HISTORY]


BREAK = r"(?: |\n[ #/*]*)"
BREAK_OR_HYPHEN = r"(?:-| |\n[ #/*]*)"
"""A space may be a line's end, with the sign of a comment after it."""


def found(pattern: str, text: str) -> list[tuple[int, str]]:
    """Each place of a pattern: its line's number, and what stands there."""
    across_lines = re.sub(r"\[- \]| ", lambda gap: BREAK if gap.group() == " " else BREAK_OR_HYPHEN, pattern)
    return [(text.count("\n", 0, match.start()) + 1, match.group()) for match in re.finditer(across_lines, text)]


@pytest.mark.parametrize("instead", OLD_WORDS)
def test_an_old_word_does_not_come_back(instead: str) -> None:
    places = [
        f"{name}:{line}: {word!r}; say {instead}"
        for name, text in texts()
        for line, word in found(OLD_WORDS[instead], text)
    ]
    assert not places, "\n".join(places)


@pytest.mark.parametrize(
    ("instead", "text"),
    [
        ("the manual method", "cycle times of the hand"),
        ("the manual method", "--set hand.mod_s=0.1"),
        ("Study, STUDY", "KIT = Kit(cell=Stapler)"),
        ("controlled_stop, stop_abruptly", "axis.halt()"),
        ("communication watchdog", "the dead man's switch"),
        ("communication watchdog", "    # what the dead\n    # man's switch does"),
        ("the manual method", "cycle times of the\nhand"),
        ("Move, Segment, ScheduledWait", "a stretch of steps"),
        ("MAX_, MIN_, TIMEOUT_MARGIN_S, OPERATOR_TIMEOUT_S, REPLY_TIMEOUT_S", "MOST_STEPS = 3"),
        ("compute, simulate, dry run, fault-rehearsal overrides", "reckoned as arrays"),
    ],
)
def test_an_old_word_would_be_found(instead: str, text: str) -> None:
    assert found(OLD_WORDS[instead], text)
