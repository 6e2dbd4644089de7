"""The messages of CellwrightFirmata's own features: the bytes of each, and back again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright.hardware.firmata.protocol import cellwright as own
from cellwright.hardware.firmata.protocol.cellwright import (
    AxisReport,
    BoardHealth,
    Features,
    FirmwareState,
    HomingRequest,
    OutputLimits,
)

UNO = Features(1, 0, 6, 5, 2, 6, 3, 12, 45000, 66000)
STOPPED = FirmwareState(own.NOW, True, own.EMERGENCY, 70_000, 2, {0: 200, 3: -20})


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (own.QUERY_FEATURES, "f0 01 f7"),
        (own.features(UNO), "f0 01 01 00 06 05 02 06 03 0c 48 5f 02 50 03 04 f7"),
        (own.output(OutputLimits(4, True, 200, 60)), "f0 02 04 01 48 01 00 3c f7"),
        (own.output(OutputLimits(4, False)), "f0 02 04 00 00 00 00 00 f7"),
        (own.pulse(4, True, 60_000), "f0 03 04 01 60 54 03 00 f7"),
        (own.pulse_result(4, own.CUT_SHORT), "f0 03 04 04 f7"),
        (own.watchdog(500), "f0 04 74 03 f7"),
        (own.watchdog(0), "f0 04 00 00 f7"),
        (own.STOP_BOARD, "f0 05 00 f7"),
        (own.RELEASE_BOARD, "f0 05 01 f7"),
        (own.emergency_stop_input(12, False), "f0 05 02 0c 00 f7"),
        (own.REMOVE_EMERGENCY_STOP, "f0 05 03 f7"),
        (own.query_state(), "f0 06 00 f7"),
        (own.query_state(own.BEFORE_START), "f0 06 01 f7"),
        (own.state(STOPPED), "f0 06 00 01 03 70 22 04 00 00 02 00 48 01 00 00 00 03 14 00 00 00 08 f7"),
        (
            own.home(HomingRequest(0, 0, 1000, 100, 200, 88_000)),
            "f0 07 00 00 01 00 00 38 01 00 00 34 48 01 00 40 2f 05 00 f7",
        ),
        (own.home_result(1, own.DID_NOT_OPEN, -20), "f0 07 01 02 14 00 00 00 08 f7"),
        (own.attach_converter(0, 8, 9), "f0 08 00 00 08 09 01 f7"),
        (own.detach_converter(2), "f0 08 01 02 f7"),
        (own.conversion(0, -20, 200), "f0 08 00 14 00 00 00 08 48 01 00 00 00 f7"),
        (own.watch_input(9, True, 5), "f0 09 00 09 01 05 f7"),
        (own.unwatch_input(9), "f0 09 01 09 f7"),
        (own.edge(9, False, (1 << 32) - 1), "f0 09 09 00 7f 7f 7f 7f 0f f7"),
        (own.stop_axis_abruptly(2), "f0 0a 00 02 f7"),
        (own.query_axis(2), "f0 0a 01 02 f7"),
        (own.axis(AxisReport(2, True, 200, 1)), "f0 0a 01 02 01 48 01 00 00 00 01 f7"),
        (own.limit_hit(2, own.HIGH_END), "f0 0a 02 02 01 f7"),
        (own.QUERY_HEALTH, "f0 0b f7"),
        (
            own.health(BoardHealth(2048, 1200, 300, 0, 1, 2, 99_999)),
            "f0 0b 00 10 30 09 2c 02 00 00 01 00 02 00 7f 7f f7",
        ),
    ],
)
def test_bytes(message, expected):
    assert message.hex(" ") == expected


def number(bits):
    return st.integers(0, (1 << bits) - 1)


seven, level = number(7), st.booleans()
steps = st.integers(-(2**31) + 1, 2**31 - 1)
speeds = st.integers(1, (1 << 23) - 1).map(float)
states = st.builds(FirmwareState, seven, level, seven, number(35), seven, st.dictionaries(seven, steps, max_size=6))
WHOLE = {
    "features": (own.features, own.decode_features, st.builds(Features, *[seven] * 8, number(21), number(21))),
    "output": (own.output, own.decode_output, st.builds(OutputLimits, seven, level, number(21), seven)),
    "pulse": (lambda each: own.pulse(*each), own.decode_pulse, st.tuples(seven, level, number(28))),
    "pulse over": (lambda each: own.pulse_result(*each), own.decode_pulse_result, st.tuples(seven, seven)),
    "state": (own.state, own.decode_state, states),
    "home": (own.home, own.decode_home, st.builds(HomingRequest, seven, seven, speeds, speeds, number(21), number(28))),
    "home over": (lambda each: own.home_result(*each), own.decode_home_result, st.tuples(seven, seven, steps)),
    "conversion": (lambda each: own.conversion(*each), own.decode_conversion, st.tuples(seven, steps, number(32))),
    "edge": (lambda each: own.edge(*each), own.decode_edge, st.tuples(seven, level, number(32))),
    "axis": (own.axis, own.decode_axis, st.builds(AxisReport, seven, level, steps, seven)),
    "limit": (lambda each: own.limit_hit(*each), own.decode_limit_hit, st.tuples(seven, seven)),
    "health": (own.health, own.decode_health, st.builds(BoardHealth, *[number(14)] * 7)),
}


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
def test_what_is_put_into_bytes_is_read_again(kind, data):
    encode, decode, values = WHOLE[kind]
    value = data.draw(values)
    message = encode(value)
    assert decode(message[2:-1]) == value
    assert max(message[1:-1]) < 0x80


@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
def test_what_is_cut_short_is_read_as_nothing(kind, data):
    encode, decode, values = WHOLE[kind]
    whole = encode(data.draw(values))[2:-1]
    short = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert decode(short) is None or (kind == "state" and (len(whole) - len(short)) % 6 == 0)  # a device less
