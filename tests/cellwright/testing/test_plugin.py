"""The pytest plugin in use: a cell, its tests, and the output of a failing one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cellwright import Button, Cell, Lamp, Solenoid, Switch
from cellwright.errors import InputError
from cellwright.hardware import ModelBoard
from cellwright.sim import VirtualLine
from cellwright.testing import CellAssertion, on_model, on_virtual

DRILL_PRESS = """
from cellwright import Button, Cell, Lamp, Solenoid, Stepper, Switch, home


class DrillPress(Cell):
    unit = "hole"
    cycle_ends_with = "drilled"
    feed = Stepper(step=2, dir=5, home_pin=9, steps_per_mm=80, max_speed=20, max_acceleration=200, travel=(0, 60))
    clamp = Lamp(pin=4)
    guard = Switch(pin=12)
    start_button = Button(pin=7)
    stop_button = Button(pin=8, stops_cell=True)
    states = ["waiting", "drilling"]
    transitions = [["start", "waiting", "drilling"], ["drilled", "drilling", "waiting"]]

    def waiting(self):
        yield self.start_button.pressed(within_s=3600)
        yield self.guard.closed(within_s=5)
        return "start"

    def drilling(self):
        self.clamp.on()
        if not self.feed.is_homed:
            yield from home(self.feed)
        yield self.feed.move_to(30)
        yield self.feed.move_to(0)
        self.clamp.off()
        return "drilled"
"""

TESTS = """
from drill_press import DrillPress


def drill_a_hole(rig):
    rig.close("guard")
    rig.press("start_button")
    rig.run_until_finished()
    return rig


def test_it_drills_with_the_guard_closed(cell_on_model, cell_on_virtual):
    for put in (cell_on_model, cell_on_virtual):
        rig = drill_a_hole(put(DrillPress, set=["feed.max_speed=15"]))
        rig.assert_only(rig.moving("feed"), while_=rig.closed("guard"))
        assert rig.axes["feed"].position_mm == 0


def test_by_an_assertion(cell_on_virtual):
    rig = drill_a_hole(cell_on_virtual(DrillPress))
    rig.assert_never(rig.moving("feed"), while_=rig.on("clamp"))


def test_by_a_plain_assert(cell_on_model):
    rig = drill_a_hole(cell_on_model(DrillPress))
    assert rig.pins["clamp"].pulses == 2


def test_without_a_cell():
    assert False
"""


@pytest.fixture(scope="module")
def drill_press():
    """The same cell for tests that need no project round it."""
    names = {"__name__": "drill_press"}
    exec(DRILL_PRESS, names)
    return names["DrillPress"]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What pytest prints of the users' project."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "drill_press.py").write_text(DRILL_PRESS)
    (folder / "test_drill_press.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", "--rootdir", str(folder)]
    return subprocess.run([*command, str(folder)], capture_output=True, text=True, cwd=folder).stdout


def test_the_plugin_is_there_without_being_asked_for(report):
    assert "3 failed, 1 passed" in report


def part_of(report, test):
    """What is printed of one failing test."""
    return report.split(f"_ {test} _")[1].split("\n____")[0].split("short test summary")[0]


def test_a_failing_assertion_shows_the_timeline_round_the_moment(report):
    part = part_of(report, "test_by_an_assertion")
    assert "CellAssertion: feed was moving while clamp was on, for " in part
    for words in ("  guard             closed", "  clamp             on", "  feed              moves from 30.00 mm"):
        assert words in part
    marked = [line for line in part.splitlines() if line.startswith("E") and "  > " in line]
    assert marked and all(" feed " in line or " clamp " in line for line in marked)
    assert "history.py" not in part and "rig.py" not in part, "the traceback ends in the user's test"
    assert "did last" not in part


def test_a_failing_plain_assert_shows_what_the_cell_did_last(report):
    part = part_of(report, "test_by_a_plain_assert")
    assert "assert 1 == 2" in part and "<clamp: 1 times on>" in part
    assert "what drill_press did last" in part
    assert "feed              stands at 30.00 mm" in part
    assert part.rstrip(" =\n").splitlines()[-1].endswith("5.0977 s  clamp             off")


def test_a_test_without_a_cell_is_reported_as_ever(report):
    assert "did last" not in part_of(report, "test_without_a_cell")


def test_the_plugin_costs_other_projects_nothing():
    heavy = "[name for name in ('simpy', 'numpy', 'pydantic', 'transitions', 'serial') if name in sys.modules]"
    code = f"import sys, cellwright.pytest_plugin; print({heavy})"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"


# ---- what a rig can do ----


class Bench(Cell):
    """Fires a valve at its start button, with parameters that a test sets."""

    unit = "shot"
    cycle_ends_with = "fired"
    resets_with = "start_button"
    valve = Solenoid(pin=4, pulse_s=0.1, rest_s=0.1, max_on_s=0.2)
    relay = Lamp(pin=13, active_low=True)
    door = Switch(pin=12)
    start_button = Button(pin=7)
    stop_button = Button(pin=8, stops_cell=True)
    shots = 3
    states = ["waiting", "firing"]
    transitions = [["start", "waiting", "firing"], ["fired", "firing", "waiting"]]

    def waiting(self):
        yield self.start_button.pressed(within_s=60)
        return "start"

    def firing(self):
        self.relay.on()
        for _ in range(self.shots):
            yield self.valve.fire()
        self.relay.off()
        return "fired"


@pytest.fixture(params=[on_model, on_virtual], ids=["model", "virtual"])
def rig(request):
    made = request.param(Bench)
    yield made
    made.end()


@pytest.fixture
def fired(rig):
    """A bench that has fired its three shots."""
    rig.run(seconds=1)
    rig.press("start_button")
    rig.run_until_finished()
    rig.run(seconds=0.01)  # the last bytes arrive
    return rig


def failure_message(action, *args, **options):
    """The first line of the message of an assertion that must fail."""
    with pytest.raises(CellAssertion) as failed:
        action(*args, **options)
    first, rest = str(failed.value).split("\n", 1)
    assert " s  " in rest
    return first


def test_pulses_are_counted_and_timed(fired):
    fired.assert_pulsed("valve", times=3, seconds=0.1)
    fired.assert_pulsed("relay", times=1)
    assert failure_message(fired.assert_pulsed, "valve", times=4) == "valve was on 3 times, not 4."
    assert failure_message(fired.assert_pulsed, "valve", times=3, seconds=0.2).startswith("Pulse 1 of valve took ")


def test_an_output_that_was_never_on_is_told_too(rig):
    rig.run(seconds=1)
    assert failure_message(rig.assert_pulsed, "valve", times=1) == "valve was on 0 times, not 1."
    assert rig.on("valve").longest_s == 0.0 and not rig.on("valve")


def test_how_long_an_output_was_on(fired):
    fired.assert_on_at_most("valve", seconds=0.1)
    assert failure_message(fired.assert_on_at_most, "relay", seconds=0.2).startswith("relay was on for ")
    assert fired.on("valve").total_s == pytest.approx(0.3, abs=0.005)


def test_never_and_only(fired):
    fired.assert_only(fired.on("valve"), while_=fired.on("relay"))
    fired.assert_only(fired.on("valve", "relay"), while_=fired.in_state("firing", "waiting"))
    fired.assert_never(fired.on("relay"), while_=fired.closed("door"))
    words = failure_message(fired.assert_never, fired.on("valve"), while_=fired.on("relay"))
    assert words.startswith(("valve was on while relay was on, for 100.", "valve was on while relay was on, for 99."))
    assert words.endswith("on (and 2 times more).")
    words = failure_message(fired.assert_only, fired.on("relay"), while_=fired.on("valve"))
    assert words.startswith("relay was on outside the times when valve was on, for ")


def test_what_happened_in_order(fired):
    fired.assert_in_order("start_button closed", "cell firing", "valve on", "valve off", "relay off")
    assert failure_message(fired.assert_in_order, "relay off", "valve on").startswith(
        "'valve on' did not happen after "
    )


def test_safe_after_a_stop_until_it_is_reset(rig):
    rig.press("start_button")
    rig.run(seconds=0.35)
    pressed_s = rig.now_s
    rig.close("stop_button")
    assert "let 10 ms pass" in failure_message(rig.assert_safe_within, ms=10, of=pressed_s)
    rig.run(seconds=1)
    rig.assert_safe_within(ms=10, of=pressed_s)
    rig.assert_stopped(because="stop_button was pressed")
    assert "does not contain 'jam'" in failure_message(rig.assert_stopped, because="jam")
    rig.open("stop_button")
    rig.press("start_button")
    rig.run_until(state="waiting", within_s=1)
    rig.run(seconds=1)
    rig.press("start_button")
    rig.run(seconds=1)
    rig.assert_safe_within(ms=10, of=pressed_s)
    assert "was not stopped: it is in" in failure_message(rig.assert_stopped, because="stop_button")


def test_what_is_not_safe_in_time_is_shown(rig):
    rig.press("start_button")
    rig.run(seconds=0.3)
    began_s = rig.now_s
    rig.run(seconds=1)
    assert "relay was on " in failure_message(rig.assert_safe_within, ms=10, of=began_s)


def test_a_wait_for_what_does_not_come_says_where_the_cell_is(rig):
    assert "did not reach 'firing' within 5 s: it is in 'waiting'." in failure_message(
        rig.run_until, state="firing", within_s=5
    )
    assert "did not finish a shot" in failure_message(rig.run_until_finished, within_s=5)


def test_a_cell_that_is_stopped_meanwhile_says_why(rig):
    rig.press("stop_button")
    assert failure_message(rig.run_until, state="firing", within_s=5).endswith("waiting: stop_button was pressed")
    rig.run_until(state="stopped", within_s=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda rig: rig.press("start_buton"), "did you mean 'start_button'"),
        (lambda rig: rig.on("valv"), "did you mean 'valve'"),
        (lambda rig: rig.moving("axis"), "has no axis called 'axis'; none is known."),
        (lambda rig: rig.in_state("fireing"), "did you mean 'firing'"),
        (lambda rig: rig.run_until(state="nowhere", within_s=1), "has no state called 'nowhere'"),
    ],
)
def test_a_name_that_is_unknown_is_refused_with_the_nearest(rig, call, words):
    with pytest.raises(InputError, match=words):
        call(rig)


def test_a_plant_of_the_users_own(drill_press):
    placed = []

    class Vice:
        """Closes the guard; the axis stands where it is put."""

        def __init__(self, cell, board):
            self.cell, self.board = cell, board

        def connect(self):
            placed.append(type(self.board).__mro__[1])
            self.board.set_input(self.cell.guard.pin, False)

    rig = on_virtual(drill_press, plant=Vice, line=VirtualLine(kind="mega"))
    assert placed == [ModelBoard]
    rig.run(seconds=0.1)
    assert rig.contacts["guard"].is_on and rig.cell.guard.is_closed
    rig.end()


def test_a_move_that_is_stopped_ends_where_it_was_stopped(drill_press):
    rig = on_model(drill_press)
    rig.close("guard")
    rig.press("start_button")
    rig.run_until(state="drilling", within_s=1)
    rig.run(seconds=0.5)
    (under_way,) = rig.axes["feed"].moves
    assert under_way.ended_s is None
    rig.press("stop_button")
    (stopped,) = rig.axes["feed"].moves
    assert stopped.ended_s == rig.now_s
    assert under_way.to_mm < stopped.to_mm == rig.axes["feed"].position_mm < stopped.from_mm
    rig.end()


def test_a_kit_and_a_name_are_the_same_cell():
    from cellwright.cells.stapler import STUDY

    for described in ("stapler", STUDY):
        rig = on_model(described, seed=2)
        rig.run_until(state="homing", within_s=600)
        assert rig.now_s == pytest.approx(72.0, abs=30)
        rig.end()
