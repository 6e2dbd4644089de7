from __future__ import annotations

import json
from pathlib import Path

import pytest

from cellwright.cells import stapler
from cellwright.cli import run

CLAIM = """
[[claims]]
claim = "{words}"
cell = "stapler"
figure = "less_time_percent"
hours = 2
replications = 5
at_{bound}
"""


def write(folder: Path, *claims: tuple[str, str]) -> Path:
    path = folder / "claims.toml"
    path.write_text("".join(CLAIM.format(words=words, bound=bound) for words, bound in claims))
    return path


def test_claims_that_hold_end_with_0_and_one_that_does_not_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["claims", str(write(tmp_path, ("quicker", "least = 1")))]) == 0
    assert "holds" in capsys.readouterr().out
    path = write(tmp_path, ("quicker", "least = 1"), ("much quicker", "least = 90"))
    assert run(["claims", str(path)]) == 1
    printed = capsys.readouterr()
    assert "DOES NOT HOLD" in printed.out
    assert "'much quicker' does not hold any more." in printed.err
    assert run(["claims", str(path), "--json"]) == 1
    verdicts = json.loads(capsys.readouterr().out)
    assert [each["holds"] for each in verdicts] == [True, False]
    assert verdicts[0]["low"] == verdicts[1]["low"], "both share one comparison"


def test_the_claims_about_the_stapler_hold() -> None:
    assert run(["claims", str(Path(stapler.__file__).with_name("claims.toml"))]) == 0


def test_a_file_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["claims", "none.toml"]) == 2
    assert "none.toml cannot be read" in capsys.readouterr().err
