"""A scale that is plugged into the computer: what it answers, and its model."""

from __future__ import annotations

import os

import pytest
import simpy

from cellwright import SerialScale
from cellwright.errors import InputError
from cellwright.hardware import ModelBoard
from cellwright.hardware.clock import WallClock
from cellwright.hardware.peripherals.real import RealPeripherals
from cellwright.sim.plants.bench_scale import BenchScale


@pytest.fixture
def scale_at(scale_end):
    """A serial scale at a pseudo-terminal whose other end gives these answers."""
    clock = WallClock()
    board = ModelBoard(clock)
    board.peripherals = RealPeripherals(clock)

    def scale_at(*answers):
        scale = SerialScale(port=scale_end(*answers).path)
        scale.name = "scale"
        scale.attach(board)
        return scale

    yield scale_at
    board.peripherals.close()


def run_step(scale, step):
    return scale.board.env.run(until=scale.board.env.process(step))


posix = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX's")


@posix
@pytest.mark.parametrize(
    ("answer", "mass_g"),
    [("S S     100.00 g", 100.0), ("S S -0.5 g", -0.5), ("S S      1.2045 kg", 1204.5), ("S S 12 g", 12.0)],
)
def test_a_weight_is_read(scale_at, answer, mass_g):
    scale = scale_at(answer)
    assert run_step(scale, scale.weigh(within_s=5)) == pytest.approx(mass_g)


@posix
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("S I", "scale is busy, or the load did not come to rest"),
        ("S +", "scale is overloaded"),
        ("S -", "scale is underloaded"),
        ("S D 100.00 g", "no weight at rest"),
        ("S S 100.00 pcs", "scale weighs in pcs; set it to one of g, kg"),
        ("ES", "is it an MT-SICS scale, at 9600 baud"),
        ("ST,+00100.0  g", "is it an MT-SICS scale"),
        ("Z A", "is it an MT-SICS scale"),
        ("S S", "no weight at rest"),
    ],
)
def test_what_is_no_weight_is_a_fault(scale_at, answer, words):
    scale = scale_at(answer)
    with pytest.raises(Exception, match=words):
        run_step(scale, scale.weigh(within_s=5))


@posix
def test_it_is_set_to_zero(scale_at):
    scale = scale_at("Z A", "Z +")
    run_step(scale, scale.zero(within_s=5))
    with pytest.raises(Exception, match="overloaded"):
        run_step(scale, scale.zero(within_s=5))


def test_a_scale_without_a_port_says_how_to_name_it():
    scale = SerialScale()
    scale.name = "scale"
    with pytest.raises(InputError, match=r"scale needs the name of its serial port: --set scale\.port=NAME; there are"):
        scale.open()


@pytest.mark.parametrize(("load_g", "shown"), [(100.04, 100.0), (100.06, 100.1), (-0.06, -0.1)])
def test_the_simulated_scale_rounds_to_its_last_digit(load_g, shown):
    env = simpy.Environment()
    scale = SerialScale()
    scale.name = "scale"
    scale.attach(ModelBoard(env))
    scale.answer_with(BenchScale(env, lambda: load_g).answer)
    assert run_step(scale, scale.weigh(within_s=5)) == pytest.approx(shown)


def test_the_simulated_scale_is_overloaded_and_set_to_zero():
    env = simpy.Environment()
    scale, load = SerialScale(), BenchScale(env, lambda: 3000.0, capacity_g=2000)
    scale.name = "scale"
    scale.attach(ModelBoard(env))
    scale.answer_with(load.answer)
    with pytest.raises(Exception, match="overloaded"):
        run_step(scale, scale.weigh(within_s=5))
    load.capacity_g = 5000
    run_step(scale, scale.zero(within_s=5))
    assert run_step(scale, scale.weigh(within_s=5)) == 0.0
