"""The pins of an emulated Arduino for a plant: steps, edges, contacts and sensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field

from cellwright.errors import DescriptionError
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.chip import CLOCK_HZ
from cellwright.hardware.firmata.protocol.servo import MAX_ANGLE_DEG, servo_degrees
from cellwright.hardware.model.axes import TripPoint
from cellwright.hardware.model.ports import analog_volts
from cellwright.hardware.model.session import I2cDevice

STANDSTILL_S = 0.1
"""An axis without a step for this long stands still: nothing here moves slower than 10 steps/s."""
ENCODER_EDGES_PER_S = 10_000.0
"""How fast the edges of an encoder follow its count. A plant changes the count in jumps, at its own time step."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The wiring of the pins beyond what a plant does.

    drivers: by step pin, the direction pin and whether the motor is inverted. pwm: pins with a duty. resting: the level
    to which a resistor pulls an output or a contact that nothing drives. samples_per_s: of each HX711, by its two pins.
    servos: pins with a servo.
    """

    drivers: Mapping[int, tuple[int, bool]] = field(default_factory=dict)
    pwm: frozenset[int] = frozenset()
    resting: Mapping[int, bool] = field(default_factory=dict)
    samples_per_s: Mapping[tuple[int, int], float] = field(default_factory=dict)
    servos: frozenset[int] = frozenset()


class PinAxis:
    """An axis on a stepper driver at two pins: each pulse is a step."""

    def __init__(self, arduino: EmulatedArduino, step: int, dir: int, inverted: bool) -> None:
        self.env = arduino.env
        self.trip_points: list[TripPoint] = []
        self._arduino = arduino
        self._chip = arduino.chip
        self._number = self._chip.add_axis(arduino.pin(step), arduino.pin(dir), forward=not inverted)
        self._wired = 0  # how many of its trip points are on the pins

    @property
    def number(self) -> int:
        """Its number on the chip."""
        return self._number

    @property
    def true_position(self) -> int:
        """The present position, steps from the physical origin."""
        return self._chip.axis(self._number).position

    @property
    def is_moving(self) -> bool:
        """Whether it has made a step within the last ``STANDSTILL_S``."""
        return self.env.now - self._last_step_s < STANDSTILL_S

    @property
    def due_s(self) -> float:
        """When it made its last step; infinity while it moves, as the end is not known."""
        return math.inf if self.is_moving else self._last_step_s

    @property
    def _last_step_s(self) -> float:
        seen = self._chip.axis(self._number)
        return self._arduino.powered_at_s + seen.last_step / CLOCK_HZ if seen.steps else -math.inf

    def set_true_position(self, true_position: int) -> None:
        """Set its true position."""
        for point in self.trip_points[self._wired :]:
            self._chip.add_trip_point(self._number, point.at, self._arduino.pin(point.pin), point.level)
        self._wired = len(self.trip_points)
        self._chip.place_axis(self._number, true_position)

    def slip(self, steps: int) -> None:
        """Lose steps: the true position changes, and the firmware does not know."""
        self.set_true_position(self.true_position - steps)


class PinOutput:
    """A pin driven by the firmware or by a resistor."""

    def __init__(self, arduino: EmulatedArduino, pin: int) -> None:
        self._arduino = arduino
        self._pin = pin

    @property
    def level(self) -> bool:
        """The present level."""
        return self._arduino.level(self._pin)


class PinInput:
    """A pin that the plant drives; otherwise its pull-up makes it high."""

    def __init__(self, arduino: EmulatedArduino, pin: int) -> None:
        self.env = arduino.env
        self._arduino = arduino
        self._pin = pin
        if not arduino.chip.is_held(*arduino.pin(pin)):
            arduino.set_input(pin, True)

    @property
    def level(self) -> bool:
        """The present level."""
        return self._arduino.level(self._pin)

    def set_level(self, level: bool) -> None:
        """Set the level of the contact."""
        self._arduino.set_input(self._pin, level)

    def stick(self, level: bool) -> None:
        """Set the contact to ``level`` for good."""
        self._arduino.set_input(self._pin, level)
        self._arduino.chip.freeze(*self._arduino.pin(self._pin))


class PinDuty:
    """A pin with PWM."""

    def __init__(self, arduino: EmulatedArduino, pin: int) -> None:
        self._arduino = arduino
        self._pin = pin

    @property
    def value(self) -> float:
        """The present duty, 0 to 1."""
        return self._arduino.chip.duty(*self._arduino.pin(self._pin))


class PinServo:
    """A servo on a pin: it turns to the angle of the pulses that come, and stays there when no more come."""

    def __init__(self, arduino: EmulatedArduino, pin: int) -> None:
        self._arduino = arduino
        self._pin = pin

    @property
    def value(self) -> float:
        """The angle of its last pulses, degrees from 0 to 180. Raises KeyError before the first."""
        pulse_us = self._arduino.chip.servo_pulse_us(*self._arduino.pin(self._pin))
        if not pulse_us:
            raise KeyError(self._pin)
        return min(max(servo_degrees(pulse_us), 0.0), MAX_ANGLE_DEG)


class PinLevels(Mapping[int, "PinDuty | PinServo"]):
    """The pins with PWM, and those whose servo has got pulses since the last reset; by pin."""

    def __init__(self, arduino: EmulatedArduino, wiring: Wiring) -> None:
        self._duties = {pin: PinDuty(arduino, pin) for pin in wiring.pwm}
        self._servos = {pin: PinServo(arduino, pin) for pin in wiring.servos}

    def __getitem__(self, pin: int) -> PinDuty | PinServo:
        if pin in self._duties:
            return self._duties[pin]
        servo = self._servos[pin]
        _ = servo.value  # raises KeyError
        return servo

    def __iter__(self) -> Iterator[int]:
        return iter([*self._duties, *(pin for pin in self._servos if self.get(pin) is not None)])

    def __len__(self) -> int:
        return len(list(iter(self)))


class PinAnalog:
    """An analog input."""

    def __init__(self, arduino: EmulatedArduino, pin: int) -> None:
        self._arduino = arduino
        self._pin = pin
        self._volts = 0.0

    @property
    def volts(self) -> float:
        """The voltage on it, 0 to 5 V."""
        return self._volts

    @volts.setter
    def volts(self, volts: float) -> None:
        self._volts = analog_volts(volts)
        self._arduino.set_analog(self._pin, self._volts)


class PinEncoder:
    """A quadrature encoder on two pins."""

    def __init__(self, arduino: EmulatedArduino, pin_a: int, pin_b: int) -> None:
        self._chip = arduino.chip
        self._number = self._chip.add_encoder(arduino.pin(pin_a), arduino.pin(pin_b))
        self._count = 0
        self._is_stuck = False

    @property
    def true_count(self) -> int:
        """The count set by a plant; its edges may not all have come yet (see ENCODER_EDGES_PER_S)."""
        return self._count

    @true_count.setter
    def true_count(self, count: int) -> None:
        self._count = count
        if not self._is_stuck:
            self._chip.turn(self._number, count, ENCODER_EDGES_PER_S)

    def stick(self) -> None:
        """Freeze the count, as if its wheel or its wire were off."""
        self._is_stuck = True
        self._chip.turn(self._number, self._chip.encoder_count(self._number), ENCODER_EDGES_PER_S)


class PinConverter:
    """An HX711 on two pins; it sends nothing until a plant sets ``convert``."""

    def __init__(self, arduino: EmulatedArduino, data: int, clock: int, per_s: float) -> None:
        self.convert: Callable[[], int] | None = None
        arduino.add_hx711(data, clock, self._counts, per_s)

    def _counts(self) -> int | None:
        return None if self.convert is None else self.convert()


class PinBus(MutableMapping[int, I2cDevice]):
    """The devices on an emulated Arduino's I2C bus, by address."""

    def __init__(self, arduino: EmulatedArduino) -> None:
        self._arduino = arduino

    def __getitem__(self, address: int) -> I2cDevice:
        return self._arduino.i2c_devices[address]

    def __setitem__(self, address: int, device: I2cDevice) -> None:
        self._arduino.put_on_bus(address, device)

    def __delitem__(self, address: int) -> None:
        if address not in self._arduino.i2c_devices:
            raise KeyError(address)
        self._arduino.take_off_bus(address)

    def __iter__(self) -> Iterator[int]:
        return iter(self._arduino.i2c_devices)

    def __len__(self) -> int:
        return len(self._arduino.i2c_devices)


class PinWorld:
    """The pins of an emulated Arduino for a plant. See ``World``.

    Steps are counted and trip points set in the chip's own time; all else happens at exchanges between the chip and the
    environment, which come at the exact cycle of every watched change.
    """

    def __init__(self, arduino: EmulatedArduino, wiring: Wiring) -> None:
        self.env = arduino.env
        self.arduino = arduino
        self.i2c_devices: MutableMapping[int, I2cDevice] = PinBus(arduino)
        self.levels = PinLevels(arduino, wiring)
        self._wiring = wiring
        self._axes: dict[int, PinAxis] = {}
        self._inputs: dict[int, PinInput] = {}
        self._disconnected: set[int] = set()
        self._analogs: dict[int, PinAnalog] = {}
        self._encoders: dict[tuple[int, int], PinEncoder] = {}
        self._converters: dict[tuple[int, int], PinConverter] = {}
        for pin, level in wiring.resting.items():
            arduino.set_input(pin, level)
        # All of it is there from the start, whether and when a plant asks for it: an axis counts every step.
        for step, driver in wiring.drivers.items():
            self._axes[step] = PinAxis(arduino, step, *driver)
        for pins in wiring.samples_per_s:
            self.declare_hx711(*pins)

    @property
    def axes(self) -> Iterable[PinAxis]:
        """The axes that are wired."""
        return self._axes.values()

    def axis(self, step: int) -> PinAxis:
        """The axis whose driver's step pin is ``step``. Raises DescriptionError if no driver is wired there."""
        if step not in self._axes:
            raise DescriptionError(f"Pin {step} is no stepper driver's step pin on the emulated Arduino.")
        return self._axes[step]

    def output(self, pin: int) -> PinOutput:
        """The output on ``pin``."""
        return PinOutput(self.arduino, pin)

    def on_output(self, pin: int, action: Callable[[bool], None], levels: Iterable[bool] = (False, True)) -> None:
        """Call ``action(level)`` whenever the pin changes to one of ``levels``."""
        watched_levels = frozenset(levels)

        def act(level: bool) -> None:
            if level in watched_levels and pin not in self._disconnected:
                action(level)

        self.arduino.on_output(pin, act)

    def disconnect(self, pin: int) -> None:
        """Break the wire of output ``pin``: what it drives notices nothing from now on."""
        self._disconnected.add(pin)

    def input(self, pin: int) -> PinInput:
        """The input on ``pin``."""
        if pin not in self._inputs:
            self._inputs[pin] = PinInput(self.arduino, pin)
        return self._inputs[pin]

    def set_input(self, pin: int, level: bool) -> None:
        """Hold a pin at a level."""
        self.input(pin).set_level(level)

    def declare_analog(self, pin: int) -> PinAnalog:
        """The analog input on ``pin``."""
        if pin not in self._analogs:
            self._analogs[pin] = PinAnalog(self.arduino, pin)
        return self._analogs[pin]

    def declare_encoder(self, pin_a: int, pin_b: int) -> PinEncoder:
        """The quadrature encoder on two pins."""
        if (pin_a, pin_b) not in self._encoders:
            self._encoders[pin_a, pin_b] = PinEncoder(self.arduino, pin_a, pin_b)
        return self._encoders[pin_a, pin_b]

    def encoder_at(self, pin_a: int) -> PinEncoder:
        """The encoder whose first pin is ``pin_a``."""
        return next(encoder for pins, encoder in self._encoders.items() if pins[0] == pin_a)

    def declare_hx711(self, data: int, clock: int) -> PinConverter:
        """The HX711 on two pins."""
        if (data, clock) not in self._converters:
            per_s = self._wiring.samples_per_s.get((data, clock), 10.0)
            self._converters[data, clock] = PinConverter(self.arduino, data, clock, per_s)
        return self._converters[data, clock]
