from __future__ import annotations

import datetime
import statistics
from pathlib import Path

import pytest
import simpy
from hypothesis import given, settings
from hypothesis import strategies as st

from cellwright.errors import CapabilityError, CellFault, InputError
from cellwright.hardware import CONFIGURABLE_FIRMATA, ModelBoard
from cellwright.sensors import Hx711, Nau7802
from cellwright.sensors.calibration import TwoPointCalibration
from cellwright.sensors.load_cell import FULL_SCALE
from cellwright.sim import Streams
from cellwright.sim.plants.scale import ModelConverter, Platform, ScaleParameters, put_converter
from cellwright.sim.targets import VirtualLine, virtual_board

DAY = datetime.date(2026, 11, 24)


class Desk:
    """A load cell on a model board, with a platform to put things on."""

    def __init__(self, rate: int = 80, chip: str = "nau7802", **parameters: float) -> None:
        self.env = simpy.Environment()
        self.board = ModelBoard(self.env)
        self.cell = (
            Nau7802(capacity_g=5000, samples_per_s=rate)
            if chip == "nau7802"
            else Hx711(data=2, clock=3, capacity_g=5000, samples_per_s=rate)
        )
        self.cell.name = "scale"
        self.cell.attach(self.board)
        settings = ScaleParameters(**parameters)
        settling_s = settings.settling_s_at_80 if rate > 10 else settings.settling_s_at_10
        self.platform = Platform(self.env, [], settling_s)
        self.converter = ModelConverter(self.platform, self.cell, settings, Streams(1, 0)["scale"])
        put_converter(self.board, self.cell, self.converter)

    def do(self, steps):
        return self.env.run(until=self.env.process(steps))


@pytest.mark.parametrize("chip", ["nau7802", "hx711"])
def test_it_weighs_what_is_on_it_after_a_tare(chip: str) -> None:
    desk = Desk(chip=chip)
    desk.do(desk.cell.start())
    desk.platform.put(125)
    desk.env.run(until=desk.env.now + 1)
    desk.do(desk.cell.tare(32))
    desk.platform.put(730)
    desk.env.run(until=desk.env.now + 1)
    assert desk.do(desk.cell.weigh(32)).mean_g == pytest.approx(730, abs=2.5)


@pytest.mark.parametrize("chip", ["nau7802", "hx711"])
@pytest.mark.parametrize(("rate", "noise_g"), [(10, 0.05), (80, 0.09)])
def test_its_noise_is_the_published_one(rate: int, noise_g: float, chip: str) -> None:
    desk = Desk(rate, chip)
    desk.do(desk.cell.start())

    def samples():
        taken = []
        for _ in range(2000):
            yield desk.env.timeout(desk.cell.period_s)
            taken.append((yield from desk.cell.sample()))
        return taken

    assert statistics.stdev(desk.do(samples())) == pytest.approx(noise_g, rel=0.05)


@pytest.mark.parametrize(("rate", "settles_s"), [(10, 0.4), (80, 0.1)])
def test_it_settles_as_published(rate: int, settles_s: float) -> None:
    desk = Desk(rate, noise_nv_at_10=0, noise_nv_at_80=0, linearity_percent=0, zero_g=0, span_percent=0)
    desk.do(desk.cell.start())
    desk.platform.put(1000)
    desk.env.run(until=desk.env.now + settles_s)
    assert desk.do(desk.cell.sample()) == pytest.approx(990, abs=0.5)


def test_its_bend_is_nothing_at_the_calibrated_points_and_within_the_makers_figure() -> None:
    desk = Desk(linearity_percent=0.05)
    reference_g = desk.cell.points.reference_g
    assert desk.converter.bent_g(0) == desk.converter.bent_g(reference_g) == 0
    assert max(abs(desk.converter.bent_g(load_g)) for load_g in range(0, 5001, 50)) == pytest.approx(2.5, rel=0.01)


def test_two_points_make_a_calibration_that_is_kept_with_its_date(tmp_path: Path) -> None:
    desk = Desk(zero_g=2, span_percent=1)
    prompts = []

    def ask(sentence: str):
        prompts.append(sentence)
        if "Put" in sentence:
            desk.platform.put(2000)
        return desk.env.timeout(20)

    desk.do(desk.cell.calibrate(2000, ask, DAY))
    assert prompts == ["Take everything off scale.", "Put 2000 g on scale, and take your hand off."]
    desk.cell.points.write(tmp_path / "scale.toml")
    kept = TwoPointCalibration.read(tmp_path / "scale.toml")
    assert kept == desk.cell.points and kept.date == DAY
    assert desk.do(desk.cell.weigh(80)).mean_g == pytest.approx(2000, abs=0.1)


@pytest.mark.parametrize("came_g", [0, -2000, 500, 4000])
def test_a_calibration_with_another_mass_or_none_is_refused(came_g: float) -> None:
    desk = Desk()

    def ask(sentence: str):
        desk.platform.put(came_g if "Put" in sentence else 0)
        return desk.env.timeout(20)

    with pytest.raises(CellFault, match="scale was not calibrated: for 2000 g its reading changed by"):
        desk.do(desk.cell.calibrate(2000, ask, DAY))


COUNTS_PER_G = 1 / Nau7802(capacity_g=5000)._nominal().g_per_count


def calibrated(disturb, is_loaded: bool) -> tuple[float, float]:
    """What 2000 g and 0 g are by a calibration in which ``disturb`` changes the samples of one of the two loads, g.

    disturb: takes a sample's number, from 0, and its counts.
    """
    desk = Desk(zero_g=0, span_percent=0, linearity_percent=0)
    counts, number = desk.converter.counts, iter(range(10_000))
    disturbed = False

    def ask(sentence: str):
        nonlocal disturbed
        if "Put" in sentence:
            desk.platform.put(2000)
        disturbed = ("Put" in sentence) is is_loaded
        return desk.env.timeout(5)

    desk.converter.counts = lambda: round(disturb(next(number), counts())) if disturbed else counts()
    points = desk.do(desk.cell.calibrate(2000, ask, DAY))
    return points.grams(2000 * COUNTS_PER_G) - points.grams(0), points.grams(0)


def spike(at: int, raw: int):
    return lambda number, counts: raw if number == at else counts


def slipped(at: int, bits: int):
    """The converter's clock was read one edge late or early: the bits are shifted."""
    return lambda number, counts: (counts << bits if bits > 0 else counts >> -bits) if number == at else counts


def drifting(g_per_s: float):
    return lambda number, counts: counts + g_per_s * number / 80 * COUNTS_PER_G


def two_clusters(apart_g: float, every: int):
    return lambda number, counts: counts + (apart_g * COUNTS_PER_G if number % every == 0 else 0)


REFUSED = {
    "spike high": spike(20, 2**22 - 1),
    "spike low": spike(77, -(2**21)),
    "spike at the first": spike(0, 2**20),
    "spike at the last": spike(159, 2**18),
    "spike of 4 g": spike(60, round(2004 * COUNTS_PER_G)),
    "drift up": drifting(0.5),
    "drift down": drifting(-0.5),
    "two clusters": two_clusters(5.0, 2),
    "two clusters, one rare": two_clusters(-3.0, 40),
    "a step half-way": lambda number, counts: counts + (0.8 * COUNTS_PER_G if number >= 80 else 0),
}


@pytest.mark.parametrize("disturb", REFUSED.values(), ids=REFUSED)
def test_a_calibration_whose_samples_are_not_of_one_steady_load_is_refused(disturb) -> None:
    with pytest.raises(CellFault, match=r"^scale was not calibrated: with 2000 g on it its .* g is allowed; .*\.$"):
        calibrated(disturb, is_loaded=True)


@pytest.mark.parametrize("rate", [10, 80])
def test_the_noise_of_a_good_converter_is_no_reason_to_refuse(rate: int) -> None:
    for noise in (1, 3):  # three times as noisy as its datasheet says
        desk = Desk(rate, noise_nv_at_10=50 * noise, noise_nv_at_80=90 * noise)

        def ask(sentence: str, desk: Desk = desk):
            desk.platform.put(2000 if "Put" in sentence else 0)
            return desk.env.timeout(5)

        assert desk.do(desk.cell.calibrate(2000, ask, DAY)).reference_g == 2000


DISTURBANCES = st.one_of(
    st.builds(spike, st.integers(0, 159), st.integers(-(2**23) + 1, 2**23 - 2)),
    st.builds(slipped, st.integers(0, 159), st.sampled_from([-3, -2, -1, 1])),
    st.builds(drifting, st.floats(-5, 5)),
    st.builds(two_clusters, st.floats(-50, 50), st.integers(2, 160)),
)


@settings(max_examples=60, deadline=None)
@given(DISTURBANCES, st.booleans())
def test_a_disturbed_calibration_is_refused_or_right(disturb, is_loaded: bool) -> None:
    try:
        span_g, zero_g = calibrated(disturb, is_loaded)
    except CellFault as refused:
        assert "scale was not calibrated" in str(refused) or "end of its range" in str(refused)
        return
    assert abs(zero_g) < 1.5
    assert abs(span_g - 2000) < 1.5


def test_a_weighing_takes_as_long_on_a_slow_line_as_on_a_fast_one() -> None:
    took = []
    for answers_after_s in (0.0, 0.004, 0.009):
        desk = Desk()
        desk.do(desk.cell.start())
        latest = desk.cell.latest

        def late(latest=latest, desk=desk, answers_after_s=answers_after_s):
            yield desk.env.timeout(answers_after_s)
            return (yield from latest())

        desk.cell.latest = late
        began_s = desk.env.now
        desk.do(desk.cell.weigh(16))
        took.append(desk.env.now - began_s - answers_after_s)
    assert took == [pytest.approx(16 / 80)] * 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "date = 2026-11-24\nzero_raw = 1\nreference_raw = 1\nreference_g = 500",
            "the converter read the same",
        ),
        (
            "date = 2026-11-24\nzero_raw = 1\nreference_raw = 900\nreference_g = 0",
            "line 4: reference_g = 0: input should",
        ),
        (
            "date = 'monday'\nzero_raw = 1\nreference_raw = 900\nreference_g = 500",
            "line 1: date = .monday.: input should",
        ),
        (
            "date = 2026-11-24\nzero_raw = 'x'\nreference_raw = 900\nreference_g = 500",
            "line 2: zero_raw = 'x': input should",
        ),
        ("date = 2026-11-24\nzero_raw = 1\nreference_g = 500", "reference_raw is missing"),
        ("date = 2026-11-24\nzero_row = 1", "line 2: 'zero_row' is not a setting here; did you mean 'zero_raw'"),
        ("date = ", "is not valid TOML"),
    ],
)
def test_a_bad_calibration_file_is_refused_in_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "scale.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as refused:
        TwoPointCalibration.read(path)
    assert str(path) in str(refused.value)
    assert str(refused.value).count("\n") == 0


def test_it_is_at_the_end_of_its_range_when_overloaded() -> None:
    desk = Desk()
    desk.do(desk.cell.start())
    desk.platform.put(FULL_SCALE / 400)
    desk.env.run(until=desk.env.now + 1)
    with pytest.raises(CellFault, match="overloaded or a wire is broken"):
        desk.do(desk.cell.sample())


def test_a_converter_that_is_not_there_does_not_answer() -> None:
    desk = Desk()
    desk.board.i2c_devices.clear()
    process = desk.env.process(desk.cell.start())
    desk.env.run(until=60)
    assert process.is_alive and not desk.cell.is_ready  # a cell's supervision ends it after its limit


def test_after_a_stop_it_is_to_be_started_and_tared_again() -> None:
    desk = Desk()
    desk.do(desk.cell.start())
    desk.platform.put(100)
    desk.env.run(until=desk.env.now + 1)
    desk.do(desk.cell.tare(8))
    assert desk.cell.is_ready and desk.cell.tare_g > 90
    desk.cell.reset()
    assert not desk.cell.is_ready and desk.cell.tare_g == 0


def test_before_it_was_started_it_converts_nothing() -> None:
    desk = Desk()
    desk.platform.put(1000)
    assert desk.do(desk.cell.raw()) == 0


def test_a_rate_that_the_converter_lacks_is_named() -> None:
    assert "offers 10, 20, 40, 80, 320" in next(iter(Nau7802(capacity_g=5000, samples_per_s=50).problems()))


def test_an_hx711_offers_two_rates() -> None:
    assert "offers 10, 80" in next(iter(Hx711(data=2, clock=3, capacity_g=5000, samples_per_s=320).problems()))


def test_an_hx711_without_a_converter_does_not_answer(board: ModelBoard) -> None:
    cell = Hx711(data=2, clock=3, capacity_g=5000)
    cell.name = "scale"
    cell.attach(board)
    wait = cell.port.sample(cell, 0.5)
    assert not wait.triggered and wait.what == "scale sent no sample"


def test_firmware_that_cannot_read_an_hx711_is_refused_in_a_sentence(env: simpy.Environment) -> None:
    model = ModelBoard(env, CONFIGURABLE_FIRMATA)
    board = virtual_board(model, Streams(1, 0), VirtualLine(), firmware="configurable")[0]
    with pytest.raises(CapabilityError, match=r"firmware that reads an HX711 \(pins 2 and 3\); an Nau7802 needs none"):
        Hx711(data=2, clock=3, capacity_g=5000).attach(board)
