"""The pytest plugin: fixtures for cells under test, and the timeline of the cell in the report of a failed test.

pytest loads this file in every project that has Cellwright installed, so it imports nothing of Cellwright until a
fixture is requested.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cellwright.testing import CellRig

_RIGS = pytest.StashKey["list[CellRig]"]()


@pytest.fixture
def cell_on_model(request: pytest.FixtureRequest) -> Generator[Callable[..., CellRig], None, None]:
    """A factory of cells on model boards: see ``cellwright.testing.on_model``."""
    from cellwright.testing import on_model

    yield from _collect_rigs(request.node, on_model)


@pytest.fixture
def cell_on_virtual(request: pytest.FixtureRequest) -> Generator[Callable[..., CellRig], None, None]:
    """A factory of cells on virtual Arduinos: see ``cellwright.testing.on_virtual``."""
    from cellwright.testing import on_virtual

    yield from _collect_rigs(request.node, on_virtual)


def _collect_rigs(item: pytest.Item, factory: Callable[..., CellRig]) -> Generator[Callable[..., CellRig], None, None]:
    """Collect the rigs that a test makes, for its report, and close them after it."""
    rigs = item.stash.setdefault(_RIGS, [])
    made: list[CellRig] = []

    def make(*args: Any, **options: Any) -> CellRig:
        rig = factory(*args, **options)
        made.append(rig)
        rigs.append(rig)
        return rig

    yield make
    for rig in made:
        rig.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the end of the timeline to the report of a failed test whose assertion did not show it."""
    report = yield
    if report.failed and call.when == "call" and call.excinfo is not None:
        from cellwright.testing.rig import CellAssertion

        for rig in () if call.excinfo.errisinstance(CellAssertion) else item.stash.get(_RIGS, []):
            report.sections.append((f"what {rig.cell.name()} did last", rig.last_lines()))
    return report
