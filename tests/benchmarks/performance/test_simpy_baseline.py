"""The hand-written model makes the cell's cycle times, so that their speeds may be compared."""

import importlib.util
from itertools import pairwise
from pathlib import Path

import pytest

from cellwright.cells import load
from cellwright.sim import Length, run_cell, run_cell_by_events

CYCLES = 60
WARM_UP = 2
PATH = Path(__file__).parents[3] / "benchmarks" / "performance" / "simpy_baseline.py"


@pytest.fixture(scope="module")
def baseline():
    spec = importlib.util.spec_from_file_location("simpy_baseline", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("run", [run_cell, run_cell_by_events])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_hand_written_model_makes_the_cells_cycle_times(baseline, seed, run):
    model = baseline.HandwrittenStapler(seed, 0)
    model.env.process(model.run(WARM_UP + CYCLES, (0.0, 0.0), 0.0))
    model.env.run()
    ends_s = model.ends_s[WARM_UP - 1 :]
    cycle_times_s = [end_s - start_s for start_s, end_s in pairwise(ends_s)]
    cell = run(load("stapler").scenario(), Length(cycles=CYCLES), seed, 0)
    assert list(cell.cycle_times_s) == pytest.approx(cycle_times_s, rel=0, abs=1e-6)
