from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cellwright.benchmarks.claims import Claim, Claims, check_claim
from cellwright.errors import InputError

FIGURES: dict[str, Any] = {
    "less_time_percent": {"mean": 24.0, "ci95_low": 23.5, "ci95_high": 24.5},
    "once": {"mean": 24.0, "ci95_low": None, "ci95_high": None},
    "cell": {"measures": {"dose_error_g": {"mean": 0.2, "ci95_low": 0.1, "ci95_high": 0.3, "p95": 0.4}}},
}


def claim(figure: str = "less_time_percent", **promised: float) -> Claim:
    return Claim(claim="it is quicker", cell="stapler", figure=figure, **promised)


@pytest.mark.parametrize(
    ("figure", "promised", "holds"),
    [
        ("less_time_percent", {"at_least": 23.5}, True),
        ("less_time_percent", {"at_least": 23.6}, False),  # the mean is above, but not all of the interval
        ("less_time_percent", {"at_most": 24.5}, True),
        ("less_time_percent", {"at_most": 24.4}, False),
        ("less_time_percent", {"at_least": 20, "at_most": 24.4}, False),
        ("once", {"at_least": 24}, True),
        ("cell.measures.dose_error_g.p95", {"at_most": 0.5}, True),
        ("cell.measures.dose_error_g", {"at_most": 0.25}, False),
    ],
)
def test_a_claim_holds_if_the_whole_interval_keeps_to_it(figure: str, promised: dict[str, float], holds: bool) -> None:
    assert check_claim(claim(figure, **promised), FIGURES).holds is holds


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        ("les_time_percent", "at 'les_time_percent' did you mean 'less_time_percent'?"),
        ("cell.measure", "at 'measure' did you mean 'measures'?"),
        ("cell.measures", "'cell.measures' is no single figure"),
        ("once.mean.deeper", "at 'deeper' none is known"),
    ],
)
def test_a_figure_that_is_not_there_is_named(figure: str, says: str) -> None:
    with pytest.raises(InputError) as refused:
        check_claim(claim(figure, at_least=1), FIGURES)
    assert says in str(refused.value)


ONE = '[[claims]]\nclaim = "quick"\ncell = "stapler"\nfigure = "less_time_percent"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ONE, "line 1: a claim promises something: give at_least or at_most"),
        (ONE + "at_least = 9\nat_most = 1\n", "line 1: at_least = 9 is more than at_most = 1"),
        (ONE + "at_lest = 9\n", "line 5: 'at_lest' is not a setting here; did you mean 'at_least'?"),
        (
            ONE + 'settings = ["a=1"]\nat_least = 9\n',
            "line 5: 'settings' is not a setting here; it is called 'overrides' now.",
        ),
        (ONE + "at_least = 9\nreplications = 1\n", "line 6: replications = 1: "),
        (ONE + "at_least = nan\n", "line 5: at_least = nan: "),
        ("", "claims is missing"),
        ("[[claims]", "is not valid TOML"),
    ],
)
def test_a_file_of_claims_that_cannot_be_used_is_refused_by_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        Claims.read(path)
    assert says in str(refused.value) and str(path) in str(refused.value)
