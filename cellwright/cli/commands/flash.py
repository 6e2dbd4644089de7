"""``flash``: write firmware to an Arduino, after identifying the firmware that is on it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cellwright.cli.progress import progress
from cellwright.cli.terminal import console, spinner
from cellwright.errors import FlashError, InputError
from cellwright.hardware.flashing.avrdude import find_avrdude, write_with_avrdude
from cellwright.hardware.flashing.boards import (
    BOARDS,
    STK500V1,
    BoardChoice,
    FirmwareImage,
    choose_board,
    load_image,
    protocols_for,
)
from cellwright.hardware.flashing.bootloader import BootLoader, FlashContents, find_boot_loader
from cellwright.hardware.flashing.identify import IdentifiedFirmware, identify_firmware
from cellwright.hardware.flashing.reset_port import SerialUploadPort, UploadPort, usb_id
from cellwright.hardware.intel_hex import write_hex
from cellwright.hardware.transport.serial import auto_port

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FlashOptions:
    """The options of ``flash``; ``tool`` is avrdude, python, or None for avrdude if it is installed."""

    port: str
    board: str | None
    firmware: Path | None
    backup: Path | None
    tool: str | None
    dry_run: bool


def open_wire(port: str) -> UploadPort:
    """Open the serial port of the board."""
    return SerialUploadPort(port, STK500V1.baud)


def flash(options: FlashOptions, wire_to: Callable[[str], UploadPort] = open_wire) -> None:
    """Write firmware and verify it, unless the board holds it already.

    Raises:
        InputError: The port, the board or the file cannot be used.
        FlashError: Reading, writing or verifying failed.
    """
    _check_options(options)
    port = auto_port() if options.port == "auto" else options.port
    upload_port = wire_to(port)
    try:
        with spinner(f"contacting the boot loader at {port}"):
            boot = find_boot_loader(upload_port, protocols_for(options.board, usb_id(port)), port)
        choice = choose_board(options.board, usb_id(port), boot.chip, boot.protocol)
        LOG.debug("%s has USB identifiers %s and answers as %s: %s", port, usb_id(port), boot.chip.name, choice)
        image = load_image(choice.board, options.firmware, BOARDS[choice.board].room_bytes)
        _print_board(port, boot, choice)
        previous = _read_contents(boot, image, choice, options)
        _print_previous_firmware(upload_port, boot, previous)
        if previous.begins_with(image.data):
            _print(f"Nothing to do: {image.path.name} is there already, byte for byte.")
        elif options.dry_run:
            _print(f"Nothing was written; without --dry-run it would be {_image_text(image, choice)}.")
        else:
            _write(options, port, upload_port, boot, image, choice)
            _confirm_firmware(upload_port, wire_to, port, image)
    finally:
        with suppress(FlashError):  # closing fails too if the port is gone
            upload_port.close()


def _print(sentence: str) -> None:
    console().print(sentence)


def _check_options(options: FlashOptions) -> None:
    """Refuse options that cannot work, before the board is reset."""
    if options.backup is not None and options.backup.exists():
        raise InputError(f"{options.backup} exists already; name another file, so that an older backup is not lost.")
    if options.tool == "avrdude" and find_avrdude() is None:
        raise InputError("avrdude is not installed, or not on the PATH: install it, or use --with python.")


def _print_board(port: str, boot: BootLoader, choice: BoardChoice) -> None:
    title = BOARDS[choice.board].title
    _print(f"{title} at {port}: {boot.chip.name}, boot loader at {boot.protocol.baud} baud.")
    if choice.note:
        _print(f"Note: {choice.note}")


def _read_contents(boot: BootLoader, image: FirmwareImage, choice: BoardChoice, options: FlashOptions) -> FlashContents:
    """Read the flash memory: as much as the image needs, or all of it for a backup."""
    room_bytes = BOARDS[choice.board].room_bytes
    size_bytes = room_bytes if options.backup else len(image.data)
    with progress("reading the flash memory", -(-size_bytes // boot.chip.page_bytes)) as advance:
        previous = boot.contents(size_bytes, room_bytes, advance)
    if options.backup is not None and previous.used:
        write_hex(options.backup, previous.used)
        _print(f"Saved the previous firmware to {options.backup}; restore it with --firmware {options.backup}.")
    return previous


def _print_previous_firmware(upload_port: UploadPort, boot: BootLoader, previous: FlashContents) -> None:
    """Start the previous firmware to ask its name, which the boot loader does not know, and print it."""
    if not previous.used:
        _print("Before: no firmware.")
        return
    boot.leave()
    size = f"{len(previous.used):,} bytes in use, CRC-32 {previous.crc:08x}"
    with spinner("identifying the firmware"):
        firmware = identify_firmware(upload_port)
    name = f"{firmware}, by Firmata at {firmware.baud} baud" if firmware else "a firmware that does not speak Firmata"
    _print(f"Before: {name}; {size}.")


def _image_text(image: FirmwareImage, choice: BoardChoice) -> str:
    name = "CellwrightFirmata" if image.is_ours else str(image.path)
    return f"{name} for the {BOARDS[choice.board].title}, {len(image.data):,} bytes"


def _write(
    options: FlashOptions,
    port: str,
    upload_port: UploadPort,
    boot: BootLoader,
    image: FirmwareImage,
    choice: BoardChoice,
) -> None:
    avrdude = None if options.tool == "python" else find_avrdude()
    LOG.debug("the firmware is written by %s", avrdude or "Python")
    _print(f"Writing {_image_text(image, choice)}, with {'avrdude' if avrdude else 'Python'}.")
    try:
        if avrdude:
            upload_port.close()
            with spinner("writing and verifying with avrdude"):
                write_with_avrdude(avrdude, port, boot.chip, boot.protocol, image.path, len(image.data))
        else:
            _write_with_python(port, upload_port, boot, image)
    except KeyboardInterrupt as error:
        raise FlashError(
            "Stopped by Ctrl-C in the middle of writing: the board holds half a firmware; run it again."
        ) from error
    _print("Written and verified.")


def _write_with_python(port: str, upload_port: UploadPort, boot: BootLoader, image: FirmwareImage) -> None:
    boot = find_boot_loader(upload_port, [boot.protocol], port)
    pages = boot.page_count(image.data)
    with progress("writing", pages) as advance:
        boot.write(image.data, advance)
    with progress("verifying", pages) as advance:
        boot.verify(image.data, advance)
    boot.leave()


def _confirm_firmware(
    upload_port: UploadPort, wire_to: Callable[[str], UploadPort], port: str, image: FirmwareImage
) -> None:
    """Ask the new firmware its name: proof that it runs, not only that it was written."""
    with suppress(FlashError):
        upload_port.close()
    upload_port = wire_to(port)  # opening the port resets the board, so it reports its name again
    try:
        with spinner("waiting for the new firmware"):
            firmware = identify_firmware(upload_port)
    finally:
        with suppress(FlashError):
            upload_port.close()
    if firmware is None and image.is_ours:
        raise FlashError(
            f"CellwrightFirmata was written and verified, but does not answer at {port}: "
            "press the board's reset button, and flash it again if 'cellwright run' does not find it."
        )
    _print(f"Now: {_firmware_text(firmware)}.")


def _firmware_text(firmware: IdentifiedFirmware | None) -> str:
    return f"{firmware}, at {firmware.baud} baud" if firmware else "it runs, and does not speak Firmata"
