"""Stock StandardFirmata on an emulated chip, in lock step with virtual time. Bytes are raw Firmata, in hex."""

from __future__ import annotations

import pytest
import simpy

from cellwright.errors import CellFault, DescriptionError, InputError
from cellwright.hardware.emulator import simavr
from cellwright.hardware.emulator.arduino import EmulatedArduino
from cellwright.hardware.emulator.chip import CLOCK_HZ, EmulatedChip
from cellwright.hardware.emulator.pin_ports import port_and_bit
from cellwright.hardware.emulator.simavr import find_library
from cellwright.hardware.intel_hex import read_hex

pytestmark = pytest.mark.emulated

NAME = "StandardFirmata.ino"
BOOT = "f9 02 04 f0 79 02 04 " + " ".join(f"{ord(letter):02x} 00" for letter in NAME) + " f7"
BYTE_S = 10 / 57_600


def test_it_boots_and_says_its_version_and_name(power_up):
    hosted = power_up()
    hosted.run_for(2.0)
    assert hosted.received_bytes.hex(" ") == BOOT
    assert hosted.received[0][0] == pytest.approx(1.876, abs=0.001)
    gaps_s = [later[0] - sooner[0] for sooner, later in zip(hosted.received, hosted.received[1:], strict=False)]
    assert min(gaps_s) > 0.9 * BYTE_S  # no faster than the line allows


def test_it_blinks_its_version_on_pin_13(emulated_uno):
    ups = [at_s for at_s, level in emulated_uno.uno.edges(13) if level]
    assert len(ups) == 2 + 4  # version 2.4
    assert ups == sorted(ups)


def test_what_is_said_while_it_boots_is_lost(power_up):
    hosted = power_up()
    hosted.run_for(0.0001)
    assert hosted.send("f9", 1.0) == ""


def test_version_and_capabilities(emulated_uno):
    assert emulated_uno.send("f9") == "f9 02 04"
    capabilities = bytes.fromhex(emulated_uno.send("f0 6b f7", 0.1))
    assert capabilities[:2] == b"\xf0\x6c"
    assert capabilities[-1] == 0xF7
    pins = capabilities[2:-1].split(b"\x7f")[:-1]
    assert len(pins) == 20
    assert pins[0] == b""  # the UART has it
    assert pins[8][:4] == bytes([0, 1, 1, 1])  # input, output
    assert b"\x02\x0a" in pins[14]  # A0 is analog, of 10 bits


def test_a_version_round_trip_takes_the_time_of_four_bytes(emulated_uno):
    began_s = emulated_uno.env.now
    emulated_uno.send("f9")
    assert 4 * BYTE_S < emulated_uno.received[-1][0] - began_s + 0.00002 < 5 * BYTE_S


def test_a_port_write_is_seen_on_the_pin(emulated_uno):
    uno, env = emulated_uno.uno, emulated_uno.env
    seen: list[tuple[float, bool]] = []
    uno.on_output(8, lambda level: seen.append((env.now, level)))
    emulated_uno.send("f4 08 01")
    began_s = env.now
    emulated_uno.send("91 01 00")
    assert uno.level(8)
    emulated_uno.send("91 00 00")
    assert not uno.level(8)
    assert [level for _, level in seen] == [True, False]
    delay_s = seen[0][0] - began_s
    assert 3 * BYTE_S < delay_s < 3 * BYTE_S + 100e-6
    reported_s, changed_s = [at_s for at_s, _ in seen], [at_s for at_s, _ in uno.edges(8)]
    assert reported_s == pytest.approx(changed_s, abs=4 / CLOCK_HZ)  # once the instruction is through


def test_stock_firmware_keeps_up_with_a_line_full_of_writes(emulated_uno):
    emulated_uno.send("f4 08 01")
    emulated_uno.send("91 01 00 91 00 00" * 500, 1000 * 3 * BYTE_S + 0.01)
    edges = emulated_uno.uno.edges(8)
    assert len(edges) == 1000
    assert 999 / (edges[-1][0] - edges[0][0]) == pytest.approx(1 / (3 * BYTE_S), rel=0.001)


def test_an_input_edge_becomes_a_port_message(emulated_uno):
    emulated_uno.uno.set_input(7, False)
    emulated_uno.send("f4 07 00 d0 01")
    began_s = emulated_uno.env.now
    emulated_uno.uno.set_input(7, True)
    assert emulated_uno.send("") == "90 00 01"
    assert emulated_uno.received[-1][0] - began_s < 0.001
    emulated_uno.uno.set_input(7, False)
    assert emulated_uno.send("") == "90 00 00"


@pytest.mark.parametrize(("volts", "report"), [(0.0, "e2 00 00"), (2.5, "e2 00 04"), (5.0, "e2 7f 07")])
def test_a_voltage_becomes_an_analog_report(emulated_uno, volts, report):
    emulated_uno.uno.set_analog(16, volts)
    received = emulated_uno.send("c2 01", 0.1)
    assert received.startswith(report)
    assert {received[i : i + 8] for i in range(0, len(received), 9)} == {report}


def test_a_reset_restarts_the_firmware_and_releases_its_pins(emulated_uno):
    uno = emulated_uno.uno
    uno.set_input(8, False)
    emulated_uno.send("f4 08 01 91 01 00")
    assert uno.level(8)
    seen: list[bool] = []
    uno.on_output(8, seen.append)
    reset_at_s, before = emulated_uno.env.now, len(emulated_uno.received)
    uno.reset()
    assert seen == [False]
    emulated_uno.run_for(2.0)
    assert emulated_uno.received_bytes[before:].hex(" ") == BOOT
    assert emulated_uno.received[before][0] - reset_at_s == pytest.approx(1.876, abs=0.001)
    assert emulated_uno.send("f9") == "f9 02 04"


def test_an_input_keeps_its_level_through_a_reset(emulated_uno):
    emulated_uno.uno.set_input(7, True)
    emulated_uno.uno.reset()
    emulated_uno.run_for(2.0)
    assert emulated_uno.send("f4 07 00 d0 01").endswith("90 00 01")


def test_booting_takes_every_pin_low_and_so_fires_what_is_active_low(power_up):
    hosted = power_up()
    hosted.uno.set_input(8, True)  # a relay's pull-up
    hosted.run_for(2.0)
    fired_at_s = hosted.uno.edges(8)[-1][0]
    assert not hosted.uno.level(8)
    assert fired_at_s == pytest.approx(1.8764, abs=0.001)


def test_making_an_output_takes_it_low_whatever_was_written_before(emulated_uno):
    uno = emulated_uno.uno
    uno.set_input(8, True)
    emulated_uno.send("f4 08 00 91 01 00")
    assert uno.level(8)
    emulated_uno.send("f4 08 01 91 01 00")  # the shortest glitch: the write is right behind
    (low_at_s, _), (high_at_s, level) = uno.edges(8)[-2:]
    assert level
    assert high_at_s - low_at_s == pytest.approx(534e-6, abs=20e-6)


def exercise(hosted) -> tuple[bytes, list[int], list[list[int]]]:
    """A run with a bit of everything: its bytes and the cycles of bytes and edges."""

    def host(env: simpy.Environment):
        yield env.timeout(2.0)
        hosted.uno.link.write(bytes.fromhex("f4 08 01 f4 07 00 d0 01 c0 01"))
        for turn in range(40):
            yield env.timeout(0.003_7)
            hosted.uno.link.write(bytes([0x91, turn % 2, 0]))
            hosted.uno.set_input(7, turn % 3 == 0)
            hosted.uno.set_analog(0, turn / 8)
        hosted.uno.reset()

    hosted.env.process(host(hosted.env))
    hosted.run_for(5.0)
    cycles = [round(at_s * CLOCK_HZ) for at_s, _ in hosted.received]
    return (
        hosted.received_bytes,
        cycles,
        [[round(at_s * CLOCK_HZ) for at_s, _ in hosted.uno.edges(p)] for p in range(20)],
    )


def test_runs_are_the_same_to_the_cycle_whatever_the_exchange(power_up):
    first = exercise(power_up())
    assert len(first[0]) > 2 * len(BOOT.split())
    assert exercise(power_up()) == first
    assert exercise(power_up(exchange_s=90e-6)) == first


def test_two_chips_in_one_process_do_not_meet(power_up):
    alone = exercise(power_up())
    shared = simpy.Environment()
    other = power_up(shared)
    assert exercise(power_up(shared)) == alone
    assert other.received_bytes.hex(" ") == BOOT
    assert other.uno.edges(8) == []


def test_a_pulled_cable_is_reported_once_and_the_firmware_keeps_running(emulated_uno):
    reasons: list[str] = []
    emulated_uno.uno.link.on_lost = reasons.append
    emulated_uno.send("f4 08 01 91 01 00")
    emulated_uno.uno.pull_cable()
    emulated_uno.uno.pull_cable()
    assert emulated_uno.send("f9 91 00 00") == ""
    assert reasons == ["the cable was pulled"]
    assert emulated_uno.uno.level(8)


def test_without_power_nothing_is_driven_and_time_goes_on(emulated_uno):
    reasons: list[str] = []
    uno = emulated_uno.uno
    uno.link.on_lost = reasons.append
    uno.set_input(8, False)
    emulated_uno.send("f4 08 01 91 01 00")
    uno.cut_power()
    assert not uno.level(8)
    assert reasons == ["the board lost its power"]
    emulated_uno.env.run()  # nothing keeps it busy
    assert emulated_uno.send("f9", 3.0) == ""


def test_once_closed_it_lets_the_environment_end(emulated_uno):
    received = len(emulated_uno.received)
    emulated_uno.uno.close()
    emulated_uno.uno.close()
    emulated_uno.uno.link.write(b"\xf9")
    emulated_uno.env.run()
    assert len(emulated_uno.received) == received


def test_it_prints_nothing(power_up, capfd):
    power_up().run_for(2.0)
    assert capfd.readouterr() == ("", "")


def test_pins_are_where_an_uno_has_them():
    assert [port_and_bit(pin) for pin in (0, 7, 8, 13, 14, 19)] == [
        ("D", 0),
        ("D", 7),
        ("B", 0),
        ("B", 5),
        ("C", 0),
        ("C", 5),
    ]
    for pin in (-1, 20):
        with pytest.raises(DescriptionError, match=f"Pin {pin} is not a digital pin of an Uno"):
            port_and_bit(pin)


def test_what_is_no_analog_input_is_refused(emulated_uno):
    with pytest.raises(DescriptionError, match="Channel 8 is not"):
        emulated_uno.uno.set_analog(8, 1.0)
    with pytest.raises(DescriptionError, match=r"takes 0 to 5 V, not 5\.1 V"):
        emulated_uno.uno.set_analog(0, 5.1)


def hex_record(address: int, kind: int, data: bytes) -> str:
    record = bytes([len(data), *address.to_bytes(2), kind]) + data
    return ":" + (record + bytes([-sum(record) % 256])).hex().upper()


END = hex_record(0, 1, b"")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hello\n", "its line 1 is damaged"),
        (hex_record(0, 0, b"\1\2")[:-1] + "0", "its line 1 is damaged"),
        (END, "holds no firmware"),
        ("", "holds no firmware"),
        ("é", "is not firmware in Intel hex"),
        ("\n".join([hex_record(0, 4, b"\0\1"), hex_record(0, 0, b"\1\2"), END]), r"more than the 32,768 bytes"),
    ],
)
def test_what_is_not_firmware_is_refused(tmp_path, text, sentence):
    path = tmp_path / "firmware.hex"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=sentence):
        read_hex(path, 0x8000, "an Uno or a Nano")


def test_firmware_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_hex(tmp_path / "none.hex", 0x8000, "an Uno or a Nano")


def test_gaps_in_firmware_are_as_erased(tmp_path):
    path = tmp_path / "firmware.hex"
    path.write_text("\n".join([hex_record(2, 0, b"\1"), hex_record(0, 2, b"\0\1"), hex_record(0, 0, b"\2"), END]))
    assert read_hex(path, 0x8000, "an Uno or a Nano") == b"\xff\xff\1" + b"\xff" * 13 + b"\2"


def test_firmware_that_sleeps_for_good_is_a_fault(uno_firmware, tmp_path):
    path = tmp_path / "sleeps.hex"
    path.write_text("\n".join([hex_record(0, 0, bytes.fromhex("f8948895")), END]))  # cli, sleep
    chip = EmulatedChip(find_library(), path)
    with pytest.raises(CellFault, match=r"sleeps\.hex stopped the emulated chip"):
        chip.run(1000)


def test_a_chip_that_is_not_built_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(simavr, "__file__", str(tmp_path / "emulated_library.py"))
    with pytest.raises(InputError, match=r"not built; run 'sh hardware/emulator/build\.sh'"):
        find_library()


def test_a_library_that_does_not_load_is_said(uno_firmware, tmp_path, env):
    library = tmp_path / "chip.so"
    library.write_text("not a library")
    with pytest.raises(InputError, match="cannot be loaded"):
        EmulatedArduino(env, uno_firmware, library)
