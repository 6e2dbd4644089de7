"""What tests and documentation share: which tests stay on one process where several run them."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

SPREAD = ("tests/sim/fault_matrix/", "tests/sim/test_targets_emulated.py", "tests/hardware/firmware/")
"""Files of long tests that share nothing: each goes to whichever process is free."""


class BalancedScheduling(LoadScopeScheduling):
    """A file's tests on one process, for what its fixtures share; long ones wherever there is room."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file.startswith(SPREAD) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> BalancedScheduling:
    """Take the place of ``--dist``."""
    return BalancedScheduling(config, log)
