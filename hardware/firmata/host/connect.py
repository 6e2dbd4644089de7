"""Connecting to a board over Firmata."""

from __future__ import annotations

import simpy

from cellwright.hardware.firmata.host.board import FirmataBoard
from cellwright.hardware.firmata.host.cellwright_board import CellwrightBoard
from cellwright.hardware.firmata.host.client import FirmataClient
from cellwright.hardware.firmata.host.session import Session
from cellwright.hardware.firmata.host.stock_board import StockFirmataBoard
from cellwright.hardware.firmata.logged_link import logged
from cellwright.hardware.transport.link import Link


def connect(env: simpy.Environment, link: Link) -> FirmataBoard:
    """Run ``env`` until the board at the other end of ``link`` has reported what it is and can do.

    Returns:
        A CellwrightBoard where CellwrightFirmata answers, else a StockFirmataBoard. Declare its ports next.

    Raises:
        InputError: No Firmata board answers in time.
        CellFault: The link was lost before one did.

    The link is closed if it fails.

    Example:
        >>> from cellwright.hardware import ModelBoard
        >>> from cellwright.hardware.firmata.virtual.arduino import VirtualArduino
        >>> from cellwright.hardware.transport.loopback import LoopbackLine
        >>> env = simpy.Environment()
        >>> line = LoopbackLine(env, baud=115200)
        >>> arduino = VirtualArduino(env, line.board, ModelBoard(env), firmware="cellwright")
        >>> connect(env, line.host).firmware
        'CellwrightFirmata 1.0'
    """
    client = FirmataClient(env, logged(env, link))
    try:
        env.run(until=client.ready)
    except BaseException:  # Ctrl-C too
        client.close()
        raise
    session = Session(env, client)
    features = client.features
    return StockFirmataBoard(session) if features is None else CellwrightBoard(session, features)
