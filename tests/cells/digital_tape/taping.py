"""What the tests of the digital tape share."""

from __future__ import annotations

from cellwright.cells import load
from cellwright.cells.digital_tape import display_text
from cellwright.cells.digital_tape.cut_record import CutRecord
from cellwright.sequences import RunLog
from cellwright.sim import Rig, model_rig


def rig_of(*overrides: str, cell: str = "digital_tape", seed: int = 1, log: RunLog | None = None) -> Rig:
    return model_rig(load(cell).scenario(overrides), seed, 0, log)


def until(rig: Rig, state: str, limit_s: float = 20_000) -> None:
    while rig.cell.state != state:
        assert rig.env.now < limit_s and not rig.cell.is_stopped, (rig.cell.state, rig.cell.last_stop)
        rig.env.step()


def finish_round(rig: Rig) -> CutRecord:
    """Run until the whole list is done, and the display shows it."""
    cut_record: CutRecord = rig.cell.cut_record
    while not (rig.cell.current_lines and rig.cell.current_lines[1] == display_text.AGAIN):
        assert not rig.cell.is_stopped and rig.env.now < 200_000, rig.cell.last_stop
        rig.env.step()
    return cut_record
