"""What is computed in a copy of the process, and the fault matrix that is computed so."""

from __future__ import annotations

import os
import signal

import pytest

from cellwright.cells import load
from cellwright.hardware.fault_injection import Fault
from cellwright.sim import model_rig
from cellwright.sim.copies import CAN_COPY, in_a_copy
from cellwright.sim.fault_matrix import inject_each, inject_fault, possible_faults

only_with_copies = pytest.mark.skipif(not CAN_COPY, reason="this system copies no process")


def raise_error() -> None:
    raise KeyError("here")


@only_with_copies
def test_a_copy_changes_nothing_here() -> None:
    numbers = iter(range(9))
    assert [in_a_copy(lambda: (next(numbers), next(numbers))) for _ in range(2)] == [(0, 1), (0, 1)]
    assert next(numbers) == 0


@only_with_copies
@pytest.mark.parametrize(
    "work",
    [raise_error, lambda: os.kill(os.getpid(), signal.SIGKILL), lambda: lambda: None],
    ids=["raises", "is killed", "cannot be sent"],
)
def test_a_copy_without_a_result_has_none(work) -> None:
    assert in_a_copy(work) is None


STAPLER = load("stapler").scenario(["layout.slats=2", "layout.staple_spacing_mm=800"])
FAULTS = possible_faults(STAPLER.study.cell.parameters(STAPLER.parameters))


@pytest.mark.usefixtures("short_waits_for_a_person")
def test_each_fault_ends_as_it_does_alone() -> None:
    """The noise on the line too: what was drawn in one copy is drawn again in the next."""
    alone = [inject_fault(STAPLER, 1, "stapling", each) for each in FAULTS]
    assert list(inject_each(STAPLER, 1, "stapling", FAULTS)) == alone


@pytest.mark.parametrize("can_copy", {False, CAN_COPY})
def test_the_way_to_a_state_is_simulated_once_where_that_can_be(
    can_copy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cellwright.sim.fault_matrix.CAN_COPY", can_copy)
    made = []

    def make_rig(*given):
        made.append(given)
        return model_rig(*given)

    faults = [each for each in FAULTS if not each.needs_bytes]
    found = list(inject_each(STAPLER, 1, "stapling", faults, make_rig))
    assert found == [inject_fault(STAPLER, 1, "stapling", each, model_rig) for each in faults]
    assert len(made) == (1 if can_copy else len(faults))


def test_an_error_of_a_fault_is_raised_here() -> None:
    with pytest.raises(KeyError, match="nothing"):
        list(inject_each(STAPLER, 1, "homing", [Fault("open", device="nothing")]))
