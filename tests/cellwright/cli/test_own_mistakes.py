"""A user's own mistakes in cell, plant, manual method and study: one sentence each, with file and line if there is one.

The cell is the guide's drill press with one mistake in it.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cellwright.cli import run
from cellwright.cli.commands.check import print_fault_matrix
from cellwright.errors import CellFault
from cellwright.hardware.fault_injection import Fault

GUIDE = Path(__file__).resolve().parents[3] / "docs/guides/describe-your-own-cell.md"
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
PRESS = "\n".join(block for block in BLOCKS if block.startswith("# drill_press.py"))

MISTAKES = {
    "a name in the plant": (
        "self.open(self.cell.block)",
        "self.open(self.cell.blok)",
        r"press\.py, line \d+: AttributeError: 'DrillPress' object has no attribute 'blok'; did you mean 'block'\?",
    ),
    "a number in the plant": (
        "self.open(self.cell.block)",
        "1 / 0",
        r"press\.py, line \d+: ZeroDivisionError: division by zero\.",
    ),
    "an exit in the plant": (
        "self.open(self.cell.block)",
        "raise SystemExit(0)",
        r"press\.py, line \d+: SystemExit: 0\.",
    ),
    "an element that is none": (
        'self.do("press start")',
        'self.do("pres start")',
        r"the plant has 'pres start' done, which is no element of tending\(\); did you mean 'press start'\?",
    ),
    "no plant parameters": (
        "plant_parameters=Workshop()",
        "plant_parameters=None",
        r"Study\(…\): plant_parameters is None; it must be an instance of a dataclass",
    ),
    "a class in place of its instance": (
        "manual=ManualDrilling()",
        "manual=ManualDrilling",
        r"Study\(…\): manual is <class '.*ManualDrilling'>; it must be a manual method\.",
    ),
    "a measure of another name": (
        'Measure("depth_error_mm"',
        'Measure("dept_error_mm"',
        r"the plant records 'depth_error_mm' of each unit, which no measure .* did you mean 'dept_error_mm'\?",
    ),
    "a code that is none": (
        'modapts("M3 A4")',
        'modapts("Q77")',
        r"'Q77' is no MODAPTS code; known are A4, B17, .*\.",
    ),
    "a name in the manual method": (
        "float(streams[",
        "float(self.strems[",
        r"press\.py, line \d+: AttributeError: .* did you mean 'spread'\?",
    ),
    "an error in a step": (
        "self.spindle.stop()",
        "self.spindel.stop()",
        r"drilling: the step failed with AttributeError: .*\(press\.py, line \d+\)\.",
    ),
    "an exit in the module": (
        "class Hole",
        "raise SystemExit(0)\n\n\nclass Hole",
        r"press\.py, line \d+: SystemExit: 0\.",
    ),
}


def write_press(folder: Path, old: str, new: str) -> Path:
    """The drill press with one mistake."""
    assert old in PRESS, f"the guide's drill press no longer has {old!r}"
    path = folder / "press.py"
    path.write_text(PRESS.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize("command", [["check"], ["compare", "--replications", "2", "--hours", "0.05", "--jobs", "2"]])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence(mistake, command, tmp_path, capsys):
    old, new, sentence = MISTAKES[mistake]
    path = write_press(tmp_path, old, new)
    code = run([command[0], str(path), *command[1:]])
    printed = capsys.readouterr()
    assert code in (1, 2)
    assert "Traceback" not in printed.err
    assert re.search(sentence, printed.err), printed.err


def test_the_press_of_the_guide_has_no_mistake(tmp_path, capsys):
    path = write_press(tmp_path, "class Hole", "class Hole")
    assert run(["check", str(path)]) == 0
    assert "dry run on the model board passed" in " ".join(capsys.readouterr().out.split())


def test_the_fault_matrix_goes_on_after_an_error_of_the_plant_and_names_the_pair(tmp_path, capsys, monkeypatch):
    path = write_press(tmp_path, 'self.do("take out")', 'self.do("take ot")')
    monkeypatch.setattr("cellwright.cli.commands.check.possible_faults", lambda parts: [Fault("delay", 0.05)])
    monkeypatch.setattr("cellwright.sim.fault_matrix.possible_faults", lambda parts: [Fault("delay", 0.05)])
    with pytest.raises(CellFault, match=r"leave it hung, unsafe or broken off; the first is delay=0\.05 in waiting"):
        print_fault_matrix(str(path), [], 1, "cellwright")
    out = " ".join(capsys.readouterr().out.split())
    assert "delay=0.05 in waiting was broken off: the plant has 'take ot' done, which is no element" in out
    assert "delay=0.05 in drilling was broken off" in out
