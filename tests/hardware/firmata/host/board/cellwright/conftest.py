"""Boards with CellwrightFirmata."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cellwright.hardware.model.axes import TripPoint


@pytest.fixture
def rig(make_rig):
    """An Uno with CellwrightFirmata at its own baud rate; nothing is declared yet."""
    return make_rig(firmware="cellwright", baud=57600)


@pytest.fixture
def axis(rig):
    """A stepper with a home switch 400 steps below where it stands, and its axis on the model."""
    port, model = rig.stepper()
    rig.board.declare_input(9, at_rest=True)
    port.watch_limit(9, active=False)
    model.trip_points.append(TripPoint(9, at=0, level=False))
    model.set_true_position(400)
    rig.prepare().run(0.02)
    port.zero()
    rig.run(0.01)
    return SimpleNamespace(port=port, model=model)
