"""What devices talk to, and what a plant may do to a model board."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

import simpy

from cellwright.hardware.waits import Named, Wait


class StepperPort(Protocol):
    """A stepper driver on a board. Positions are whole steps, speeds steps/s, accelerations steps/s²."""

    @property
    def position(self) -> int:
        """Where the board thinks the axis is."""
        ...

    def move_to(self, target: int, max_speed: float, acceleration: float) -> Wait:
        """Start a move; the wait ends with the last step."""
        ...

    def halt(self) -> None:
        """Stop at once, without slowing down."""
        ...

    def zero(self) -> None:
        """Call the present position 0."""
        ...


class Board(ABC):
    """Pins, pulses and stepper ports, in the time of ``env``.

    Outputs are declared with their safe level before they can be driven. Once ``make_safe`` was called,
    nothing can be driven until ``release``.
    """

    env: simpy.Environment

    @abstractmethod
    def declare_output(self, pin: int, safe: bool) -> None:
        """Make ``pin`` an output and put it at its safe level."""

    @abstractmethod
    def declare_input(self, pin: int, at_rest: bool) -> None:
        """Make ``pin`` an input, reading ``at_rest`` until something changes it."""

    @abstractmethod
    def declare_stepper(self, device: Named, step: int, dir: int, enable: int | None, inverted: bool) -> StepperPort:
        """Make a stepper port of a driver's step and direction pins and, where it has one, its enable pin."""

    @abstractmethod
    def write(self, pin: int, level: bool) -> None:
        """Drive an output."""

    @abstractmethod
    def pulse(self, device: Named, pin: int, level: bool, seconds: float, rest_s: float) -> Wait:
        """Drive an output to ``level`` for ``seconds``, then back; the wait ends ``rest_s`` after that."""

    @abstractmethod
    def read(self, pin: int) -> bool:
        """The level of an input."""

    @abstractmethod
    def level(self, device: Named, pin: int, level: bool, verb: str, within_s: float) -> Wait:
        """A wait for an input to be at ``level``; over at once if it is."""

    @abstractmethod
    def edge(self, device: Named, pin: int, level: bool, verb: str, within_s: float) -> Wait:
        """A wait for an input to change to ``level``."""

    @abstractmethod
    def on_input(self, pin: int, action: Callable[[bool], None]) -> None:
        """Call ``action(level)`` at every change of an input, before any wait goes on."""

    @abstractmethod
    def make_safe(self) -> None:
        """Halt every axis, take every output to its safe level, and drive nothing until ``release``."""

    @abstractmethod
    def release(self) -> None:
        """Allow outputs to be driven again after ``make_safe``."""


class Plant(Protocol):
    """The physical world round a model board; it watches outputs and axes, and drives the inputs."""

    def connect(self) -> None:
        """Take its place on the board: called once, before the cell starts."""
        ...
