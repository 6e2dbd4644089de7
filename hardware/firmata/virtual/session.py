"""The session of a virtual Arduino: what its parts know of it, and no more."""

from __future__ import annotations

import math
from collections.abc import Callable

import simpy
from simpy.events import Event, Timeout

from cellwright.hardware.event_loop import cancel
from cellwright.hardware.firmata.protocol import messages
from cellwright.hardware.firmata.protocol.cellwright import CLOCK_BITS, Features
from cellwright.hardware.firmata.protocol.pin_maps import PIN_MAPS, ArduinoModel, FirmwareKind
from cellwright.hardware.model.board import ModelBoard
from cellwright.hardware.transport.link import Link

MAX_ERROR_LETTERS = 30


class Sampling:
    """The firmware's sampling: at every interval each source reports what is due.

    sources: each does so when it is called, and returns whether it has anything to sample at all.
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.sources: tuple[Callable[[], bool], ...] = ()
        self._env = env
        self._tick: Event | None = None
        self.reset()

    def reset(self) -> None:
        """Go back to the default interval, and start the intervals anew."""
        self._interval_s = messages.DEFAULT_SAMPLING_INTERVAL_MS / 1000
        self._restart()

    def set_interval(self, milliseconds: int) -> None:
        """Sample at another interval, from now on."""
        self._interval_s = max(1, milliseconds) / 1000
        self._restart()
        self.keep()

    def _restart(self) -> None:
        self._grid_s = self._env.now
        if self._tick is not None:
            cancel(self._env, self._tick)
            self._tick = None

    def keep(self) -> None:
        """Schedule the next sampling; while nothing is sampled there is none."""
        if self._tick is None:
            turns = math.floor((self._env.now - self._grid_s) / self._interval_s + 1e-6) + 1
            self._tick = Timeout(self._env, self._grid_s + turns * self._interval_s - self._env.now)
            self._tick.callbacks.append(self._sample)

    def _sample(self, _: Event) -> None:
        self._tick = None
        has_more = [source() for source in self.sources]
        if any(has_more):
            self.keep()


class VirtualSession:
    """A virtual Arduino's line, clock and sampling, and the model board that it drives.

    kind: which Arduino. complaints: sentences about messages that the real firmware would ignore or mishandle.
    powered_s: since when it has power; its clock counts from there.
    """

    def __init__(
        self, env: simpy.Environment, link: Link, board: ModelBoard, kind: ArduinoModel, firmware: FirmwareKind
    ) -> None:
        self.env = env
        self.link = link
        self.board = board
        self.pin_map = PIN_MAPS[kind]
        self.capabilities = [self.pin_map.capabilities(pin, firmware) for pin in range(self.pin_map.pins)]
        self.complaints: list[str] = []
        self.powered_s = env.now
        self.sampling = Sampling(env)

    def send(self, data: bytes) -> None:
        """Send bytes to the host."""
        self.link.write(data)

    def send_string(self, text: str) -> None:
        """Send a text to the host."""
        self.send(messages.string(text))

    def complain(self, sentence: str) -> None:
        """Record a mistake of the host."""
        self.complaints.append(sentence)

    @property
    def now_ms(self) -> int:
        """The firmware's clock: whole milliseconds since it had power."""
        return math.floor((self.env.now - self.powered_s) * 1000 + 1e-6)

    def call_at_ms(self, moment_ms: int, action: Callable[[Event], None]) -> None:
        """Call ``action`` when the firmware's clock shows ``moment_ms``, or now if that is past."""
        due_s = self.powered_s + moment_ms / 1000
        Timeout(self.env, max(0.0, due_s - self.env.now)).callbacks.append(action)


class CellwrightSession(VirtualSession):
    """The same with CellwrightFirmata.

    features: what the firmware reports of itself. is_stopped: the board has switched its outputs to safe. stop_pin: the
    emergency stop input, or None. has_own_reports: the host has asked for the features, so it knows our own messages.
    """

    def __init__(
        self,
        env: simpy.Environment,
        link: Link,
        board: ModelBoard,
        kind: ArduinoModel,
        firmware: FirmwareKind,
        features: Features,
    ) -> None:
        super().__init__(env, link, board, kind, firmware)
        self.features = features
        self.is_stopped = False
        self.has_own_reports = False
        self.stop_pin: int | None = None

    @property
    def now_us(self) -> int:
        """The firmware's clock in µs since it had power; it begins again after 71 minutes."""
        return math.floor((self.env.now - self.powered_s) * 1e6 + 1e-3) % (1 << CLOCK_BITS)

    def refuse(self, reason: str) -> None:
        """Send the reason of a refusal to the host."""
        self.complain(reason)
        self.send_string(reason[:MAX_ERROR_LETTERS])
