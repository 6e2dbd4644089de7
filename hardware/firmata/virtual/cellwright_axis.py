"""An axis of CellwrightFirmata in a virtual Arduino, and the group that moves it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.model.axes import ModelStepper


class Limit(NamedTuple):
    """A limit switch: its pin, and the level at which the axis stops moving towards it."""

    pin: int
    active: bool


@dataclass(eq=False)
class VirtualAxis:
    """A configured device, with the firmware's first speed (steps/s) and acceleration (steps/s²).

    model: the axis of the model board. group: the group that moves it. limit_end: the limit that ended its last move.
    """

    number: int
    name: str
    pins: list[int]
    enable_pin: int | None
    enabled_level: bool
    speed: float = 1.0
    acceleration: float = 0.0
    target: int = 0
    move_speed: float = 0.0
    limit_end: int | None = None
    limits: list[Limit | None] = field(default_factory=lambda: [None, None])
    group: Group | None = None
    model: ModelStepper = field(init=False)

    @property
    def position(self) -> int:
        """The position by the board's count."""
        return self.model.position

    def end_towards(self, target: int) -> int | None:
        """The end in the direction of a target; None at the target."""
        return None if target == self.position else own.LOW_END if target < self.position else own.HIGH_END

    def moving_towards(self) -> int | None:
        """The end that it moves towards; None at rest."""
        if not self.model.is_moving or self.model.rest_at == self.model.true_position:
            return None
        return own.LOW_END if self.model.rest_at < self.model.true_position else own.HIGH_END


@dataclass(eq=False)
class Group:
    """Devices that arrive together."""

    number: int
    members: list[VirtualAxis] = field(default_factory=list)
    still_moving: list[VirtualAxis] = field(default_factory=list)
    is_moving: bool = False
