"""The pins of a device, as it describes them: what each is for, how it rests, what can fail there, what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


class PinRole(Enum):
    """What a pin is for. Faults, wiring and the emulated Arduino's pins follow from it."""

    OUTPUT = "digital output"
    CONTACT = "contact"
    PWM = "PWM output"
    SERVO = "servo output"
    ANALOG = "analog input"
    STEP = "step pulses of a stepper driver"
    DIRECTION = "direction of a stepper driver"
    ENCODER = "channel of an encoder"
    CONVERTER = "line of a converter"


class Feature(Enum):
    """What a device can need of a board and its firmware."""

    OUTPUT = "a digital output"
    INPUT = "a digital input"
    PWM = "PWM"
    SERVO = "a servo"
    ANALOG = "an analog input"
    STEPPER = "AccelStepper"
    ENCODER = "an encoder"
    CONVERTER = "an HX711"
    I2C = "I2C"


class Need(NamedTuple):
    """A need of a device. pins: on which; none for the I2C bus, whose pins are the board's."""

    feature: Feature
    pins: tuple[int, ...] = ()


FEATURES: dict[PinRole, Feature] = {
    PinRole.OUTPUT: Feature.OUTPUT,
    PinRole.CONTACT: Feature.INPUT,
    PinRole.PWM: Feature.PWM,
    PinRole.SERVO: Feature.SERVO,
    PinRole.ANALOG: Feature.ANALOG,
    PinRole.STEP: Feature.STEPPER,
    PinRole.ENCODER: Feature.ENCODER,
    PinRole.CONVERTER: Feature.CONVERTER,
}
"""What a pin of each role needs; one that belongs to a pair needs it together with its partner."""
PAIRED = (PinRole.STEP, PinRole.DIRECTION, PinRole.ENCODER, PinRole.CONVERTER)

DRIVING = (PinRole.OUTPUT, PinRole.PWM, PinRole.SERVO, PinRole.STEP)
"""By pins of these roles a device moves, heats or switches something."""

FAULTS: dict[PinRole, tuple[str, ...]] = {
    PinRole.OUTPUT: ("dead",),
    PinRole.CONTACT: ("open", "closed", "bouncing"),
    PinRole.STEP: ("slips",),
}
"""The kinds of fault that a pin can have unless its device says otherwise (see hardware/fault_injection.py)."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin of a device. Make it by the function of its role below.

    number: as printed on the board. rests_high: the level of an output that nothing drives, where it is safe, and of a
    contact that is open. partner: the second pin of a pair, given with the first: a driver's direction, an encoder's B,
    a converter's clock. is_inverted: its motor turns the wrong way round. samples_per_s: of a converter.
    max_steps_per_s: the highest step rate that its device asks for, 0 where it does not say. faults: the kinds of fault
    that it can have. fault_prefix: before their names, where a device has several pins that can fail.
    """

    number: int
    role: PinRole
    rests_high: bool = False
    partner: int | None = None
    is_inverted: bool = False
    samples_per_s: float = 0.0
    max_steps_per_s: float = 0.0
    faults: tuple[str, ...] = ()
    fault_prefix: str = ""


def pin_label(number: int, channel: int | None) -> str:
    """A pin in a message: "pin 5", or with an analog channel "A0 (pin 14)", as it is printed on the board.

    Example:
        >>> pin_label(5, None), pin_label(14, 0), pin_label(54, 0)
        ('pin 5', 'A0 (pin 14)', 'A0 (pin 54)')
    """
    return f"pin {number}" if channel is None else f"A{channel} (pin {number})"


def needs_of(pins: Iterable[Pin]) -> Iterator[Need]:
    """What pins need, each pair once."""
    for pin in pins:
        if pin.role not in PAIRED:
            yield Need(FEATURES[pin.role], (pin.number,))
        elif pin.partner is not None:
            yield Need(FEATURES[pin.role], (pin.number, pin.partner))


def output_pin(number: int, *, active_low: bool = False, faults: tuple[str, ...] = FAULTS[PinRole.OUTPUT]) -> Pin:
    """A digital output, which is safe at the level at which it is off."""
    return Pin(number, PinRole.OUTPUT, rests_high=active_low, faults=faults)


def contact_pin(
    number: int,
    *,
    active_low: bool = True,
    faults: tuple[str, ...] = FAULTS[PinRole.CONTACT],
    fault_prefix: str = "",
) -> Pin:
    """An input with a contact; active_low: closed, it connects the pin to ground."""
    return Pin(number, PinRole.CONTACT, rests_high=active_low, faults=faults, fault_prefix=fault_prefix)


def pwm_pin(number: int) -> Pin:
    """An output with a duty, at rest without a signal."""
    return Pin(number, PinRole.PWM)


def servo_pin(number: int) -> Pin:
    """An output that drives a servo."""
    return Pin(number, PinRole.SERVO)


def analog_pin(number: int) -> Pin:
    """An analog input, from 0 to 5 V."""
    return Pin(number, PinRole.ANALOG)


def stepper_pins(step: int, direction: int, *, inverted: bool = False, max_steps_per_s: float = 0.0) -> dict[str, Pin]:
    """The two pins of a stepper driver. max_steps_per_s: the highest step rate it is asked for, if that is known."""
    return {
        "step": Pin(
            step,
            PinRole.STEP,
            partner=direction,
            is_inverted=inverted,
            max_steps_per_s=max_steps_per_s,
            faults=FAULTS[PinRole.STEP],
        ),
        "direction": Pin(direction, PinRole.DIRECTION),
    }


def encoder_pins(a: int, b: int) -> dict[str, Pin]:
    """The two channels of a quadrature encoder."""
    return {"encoder A": Pin(a, PinRole.ENCODER, partner=b, faults=("stuck",)), "encoder B": Pin(b, PinRole.ENCODER)}


def converter_pins(data: int, clock: int, *, samples_per_s: float) -> dict[str, Pin]:
    """The two lines of a converter that the board clocks itself, such as an HX711."""
    return {
        "data": Pin(data, PinRole.CONVERTER, partner=clock, samples_per_s=samples_per_s),
        "clock": Pin(clock, PinRole.CONVERTER),
    }
