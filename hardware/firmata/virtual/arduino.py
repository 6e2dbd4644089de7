"""VirtualArduino: a Firmata front on a model board. It replies as the firmware would, byte for byte, in virtual time.

Its behaviour follows the firmware's code: StandardFirmata.ino 2.5, ConfigurableFirmata 2.12 and FirmataEncoder, and
hardware/firmware. The ``program`` is the firmware.
"""

from __future__ import annotations

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.protocol.cellwright import POWER_ON, RESET_BUTTON
from cellwright.hardware.firmata.protocol.pin_maps import ArduinoModel, FirmwareKind
from cellwright.hardware.firmata.virtual.cellwright import FEATURES_BY_MODEL, VirtualCellwright
from cellwright.hardware.firmata.virtual.program import VirtualProgram
from cellwright.hardware.firmata.virtual.session import CellwrightSession, VirtualSession
from cellwright.hardware.firmata.virtual.stock import VirtualConfigurable, VirtualStandard
from cellwright.hardware.firmware_profiles import DEFAULT_FIRMWARE
from cellwright.hardware.model.board import ModelBoard
from cellwright.hardware.transport.link import Link


class VirtualArduino:
    """An Arduino with Firmata at the board's end of a line, driving a model board.

    The model board must have the timing of the same firmware: ``ModelBoard(env, STEP_TIMINGS[firmware])``.

    It boots when it is created and receives nothing until then. complaints: sentences about messages that the real
    firmware would ignore or mishandle; here they are ignored. When its line is lost it goes on, as a board with its own
    supply does: the tasks of its scheduler still run.
    """

    def __init__(
        self,
        env: simpy.Environment,
        link: Link,
        board: ModelBoard,
        kind: ArduinoModel = "uno",
        firmware: FirmwareKind = DEFAULT_FIRMWARE,
        boot_s: float | None = None,
    ) -> None:
        self.env = env
        self.board = board
        self.program = _program(env, link, board, kind, firmware)
        self.session = self.program.session
        self.boot_s = self.program.boot_s if boot_s is None else boot_s
        self._boot: Event | None = None
        self.connect(link)
        self.program.initialize()
        self.reset(POWER_ON)

    @property
    def complaints(self) -> list[str]:
        """Sentences about messages that the real firmware would ignore or mishandle."""
        return self.session.complaints

    def connect(self, link: Link) -> None:
        """Connect the board's end of a line, in place of one that was lost."""
        self.session.link = link
        link.on_bytes = self._receive

    def reset(self, reason: int = RESET_BUTTON) -> None:
        """The reset button, or a power cut: pins float, axes stop, the configuration is lost; then it boots.

        reason: the reason that CellwrightFirmata reports, see protocol/cellwright.py.
        """
        if self._boot is not None:
            cancel(self.env, self._boot)
        self.program.before_reset(reason)
        self.program.clear_configuration()
        self.board.power_cycle()
        self.session.powered_s = self.env.now
        self.program.initialize()
        self._boot = Timeout(self.env, self.boot_s)
        self._boot.callbacks.append(self._finish_boot)

    def _finish_boot(self, _: Event) -> None:
        self._boot = None
        self.program.finish_boot()

    def _receive(self, data: bytes) -> None:
        if self._boot is None:
            self.program.parser.feed(data)


def _program(
    env: simpy.Environment, link: Link, board: ModelBoard, kind: ArduinoModel, firmware: FirmwareKind
) -> VirtualProgram:
    if firmware == "cellwright":
        return VirtualCellwright(CellwrightSession(env, link, board, kind, firmware, FEATURES_BY_MODEL[kind]))
    session = VirtualSession(env, link, board, kind, firmware)
    return VirtualConfigurable(session) if firmware == "configurable" else VirtualStandard(session)
