"""Who includes whom in CellwrightFirmata, read from its sources; also what docs/pictures/firmware_parts.py draws."""

from __future__ import annotations

import re
from pathlib import Path

SKETCH = Path(__file__).resolve().parents[3] / "hardware" / "firmware" / "CellwrightFirmata"
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)

LAYERS: dict[str, tuple[str, ...]] = {
    "main loop": ("core/main_loop", "core/main"),
    "dispatch": ("protocol/firmata", "core/health"),
    "safety": ("safety/stop", "safety/retained_state"),
    "moves": ("motion/steppers", "motion/groups", "motion/homing", "motion/moves"),
    "devices": (
        *("io/encoders", "io/hx711", "io/i2c", "io/inputs", "io/outputs", "io/pwm_servo"),
        *("motion/coils", "motion/planner", "motion/step_interrupt"),
    ),
    "messages and axes": ("protocol/messages", "motion/axis", "motion/checks"),
    "line, time and pins": ("core/serial", "core/clock", "io/pins", "safety/stopped"),
    "chip": ("core/chip", "motion/step_interrupt_avr"),
}
"""The parts of the firmware, the highest first. A part is a header, its source, or both; it includes parts of its own
layer and of those below."""

UPCALLS: dict[str, tuple[str, str]] = {
    "check_emergency_input": ("core/clock", "safety/stop"),
    "check_communication_watchdog": ("core/clock", "safety/stop"),
    "service_timed_outputs": ("core/clock", "io/outputs"),
    "enforce_output_limits": ("core/clock", "io/outputs"),
    "rearm_pin_changes": ("core/clock", "io/encoders"),
    "debounce_inputs": ("core/clock", "io/inputs"),
    "is_plan_due": ("core/clock", "motion/planner"),
    "plan_one_segment": ("core/clock", "motion/planner"),
    "driven_level": ("io/pins", "io/outputs"),
    "has_limits": ("io/pins", "io/outputs"),
    "emergency_stop_pin": ("io/pins", "safety/stop"),
    "is_timed": ("io/pins", "io/inputs"),
    "is_limit": ("io/pins", "motion/steppers"),
    "refuse_pin": ("io/pins", "io/outputs"),
    "update_checksum": ("io/outputs", "safety/retained_state"),
    "handle_message": ("protocol/messages", "protocol/firmata"),
    "handle_sysex": ("protocol/messages", "protocol/firmata"),
    "send_identity": ("protocol/messages", "protocol/firmata"),
    "feed_communication_watchdog": ("protocol/messages", "safety/stop"),
    "send_stopped_error": ("safety/stopped", "safety/stop"),
    "has_own_reports": ("safety/stopped", "safety/stop"),
    "reset_sampling": ("safety/stop", "protocol/firmata"),
    "position_of": ("motion/axis", "motion/step_interrupt"),
    "is_configured": ("motion/checks", "motion/steppers"),
    "check_speed": ("motion/checks", "motion/steppers"),
    "check_step_rate": ("motion/checks", "motion/steppers"),
    "check_target": ("motion/checks", "motion/steppers"),
    "report_finished_moves": ("motion/moves", "motion/steppers"),
}
"""Calls that go up: the header that declares the function, and the part above it whose source defines the function."""


def part_of(path: Path, sources: Path) -> str:
    """The part that a file belongs to: ``io/pins`` for io/pins.h and io/pins.cpp."""
    return path.relative_to(sources).with_suffix("").as_posix()


def read_includes(sources: Path) -> dict[str, set[str]]:
    """By part, the other parts that its header or its source includes.

    Raises FileNotFoundError where an included file is not there.
    """
    sources = sources.resolve()
    found: dict[str, set[str]] = {}
    for path in sorted(sources.rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        part = part_of(path, sources)
        targets = [(path.parent / name).resolve() for name in INCLUDE.findall(path.read_text())]
        found.setdefault(part, set()).update(part_of(each.resolve(strict=True), sources) for each in targets)
    return {part: targets - {part} for part, targets in found.items()}


def circles(includes: dict[str, set[str]]) -> list[str]:
    """Each part that reaches itself over includes, with what it then goes through first."""
    return [
        f"{part} -> {target} -> … -> {part}"
        for part, targets in sorted(includes.items())
        for target in sorted(targets)
        if part in reached_from(target, includes)
    ]


def reached_from(part: str, includes: dict[str, set[str]]) -> set[str]:
    """The part itself and all that it includes, directly or through others."""
    reached, waiting = set[str](), [part]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += includes.get(here, ())
    return reached


def upward(includes: dict[str, set[str]], layers: dict[str, tuple[str, ...]]) -> list[str]:
    """The includes of a part in a higher layer."""
    depth = {part: number for number, parts in enumerate(layers.values()) for part in parts}
    return [
        f"{part} includes {target}"
        for part, targets in sorted(includes.items())
        for target in sorted(targets)
        if depth[target] < depth[part]
    ]


DECLARED = re.compile(r"^(?!typedef|using|extern|static|inline|constexpr)[\w:*& ]*?\b(\w+)\([^;{}]*\);", re.MULTILINE)
DEFINED = re.compile(r"^(?!static)(?:[\w:*&]+[ (][^;={}\n]*?)?\b(\w+)\([^;{}\n]*\)\s*\{", re.MULTILINE)


def read_upcalls(sources: Path) -> list[tuple[str, tuple[str, str]]]:
    """Functions that one part's header declares and another part's source defines: the name, and both parts."""
    defined = {
        name: part_of(path, sources) for path in sources.rglob("*.cpp") for name in DEFINED.findall(path.read_text())
    }
    return sorted(
        (name, (part_of(path, sources), defined[name]))
        for path in sources.rglob("*.h")
        for name in DECLARED.findall(path.read_text())
        if defined.get(name, part_of(path, sources)) != part_of(path, sources)
    )
