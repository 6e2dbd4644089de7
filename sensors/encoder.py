"""Quadrature encoders on a measuring wheel or a draw wire."""

from __future__ import annotations

import datetime
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from simpy.events import Event

from cellwright.errors import CellFault, InputError, StepTimeoutError
from cellwright.hardware.board import Board, EncoderPort
from cellwright.hardware.device import Prompt
from cellwright.hardware.pins import Pin, encoder_pins
from cellwright.hardware.waits import Steps
from cellwright.sensors.calibration import CalibratedSensor, LengthCalibration

COUNT_POLL_S = 0.02
"""The interval at which the count is read: Firmata firmware reports it every 19 ms (its sampling interval)."""
REFERENCE_C = 20.0
"""The temperature at which a length or a scale holds unless it says otherwise, °C. Source: ISO 1."""
STANDSTILL_TIMEOUT_S = 60.0
MAX_SCALE_CHANGE = 0.2
"""A calibration that changes the scale by a larger share is an error: a wrong length, or a wheel that slips."""


@dataclass(kw_only=True)
class Encoder(CalibratedSensor):
    """A quadrature encoder; its pins need interrupts (2 and 3 on an Uno). Positions are mm.

    counts_per_mm: all four edges of a period counted. reversed: True if it counts down when the work moves on.
    calibration: a TOML file (see LengthCalibration) whose scale is used in place of counts_per_mm. celsius: the
    present temperature of wheel or wire, °C. expansion_ppm_per_c: their thermal expansion in excess of the work's,
    ppm/°C; the scale is corrected by it, from the temperature of the calibration (or 20 °C) to the present one.

    The board keeps its count; the zero offset is kept here, so that no command to the board is pending while the work
    moves.
    """

    known_unit: ClassVar[str] = "mm"

    pin_a: int
    pin_b: int
    counts_per_mm: float
    reversed: bool = False
    celsius: float = REFERENCE_C
    expansion_ppm_per_c: float = 0.0
    is_referenced: bool = field(default=False, init=False)
    scale: float = field(init=False, repr=False)
    port: EncoderPort = field(init=False, repr=False)
    _zero_count: float = field(default=0.0, init=False, repr=False)

    def pins(self) -> dict[str, Pin]:
        return encoder_pins(self.pin_a, self.pin_b)

    def problems(self) -> Iterator[str]:
        if self.counts_per_mm <= 0:
            yield f"has {self.counts_per_mm:g} counts_per_mm; give a number above 0, and reversed for the direction"

    def attach(self, board: Board) -> None:
        self.board = board
        saved = LengthCalibration.read(self.calibration) if self.calibration else None
        scale, at_c = (saved.counts_per_mm, saved.celsius) if saved else (float(self.counts_per_mm), REFERENCE_C)
        self.scale = scale / (1 + self.expansion_ppm_per_c * 1e-6 * (self.celsius - at_c))
        self.port = board.declare_encoder(self.pin_a, self.pin_b)

    def reset(self) -> None:
        self.is_referenced = False  # the board, and its count, may have been reset

    @property
    def _count(self) -> int:
        return -self.port.count if self.reversed else self.port.count

    @property
    def position_mm(self) -> float:
        """The position of the work, as of the board's latest report."""
        return (self._count - self._zero_count) / self.scale

    def zero(self, at_mm: float = 0.0) -> None:
        """Set the present position to ``at_mm``."""
        self._zero_count = self._count - at_mm * self.scale
        self.is_referenced = True
        self.note("zeroed", at_mm)

    def position_error_mm(self, datum_mm: float) -> float:
        """The position error at a datum at ``datum_mm``, caused by slip or missed counts, mm.

        The position is not corrected; ``zero(datum_mm)`` does that.
        """
        error_mm = self.position_mm - datum_mm
        self.note("off at the datum", error_mm)
        return error_mm

    def reaches(self, mm: float, *, within_s: float, tolerance_mm: float) -> Steps:
        """A step that waits until the work is within ``tolerance_mm`` of ``mm``.

        Raises:
            StepTimeoutError: After ``within_s``.
        """
        until_s = self.board.env.now + within_s
        while abs(self.position_mm - mm) > tolerance_mm:
            if self.board.env.now >= until_s:
                raise StepTimeoutError(f"{self.name} did not reach {mm:g} mm within {within_s:g} s.")
            yield self.board.env.timeout(COUNT_POLL_S)

    def stands(self, *, within_s: float, still_s: float = 0.2) -> Steps:
        """A step that waits until the count has not changed for ``still_s``.

        Raises:
            StepTimeoutError: After ``within_s``.
        """
        until_s = self.board.env.now + within_s
        count, since_s = self._count, self.board.env.now
        while self.board.env.now < since_s + still_s - 1e-9:
            if self.board.env.now >= until_s:
                raise StepTimeoutError(f"{self.name} did not stand still within {within_s:g} s.")
            yield self.board.env.timeout(COUNT_POLL_S)
            if self._count != count:
                count, since_s = self._count, self.board.env.now

    def calibrate(self, known: float, ask: Prompt, today: datetime.date) -> Generator[Event, Any, LengthCalibration]:
        """Measure ``known`` mm once; the longer, the better."""
        yield ask(f"Mark where the work is at {self.name}.")
        start_count = self._count
        yield ask(f"Move the work on by {known:g} mm, measured with what you trust, and let it stand.")
        yield from self.stands(within_s=STANDSTILL_TIMEOUT_S)
        return self.rescale((self._count - start_count) / self.scale, known, today)

    def rescale(self, shown_mm: float, real_mm: float, today: datetime.date) -> LengthCalibration:
        """Compute and apply a new scale, at ``celsius``, from one known length: old × shown / real.

        Source: TigerStop, TigerStopSDK wiki (one long measurement). Raises CellFault for implausible lengths.
        """
        try:
            calibration = LengthCalibration(
                date=today,
                celsius=float(self.celsius),
                counts_per_mm=self.scale * shown_mm / real_mm,
                shown_mm=shown_mm,
                real_mm=real_mm,
            )
        except (InputError, ZeroDivisionError, ValueError) as error:
            raise CellFault(f"{self.name} was not calibrated: {real_mm:g} mm shown as {shown_mm:g} mm.") from error
        if abs(shown_mm / real_mm - 1) > MAX_SCALE_CHANGE:
            raise CellFault(
                f"{self.name} was not calibrated: it showed {shown_mm:g} mm for {real_mm:g} mm; "
                "measure again, and see that the wheel turns without slipping."
            )
        self.scale = calibration.counts_per_mm
        self.note("calibrated", calibration.counts_per_mm)
        return calibration
