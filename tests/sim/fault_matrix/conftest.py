"""Lets the tests here import what they share, and shortens the waits for a person who never comes."""

import sys
from pathlib import Path

import pytest

from cellwright.cells.digital_tape import cell as digital_tape
from cellwright.cells.lacquer_mixer import batch_steps
from cellwright.cells.lacquer_mixer import cell as lacquer_mixer
from cellwright.cells.stapler import cell as stapler

sys.path.insert(0, str(Path(__file__).parent))

WAIT_FOR_A_PERSON_S = 300
"""Longer than any person of the three cells takes. The hours of the cells are byte for byte more of the same."""


@pytest.fixture
def short_waits_for_a_person(monkeypatch):
    """A matrix is mostly faults that end with nobody coming: hours of keep-alives, a minute of computing a state."""
    for module in (stapler, batch_steps, lacquer_mixer, digital_tape):
        monkeypatch.setattr(module, "OPERATOR_TIMEOUT_S", WAIT_FOR_A_PERSON_S)
    monkeypatch.setattr(digital_tape, "LOG_TIMEOUT_S", WAIT_FOR_A_PERSON_S)
