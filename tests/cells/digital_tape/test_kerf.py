"""Where the blade goes: it may run into what is thrown away, and an untrimmed end needs no cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from taping import finish_round, rig_of
from test_cutting_stock import check_plan, cut_list_of, saw_with, stock_of

from cellwright.cells.digital_tape.assignment import Plan, plan_for


def plan_of(
    pieces: tuple[float, int], log_mm: float, kerf_mm: float, trim_mm: float, *knots: tuple[float, float]
) -> Plan:
    job = cut_list_of(pieces), stock_of((log_mm, 9), knots_mm=knots), saw_with(kerf_mm, trim_mm)
    plan = plan_for(*job)
    check_plan(plan, *job)
    return plan


def blades(plan: Plan, kerf_mm: float) -> list[list[tuple[float, float]]]:
    return [[(cut.at_mm, cut.at_mm + kerf_mm) for cut in log.cuts] for log in plan.logs]


@pytest.mark.parametrize("trim_mm", [30, 2, 0.5])
def test_the_last_kerf_runs_into_the_trim_or_over_the_end(trim_mm: float) -> None:
    piece_mm, kerf_mm = 977, 3
    log_mm = trim_mm + kerf_mm + 3 * piece_mm + 2 * kerf_mm + trim_mm
    plan = plan_of((piece_mm, 3), log_mm, kerf_mm, trim_mm)
    at_mm = [trim_mm + n * (piece_mm + kerf_mm) for n in range(4)]
    assert blades(plan, kerf_mm) == [[(mm, mm + kerf_mm) for mm in at_mm]]
    (log,) = plan.logs
    assert log.kerf_loss_mm == pytest.approx(3 * kerf_mm + min(kerf_mm, trim_mm))
    assert log.offcuts_mm == pytest.approx(2 * trim_mm - min(kerf_mm, trim_mm))
    assert len(plan_of((piece_mm, 3), log_mm - 0.1, kerf_mm, trim_mm).logs) == 2


def test_the_kerf_runs_into_a_knot_but_not_through_it() -> None:
    assert len(plan_of((1000, 1), 3000, 3, 0, (1000, 1010), (1200, 3000)).logs[0].cuts) == 1
    (log,) = plan_of((1000, 2), 2006, 3, 0, (1000, 1003)).logs
    assert [cut.at_mm for cut in log.cuts] == [1000, 1003]  # the knot, and the kerf before the second piece
    assert log.end_piece is log.pieces[1]
    assert len(plan_of((1000, 2), 2006, 3, 0, (1000, 1002)).logs) == 2


@pytest.mark.parametrize("knot", [(0, 20), (5, 30), (10, 40), (2960, 2980), (2970, 3000), (2980, 2990)])
def test_a_knot_in_the_trim_does_not_shorten_the_trim(knot: tuple[float, float]) -> None:
    (log,) = plan_of((2900, 1), 3000, 3, 30, knot).logs
    assert log.cuts[0].at_mm == max(30, knot[1] if knot[0] < 100 else 0)
    (section,) = [section for section, _ in log.sections]
    assert section.start_mm + section.usable_mm - 3 == min(2970, knot[0] if knot[0] > 100 else 2970)


@pytest.mark.parametrize("kerf_mm", [0.0, 3.2])
@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_pieces_that_fill_an_untrimmed_log_need_no_cut_at_its_ends(pieces: int, kerf_mm: float) -> None:
    log_mm = 900 * pieces + kerf_mm * (pieces - 1)
    plan = plan_of((900, pieces), log_mm, kerf_mm, 0)
    (log,) = plan.logs
    assert [cut.at_mm for cut in log.cuts] == pytest.approx([900 * n + kerf_mm * (n - 1) for n in range(1, pieces)])
    assert log.end_piece is log.pieces[-1]
    assert log.offcuts_mm == pytest.approx(0)


@pytest.mark.parametrize("cell", ["digital_tape", "digital_tape_stop"])
@pytest.mark.parametrize("troubles", [(), ("plant.wrong_per_1000_cuts=300",), ("plant.pull_backs_per_1000_cuts=400",)])
def test_at_the_saw_every_piece_of_untrimmed_logs_is_recorded(
    cell: str, troubles: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "cuts.csv").write_text("piece,length_mm,quantity\nwhole,3000,3\nhalf,1497.8,4\nshort,700,5\n")
    (tmp_path / "logs.csv").write_text("log,length_mm,quantity\nlog,3000,12\n")
    files = [f"cut_list={tmp_path}/cuts.csv", f"stock={tmp_path}/logs.csv", "saw.end_trim_mm=0", "saw.kerf_mm=4.4"]
    rig = rig_of(*files, *troubles, cell=cell)
    rig.cell.problems()
    record = finish_round(rig)
    assert len(record.cut) + len(record.not_cut) == 12
    assert not record.remaining and not record.spoiled
    assert len(rig.plant.errors_mm) == len(record.cut)
    assert max(abs(measured_mm - piece.length_mm) for piece, measured_mm in record.cut) < 2
    if not troubles:
        assert [measured_mm for piece, measured_mm in record.cut if piece.length_mm == 3000] == [3000] * 3
