"""``calibrate`` of a sensor that no file of the product names."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from cellwright.cli import run
from cellwright.cli.commands import calibrate
from cellwright.hardware import ModelBoard
from cellwright.hardware.device import Device
from cellwright.hardware.pins import Pin, PinRole
from cellwright.sensors.calibration import Calibration
from cellwright.sequences import Cell


class Slope(Calibration):
    """How many mm a volt is."""

    remark = "Calibration of a probe by one known height."

    mm_per_v: float


@dataclass(kw_only=True)
class Probe(Device):
    """A height probe on an analog input."""

    known_unit = "mm"
    file_parameters = ("calibration",)

    pin: int
    calibration: str = ""

    def pins(self):
        return {"probe": Pin(self.pin, PinRole.ANALOG)}

    def attach(self, board):
        self.board = board
        self.port = board.declare_analog(self.pin)

    def calibrate(self, known, ask, today):
        yield ask(f"Set {self.name} on a block of {known:g} mm.")
        volts = yield self.port.sample(self, within_s=1.0)
        return Slope(date=today, mm_per_v=known / volts)


class Gauge(Cell):
    """Measures; here only its probe counts."""

    probe = Probe(pin=14)


class Bench(ModelBoard):
    """A board whose analog input is at 2.5 V."""

    def declare_analog(self, pin):
        port = super().declare_analog(pin)
        port.volts = 2.5
        port.sample = lambda subject, within_s: self.env.timeout(0, port.volts)
        return port

    def close(self):
        """There is no line."""


@pytest.fixture
def bench(monkeypatch):
    """A bench in place of the board at a port, and the gauge in place of the cell of any name."""
    scenario = SimpleNamespace(study=SimpleNamespace(cell=Gauge), parameters=Gauge.parameters())
    monkeypatch.setattr(calibrate.cells, "load", lambda _: SimpleNamespace(scenario=lambda _: scenario))
    monkeypatch.setattr(calibrate, "SerialLink", lambda *_: None)
    monkeypatch.setattr(calibrate, "connect", lambda clock, _: Bench(clock))
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))


def test_a_sensor_of_ones_own_is_calibrated(bench, tmp_path: Path, capsys):
    output = tmp_path / "probe.toml"
    assert run(["calibrate", "gauge", "probe", "--known", "10", "--on", "x", "-o", str(output)]) == 0
    assert "Set probe on a block of 10 mm. Then press Enter." in capsys.readouterr().out
    assert Slope.read(output).mm_per_v == 4.0


def test_its_unit_is_in_the_refusal_of_a_known_value(bench, tmp_path: Path, capsys):
    assert run(["calibrate", "gauge", "probe", "--known", "0", "--on", "x", "-o", str(tmp_path / "x.toml")]) == 2
    assert "0 mm cannot be used for calibration" in capsys.readouterr().err
