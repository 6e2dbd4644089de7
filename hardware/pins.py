"""The pins of a device, as it describes them: what each is for, how it rests, and what can fail there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


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
    contact that is open. partner: the other pin of a pair: a driver's direction, a converter's clock. is_inverted: its
    motor turns the wrong way round. samples_per_s: of a converter. faults: the kinds of fault that it can have.
    fault_prefix: before their names, where a device has several pins that can fail.
    """

    number: int
    role: PinRole
    rests_high: bool = False
    partner: int | None = None
    is_inverted: bool = False
    samples_per_s: float = 0.0
    faults: tuple[str, ...] = ()
    fault_prefix: str = ""


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


def stepper_pins(step: int, direction: int, *, inverted: bool = False) -> dict[str, Pin]:
    """The two pins of a stepper driver."""
    return {
        "step": Pin(step, PinRole.STEP, partner=direction, is_inverted=inverted, faults=FAULTS[PinRole.STEP]),
        "direction": Pin(direction, PinRole.DIRECTION),
    }


def encoder_pins(a: int, b: int) -> dict[str, Pin]:
    """The two channels of a quadrature encoder."""
    return {"encoder A": Pin(a, PinRole.ENCODER, faults=("stuck",)), "encoder B": Pin(b, PinRole.ENCODER)}


def converter_pins(data: int, clock: int, *, samples_per_s: float) -> dict[str, Pin]:
    """The two lines of a converter that the board clocks itself, such as an HX711."""
    return {
        "data": Pin(data, PinRole.CONVERTER, partner=clock, samples_per_s=samples_per_s),
        "clock": Pin(clock, PinRole.CONVERTER),
    }
