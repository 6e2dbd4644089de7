"""``flash``: firmware on a real Arduino, with a word on what was there before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cellwright.cli.progress import progress
from cellwright.cli.tables import busy, console
from cellwright.errors import FlashError, InputError
from cellwright.hardware.flashing.avrdude import find_avrdude, write_with_avrdude
from cellwright.hardware.flashing.boards import (
    BOARDS,
    STK500V1,
    Choice,
    Image,
    choose_board,
    dialects_for,
    load_image,
)
from cellwright.hardware.flashing.bootloader import BootLoader, FlashContents, find_boot_loader
from cellwright.hardware.flashing.identify import Firmware, ask_firmware
from cellwright.hardware.flashing.reset_port import SerialWire, Wire, usb_id
from cellwright.hardware.intel_hex import write_hex
from cellwright.hardware.transport.serial import auto_port


@dataclass(frozen=True, slots=True)
class FlashAsked:
    """What the user asked for; ``tool`` is avrdude, python, or None for whichever there is."""

    port: str
    board: str | None
    firmware: Path | None
    backup: Path | None
    tool: str | None
    dry_run: bool


def open_wire(port: str) -> Wire:
    """The board's port."""
    return SerialWire(port, STK500V1.baud)


def flash(asked: FlashAsked, wire_to: Callable[[str], Wire] = open_wire) -> None:
    """Write firmware and verify it, unless it is there already.

    Raises InputError for a port, a board or a file that will not do, FlashError where something went wrong on the way.
    """
    _refuse_early(asked)
    port = auto_port() if asked.port == "auto" else asked.port
    wire = wire_to(port)
    try:
        with busy(f"asking the boot loader at {port}"):
            boot = find_boot_loader(wire, dialects_for(asked.board, usb_id(port)), port)
        choice = choose_board(asked.board, usb_id(port), boot.chip, boot.dialect)
        image = load_image(choice.board, asked.firmware, BOARDS[choice.board].room_bytes)
        _print_which(port, boot, choice)
        before = _look(boot, image, choice, asked)
        _print_what_was_there(wire, boot, before)
        if before.begins_with(image.data):
            _say(f"Nothing to do: {image.path.name} is there already, byte for byte.")
        elif asked.dry_run:
            _say(f"Nothing was written; without --dry-run it would be {_words(image, choice)}.")
        else:
            _write(asked, port, wire, boot, image, choice)
            _hear(wire, wire_to, port, image)
    finally:
        with suppress(FlashError):  # a port that is gone may not even close
            wire.close()


def _say(sentence: str) -> None:
    """Names of files and ports are printed as they are, brackets included."""
    console().print(sentence, markup=False)


def _refuse_early(asked: FlashAsked) -> None:
    """What can be known before the board is touched."""
    if asked.backup is not None and asked.backup.exists():
        raise InputError(f"{asked.backup} exists already; name another file, so that an older backup is not lost.")
    if asked.tool == "avrdude" and find_avrdude() is None:
        raise InputError("avrdude is not installed, or not on the PATH: install it, or use --with python.")


def _print_which(port: str, boot: BootLoader, choice: Choice) -> None:
    title = BOARDS[choice.board].title
    _say(f"{title} at {port}: {boot.chip.name}, boot loader at {boot.dialect.baud} baud.")
    if choice.note:
        _say(f"Note: {choice.note}")


def _look(boot: BootLoader, image: Image, choice: Choice, asked: FlashAsked) -> FlashContents:
    """Read what is there, all of it for a backup."""
    room_bytes = BOARDS[choice.board].room_bytes
    at_least = room_bytes if asked.backup else len(image.data)
    with progress("reading what is there", -(-at_least // boot.chip.page_bytes)) as advance:
        before = boot.contents(at_least, room_bytes, advance)
    if asked.backup is not None and before.used:
        write_hex(asked.backup, before.used)
        _say(f"Kept what was there in {asked.backup}; --firmware {asked.backup} puts it back.")
    return before


def _print_what_was_there(wire: Wire, boot: BootLoader, before: FlashContents) -> None:
    """And let it start, to hear its name: the boot loader does not know it."""
    if not before.used:
        _say("Before: no firmware.")
        return
    boot.leave()
    size = f"{len(before.used):,} bytes in use, CRC-32 {before.crc:08x}"
    with busy("asking what runs there"):
        told = ask_firmware(wire)
    name = f"{told}, by Firmata at {told.baud} baud" if told else "a firmware that does not speak Firmata"
    _say(f"Before: {name}; {size}.")


def _words(image: Image, choice: Choice) -> str:
    whose = "CellwrightFirmata" if image.is_ours else str(image.path)
    return f"{whose} for the {BOARDS[choice.board].title}, {len(image.data):,} bytes"


def _write(asked: FlashAsked, port: str, wire: Wire, boot: BootLoader, image: Image, choice: Choice) -> None:
    avrdude = None if asked.tool == "python" else find_avrdude()
    _say(f"Writing {_words(image, choice)}, with {'avrdude' if avrdude else 'Python'}.")
    try:
        if avrdude:
            wire.close()
            with busy("writing and verifying with avrdude"):
                write_with_avrdude(avrdude, port, boot.chip, boot.dialect, image.path, len(image.data))
        else:
            _write_with_python(port, wire, boot, image)
    except KeyboardInterrupt as error:
        raise FlashError(
            "Stopped by Ctrl-C in the middle of writing: the board holds half a firmware; run it again."
        ) from error
    _say("Written and verified.")


def _write_with_python(port: str, wire: Wire, boot: BootLoader, image: Image) -> None:
    boot = find_boot_loader(wire, [boot.dialect], port)
    pages = boot.page_count(image.data)
    with progress("writing", pages) as advance:
        boot.write(image.data, advance)
    with progress("verifying", pages) as advance:
        boot.verify(image.data, advance)
    boot.leave()


def _hear(wire: Wire, wire_to: Callable[[str], Wire], port: str, image: Image) -> None:
    """Hear the new firmware's name: proof that it runs, not only that it is there."""
    with suppress(FlashError):
        wire.close()
    wire = wire_to(port)  # opening the port resets the board, so it tells its name anew
    try:
        with busy("waiting for the new firmware"):
            told = ask_firmware(wire)
    finally:
        with suppress(FlashError):
            wire.close()
    if told is None and image.is_ours:
        raise FlashError(
            f"CellwrightFirmata was written and verified, but does not answer at {port}: "
            "press the board's reset button, and flash it anew if 'cellwright run' does not find it."
        )
    _say(f"Now: {_words_of(told)}.")


def _words_of(told: Firmware | None) -> str:
    return f"{told}, at {told.baud} baud" if told else "it runs, and does not speak Firmata"
