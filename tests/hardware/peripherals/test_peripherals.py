"""What is plugged into the computer: on every target, real on a port, unplugged, recorded and replayed alike."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from cellwright import Cell, Lamp, SerialScale
from cellwright.cli.commands.describe import find_problems
from cellwright.errors import InputError
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.fault_injection import read_fault
from cellwright.hardware.peripherals.peripheral import Peripheral
from cellwright.sim import CellPlant, ManualMethod, OperatorParameters, Study
from cellwright.sim.fast_path import fast_path_of
from cellwright.sim.fault_matrix import inject_fault, possible_faults
from cellwright.sim.plants.bench_scale import BenchScale
from cellwright.sim.targets import put_on_target

CELLWRIGHT = Path(sys.executable).with_name("cellwright")
MASSES_G = (1204.5, 1187.0, 1310.2)


@dataclass(kw_only=True)
class Scanner(Peripheral):
    """Reads a code, which is a tuple inside the cell and a list in a recording. No file of the product names it."""

    state_attributes: ClassVar[tuple[str, ...] | None] = ()
    codes: tuple[str, ...] = ()

    def code(self):
        return self.ask({"read": "code"}, within_s=2.0)

    def to_json(self, answer):
        return list(answer)

    def from_json(self, data):
        return tuple(data)


class Gauge(Cell):
    """Weighs one core after the other and reads its code."""

    cycle_ends_with = "weighed"
    scale = SerialScale()
    scanner = Scanner()
    lamp = Lamp(pin=4)
    states = ["weighing"]
    transitions = [["weighed", "weighing", "weighing"]]

    def __init__(self, *args):
        super().__init__(*args)
        self.results = []

    def weighing(self):
        mass_g = yield from self.scale.weigh(within_s=5.0)
        code = yield self.scanner.code()
        self.results.append((mass_g, code))
        self.lamp.on()
        yield self.env.timeout(0.1)
        self.lamp.off()
        return "weighed"


@dataclass(kw_only=True)
class Nothing:
    """The plant has no parameters."""


class Bench(CellPlant):
    """Lays the next core on the scale as soon as one is done."""

    def connect(self):
        load = BenchScale(self.board.env, lambda: MASSES_G[self.cell.finished % 3], settle_s=0.75)
        self.cell.scale.answer_with(load.answer)
        self.cell.scanner.answer_with(self._code)

    def _code(self, question):
        assert question == {"read": "code"}
        yield self.board.env.timeout(0.25)
        return ("core", str(self.cell.finished))


@dataclass(kw_only=True)
class NoManual(ManualMethod):
    """Nobody does this by hand."""

    def elements(self, parameters):
        return [self.element("weigh", 10)]

    def tending(self, parameters):
        return []


STUDY = Study(
    cell=Gauge,
    plant=Bench,
    plant_parameters=Nothing(),
    manual=NoManual(),
    operator=OperatorParameters(),
    measures=(),
)
EXPECTED = [(mass_g, ("core", str(number))) for number, mass_g in enumerate(MASSES_G)]


def is_emulator_built():
    try:
        return find_library().exists()
    except InputError:
        return False


def run_units(placed, units=3, limit_s=60.0):
    """Run until so many units are finished, or the cell stops."""
    cell, env = placed.cell, placed.env
    until_s = env.now + limit_s
    while cell.finished < units and not cell.is_stopped and env.now < until_s:
        env.run(until=cell.next_finished() | env.timeout(limit_s))
    return placed


@pytest.fixture
def on():
    """Puts the gauge on a target, runs three units, and lets go of everything at the end."""
    placed = []

    def on(target, **options):
        placed.append(put_on_target(target, STUDY.scenario(), 1, **options))
        return run_units(placed[-1])

    yield on
    for each in placed:
        each.close()


@pytest.mark.parametrize(
    "target",
    [
        "model",
        "virtual",
        pytest.param(
            "emulated",
            marks=[pytest.mark.emulated, pytest.mark.skipif(not is_emulator_built(), reason="no emulated chip here")],
        ),
    ],
)
def test_a_plant_answers_in_the_time_of_the_cell(on, target):
    placed = on(target)
    assert placed.cell.results == EXPECTED


def test_the_answers_take_their_time_on_the_model(on):
    assert on("model").env.now == pytest.approx(3 * (0.75 + 0.25 + 0.1))


def test_check_finds_nothing_wrong_and_a_pin_of_its_cell_is_still_looked_at():
    assert find_problems(STUDY.scenario()) == []
    assert "pin 53" in find_problems(STUDY.scenario(["lamp.pin=53"]))[0]


# ---- faults ----


def test_each_can_be_unplugged_and_that_alone():
    own = [str(each) for each in possible_faults(STUDY.scenario().parameters) if each.device in ("scale", "scanner")]
    assert own == ["scale:unplugged", "scanner:unplugged"]


@pytest.mark.parametrize("name", ["scale", "scanner"])
def test_one_that_is_unplugged_ends_the_step_with_its_name(name):
    scenario = STUDY.scenario()
    faults = {str(each): each for each in possible_faults(scenario.parameters)}
    outcome = inject_fault(scenario, 1, "weighing", faults[f"{name}:unplugged"])
    assert (outcome.outcome, outcome.verdict) == ("faulted", "faulted")
    assert outcome.reason.startswith(f"test_peripherals, weighing: {name} did not answer within")


def test_one_that_no_plant_answers_for_is_a_fault():
    class Bare(Bench):
        def connect(self):
            """Nothing is plugged in."""

    study = replace(STUDY, cell=Gauge, plant=Bare)
    placed = run_units(put_on_target("model", study.scenario(), 1))
    assert placed.cell.last_stop.reason == "test_peripherals, weighing: scale did not answer within 5 s."


# ---- recorded and replayed ----


def test_a_recording_has_questions_and_answers_and_replays_them(on, tmp_path):
    path = tmp_path / "gauge.txt"
    on("virtual", record=path)
    of_peripherals = [line.split(" ", 1)[1] for line in path.read_text().split("\n") if line[-1:] in ('"', "]", "}")]
    assert of_peripherals[:4] == [
        '? scale "S"',
        '= scale "S S     1204.5 g"',
        '? scanner {"read": "code"}',
        '= scanner ["core", "0"]',
    ]
    again = on(f"replay:{path}")
    assert again.cell.results == EXPECTED and again.link.difference is None and again.link.is_over


def test_another_question_is_a_difference(on, tmp_path):
    path = tmp_path / "gauge.txt"
    on("virtual", record=path)
    path.write_text(path.read_text().replace('? scanner {"read": "code"}', '? scanner {"read": "colour"}', 1))
    again = on(f"replay:{path}")
    assert again.link.difference.endswith(
        "scanner was asked {'read': 'code'}, where the recording has {'read': 'colour'}"
    )
    assert again.cell.is_stopped


def test_a_recorded_silence_is_a_silence_again(on, tmp_path):
    path = tmp_path / "gauge.txt"
    unplugged = read_fault("scanner:unplugged@1.5", STUDY.scenario().study.cell.parameters())
    first = on("virtual", record=path, faults=[unplugged])
    first.close()
    again = on(f"replay:{path}")
    assert again.cell.results == first.cell.results == EXPECTED[:1]
    assert again.cell.last_stop.reason == first.cell.last_stop.reason
    assert "scanner did not answer within 2 s" in again.cell.last_stop.reason
    assert again.link.difference is None


@pytest.mark.parametrize("line", ['9.0 ? scale {"', "9.0 = scale no json"])
def test_a_broken_line_of_a_peripheral_is_refused(tmp_path, line):
    path = tmp_path / "broken.txt"
    question = '8.0 ? scale "S"\n'
    path.write_text(f"cellwright recording 1, virtual time from 0.000000000 s, a line\n{question}{line}\n")
    with pytest.raises(InputError, match="is no JSON"):
        put_on_target(f"replay:{path}", STUDY.scenario(), 1)


def test_an_answer_that_json_does_not_know_is_named(tmp_path):
    class Strange(Scanner):
        def to_json(self, answer):
            return object()

    scenario = STUDY.scenario()
    scenario.parameters["scanner"] = Strange()
    placed = run_units(put_on_target("virtual", scenario, 1, record=tmp_path / "strange.txt"))
    placed.close()
    words = "an answer of scanner cannot be recorded: object is not known to JSON"
    assert words in placed.cell.last_stop.reason


# ---- on a port ----


posix = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")


def test_where_it_is_plugged_in_is_no_input_of_a_simulation():
    hashes = {STUDY.scenario(each).input_hash() for each in ([], ["scale.port=COM7"], ["scale.baud=2400"])}
    assert len(hashes) == 1


@posix
def test_on_a_port_the_real_scale_answers_beside_the_board(monkeypatch, scale_end):
    """The board is a virtual one of another process, the scale a pseudo-terminal: two ports, as on the desk."""
    end = scale_end(*(f"S S {mass_g} g" for mass_g in MASSES_G))
    is_closed = threading.Event()
    scanner = SimpleNamespace(ask=lambda question, within_s: ("core", "x"), close=is_closed.set)
    monkeypatch.setattr(Scanner, "open", lambda self: scanner)
    serving = subprocess.Popen([CELLWRIGHT, "board", "--tcp", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = serving.stdout.readline().split(" at ")[1].split(";")[0]
        scenario = STUDY.scenario([f"scale.port={end.path}"])
        placed = run_units(put_on_target(url, scenario, 1))
        placed.cell.end()
        placed.board.close()
    finally:
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=20)
    assert placed.cell.results == [(mass_g, ("core", "x")) for mass_g in MASSES_G]
    assert is_closed.wait(5)


@posix
def test_a_scale_that_is_not_there_is_said_before_anything_moves():
    serving = subprocess.Popen([CELLWRIGHT, "board", "--tcp", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = serving.stdout.readline().split(" at ")[1].split(";")[0]
        with pytest.raises(InputError, match="There is no serial port /dev/no-such-scale"):
            put_on_target(url, STUDY.scenario(["scale.port=/dev/no-such-scale"]), 1)
    finally:
        serving.send_signal(signal.SIGINT)
        serving.communicate(timeout=20)


# ---- long simulations ----


def test_the_fast_path_takes_a_plant_that_answers_with_a_step_of_its_own():
    class Plain(Bench):
        def connect(self):
            self.cell.scale.answer_with(self._weight)
            self.cell.scanner.answer_with(self._code)

        def _weight(self, question):
            yield self.board.env.timeout(0.75)
            return "S S 1000.0 g"

    class Silent(Gauge):
        def __init__(self, *args):
            Cell.__init__(self, *args)

        states = ["loading", "weighing"]
        transitions = [["loaded", "loading", "weighing"], ["weighed", "weighing", "loading"]]

        def loading(self):
            yield self.env.timeout(1.0)
            return "loaded"

        def weighing(self):
            yield from self.scale.weigh(within_s=5.0)
            return "weighed"

    study = replace(STUDY, cell=Silent, plant=Plain)
    assert fast_path_of(study.scenario()).why_not is None
    assert "may remember something" in fast_path_of(STUDY.scenario()).why_not
