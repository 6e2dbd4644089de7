"""Other people's Firmata clients, each in a process of its own, against the virtual board and the real firmware.

In real time, over a pseudo-terminal only. hardware/firmware/PROTOCOL.md has the table of what was tried.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
SCRIPTS = HERE / "scripts"
NODE_MODULES = HERE / "node_modules"
PROTOCOL = HERE.parents[2] / "hardware" / "firmware" / "PROTOCOL.md"
LIMIT_S = 60
MIDDLE = 512
"""2.5 V of 5 V; a step is 5 mV."""


class Client(NamedTuple):
    """A client: its script, the package that it needs, and how many pins it finds on an Uno."""

    script: str
    package: str
    pins: int
    moves: bool = False


CLIENTS = {
    "firmata-io": Client("firmata_io.js", "firmata-io", 20, moves=True),
    "johnny-five": Client("johnny_five.js", "johnny-five", 20, moves=True),
    "pyfirmata2": Client("use_pyfirmata2.py", "pyfirmata2", 14),  # it counts pins with an analog channel apart
    "pymata4": Client("use_pymata4.py", "pymata4", 20),
    "PyMata": Client("use_pymata.py", "PyMata", 20),
    "pyFirmata": Client("use_pyfirmata.py", "pyfirmata", 14),
}
TARGETS = ["virtual", pytest.param("emulated", marks=pytest.mark.emulated)]


def command(client: Client) -> list[str]:
    """What runs its script; skips the test where that is not installed."""
    script = str(SCRIPTS / client.script)
    if client.script.endswith(".py"):
        if importlib.util.find_spec(client.package) is None:
            pytest.skip(f"{client.package} is not installed; the extra 'test' brings it.")
        return [sys.executable, script]
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed; it runs this client.")
    if not (NODE_MODULES / client.package).is_dir():
        pytest.skip(f"{client.package} is not installed; 'npm ci' in tests/hardware/clients brings it.")
    return [node, script]


def installed_version(name: str) -> str | None:
    """The version of a client here; None where it is not installed."""
    client = CLIENTS[name]
    if client.script.endswith(".py"):
        try:
            return importlib.metadata.version(client.package)
        except importlib.metadata.PackageNotFoundError:
            return None
    described = NODE_MODULES / client.package / "package.json"
    return json.loads(described.read_text())["version"] if described.exists() else None


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_connects_blinks_reads_and_moves(serve, name, target):
    client = CLIENTS[name]
    line = command(client)
    board, port = serve(target)
    environment = dict(os.environ, NODE_PATH=str(NODE_MODULES), PYTHONWARNINGS="ignore")
    done = subprocess.run(
        [*line, str(port)], capture_output=True, text=True, timeout=LIMIT_S, env=environment, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert (found["firmware"], found["pins"], found["channels"]) == ("CellwrightFirmata", client.pins, 6)
    assert board.levels[:4] == [True, False, True, False]  # a client that resets the board as it leaves adds none
    assert found["digital"] == 1
    assert found["analog"] == pytest.approx(MIDDLE, abs=1)
    if client.moves:
        assert found["moved"] == board.steps == 100
    expected = ["pin 12 is an input"] if name == "pyFirmata" else []
    assert found.get("strings", []) == expected  # the board refused nothing else


@pytest.mark.parametrize("name", CLIENTS)
def test_the_page_names_the_version_that_is_tried(name):
    rows = [line.split("|")[1].strip() for line in PROTOCOL.read_text().splitlines() if line.startswith("| ")]
    version = installed_version(name)
    if version is None:
        pytest.skip(f"{name} is not installed, so its version is not known.")
    assert f"{name} {version}" in rows


def test_no_host_is_in_what_npm_installs_from():
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert len(locked) > 50
    assert not [name for name, package in locked.items() if "resolved" in package]
    assert all("integrity" in package for name, package in locked.items() if name)
