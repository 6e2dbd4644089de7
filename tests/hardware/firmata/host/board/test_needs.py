"""What devices say that they need, and what a board lacks: asked before anything is declared."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest
import simpy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cellwright.actuators import Buzzer, CharacterDisplay, Lamp, Motor, Pump, Solenoid, Stepper, Valve
from cellwright.errors import CapabilityError, InputError
from cellwright.hardware import ModelBoard
from cellwright.hardware.device import Device
from cellwright.hardware.firmata.host.connect import connect
from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
from cellwright.hardware.pins import Feature, Need, PinRole, analog_pin, servo_pin
from cellwright.hardware.transport.loopback import LoopbackLine
from cellwright.sensors import Button, Encoder, Hx711, Nau7802, Switch
from cellwright.sequences import Cell
from cellwright.sequences.description import description_problems


@dataclass(kw_only=True)
class Flap(Device):
    """A flap on a servo: the product has none."""

    pin: int

    def pins(self):
        return {"flap": servo_pin(self.pin)}

    def attach(self, board):
        board.declare_servo(self.pin, safe=10)


@dataclass(kw_only=True)
class Probe(Device):
    """A probe on an analog input: the product has none."""

    pin: int

    def pins(self):
        return {"probe": analog_pin(self.pin)}

    def attach(self, board):
        board.declare_analog(self.pin)


MAKERS = {
    "flap": (1, lambda pin: Flap(pin=pin)),
    "probe": (1, lambda pin: Probe(pin=pin)),
    "buzzer": (1, lambda pin: Buzzer(pin=pin)),
    "lamp": (1, lambda pin: Lamp(pin=pin)),
    "motor": (1, lambda pin: Motor(pin=pin)),
    "solenoid": (1, lambda pin: Solenoid(pin=pin, pulse_s=0.1, rest_s=0.1, max_on_s=0.2)),
    "valve": (1, lambda pin: Valve(pin=pin, max_open_s=9)),
    "switch": (1, lambda pin: Switch(pin=pin)),
    "stop": (1, lambda pin: Button(pin=pin, stops_cell=True)),
    "encoder": (2, lambda a, b: Encoder(pin_a=a, pin_b=b, counts_per_mm=5)),
    "hx711": (2, lambda data, clock: Hx711(data=data, clock=clock, capacity_g=1000)),
    "pump": (
        2,
        lambda step, dir: Pump(step=step, dir=dir, steps_per_rev=1600, ml_per_rev=2, max_rpm=99, max_acceleration=5),
    ),
    "axis": (
        3,
        lambda step, dir, home: Stepper(
            step=step, dir=dir, home_pin=home, steps_per_mm=40, max_speed=60, max_acceleration=900, travel=(0, 300)
        ),
    ),
    "display": (0, CharacterDisplay),
    "scale": (0, lambda: Nau7802(capacity_g=1000)),
}
"""Devices, by how many pins they take; each makes one on these."""
FEW, MANY = range(2, 18), [*range(-1, 18), *range(22, 72)]
"""Pins that every Arduino has, and also some that none has; without those of an I2C bus."""


def a_board(kind, firmware):
    env = simpy.Environment()
    line = LoopbackLine(env, 115200, 0.0, f"a virtual {kind}")
    VirtualArduino(env, line.board, ModelBoard(env), kind, firmware)
    return connect(env, line.host)


@st.composite
def some_devices(draw):
    """Devices by name, on pins of their own."""
    names = draw(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=14))
    pins = iter(draw(st.permutations(draw(st.sampled_from([FEW, MANY])))))
    devices = {}
    for number, name in enumerate(names):
        count, make = MAKERS[name]
        own = [pin for pin, _ in zip(pins, range(count), strict=False)]
        if len(own) == count:
            devices[f"{name}{number}"] = make(*own)
            devices[f"{name}{number}"].name = f"{name}{number}"
    return devices


@settings(max_examples=60)
@given(
    some_devices(),
    st.sampled_from(["uno", "nano", "mega"]),
    st.sampled_from(["standard", "configurable", "cellwright"]),
)
def test_what_devices_say_that_they_need_is_what_they_ask_for_when_attached(devices, kind, firmware):
    makers = {name.rstrip("0123456789") for name in devices}
    assume(firmware == "cellwright" or not makers >= {"flap", "motor"})  # its servos take PWM: said, as a set only
    refused = []
    board = a_board(kind, firmware)
    for name, device in devices.items():
        try:
            device.attach(board)
        except CapabilityError as error:
            refused.append(f"{name} needs {error.need}")
    said = ""
    try:
        a_board(kind, firmware).require(devices)
    except InputError as error:
        said = str(error)
    assert said == (f"{', '.join(refused)}; {board.session.description}." if refused else "")


@pytest.mark.parametrize(
    ("name", "missing"), [(name, at) for name, (count, _) in MAKERS.items() for at in range(count)]
)
def test_each_pin_that_a_board_does_not_have_is_refused(name, missing):
    count, make = MAKERS[name]
    pins = [15] if name == "probe" else [3, 5, 6][:count]
    board = a_board("uno", "cellwright")
    board.require({name: make(*pins)})
    pins[missing] = 66
    with pytest.raises(InputError, match=rf"^{name} needs .* on pin 66; this board runs"):
        board.require({name: make(*pins)})


@pytest.mark.parametrize(
    ("name", "firmware", "lack"),
    [
        ("pump", "cellwright", "one stepper more than the firmware's 6"),
        ("axis", "cellwright", ""),
        ("encoder", "cellwright", "one encoder more than the firmware's 2"),
        ("hx711", "cellwright", "one HX711 more than the firmware's 2"),
        ("flap", "cellwright", "one servo more than the firmware's 4"),
        ("hx711", "configurable", "firmware that reads an HX711"),
    ],
)
def test_devices_are_counted_together(name, firmware, lack):
    count, make = MAKERS[name]
    pins = iter(range(2, 18))
    devices = {f"{name}{n}": make(*(next(pins) for _ in range(count))) for n in range(16 // count)}
    board = a_board("uno", firmware)
    if not lack:
        board.require(devices)
        return
    limit = int(lack.rpartition(" ")[2]) if lack.startswith("one") else 0
    with pytest.raises(InputError) as caught:
        board.require(devices)
    lacking = [each for each in str(caught.value).split(", ") if lack in each]
    assert [each.partition(" ")[0] for each in lacking] == list(devices)[limit:]
    board.require(dict(list(devices.items())[:limit]))


@pytest.mark.parametrize("name", MAKERS)
def test_the_products_devices_name_each_pin_that_they_declare(name):
    count, make = MAKERS[name]
    device, board = make(*[3, 5, 6][:count]), ModelBoard(simpy.Environment())
    device.attach(board)
    named = [pin.number for pin in device.pins().values() if pin.role is not PinRole.DIRECTION]
    assert sorted(board.declared_pins) == sorted(named)


class Panel(Cell):
    """Lights lamps; its devices come by their parameters."""

    cycle_ends_with = "done"
    lamp = Lamp(pin=4)
    button = Switch(pin=7)
    states = ["lighting"]
    transitions = [["done", "lighting", "lighting"]]

    def lighting(self):
        yield self.env.timeout(1.0)
        return "done"


def test_a_board_that_is_refused_is_sent_nothing(make_rig):
    class Wide(Panel):
        sign = Lamp(pin=61)

    rig = make_rig()
    before_s = rig.env.now
    with pytest.raises(InputError, match=r"needs a digital output on pin 61; this board runs"):
        Wide(rig.board)
    assert rig.sent_since(before_s) == [] and rig.board.outputs == {}


@pytest.mark.parametrize(("kind", "pin"), [("uno", 18), ("uno", 19), ("nano", 19), ("mega", 20), ("mega", 21)])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_pin_of_the_i2c_bus_is_not_for_anything_else(kind, pin, is_first):
    bus = {"display": CharacterDisplay()}
    others = {"lamp": Lamp(pin=pin)}
    board = a_board(kind, "cellwright")
    with pytest.raises(
        InputError, match=rf"^lamp needs another pin than (A\d \()?(pin )?{pin}\)?, which belongs to the I2C"
    ):
        board.require(bus | others if is_first else others | bus)
    board.require(others)
    board.require(bus)


def test_two_devices_on_one_address_are_refused():
    parameters = {"sign": CharacterDisplay(), "clock": CharacterDisplay(address=0x26), "price": CharacterDisplay()}
    assert description_problems(Panel, Panel.parameters() | parameters) == [
        f"{Panel.name()}: I2C address 0x27 is used twice, by sign and by price."
    ]


def test_a_device_that_asks_for_more_than_it_said_is_named(make_rig):
    class Sly(Lamp):
        def attach(self, board):
            super().attach(board)
            board.declare_pwm(4)

    class Secret(Panel):
        lamp = Sly(pin=5)

    with pytest.raises(InputError, match=r": lamp needs PWM on pin 4 .*; this board runs"):
        Secret(make_rig().board)


def test_an_hx711_on_a_pin_that_is_not_there_is_refused(make_rig):
    board = make_rig(firmware="cellwright").board
    with pytest.raises(InputError, match=r"^scale needs an HX711 on pin 40"):
        board.require({"scale": SimpleNamespace(needs=lambda: (Need(Feature.CONVERTER, (40, 3)),))})
