"""Whatever a host sends: no crash, no stray step, nothing driven that was not declared, nothing off its safe level.

What is checked after every input is in checks.cpp; the inputs are made in mutator.cpp.
"""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

MANY = 300_000
SHARE_OF_A_MEGA = 0.3


def fuzz(program, seed, inputs):
    """How many inputs a board has met."""
    run = subprocess.run([program, "fuzz", str(seed), str(inputs)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, (run.stdout + run.stderr)[-4000:]
    return sum(int(count) for count in re.findall(r"^(\d+) inputs", run.stdout, re.MULTILINE))


def test_ten_thousand_inputs_do_no_harm(native_program):
    assert fuzz(native_program, seed=1, inputs=10_000) == 10_000


@pytest.mark.slow
def test_hundreds_of_thousands_of_inputs_do_no_harm(build_native, record_property, capsys):
    on_mega = int(MANY * SHARE_OF_A_MEGA)
    met = fuzz(build_native("uno"), seed=100_000, inputs=MANY - on_mega)
    met += fuzz(build_native("mega"), seed=200_000, inputs=on_mega)
    with capsys.disabled():
        print(f"\nThe firmware met {met:,} inputs.")
    assert met >= MANY


PLANTED = {
    "PWM goes on when the board is stopped": ("outputs.cpp", "        stop_pwm_servo();\n", ""),
    "a reconfigured stepper's pins stay driven": ("steppers.cpp", "    make_input(pin, false);\n", ""),
    "a switch does not stop its axis": (
        "step_interrupt.cpp",
        "axis.limit.is_active() && axis.limit.is_active()",
        "false",
    ),
    "a step is counted twice": (
        "step_interrupt.cpp",
        "    if (--axis.remaining == 0) {",
        "    axis.end_position++;\n    if (--axis.remaining == 0) {",
    ),
    "targets overflow": (
        "steppers.cpp",
        "position <= MAX_POSITION && position >= -MAX_POSITION",
        "MAX_POSITION || position",
    ),
    "a string is not words": ("messages.cpp", "message longer than 72 bytes", r"message longer than\t72 bytes"),
    "pins beyond the last": ("pins.cpp", "return pin >= 2 && pin < PINS;", "return pin >= 2;"),
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", PLANTED)
def test_faults_planted_in_the_firmware_are_found(build_native, sketch_folder, tmp_path, fault):
    """The checks can fail."""
    file, right, wrong = PLANTED[fault]
    sketch = tmp_path / "sketch"
    shutil.copytree(sketch_folder, sketch)
    (path,) = sketch.rglob(file)
    source = path.read_text()
    assert source.count(right) == 1
    path.write_text(source.replace(right, wrong))
    with pytest.raises(AssertionError):
        fuzz(build_native("uno", sketch), seed=1, inputs=200_000)


# ---- the same with inputs that shrink ----

pins = st.integers(2, 19) | st.integers(0, 127)
devices = st.integers(0, 3) | st.integers(0, 127)
sevens = st.integers(0, 127)


def sysex(*parts):
    return st.tuples(*parts).map(lambda data: bytes([0xF0, *data, 0xF7]))


messages = st.one_of(
    st.tuples(st.just(0xF4), pins, st.sampled_from([0, 1, 2, 3, 4, 6, 8, 9, 11])).map(bytes),
    st.tuples(st.just(0xF5), pins, st.integers(0, 1)).map(bytes),
    st.tuples(st.integers(0x90, 0x9F), sevens, sevens).map(bytes),
    st.tuples(st.integers(0xE0, 0xEF), sevens, sevens).map(bytes),
    sysex(st.just(0x62), st.just(0), devices, st.sampled_from([0x10, 0x11, 0x20, 0x40, 0x32]), pins, pins, pins, pins),
    sysex(
        st.just(0x62), st.sampled_from([2, 3]), devices, sevens, sevens, st.just(0), st.just(0), st.sampled_from([0, 8])
    ),
    sysex(st.just(0x62), st.sampled_from([8, 9]), devices, sevens, sevens, st.just(0), st.sampled_from([0x2C, 0x30])),
    sysex(st.just(0x62), st.just(7), devices, pins, st.integers(0, 1), pins, st.integers(0, 1)),
    sysex(st.just(0x62), st.sampled_from([1, 5, 6]), devices),
    sysex(st.just(0x02), pins, st.integers(0, 1), sevens, st.just(0), st.just(0), st.integers(0, 100)),
    sysex(st.just(0x03), pins, st.integers(0, 1), sevens, sevens, st.just(0), st.just(0)),
    sysex(st.just(0x05), st.integers(0, 3), pins, st.integers(0, 1)),
    sysex(st.just(0x08), st.integers(0, 1), st.integers(0, 2), pins, pins, st.integers(1, 3)),
    sysex(st.just(0x61), st.integers(0, 5), st.integers(0, 2), pins, pins),
    sysex(st.just(0x70), pins, st.just(0x20), st.just(4), st.just(0x60), st.just(18)),
    st.sampled_from([b"\xff", b"\xf9", b"\xf0\x05\x00\xf7", b"\xf0\x05\x01\xf7"]),
    st.binary(min_size=1, max_size=12),
)
lines = st.one_of(
    messages.map(lambda data: f"send {data.hex()}"),
    st.integers(1, 200_000).map(lambda us: f"run {us}"),
    st.tuples(st.integers(2, 19), st.integers(0, 1)).map(lambda pin_level: f"input {pin_level[0]} {pin_level[1]}"),
)


@settings(max_examples=300)
@given(st.lists(lines, min_size=1, max_size=40), st.booleans())
def test_no_course_of_messages_does_harm(native_uno, script, interrupts_anywhere):
    recording = native_uno.run([*(["interrupt-anywhere"] if interrupts_anywhere else []), *script])
    assert recording.ended_well, recording.words[-5:]


# ---- regressions found by fuzzing ----


def say(*messages):
    """Each with time for what is answered."""
    return ["run 50000", *(line for message in messages for line in (f"send {message}", "run 50000"))]


def refusals(recording):
    strings = re.findall(rb"\xf0\x71([^\xf7]*)\xf7", recording.sent)
    return [string[::2].decode() for string in strings]


def test_a_stepper_that_cannot_be_configured_again_releases_its_pins(native_uno):
    recording = native_uno.run(say("f062000010020300f7", "f062000010020200f7"))
    assert recording.ended_well
    assert recording.edges[2][-1][1] == recording.edges[3][-1][1] == -1


@pytest.mark.parametrize("claim", ["f061000003 05f7", "f0080000050703f7", "f009000500 00f7", "f005020500f7"])
def test_a_pin_that_pwm_drives_is_not_taken_for_an_input(native_uno, claim):
    recording = native_uno.run(say("f40503", "e57f00", claim.replace(" ", "")))
    assert recording.ended_well
    assert len(refusals(recording)) == 1
    assert recording.edges[5][-1][1] != -1


def test_targets_beyond_reach_are_refused(native_uno):
    recording = native_uno.run(
        say("f062000010020300f7", "f06202007f7f7f7f07f7", "f06203007f7f7f7f0ff7", "f06202007f7f7f7f0ff7")
    )
    assert recording.ended_well
    assert refusals(recording) == ["target is too far"] * 3
    assert recording.steps == {}


def test_a_step_that_would_take_hours_is_planned_without_overflow(native_uno):
    """A speed of a millionth of a step a second."""
    recording = native_uno.run(
        [*say("f062000010020300f7", "f06209000100 0014f7".replace(" ", "")), *say("f06202000a00000000f7"), "run 100000"]
    )
    assert recording.ended_well
    assert refusals(recording) == []
    assert recording.steps == {}
