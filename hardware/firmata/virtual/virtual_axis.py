"""What CellwrightFirmata holds of a stepper device and of a group, in a virtual Arduino."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cellwright.hardware.firmata.protocol.cellwright import HIGH_END, LOW_END
from cellwright.hardware.model.axes import ModelStepper


class Limit(NamedTuple):
    """A switch at an end: its pin, and the level at which the axis goes no further that way."""

    pin: int
    active: bool


@dataclass(eq=False)
class VirtualAxis:
    """A configured device. Speeds are steps/s, accelerations steps/s², as the firmware has them at first.

    model: the model board's axis. group: that moves it. hit_end: the limit that ended its last move.
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
    hit_end: int | None = None
    limits: list[Limit | None] = field(default_factory=lambda: [None, None])
    group: Group | None = None
    model: ModelStepper = field(init=False)

    @property
    def position(self) -> int:
        """Where it is, by the board's count."""
        return self.model.position

    def end_towards(self, target: int) -> int | None:
        """The end that lies in the direction of a target; None where it is there."""
        return None if target == self.position else LOW_END if target < self.position else HIGH_END

    def heads_for(self) -> int | None:
        """The end that it moves towards; None where it stands."""
        if not self.model.moving or self.model.rest_at == self.model.true_position:
            return None
        return LOW_END if self.model.rest_at < self.model.true_position else HIGH_END


@dataclass(eq=False)
class Group:
    """Devices that arrive together."""

    number: int
    members: list[VirtualAxis] = field(default_factory=list)
    still_moving: list[VirtualAxis] = field(default_factory=list)
    moves: bool = False
