"""What a board's firmware offers to devices: the one place that says which of their needs a board does not meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from cellwright.errors import CapabilityError, InputError
from cellwright.hardware.board import DescribedDevice
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.pins import Feature, Need

MODES: dict[Feature, tuple[PinMode, ...]] = {
    Feature.OUTPUT: (PinMode.OUTPUT,),
    Feature.INPUT: (PinMode.INPUT,),
    Feature.PWM: (PinMode.PWM,),
    Feature.SERVO: (PinMode.SERVO,),
    Feature.ANALOG: (PinMode.ANALOG,),
    Feature.STEPPER: (PinMode.STEPPER, PinMode.STEPPER),
    Feature.ENCODER: (PinMode.ENCODER, PinMode.ENCODER),
    Feature.CONVERTER: (PinMode.INPUT, PinMode.OUTPUT),
}
"""The modes that the pins of a need must have, in their order."""
COUNTED = {
    Feature.STEPPER: "stepper",
    Feature.ENCODER: "encoder",
    Feature.CONVERTER: "HX711",
    Feature.SERVO: "servo",
}


class Capabilities:
    """What a board has reported.

    limits: how many of each kind its firmware supports. pwm_taken: the pins whose PWM so many servos take.
    """

    def __init__(
        self,
        session: Session,
        limits: Mapping[Feature, int],
        pwm_taken: Callable[[int], frozenset[int]] = lambda _: frozenset(),
    ) -> None:
        self.session = session
        self.limits = limits
        self._pwm_taken = pwm_taken

    def require(self, need: Need, declared: int = 0) -> None:
        """Raise CapabilityError if a need is not met. declared: how many of the kind the board has already."""
        lack = self.lack(need, declared)
        if lack:
            raise CapabilityError(lack, self.session.description)

    def require_all(self, devices: Mapping[str, DescribedDevice]) -> None:
        """Raise InputError for all that is lacking, the first need of each device."""
        needs = {name: device.needs() for name, device in devices.items()}
        lacking = [f"{name} needs {lack}" for name, lack in self._all_lacking(needs)]
        if lacking:
            raise InputError(f"{', '.join(lacking)}; {self.session.description}.")

    def lack(self, need: Need, declared: int = 0) -> str:
        """What a need lacks, as the end of "the wheel needs …"; empty if it is met."""
        client = self.session.client
        if need.feature is Feature.I2C and not self._bus_pins():
            return str(need.feature.value)
        for pin, mode in zip(need.pins, MODES.get(need.feature, ()), strict=False):
            if not client.supports(pin, mode):
                return f"{need.feature.value} on pin {pin}"
        limit = self.limits.get(need.feature)
        if need.feature is Feature.CONVERTER and not limit:
            data, clock = need.pins
            return f"firmware that reads an HX711 (pins {data} and {clock}); an Nau7802 needs none"
        if limit is not None and declared >= limit:
            return f"one {COUNTED[need.feature]} more than the firmware's {limit}"
        return ""

    def _all_lacking(self, needs: Mapping[str, tuple[Need, ...]]) -> Iterator[tuple[str, str]]:
        declared: Counter[Feature] = Counter()
        has_bus = any(need.feature is Feature.I2C for own in needs.values() for need in own)
        taken = self._bus_pins() if has_bus else set()
        servos = sum(need.feature is Feature.SERVO for own in needs.values() for need in own)
        pwm_taken = self._pwm_taken(servos)
        for name, own in needs.items():
            found = []
            for need in own:
                lack = self.lack(need, declared[need.feature])
                found.append(lack or _off_the_bus(need, taken) or _off_the_servos(need, pwm_taken))
                declared[need.feature] += not found[-1]
            yield from [(name, lack) for lack in found if lack][:1]

    def _bus_pins(self) -> set[int]:
        return {pin for pin, modes in enumerate(self.session.client.capabilities) if PinMode.I2C in modes}


def _off_the_bus(need: Need, taken: set[int]) -> str:
    pins = [pin for pin in need.pins if pin in taken]
    return f"another pin than {pins[0]}, which belongs to the I2C bus" if pins else ""


def _off_the_servos(need: Need, taken: frozenset[int]) -> str:
    if need.feature is not Feature.PWM or taken.isdisjoint(need.pins):
        return ""
    return f"PWM on another pin than {need.pins[0]}, whose timer makes the pulses of servos in this firmware"
