"""A laboratory or bench scale on a serial port of the computer, by the command set MT-SICS."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from simpy.events import Event

from cellwright.errors import CellFault, InputError
from cellwright.hardware.peripherals.interfaces import Instrument
from cellwright.hardware.peripherals.peripheral import Peripheral

if TYPE_CHECKING:
    import serial

STABLE_WEIGHT, SET_ZERO = "S", "Z"
"""MT-SICS level 0: the stable weight; set the zero. Source: Mettler Toledo, MT-SICS reference manual."""
GRAMS = {"g": 1.0, "kg": 1000.0, "mg": 0.001, "lb": 453.59237, "oz": 28.349523125}
_ANSWER = re.compile(r"(?P<command>[SZ]) +(?P<status>\S)(?: +(?P<number>-?\d+(?:\.\d*)?) *(?P<unit>\w+))?")
_REFUSALS = {
    "I": "is busy, or the load did not come to rest; look what touches it",
    "+": "is overloaded; take something off",
    "-": "is underloaded; put its pan on",
}


@dataclass(kw_only=True)
class SerialScale(Peripheral):
    """A scale on a serial port of the computer (RS-232 or USB) that knows the commands of MT-SICS.

    port: its serial port, needed for a run on a port only. baud: its rate, bits/s; usual are 9600 and 2400.

    Example, in a step:
        mass_g = yield from self.scale.weigh(within_s=5)
    """

    state_attributes: ClassVar[tuple[str, ...] | None] = ()
    local_parameters: ClassVar[tuple[str, ...]] = ("port", "baud")

    port: str = ""
    baud: int = 9600

    def problems(self) -> Iterator[str]:
        if self.baud <= 0:
            yield f"has {self.baud} baud; give what its menu says, such as 9600"

    def open(self) -> Instrument:
        from cellwright.hardware.transport.serial import format_ports, list_serial_ports, open_port

        if not self.port:
            present = format_ports(list_serial_ports())
            raise InputError(
                f"{self.name} needs the name of its serial port: --set {self.name}.port=NAME; there are: {present}."
            )
        return _OpenScale(open_port(self.port, self.baud))

    def weigh(self, *, within_s: float) -> Generator[Event, Any, float]:
        """A step that waits until the load is at rest and returns it, g.

        Raises:
            CellFault: It is overloaded, underloaded, busy, lost, or answers what is no weight.
            StepTimeoutError: It does not answer within ``within_s`` seconds.
        """
        answer = yield self.ask(STABLE_WEIGHT, within_s=within_s)
        match = self._read(answer, STABLE_WEIGHT)
        if match["status"] != "S" or match["number"] is None:
            raise CellFault(f"{self.name} answered {answer!r}, which is no weight at rest; is it an MT-SICS scale?")
        if match["unit"] not in GRAMS:
            raise CellFault(f"{self.name} weighs in {match['unit']}; set it to one of {', '.join(GRAMS)}.")
        mass_g = float(match["number"]) * GRAMS[match["unit"]]
        self.note("weighed", mass_g)
        return mass_g

    def zero(self, *, within_s: float) -> Generator[Event, Any, None]:
        """A step that calls the present load 0, once it is at rest. Raises as ``weigh`` does."""
        answer = yield self.ask(SET_ZERO, within_s=within_s)
        if self._read(answer, SET_ZERO)["status"] != "A":
            raise CellFault(f"{self.name} answered {answer!r} where 'Z A' belongs; is it an MT-SICS scale?")
        self.note("zeroed", None)

    def _read(self, answer: Any, command: str) -> re.Match[str]:
        match = _ANSWER.fullmatch(str(answer).strip())
        if match is None or match["command"] != command:
            raise CellFault(f"{self.name} answered {answer!r}; is it an MT-SICS scale, at {self.baud} baud?")
        if match["status"] in _REFUSALS:
            raise CellFault(f"{self.name} {_REFUSALS[match['status']]}.")
        return match


class _OpenScale:
    """The scale at an open port, which is read in slices of 0.1 s: a line is sent, a line comes back."""

    def __init__(self, line: serial.Serial) -> None:
        self._line = line

    def ask(self, question: str, within_s: float) -> str | None:
        self._line.reset_input_buffer()  # what came too late for the question before
        self._line.write(question.encode("ascii") + b"\r\n")
        until_s = time.monotonic() + within_s
        received = b""
        while b"\n" not in received and time.monotonic() < until_s:
            received += self._line.read(max(1, self._line.in_waiting))
        answer, end, _ = received.partition(b"\n")
        return answer.decode("ascii", "replace").strip() if end else None

    def close(self) -> None:
        self._line.close()
