"""Cell, board and devices take snapshots of themselves; the fast path writes nobody's private fields."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from cellwright.cells import load
from cellwright.sim import Streams
from cellwright.sim.targets import Rig, idle_model_rig

FAST_PATH = Path(__file__).parents[3] / "sim" / "fast_path"


def stapler_at_rest(steps: int) -> Rig:
    """A stapler on a model board, at rest after so many states."""
    rig = idle_model_rig(load("stapler").scenario(), Streams(1, 0))
    for _ in range(steps):
        rig.env.run(until=rig.env.process(rig.cell.run_current_state()))
    return rig


def private_fields_of_others(source: str) -> list[str]:
    """Private names that are used of an object and that this file does not define itself."""
    nodes = list(ast.walk(ast.parse(source)))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)} | {"_replace"}  # of named tuples
    attributes = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr.startswith("_")]
    of_self = [node for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "self"]
    return [
        ast.unparse(node)
        for node in attributes
        if node not in of_self and node.attr not in own and not node.attr.startswith("__")
    ]


@pytest.mark.parametrize("path", sorted(FAST_PATH.glob("*.py")), ids=lambda path: path.stem)
def test_no_private_field_of_another_object_is_touched(path: Path) -> None:
    assert private_fields_of_others(path.read_text("utf-8")) == []


def test_a_private_field_of_another_object_would_be_seen() -> None:
    found = private_fields_of_others("self.board._outputs.clear(); cell._state = 1; self._state = 2")
    assert sorted(found) == ["cell._state", "self.board._outputs"]


def test_a_board_that_is_restored_has_its_levels_positions_and_lock_again() -> None:
    rig = stapler_at_rest(4)
    board, carriage = rig.model, rig.cell.devices["carriage"]
    before, where = board.snapshot(), board.axis(carriage.step).true_position
    outputs = dict(board.outputs)
    for pin, level in outputs.items():
        board.output(pin).write(not level)
    board.axis(carriage.step).slip(3)
    board.make_safe()
    assert board.snapshot() != before
    board.restore(before)
    assert board.snapshot() == before
    assert board.outputs == outputs and board.axis(carriage.step).true_position == where
    board.output(next(iter(outputs))).write(True)  # not locked any more


def test_a_device_that_is_restored_remembers_what_it_did() -> None:
    rig = stapler_at_rest(4)
    carriage = rig.cell.devices["carriage"]
    homed = carriage.snapshot()
    assert homed == (True,) and carriage.is_at_rest(rig.env.now)
    carriage.reset()
    assert carriage.snapshot() == (False,)
    carriage.restore(homed)
    assert carriage.is_homed


def test_a_pulse_or_a_move_is_no_rest() -> None:
    rig = stapler_at_rest(4)
    rig.env.run(until=rig.env.now + 60)
    assert rig.model.is_at_rest
    trigger = rig.cell.devices["trigger"]
    trigger.fire()
    assert not rig.model.is_at_rest and not trigger.is_at_rest(rig.env.now)
    rig.env.run(until=rig.env.now + 1)
    assert rig.model.is_at_rest and trigger.is_at_rest(rig.env.now)


def test_a_restored_cell_begins_its_totals_anew() -> None:
    rig = stapler_at_rest(6)
    cell = rig.cell
    assert cell.is_at_rest and sum(cell.time_in_states().values()) > 0
    cell.restore("stapling")
    assert cell.state == "stapling" and sum(cell.time_in_states().values()) == 0 and cell.finished == 0
