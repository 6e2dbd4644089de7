"""What the pins of the usual Arduinos can do, as their firmware reports it.

Sources: Boards.h of the Firmata and ConfigurableFirmata libraries (TOTAL_PINS, IS_PIN_…, PIN_TO_ANALOG) for all
but what is named below. Pins 0 and 1 belong to the serial line, so no firmware offers them.
PWM and interrupts: digitalPinHasPWM and digitalPinToInterrupt in pins_arduino.h of the Arduino AVR core.
Servos: StandardFirmata 2.5 offers every digital pin; ConfigurableFirmata those from 2 on that the Servo library
supports (MAX_SERVOS: 12 for each 16-bit timer; 1 timer on a 328P, 4 on a 2560).
The order of a pin's modes: StandardFirmata.ino's CAPABILITY_QUERY; for ConfigurableFirmata the order in which the
features are added: digital input, digital output, analog input, PWM, servo, I2C, stepper, encoder.
Resolutions: 21 bits of AccelStepperFirmata.cpp, 28 of FirmataEncoder.cpp, 14 of the servo, 10 of the ADC.
CellwrightFirmata: hardware/firmware/PROTOCOL.md (no PWM where the timer makes steps, encoders wherever a pin's change
interrupts, a servo on any digital pin, positions of 32 bits).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.pins import pin_label

FirmwareKind = Literal["standard", "configurable", "cellwright"]
ANALOG_NAME = re.compile(r"[Aa](\d{1,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PinMap:
    """The pins of one model of Arduino, by number; ``analog`` pins have the channels 0, 1, 2, … in order.

    pin_change_interrupts: pins with an interrupt at every change. step_timer: pins whose PWM needs the timer that
    CellwrightFirmata uses for steps.
    """

    name: str
    pins: int
    digital: range
    analog: range
    pwm: frozenset[int]
    i2c: frozenset[int]
    interrupts: frozenset[int]
    pin_change_interrupts: frozenset[int]
    step_timer: frozenset[int]
    servo_pins: range

    @property
    def ports(self) -> int:
        """How many ports of eight pins there are."""
        return (self.pins + 7) // 8

    def channel(self, pin: int) -> int | None:
        """The analog channel of a pin, None where it has none."""
        return pin - self.analog.start if pin in self.analog else None

    def label(self, pin: int) -> str:
        """A pin in a message: "pin 5", "A0 (pin 14)"."""
        return pin_label(pin, self.channel(pin))

    def number(self, name: str) -> int | None:
        """The pin with the name of an analog input, "A0"; None where the board has none of that name.

        Example:
            >>> UNO.number("A0"), MEGA.number("A0"), UNO.number("A6"), NANO.number("A6")
            (14, 54, None, 20)
        """
        named = ANALOG_NAME.fullmatch(name.strip())
        channel = int(named[1]) if named else len(self.analog)
        return self.analog[channel] if channel < len(self.analog) else None

    @property
    def analog_names(self) -> str:
        """The names of its analog inputs: "A0 to A5"."""
        return f"A0 to A{len(self.analog) - 1}"

    def capabilities(self, pin: int, firmware: FirmwareKind) -> dict[int, int]:
        """The modes of a pin, in the firmware's order, and their resolutions in bits."""
        modes: dict[int, int] = {}
        if pin in self.digital:
            # pyFirmata and pyfirmata2 take a pin for digital only where OUTPUT comes right after INPUT.
            last = [PinMode.OUTPUT, PinMode.PULLUP] if firmware == "cellwright" else [PinMode.PULLUP, PinMode.OUTPUT]
            modes |= dict.fromkeys((PinMode.INPUT, *last), 1)
        if pin in self.analog:
            modes[PinMode.ANALOG] = 10
        if pin in self.pwm and not (firmware == "cellwright" and pin in self.step_timer):
            modes[PinMode.PWM] = 8
        if pin in (self.servo_pins if firmware == "configurable" else self.digital):
            modes[PinMode.SERVO] = 14
        if pin in self.i2c:
            modes[PinMode.I2C] = 1
        if firmware != "standard":
            if pin in self.digital:
                modes[PinMode.STEPPER] = 21 if firmware == "configurable" else 32
            if pin in (self.interrupts if firmware == "configurable" else self.pin_change_interrupts):
                modes[PinMode.ENCODER] = 28
        return modes


UNO = PinMap(
    name="Arduino Uno",
    pins=20,
    digital=range(2, 20),
    analog=range(14, 20),
    pwm=frozenset({3, 5, 6, 9, 10, 11}),
    i2c=frozenset({18, 19}),
    interrupts=frozenset({2, 3}),
    pin_change_interrupts=frozenset(range(2, 20)),
    step_timer=frozenset({9, 10}),
    servo_pins=range(2, 14),
)

# The same chip in a package with two more pins, A6 and A7, which are analog inputs only.
NANO = PinMap(
    name="Arduino Nano",
    pins=22,
    digital=range(2, 20),
    analog=range(14, 22),
    pwm=UNO.pwm,
    i2c=UNO.i2c,
    interrupts=UNO.interrupts,
    pin_change_interrupts=UNO.pin_change_interrupts,
    step_timer=UNO.step_timer,
    servo_pins=UNO.servo_pins,
)

MEGA = PinMap(
    name="Arduino Mega 2560",
    pins=70,
    digital=range(2, 70),
    analog=range(54, 70),
    pwm=frozenset({*range(2, 14), 44, 45, 46}),
    i2c=frozenset({20, 21}),
    interrupts=frozenset({2, 3, 18, 19, 20, 21}),
    pin_change_interrupts=frozenset({2, 3, *range(10, 16), *range(18, 22), *range(50, 54), *range(62, 70)}),
    step_timer=frozenset({11, 12}),
    servo_pins=range(2, 50),
)

ArduinoModel = Literal["uno", "nano", "mega"]
PIN_MAPS: dict[ArduinoModel, PinMap] = {"uno": UNO, "nano": NANO, "mega": MEGA}
