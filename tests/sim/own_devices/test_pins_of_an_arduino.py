"""Any pins that a cell's devices are given: `check` refuses them in a sentence, or a run has nothing to refuse."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import simpy
from gadgets import (
    Balance,
    Beam,
    Chip,
    Dial,
    Flap,
    Gadget,
    Hatch,
    Heater,
    Pressure,
    Thermometer,
    Turntable,
    scenario_of,
)
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from cellwright.cli.commands.describe import find_problems
from cellwright.errors import DescriptionError, InputError
from cellwright.hardware import ModelBoard
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.protocol.pin_maps import PIN_MAPS
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.firmata.virtual.cellwright import FEATURES_BY_MODEL
from cellwright.hardware.pins import contact_pin, output_pin, stepper_pins
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sequences.pin_names import with_pin_numbers
from cellwright.sim import virtual_rig
from cellwright.sim.arduino_check import arduino_notes


@dataclass(kw_only=True)
class Striker(Gadget):
    """An output that the board guards, and whose pulses it times."""

    def pins(self):
        return {"striker": output_pin(self.pin)}

    def declare(self, board):
        return board.declare_output(self.pin, safe=False, max_on_s=0.2)

    def work(self):
        yield self.port.pulse(self, True, 0.05, 0.05)


@dataclass(kw_only=True)
class Emergency(Gadget):
    def pins(self):
        return {"button": contact_pin(self.pin)}

    def declare(self, board):
        contact = board.declare_input(self.pin, at_rest=True)
        board.declare_stop_input(self.pin, False)
        return contact


@dataclass(kw_only=True)
class Slide(Gadget):
    """An axis whose switch the board watches."""

    dir: int = 5
    home_pin: int = 6
    steps_per_s: float = 1000.0

    def pins(self):
        return stepper_pins(self.pin, self.dir, max_steps_per_s=self.steps_per_s) | {"home": contact_pin(self.home_pin)}

    def declare(self, board):
        port = board.declare_stepper(self, self.pin, self.dir, False)
        board.declare_input(self.home_pin, at_rest=True)
        port.watch_limit(self.home_pin, active=False)
        return port

    def work(self):
        yield self.port.move_to(self.port.position + 50, self.steps_per_s, 5000.0)


KINDS = (Hatch, Beam, Heater, Flap, Pressure, Turntable, Dial, Balance, Thermometer, Striker, Emergency, Slide)


def all_of_them(names):
    def working(self):
        for name in names:
            yield from self.devices[name].work()
        return "worked"

    return working


def answers(devices):
    """Whatever is plugged in answers."""

    def wire(world, _):
        world.i2c_devices[0x31] = Chip()
        for each in devices.values():
            if isinstance(each, Balance):
                world.declare_hx711(each.pin, each.pin + 1).convert = lambda: 7

    return wire


def shop(kind, firmware, devices):
    devices = dict(devices)
    plain = {name: each for name, each in devices.items() if isinstance(each, Balance) and isinstance(each.pin, int)}
    return scenario_of(kind, firmware, answers(plain), working=all_of_them(list(devices)), **devices)


def refused_in_a_run(scenario):
    """What a run on the virtual Arduino refuses; empty if it works for some seconds."""
    try:
        rig = virtual_rig(scenario, 1, 0)
        rig.env.run(until=rig.env.now + 3.0)
    except InputError as error:
        return str(error)
    stop = rig.cell.last_stop
    return "; ".join([*rig.arduino.complaints, *([stop.reason] if stop else [])])


ANY_PIN = st.one_of(st.integers(-1, 72), st.integers(0, 16).map("A{}".format))
ABILITY = {Heater: PinMode.PWM, Flap: PinMode.SERVO, Pressure: PinMode.ANALOG, Dial: PinMode.ENCODER}


@st.composite
def some_shops(draw):
    """A board, its firmware, and devices on pins that can do what each needs; of some of them one pin is any pin."""
    kind, firmware = (
        draw(st.sampled_from(["uno", "nano", "mega"])),
        draw(st.sampled_from(["cellwright", "configurable"])),
    )
    pin_map, devices = PIN_MAPS[kind], {}
    makes = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=9))
    free = draw(st.permutations(range(2, pin_map.pins)))

    def taken(mode, pair=False):
        for pin in free:
            pins = {pin, pin + 1} if pair else {pin}
            if pins <= set(free) and all(mode in pin_map.capabilities(each, firmware) for each in pins):
                free[:] = [each for each in free if each not in pins]
                return pin
        return draw(ANY_PIN.filter(lambda pin: not (pair and isinstance(pin, str))))

    for number, make in enumerate(makes):
        pair = make in (Turntable, Dial, Balance)
        own = {} if make is Thermometer else {"pin": taken(ABILITY.get(make, PinMode.INPUT), pair)}
        if make is Slide:
            own |= {"dir": taken(PinMode.INPUT), "home_pin": taken(PinMode.INPUT)}
        if own and draw(st.integers(0, 19)) == 0:
            own[draw(st.sampled_from(sorted(own)))] = draw(ANY_PIN if not pair else st.integers(-1, 72))
        if not pair and draw(st.booleans()):
            own = {field: pin_map.label(pin).split()[0] if pin in pin_map.analog else pin for field, pin in own.items()}
        devices[f"gadget{number}"] = make(**own)
    return kind, firmware, devices


@settings(max_examples=60)
@given(some_shops())
@example(("uno", "cellwright", {"a": Striker(pin="A0"), "b": Slide(pin=2, dir=3, home_pin="A1")}))
@example(("nano", "configurable", {"a": Pressure(pin="A7"), "b": Dial(pin=2)}))
@example(("mega", "cellwright", {"a": Pressure(pin="A15"), "b": Heater(pin=44), "c": Beam(pin=3)}))
def test_what_check_accepts_no_run_refuses(case):
    scenario = shop(*case)
    problems = find_problems(scenario)
    event("refused" if problems else "accepted")
    for problem in problems:
        assert problem.endswith(".") and "\n" not in problem and "Error" not in problem
    if problems:
        with pytest.raises((InputError, DescriptionError), match="gadgets"):
            virtual_rig(scenario, 1, 0)
    else:
        assert refused_in_a_run(scenario) == ""


# ---- a table of siblings ----

SIBLINGS = [
    (Hatch, 53, "a digital output on pin 53", "a digital output on pin 53", ""),
    (Hatch, 1, *["a digital output on pin 1 (the serial line's)"] * 3),
    (Hatch, "A0", "", "", ""),
    (Hatch, 20, "a digital output on pin 20", "a digital output on A6 (pin 20) (an analog input only)", ""),
    (Pressure, "A0", "", "", ""),
    (
        Pressure,
        4,
        "an analog input on pin 4 (it has that on A0 to A5)",
        "an analog input on pin 4 (it has that on A0 to A7)",
        "an analog input on pin 4 (it has that on A0 to A15)",
    ),
    (Beam, 0, *["a digital input on pin 0 (the serial line's)"] * 3),
]
"""A device, its pin, and what an Uno, a Nano and a Mega lack of it, whatever the firmware."""
BY_FIRMWARE = [
    ("uno", "cellwright", Heater, 4, "PWM on pin 4 (it has that on 3, 5, 6 and 11)"),
    ("nano", "configurable", Heater, 4, "PWM on pin 4 (it has that on 3, 5, 6 and 9 to 11)"),
    ("mega", "standard", Heater, 22, "PWM on pin 22 (it has that on 2 to 13 and 44 to 46)"),
    ("mega", "cellwright", Heater, 12, "PWM on pin 12 (it has that on 2 to 10, 13 and 44 to 46)"),
    ("uno", "configurable", Dial, 4, "an encoder on pin 4 (it has that on 2 and 3)"),
    ("uno", "cellwright", Dial, 4, ""),
    ("nano", "standard", Dial, 2, "an encoder on pin 2 (which this firmware has on no pin)"),
    ("mega", "configurable", Dial, 22, "an encoder on pin 22 (it has that on 2, 3 and 18 to 21)"),
    ("uno", "standard", Turntable, 2, "AccelStepper on pin 2 (which this firmware has on no pin)"),
    ("uno", "configurable", Flap, "A0", "a servo on A0 (pin 14) (it has that on 2 to 13)"),
    ("uno", "standard", Flap, "A0", ""),
]
FIRMWARES = ["cellwright", "configurable", "standard"]


def lack_of(kind, firmware, make, pin):
    device = make(pin=pin)
    with_pin_numbers(device, kind)
    line = LoopbackLine(simpy.Environment(), 115200, 0.0, f"a virtual {kind}")
    VirtualArduino(line.board.env, line.board, ModelBoard(line.board.env), kind, firmware)
    board = connect(line.board.env, line.host)
    try:
        board.require({"it": device})
    except InputError as error:
        return str(error).partition(";")[0].removeprefix("it needs ")
    return ""


@pytest.mark.parametrize("firmware", FIRMWARES)
@pytest.mark.parametrize(
    ("kind", "make", "pin", "lack"),
    [
        (kind, make, pin, lack)
        for make, pin, *lacks in SIBLINGS
        for kind, lack in zip(["uno", "nano", "mega"], lacks, strict=True)
    ],
)
def test_pins_that_an_arduino_lacks_whatever_its_firmware(kind, firmware, make, pin, lack):
    assert lack_of(kind, firmware, make, pin) == lack


@pytest.mark.parametrize(("kind", "firmware", "make", "pin", "lack"), BY_FIRMWARE)
def test_pins_that_a_firmware_lacks(kind, firmware, make, pin, lack):
    assert lack_of(kind, firmware, make, pin) == lack


# ---- names ----


@pytest.mark.parametrize(("kind", "number"), [("uno", 14), ("nano", 14), ("mega", 54)])
@pytest.mark.parametrize("name", ["A0", "a0", " A0 "])
def test_a0_is_a_pin_by_name_in_a_class_and_in_an_override(kind, number, name):
    scenario = shop(kind, "cellwright", {"hatch": Hatch(pin=name), "slide": Slide(pin=2, dir=3)})
    assert scenario.parameters["hatch"].pin == number
    again = scenario.study.scenario([f"hatch.pin={number + 1}", f"slide.home_pin={name}"])
    assert again.parameters["slide"].home_pin == number
    assert again.input_hash() == scenario.study.scenario(["hatch.pin=A1", f"slide.home_pin={number}"]).input_hash()
    twice = find_problems(scenario.study.scenario([f"slide.home_pin={name}"]))
    assert twice == [f"gadgets: A0 (pin {number}) is used twice, by hatch (hatch) and by slide (home)."]


@pytest.mark.parametrize(("kind", "name"), [("uno", "A6"), ("nano", "A8"), ("mega", "A16")])
def test_a_name_that_is_no_pin_is_refused(kind, name):
    last = int(name[1:]) - 1
    problem = f"has the pin '{name}', which is no pin of an {PIN_MAPS[kind].name}; give a number, or the name of an "
    assert find_problems(shop(kind, "cellwright", {"hatch": Hatch(pin=name)})) == [
        f"gadgets: hatch {problem}analog input, A0 to A{last}."
    ]


def test_a_name_is_for_pins_alone():
    study = shop("uno", "cellwright", {"grate": Grate()}).study
    assert study.scenario(["grate.pin=A2"]).parameters["grate"].pin == 16
    with pytest.raises(InputError, match=r"^--set grate.bars=A2: "):
        study.scenario(["grate.bars=A2"])


@dataclass(kw_only=True)
class Grate(Hatch):
    bars: int = 3


@pytest.mark.parametrize("pin", [2.5, None, "D5", (4,)])
def test_a_pin_that_is_no_number_is_refused_in_a_sentence(pin):
    (problem,) = find_problems(shop("uno", "cellwright", {"hatch": Hatch(pin=pin)}))
    assert problem.startswith("gadgets: hatch ") and repr(pin) in problem and problem.endswith(".")


def test_an_arduino_that_is_none_is_refused():
    assert find_problems(shop("unoo", "cellwright", {"hatch": Hatch()})) == [
        "gadgets: arduino is 'unoo', which is no known one; did you mean 'uno'?"
    ]


# ---- what is a note ----


@pytest.mark.parametrize(
    ("firmware", "rates", "notes"),
    [
        ("cellwright", [50_000.0], []),
        ("cellwright", [20_000.0] * 3, []),
        ("cellwright", [40_000.0, 20_001.0], ["at most 30,000 steps/s (computed) on each of 2 axes"]),
        ("cellwright", [21_000.0] * 3, ["at most 20,000 steps/s (measured) on each of 3 axes"]),
        ("configurable", [3415.0], []),
        ("configurable", [3420.0], ["at most 3,416 steps/s (computed; measured: 3,430) on one axis"]),
        ("configurable", [1900.0] * 2, []),
        ("configurable", [2000.0] * 2, ["at most 1,924 steps/s (computed) on each of 2 axes"]),
        ("configurable", [1400.0] * 3, ["at most 1,339 steps/s (computed; measured: 1,372) on each of 3 axes"]),
    ],
)
def test_step_rates_above_the_ceiling_are_a_note_with_the_figure(firmware, rates, notes):
    devices = {
        f"axis{n}": Slide(pin=2 + 3 * n, dir=3 + 3 * n, home_pin=4 + 3 * n, steps_per_s=rate)
        for n, rate in enumerate(rates)
    }
    scenario = shop("uno", firmware, devices)
    assert find_problems(scenario) == []
    found = arduino_notes(scenario)
    assert len(found) == len(notes) and all(part in note for part, note in zip(notes, found, strict=True))


def test_a_rate_that_the_firmware_refuses_is_refused_by_check():
    (problem,) = find_problems(shop("uno", "cellwright", {"axis": Slide(pin=2, dir=3, steps_per_s=50_001.0)}))
    assert problem.startswith("gadgets: axis cannot make 50,001 steps/s: ")
    assert find_problems(shop("uno", "configurable", {"axis": Slide(pin=2, dir=3, steps_per_s=50_001.0)})) == []


@pytest.mark.parametrize("kind", ["uno", "nano", "mega"])
def test_outputs_and_inputs_beyond_what_the_firmware_guards_and_times_are_noted(kind):
    guarded, timed = FEATURES_BY_MODEL[kind].outputs, FEATURES_BY_MODEL[kind].inputs
    strikers = {f"striker{n}": Striker(pin=2 + n) for n in range(guarded)}
    beams = {f"beam{n}": Beam(pin=2 + guarded + n) for n in range(timed)}
    assert arduino_notes(shop(kind, "cellwright", strikers | beams)) == []
    more = {"one": Striker(pin="A0"), "two": Beam(pin="A1")}
    label = PIN_MAPS[kind].label
    first, second = arduino_notes(shop(kind, "cellwright", strikers | beams | more))
    assert f"guards {guarded} outputs" in first and label(PIN_MAPS[kind].number("A0")) in first
    assert f"{timed} inputs" in second and label(PIN_MAPS[kind].number("A1")) in second


# ---- pins that are watched ----


@pytest.mark.parametrize("firmware", ["cellwright", "configurable"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_limit_pin_that_its_device_does_not_name_is_refused(firmware, is_first):
    slide = {"slide": Quiet(pin=2, dir=3, home_pin=4)}
    lamp = {"lamp": Hatch(pin=4)}
    (problem,) = find_problems(shop("uno", firmware, slide | lamp if is_first else lamp | slide))
    assert problem == "gadgets: slide declares pin 4, which its pins() does not name; name it there."


class Quiet(Slide):
    def pins(self):
        return stepper_pins(self.pin, self.dir)

    def declare(self, board):
        port = board.declare_stepper(self, self.pin, self.dir, False)
        port.watch_limit(self.home_pin, active=False)
        return port


def test_a_partner_that_a_device_does_not_name_is_in_use():
    problems = find_problems(shop("uno", "cellwright", {"a": Half(pin=2, dir=4), "lamp": Hatch(pin=4)}))
    assert problems == ["gadgets: pin 4 is used twice, by a (step, its partner) and by lamp (hatch)."]


class Half(Slide):
    def pins(self):
        return {"step": stepper_pins(self.pin, self.dir)["step"], "home": contact_pin(self.home_pin)}
