"""Symbolic numbers, by which what one run did can be stated for all runs like it.

While a path is recorded, its clock, its random draws and the counters of cell and plant (staples left, shots until the
next jam) are ``Traced``: a constant plus multiples of symbols, beside the value in this run. Addition and scaling
preserve that form. Whenever code tests whether such a number is zero or less than another, the answer becomes a
condition under which a later run takes the same path. What cannot be expressed in this form raises ``NotExact``.

This is concolic execution: K. Sen, D. Marinov and G. Agha, "CUTE: a concolic unit testing engine for C" (2005).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from cellwright.sim.fast_path.conditions import Guard, NotExact, Symbol


def _record_branch(number: Traced, op: Literal["eq", "lt"]) -> bool:
    """Whether ``number`` is zero, or below zero; the answer becomes a condition of the path."""
    holds = number.value == 0 if op == "eq" else number.value < 0
    terms = number.terms
    if len(terms) == 1:
        ((symbol, by),) = terms.items()
        if symbol.kind in ("counter", "number"):
            number.guard.add_number(symbol, by, number.constant, op, holds)
            return holds
    kinds = {symbol.kind for symbol in terms}
    if "clock" in kinds:
        raise NotExact("what it does depends on the time of the clock itself")
    if kinds != {"draw"}:
        raise NotExact("it compares one count with another, or with a drawn duration")
    if op == "lt":
        number.guard.add_duration(terms, number.constant, holds)
    elif holds:
        raise NotExact("two things happen at the very same time by chance")
    return holds  # if two times differ, which comes first is tested, and recorded, anyway


Additions = tuple["Additions", Any] | tuple[()]
"""What was added to the clock since a path began, the last addend outermost."""


class Traced:
    """A number: its ``value`` in this run, and in any run ``constant`` + the sum of coefficient x symbol.

    additions: of a time of the clock, what was added to the clock one after the other; None of other numbers. Every
    addition rounds, and the more so the later it is, so the same sum at once is not the same time.
    """

    __slots__ = ("additions", "constant", "guard", "terms", "value")

    def __init__(
        self,
        guard: Guard,
        terms: dict[Symbol, float],
        constant: float,
        value: float,
        additions: Additions | None = None,
    ) -> None:
        self.guard = guard
        self.terms = terms
        self.constant = constant
        self.value = value
        self.additions = additions

    def _after(self, addend: Any) -> Additions | None:
        if self.additions is None or (type(addend) is not Traced and addend == 0):
            return self.additions
        return self.additions, addend

    def _plus(self, other: Any, factor: int) -> Any:
        if type(other) is not Traced:
            if not isinstance(other, (int, float)):
                return NotImplemented
            return Traced(
                self.guard,
                self.terms,
                self.constant + factor * other,
                self.value + factor * other,
                self._after(factor * other),
            )
        if other.terms is self.terms and factor == -1:
            return self.constant - other.constant
        terms = dict(self.terms)
        for symbol, coefficient in other.terms.items():
            terms[symbol] = terms.get(symbol, 0) + factor * coefficient
            if terms[symbol] == 0:
                del terms[symbol]
        constant = self.constant + factor * other.constant
        if not terms:
            return constant
        additions = None
        if other.additions is None:
            additions = self._after(other if factor == 1 else -other)
        elif self.additions is None and factor == 1:
            additions = other._after(self)
        return Traced(self.guard, terms, constant, self.value + factor * other.value, additions)

    def __add__(self, other: Any) -> Any:
        if type(other) is float:  # the most frequent case
            return Traced(self.guard, self.terms, self.constant + other, self.value + other, self._after(other))
        return self._plus(other, 1)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        if type(other) is float or type(other) is int:
            return Traced(self.guard, self.terms, self.constant - other, self.value - other, self._after(-other))
        return self._plus(other, -1)

    def __rsub__(self, other: Any) -> Any:
        return (-self)._plus(other, 1)

    def __neg__(self) -> Any:
        return self * -1

    def __mul__(self, factor: Any) -> Any:
        if type(factor) is Traced:
            if all(symbol.kind == "counter" for symbol in factor.terms):
                return self * factor.concretize()
            raise NotExact("it multiplies what was drawn")
        if not isinstance(factor, (int, float)):
            return NotImplemented
        if factor == 0:
            return self.constant * 0
        terms = {symbol: coefficient * factor for symbol, coefficient in self.terms.items()}
        return Traced(self.guard, terms, self.constant * factor, self.value * factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> Any:
        return self * (1 / (divisor.concretize() if type(divisor) is Traced else divisor))

    def _below(self, other: Any, offset: int) -> bool:
        """Whether self - other (``offset`` 1) or other - self (-1) is below zero."""
        if type(other) is Traced:
            if other.terms is self.terms:
                return bool((self.constant - other.constant) * offset < 0)
        elif math.isinf(other):
            return bool((other > 0) == (offset > 0))
        difference = self - other if offset > 0 else other - self
        return _record_branch(difference, "lt") if type(difference) is Traced else bool(difference < 0)

    def __lt__(self, other: Any) -> bool:
        return self._below(other, 1)

    def __gt__(self, other: Any) -> bool:
        return self._below(other, -1)

    def __ge__(self, other: Any) -> bool:
        return not self._below(other, 1)

    def __le__(self, other: Any) -> bool:
        return not self._below(other, -1)

    def __eq__(self, other: object) -> bool:
        if type(other) is Traced:
            if other.terms is self.terms:
                return bool(self.constant == other.constant)
        elif not isinstance(other, (int, float)) or math.isinf(other):
            return False
        difference = self - other
        return _record_branch(difference, "eq") if type(difference) is Traced else bool(difference == 0)

    def __bool__(self) -> bool:
        return not _record_branch(self, "eq")

    def concretize(self) -> Any:
        """The value in this run, for operations that the form cannot express.

        Other runs take the same path only with the same value.
        """
        if any(symbol.kind == "draw" for symbol in self.terms):
            raise NotExact("it computes with a drawn duration in a way that cannot be followed")
        _record_branch(self - self.value, "eq")
        return self.value

    def _apply_concretely(self, operation: Callable[..., Any], *more: Any) -> Any:
        return operation(self.concretize(), *more)

    def __hash__(self) -> int:
        return hash(self.concretize())

    def __index__(self) -> int:
        return int(self.concretize())

    __int__ = __index__

    def __float__(self) -> float:
        return float(self.concretize())

    def __round__(self, digits: int | None = None) -> Any:
        return self._apply_concretely(round, digits)

    def __abs__(self) -> Any:
        return -self if self < 0 else self

    def __floordiv__(self, other: Any) -> Any:
        return self.concretize() // other

    def __mod__(self, other: Any) -> Any:
        return self.concretize() % other

    def __divmod__(self, other: Any) -> Any:
        return divmod(self.concretize(), other)

    def __format__(self, form: str) -> str:
        return format(self.concretize(), form)
