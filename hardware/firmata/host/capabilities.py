"""What a board's firmware offers to devices: the one place that says which of their needs a board does not meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from cellwright.errors import CapabilityError, InputError
from cellwright.hardware.board import DescribedDevice
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.pins import Feature, Need, pin_label

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

SERIAL_PINS = (0, 1)
"""The serial line's on an Uno, Nano and Mega. Boards that offer them for other things say so themselves."""
EVERYWHERE = (PinMode.INPUT, PinMode.OUTPUT, PinMode.STEPPER)
"""Modes of all digital pins: no list of them is of help."""


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
                return f"{need.feature.value} on {self.label(pin)}{self._why_not(pin, mode)}"
        limit = self.limits.get(need.feature)
        if need.feature is Feature.CONVERTER and not limit:
            data, clock = need.pins
            return (
                f"firmware that reads an HX711 (pins {self._bare(data)} and {self._bare(clock)}); an Nau7802 needs none"
            )
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
                found.append(lack or self._off_the_bus(need, taken) or self._off_the_servos(need, pwm_taken))
                declared[need.feature] += not found[-1]
            yield from [(name, lack) for lack in found if lack][:1]

    def _bus_pins(self) -> set[int]:
        return {pin for pin, modes in enumerate(self.session.client.capabilities) if PinMode.I2C in modes}

    def label(self, pin: int) -> str:
        """A pin in a message: "pin 5", "A0 (pin 14)"."""
        return pin_label(pin, self.session.client.analog_channels.get(pin))

    def _why_not(self, pin: int, mode: PinMode) -> str:
        """Why a pin that the board has lacks a mode, in brackets; the sentence ends with the pins that there are."""
        modes = self.session.client.capabilities
        if not 0 <= pin < len(modes):
            return ""
        if pin in SERIAL_PINS and not modes[pin]:
            return " (the serial line's)"
        able = [other for other, its_modes in enumerate(modes) if mode in its_modes]
        if not able:
            return " (which this firmware has on no pin)"
        if modes[pin].keys() == {PinMode.ANALOG}:
            return " (an analog input only)"
        return f" (it has that on {self._listed(able)})" if mode not in EVERYWHERE else ""

    def _listed(self, pins: list[int]) -> str:
        """Pins in a list: "3, 5, 6 and 9", "A0 to A5"; a row of three or more is "10 to 13"."""
        rows: list[list[int]] = []
        for pin in pins:
            if rows and pin == rows[-1][-1] + 1:
                rows[-1].append(pin)
            else:
                rows.append([pin])
        parts: list[str] = []
        for row in rows:
            ends = f"{self._short(row[0])} to {self._short(row[-1])}"
            parts += [ends] if len(row) > 2 else map(self._short, row)
        return " and ".join([", ".join(parts[:-1])] * (len(parts) > 1) + parts[-1:])

    def _short(self, pin: int) -> str:
        channel = self.session.client.analog_channels.get(pin)
        return str(pin) if channel is None else f"A{channel}"

    def _off_the_bus(self, need: Need, taken: set[int]) -> str:
        pins = [pin for pin in need.pins if pin in taken]
        return f"another pin than {self._bare(pins[0])}, which belongs to the I2C bus" if pins else ""

    def _off_the_servos(self, need: Need, taken: frozenset[int]) -> str:
        if need.feature is not Feature.PWM or taken.isdisjoint(need.pins):
            return ""
        pin = self._bare(need.pins[0])
        return f"PWM on another pin than {pin}, whose timer makes the pulses of servos in this firmware"

    def _bare(self, pin: int) -> str:
        """A pin after the word "pin"."""
        return self.label(pin).removeprefix("pin ")
