"""FirmataBoard: the boards that devices talk to, over Firmata. Everything runs in the time of ``env``.

On a SimPy environment and a line in memory it is as deterministic as the model; on a WallClock and a serial port it
drives the Arduino on the desk.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeVar

import simpy
from simpy.events import Event

from cellwright.errors import CellFault, Lacking
from cellwright.hardware.board import Board
from cellwright.hardware.firmata import accelstepper, messages
from cellwright.hardware.firmata.accelstepper import decode_reply
from cellwright.hardware.firmata.client import FirmataClient
from cellwright.hardware.firmata.dead_man import DeadMansSwitch
from cellwright.hardware.firmata.features import decode_encoder_counts, decode_i2c_reply
from cellwright.hardware.firmata.messages import PinMode
from cellwright.hardware.firmata.ports import (
    Declared,
    FirmataAnalog,
    FirmataEncoder,
    FirmataI2c,
    FirmataInput,
    FirmataLevel,
    FirmataOutput,
)
from cellwright.hardware.firmata.stepper import FirmataStepper
from cellwright.hardware.link import Link
from cellwright.hardware.waits import Named, Wait

MODE_NAMES = {
    PinMode.INPUT: "a digital input",
    PinMode.OUTPUT: "a digital output",
    PinMode.ANALOG: "an analog input",
    PinMode.PWM: "PWM",
    PinMode.SERVO: "a servo",
    PinMode.STEPPER: "AccelStepper",
    PinMode.ENCODER: "an encoder",
}
SERVO_TOP = 1  # a value below 544 is an angle in degrees

Port = TypeVar("Port", bound=Declared)


class FirmataBoard(Board):
    """A board at the other end of ``link``. Wait for ``ready`` before declaring anything on it.

    notes: what a person should know of this board before a run, as sentences.
    """

    def __init__(self, env: simpy.Environment, link: Link) -> None:
        self.env = env
        self.client = FirmataClient(env, link)
        self.client.on_restart = self._declare_again
        self.client.on_trouble = self._tell_trouble
        self.ready: Event = self.client.ready
        self.locked = False
        self.notes: list[str] = []
        self.dead_man = DeadMansSwitch(env, self.client)
        self.outputs: dict[int, FirmataOutput] = {}
        self.inputs: dict[int, FirmataInput] = {}
        self.steppers: list[FirmataStepper] = []
        self.levels: list[FirmataLevel] = []
        self._encoders: list[FirmataEncoder] = []
        self._i2c: dict[int, FirmataI2c] = {}
        self._declared: list[Declared] = []
        self._trouble_actions: list[Callable[[str], None]] = []
        self._round_trips: list[Wait] = []
        self.client.on_sysex(messages.ACCELSTEPPER, self._hear_stepper)
        self.client.on_sysex(messages.ENCODER, self._hear_encoder)
        self.client.on_sysex(messages.I2C_REPLY, self._hear_i2c)
        self.client.on_sysex(messages.ANALOG_MAPPING, self._end_round_trip)

    @property
    def description(self) -> str:
        """What this board is, as the end of a sentence."""
        major, minor = self.client.firmware_version or (0, 0)
        name = (self.client.firmware_name or "an unknown firmware").removesuffix(".ino")
        return f"this board runs {name} {major}.{minor} and has pins 0 to {len(self.client.capabilities) - 1}"

    def send(self, data: bytes) -> None:
        """Send messages."""
        self.client.send(data)

    def close(self) -> None:
        """Let go of the line. What was declared keeps its levels; make the board safe first."""
        self.dead_man.disarm()
        self.client.close()

    # ---- declaring ----

    def _declare(self, port: Port) -> Port:
        self._declared.append(port)
        port.declare()
        return port

    def _need(self, pin: int, mode: PinMode) -> None:
        if not self.client.supports(pin, mode):
            raise Lacking(f"{MODE_NAMES[mode]} on pin {pin}", self.description)

    def declare_output(self, pin: int, safe: bool) -> FirmataOutput:
        self._need(pin, PinMode.OUTPUT)
        self.outputs[pin] = FirmataOutput(self, pin, safe)
        return self._declare(self.outputs[pin])

    def declare_input(self, pin: int, at_rest: bool) -> FirmataInput:
        self._need(pin, PinMode.INPUT)
        if at_rest and not self.client.supports(pin, PinMode.PULLUP):
            self.notes.append(f"Pin {pin} has no pull-up in this firmware: wire a resistor of 10 kΩ to 5 V.")
        self.inputs[pin] = FirmataInput(self, pin, at_rest)
        if all(each == pin or each // 8 != pin // 8 for each in self.inputs):
            self.client.on_digital(pin // 8, partial(self._hear_port, pin // 8))
        return self._declare(self.inputs[pin])

    def declare_stepper(self, device: Named, step: int, dir: int, inverted: bool) -> FirmataStepper:
        for pin in (step, dir):
            self._need(pin, PinMode.STEPPER)
        number = len(self.steppers)
        if number == accelstepper.DEVICES:
            raise Lacking(f"an eleventh stepper; the firmware drives {accelstepper.DEVICES}", self.description)
        self.steppers.append(FirmataStepper(self, number, device, step, dir, inverted))
        return self._declare(self.steppers[number])

    def declare_analog(self, pin: int) -> FirmataAnalog:
        self._need(pin, PinMode.ANALOG)
        return self._declare(FirmataAnalog(self, pin))

    def declare_pwm(self, pin: int, safe: float = 0.0) -> FirmataLevel:
        self._need(pin, PinMode.PWM)
        top = (1 << self.client.capabilities[pin][PinMode.PWM]) - 1
        self.levels.append(FirmataLevel(self, pin, PinMode.PWM, safe, top))
        return self._declare(self.levels[-1])

    def declare_servo(self, pin: int, safe: float) -> FirmataLevel:
        self._need(pin, PinMode.SERVO)
        self.levels.append(FirmataLevel(self, pin, PinMode.SERVO, safe, SERVO_TOP))
        return self._declare(self.levels[-1])

    def declare_encoder(self, pin_a: int, pin_b: int) -> FirmataEncoder:
        for pin in (pin_a, pin_b):
            self._need(pin, PinMode.ENCODER)
        self._encoders.append(FirmataEncoder(self, len(self._encoders), pin_a, pin_b))
        return self._declare(self._encoders[-1])

    def declare_i2c(self, address: int) -> FirmataI2c:
        if not any(PinMode.I2C in modes for modes in self.client.capabilities):
            raise Lacking("I2C", self.description)
        if address not in self._i2c:
            self._i2c[address] = self._declare(FirmataI2c(self, address))
        return self._i2c[address]

    def _declare_again(self) -> None:
        """The board has reset itself and knows nothing: tell it all again, every output at its safe level."""
        self.locked = True
        for declared in self._declared:
            declared.declare()
        self._ask_for_inputs()

    def _ask_for_inputs(self) -> None:
        """Have the ports with inputs reported, once all their pins are inputs: until then they read as low outputs."""
        for port in sorted({pin // 8 for pin in self.inputs}):
            self.send(messages.report_port(port, True))

    # ---- before a run ----

    def prepare(self) -> Generator[Event, Any, None]:
        """After all is declared: arm the dead man's switch if there is one, and see every input once.

        Raises CellFault when the board does not answer.
        """
        self._ask_for_inputs()
        if (yield from self.dead_man.look()):
            self.dead_man.arm(self._safe_bytes())
        else:
            self.notes.append(
                "This board cannot protect itself from a lost link: its firmware has no scheduler. "
                "Keep the power switch within reach."
            )
        yield self.round_trip()

    def round_trip(self) -> Wait:
        """A wait for the answer to a question asked now: all that was sent before has arrived by then."""
        wait = Wait(self.env, self, "did not answer", 1.0)
        self._round_trips.append(wait)
        self.send(messages.ASK_ANALOG_MAPPING)
        return wait

    def _end_round_trip(self, _: bytes) -> None:
        if self._round_trips:
            self._round_trips.pop(0).complete()

    @property
    def name(self) -> str:
        """The board in the user's words."""
        return f"the board on {self.client.name}"

    # ---- stopping ----

    def port_message(self, port: int) -> bytes:
        """The levels of a port's outputs, as one message."""
        levels = sum(1 << pin % 8 for pin, output in self.outputs.items() if pin // 8 == port and output.level)
        return messages.port(port, levels)

    def _safe_bytes(self) -> bytes:
        """What makes the board safe, whatever it is doing: outputs first."""
        ports = sorted({pin // 8 for pin in self.outputs})
        safe = {
            port: sum(1 << pin % 8 for pin, output in self.outputs.items() if pin // 8 == port and output.safe)
            for port in ports
        }
        outputs = b"".join(messages.port(port, levels) for port, levels in safe.items())
        return outputs + b"".join(accelstepper.stop(stepper.number) for stepper in self.steppers)

    def make_safe(self) -> None:
        self.locked = True
        changed = {pin // 8 for pin, output in self.outputs.items() if output.make_safe()}
        for port in sorted(changed):
            self.send(self.port_message(port))
        moving = [stepper for stepper in self.steppers if stepper.moving]
        for stepper in moving:
            self.send(accelstepper.stop(stepper.number))
        for level in self.levels:
            level.make_safe()
        for stepper in moving:
            stepper.ask_where()

    @property
    def is_safe(self) -> bool:
        """Whether every output was told its safe level and no axis to move."""
        at_rest = not any(stepper.moving for stepper in self.steppers)
        return at_rest and all(output.level == output.safe for output in self.outputs.values())

    def release(self) -> None:
        if not self.client.is_open:
            raise CellFault(f"The link to {self.client.name} is lost: plug the board in and start the run again.")
        self.locked = False

    def on_trouble(self, action: Callable[[str], None]) -> None:
        self._trouble_actions.append(action)

    def _tell_trouble(self, reason: str) -> None:
        if not self._trouble_actions:
            raise CellFault(reason)
        for action in self._trouble_actions:
            action(reason)

    # ---- what the board says ----

    def _hear_port(self, port: int, levels: int) -> None:
        for pin in range(8 * port, 8 * port + 8):
            if pin in self.inputs:
                self.inputs[pin].sense(bool(levels >> pin % 8 & 1))

    def _hear_stepper(self, data: bytes) -> None:
        reply = decode_reply(data)
        if reply is not None and reply.number < len(self.steppers):
            self.steppers[reply.number].hear(reply)

    def _hear_encoder(self, data: bytes) -> None:
        for number, count in decode_encoder_counts(data).items():
            if number < len(self._encoders):
                self._encoders[number].count = count

    def _hear_i2c(self, data: bytes) -> None:
        reply = decode_i2c_reply(data)
        if reply is not None and reply.address in self._i2c:
            self._i2c[reply.address].hear(reply.data)
