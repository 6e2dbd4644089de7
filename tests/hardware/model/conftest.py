"""A model board with the step timing of each test module."""

from __future__ import annotations

import pytest
import simpy

from cellwright.hardware import ModelBoard


@pytest.fixture
def board(request: pytest.FixtureRequest, env: simpy.Environment) -> ModelBoard:
    """A board with ``TIMING`` of the test module: CellwrightFirmata's or ConfigurableFirmata's."""
    return ModelBoard(env, request.module.TIMING)
