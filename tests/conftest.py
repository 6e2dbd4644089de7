"""What all tests share: virtual time, a model board, and a step-by-step reference of the firmware."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import simpy
from hypothesis import HealthCheck, settings

from cellwright.hardware import ModelBoard, StepTiming

settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
BROWSER = next((path for path in map(shutil.which, BROWSERS) if path), None)
"""Debian's name, others', and a Mac's."""

Move = tuple[float, int, int, float, float]
"""When a move starts (s), from, to (steps), top speed (steps/s), acceleration (steps/s²)."""


class ReferenceAxis:
    """AccelStepper's computeNewSpeed, signed as in the original, apart from cellwright's own code."""

    def __init__(self, move: Move) -> None:
        self.starts_s, self.at, self.target, self.max_speed, self.acceleration = move
        self.speed = 0.0
        self.n = 0
        self.cn = 0.0
        self.direction = 1
        self.steps: list[tuple[float, int]] = []
        self.due_s = self.starts_s
        self.running = self.at != self.target
        if self.running:
            self.compute_new_speed()

    def compute_new_speed(self) -> None:
        to_go = self.target - self.at
        to_stop = int(self.speed * self.speed / (2 * self.acceleration))
        if to_go == 0 and to_stop <= 1:
            self.running, self.speed, self.n = False, 0.0, 0
            return
        toward = 1 if to_go > 0 else -1
        if to_go != 0:
            if self.n > 0 and (to_stop >= abs(to_go) or self.direction != toward):
                self.n = -to_stop
            elif self.n < 0 and to_stop < abs(to_go) and self.direction == toward:
                self.n = -self.n
        if self.n == 0:
            self.cn = 0.676 * math.sqrt(2.0 / self.acceleration)
            self.direction = toward
        else:
            self.cn = max(self.cn - 2.0 * self.cn / (4.0 * self.n + 1), 1.0 / self.max_speed)
        self.n += 1
        self.speed = self.direction / self.cn


def run_firmware(timing: StepTiming, moves: list[Move]) -> list[list[tuple[float, int]]]:
    """Every step of every axis as (time, position): one pass of the loop after the other, no shortcuts."""
    axes = [ReferenceAxis(move) for move in moves]
    now_s = 0.0
    while running := [axis for axis in axes if axis.running]:
        now_s += timing.poll_s
        moving = [axis for axis in running if axis.starts_s <= now_s]
        for number, axis in enumerate(moving):
            if number:
                now_s += timing.further_axis_s
            if now_s >= axis.due_s:
                axis.at += axis.direction
                axis.steps.append((now_s, axis.at))
                axis.compute_new_speed()
                axis.due_s = now_s + axis.cn
                now_s += timing.step_s
    return [axis.steps for axis in axes]


@pytest.fixture(scope="session")
def firmware() -> Callable[[StepTiming, list[Move]], list[list[tuple[float, int]]]]:
    return run_firmware


@pytest.fixture
def env() -> simpy.Environment:
    return simpy.Environment()


@pytest.fixture
def board(env: simpy.Environment) -> ModelBoard:
    return ModelBoard(env)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    if BROWSER is None:
        pytest.skip("Chromium is not installed, so no page can be opened")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=BROWSER, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield opened
        opened.close()
