"""The zero check: the empty platform is weighed before and after each can, and the can is judged by the difference."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cellwright.cells.lacquer_mixer.batch import Batch

NOISE_G = 0.1
"""Two weighings of one platform differ by no more than this, which is three times the noise of their difference."""


class CheckedCan(NamedTuple):
    """A collected can. number: counts every can that was begun.

    less_g, more_g: how much less and more lacquer than the scale said may be in it, within all tolerances.
    """

    number: int
    order: str
    less_g: float
    more_g: float

    def __str__(self) -> str:
        return f"can {self.number} (order {self.order})"

    def allowed_g(self, shift_g: float) -> float:
        """The largest shift of the zero, in the direction of ``shift_g``, that leaves it within tolerance, g.

        A zero that rises is taken for lacquer, so that less is in the can than the scale said.
        """
        return max(self.less_g if shift_g > 0 else self.more_g, NOISE_G)


class ZeroShift(NamedTuple):
    """The result of a check.

    shift_g: the empty platform after the cans less before them, g; None without a weighing before. cans: those
    collected since the last good check, oldest first.
    """

    shift_g: float | None
    cans: tuple[CheckedCan, ...]

    @property
    def is_good(self) -> bool:
        """Whether every can bears the shift; true also where there is no can, or nothing to compare with."""
        shift_g = self.shift_g
        return shift_g is None or all(abs(shift_g) <= can.allowed_g(shift_g) for can in self.cans)

    def sentence(self) -> str:
        """What is wrong, and what to do, for a check that is not good."""
        shift_g = self.shift_g or 0.0
        allowed_g = min(can.allowed_g(shift_g) for can in self.cans)
        return (
            f"the zero of the scale moved by {shift_g:+.2f} g, where {allowed_g:.2f} g is allowed, so that "
            f"{' and '.join(map(str, self.cans))} may be wrong by as much; set aside what was collected, see what "
            "touches the scale, and press start"
        )


@dataclass
class ZeroCheck:
    """Judges cans by the readings of the empty platform, g without the tare.

    What is in a can differs from what the scale said by what the zero moved while it was dosed. A zero that goes only
    one way moves by no more than the difference of the weighings before and after the can. One that goes and comes back
    is not seen; nor is a slope that is wrong.

    before_g: the last reading; None before the first. cans: collected since the last good check. is_due: the platform
    has to be weighed before the next can is begun.

    Example:
        >>> check = ZeroCheck()
        >>> check.weighed(2.0).shift_g is None
        True
        >>> check.cans.append(CheckedCan(1, "2601", less_g=0.35, more_g=0.6))
        >>> check.weighed(2.4).is_good
        False
    """

    before_g: float | None = None
    cans: list[CheckedCan] = field(default_factory=list)
    is_due: bool = True

    def collected(self, number: int, batch: Batch) -> None:
        """A can has left; the next weighing of the empty platform judges it."""
        self.cans.append(CheckedCan(number, batch.order.number, *batch.margins_g()))
        self.is_due = True

    def weighed(self, platform_g: float) -> ZeroShift:
        """The empty platform has been weighed: judge the cans collected since it was last weighed."""
        shift_g = None if self.before_g is None else platform_g - self.before_g
        self.before_g, cans, self.cans, self.is_due = platform_g, tuple(self.cans), [], False
        return ZeroShift(shift_g, cans)
