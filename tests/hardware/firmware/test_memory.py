"""How much of an Uno's memory CellwrightFirmata uses when all that it can do happens at once."""

from __future__ import annotations

import pytest

from cellwright.hardware.firmata.protocol import accelstepper, messages
from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.messages import PinMode

pytestmark = pytest.mark.emulated


@pytest.mark.parametrize("kind", ["uno", "nano"])
@pytest.mark.parametrize("stop", [own.STOP_BOARD, messages.RESET, b"button"])
def test_variables_and_deepest_stack_leave_a_quarter_of_the_memory(unstarted, kind, stop):
    uno = unstarted(kind)
    uno.run(100)
    encoder = uno.chip.add_encoder(uno.port_bit(14), uno.port_bit(15))
    uno.set_input(13, True)
    motors = uno.three_axes(6000, 60_000)
    uno.chip.add_trip_point(motors[2], -500, uno.port_bit(19), level=False)
    uno.send(
        messages.sysex(messages.ENCODER_DATA, bytes((0, 0, 14, 15))),
        own.emergency_stop_input(13, False),
        own.output(own.OutputLimits(8, safe=False, max_on_ms=500, duty=50)),
        messages.servo_config(12, 600, 2300),
        messages.extended_analog(12, 90),
        messages.pin_mode(11, PinMode.PWM),
        own.watch_input(16, True, 5),
        own.attach_converter(0, 17, 18),
        own.watchdog(500),
    )
    uno.set_limits(2, (19, 0))
    uno.send(accelstepper.configure_group(0, [0, 1]), accelstepper.move_group_to(0, [3000, -2000]))
    uno.send(own.home(own.HomingRequest(2, 0, fast=6000, slow=500, backoff=100, max_steps=5000)))
    uno.chip.turn(encoder, 3000, 10_000)
    for number in range(20):
        uno.send(own.pulse(8, True, 3000), messages.QUERY_FIRMWARE, own.query_axis(0))
        uno.set_input(16, bool(number % 2))
        uno.send(accelstepper.speed(2, 5000 + number), messages.set_pin(99, True), own.query_state(), ms=20)
    if stop == b"button":
        uno.set_input(13, False)
        uno.run(20)
    else:
        uno.send(stop, ms=20)
    health = uno.health()
    print(f"\nvariables {health.used}, deepest stack {health.deepest}, of {health.memory} bytes")
    assert health.memory == 2048
    assert 0 < health.used + health.deepest <= 0.75 * health.memory
