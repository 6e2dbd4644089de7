"""Encoders, I2C devices and stored tasks of a virtual Arduino, following the firmware's code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simpy.events import Event

from cellwright.hardware.firmata.protocol import encoder_i2c_scheduler as features
from cellwright.hardware.firmata.protocol.codec import decode_u14, unpack
from cellwright.hardware.firmata.protocol.messages import PinMode
from cellwright.hardware.firmata.virtual.pins import VirtualPins
from cellwright.hardware.firmata.virtual.session import VirtualSession
from cellwright.hardware.model.ports import ModelEncoder

# FirmataEncoder's autoReport.
REPORT_NONE = 0
REPORT_ALL = 1
REPORT_CHANGED = 2


class VirtualEncoders:
    """FirmataEncoder.cpp. By default it reports the counts that changed, at each sampling."""

    def __init__(self, session: VirtualSession, pins: VirtualPins, capacity: int) -> None:
        self.session = session
        self.pins = pins
        self.capacity = capacity
        self.reset()

    def reset(self) -> None:
        """Detach all encoders."""
        self._encoders: dict[int, ModelEncoder] = {}
        self._reported: dict[int, int] = {}
        self._reports = REPORT_CHANGED

    def handle(self, data: bytes) -> bool:
        """Handle an encoder sysex; false for an unknown one."""
        if data[:1] == bytes((features.REPORT_ENCODERS,)):
            self._report(list(self._encoders))
            return True
        if len(data) < 2:
            return False
        command, number = data[0], data[1]
        if command == features.AUTO_REPORT:
            self._reports = number
        elif command == features.ATTACH_ENCODER and len(data) >= 4:
            self._attach(number, data[2], data[3])
        elif command == features.REPORT_ENCODER:
            self._report([number] if number in self._encoders else [])
        elif command == features.ZERO_ENCODER:
            if number in self._encoders:
                self._encoders[number].zero()
        elif command == features.DETACH_ENCODER:
            self._encoders.pop(number, None)
        else:
            return False
        return True

    def _attach(self, number: int, pin_a: int, pin_b: int) -> None:
        digital = self.session.pin_map.digital
        if number >= self.capacity or pin_a not in digital or pin_b not in digital:
            self.session.complain(f"Encoder {number} cannot be attached to pins {pin_a} and {pin_b}.")
        elif number not in self._encoders:
            self.pins.claim(pin_a, PinMode.ENCODER)
            self.pins.claim(pin_b, PinMode.ENCODER)
            encoder = self.session.board.declare_encoder(pin_a, pin_b)
            encoder.zero()
            self._encoders[number] = encoder
            self._reported[number] = 0
            self._report([number])
            self.session.sampling.keep()

    def _report(self, numbers: list[int]) -> None:
        if numbers:
            self.session.send(features.encoder_counts({each: self._encoders[each].count for each in numbers}))

    def sample(self) -> bool:
        """Report the counts that are due; whether any encoder is attached."""
        if self._reports != REPORT_NONE:
            due = [
                number
                for number, encoder in sorted(self._encoders.items())
                if self._reports == REPORT_ALL or self._reported[number] != encoder.count
            ]
            self._report(due)
            self._reported |= {number: self._encoders[number].count for number in due}
        return bool(self._encoders)


class VirtualI2c:
    """The I2C part of both firmwares. A read of a missing device returns no bytes."""

    MAX_BYTES = 32  # the Wire library's buffer
    MAX_QUERIES = 7  # I2C_MAX_QUERIES is 8, but the firmware refuses the last

    def __init__(self, session: VirtualSession, pins: VirtualPins) -> None:
        self.session = session
        self.pins = pins
        self.reset()

    def reset(self) -> None:
        """Release the bus."""
        self._is_on = False
        self._queries: list[tuple[int, int | None, int]] = []

    def configure(self, _: bytes) -> bool:
        """Enable the bus on its two pins; the delay before reading is not modelled."""
        if not self._is_on:
            self._is_on = True
            for pin in sorted(self.session.pin_map.i2c):
                self.pins.set_mode(pin, PinMode.I2C)
        return True

    def request(self, data: bytes) -> bool:
        """Write, read once, read at every sampling, or stop that; false before the bus is enabled."""
        if not self._is_on or len(data) < 2:
            return False
        address, mode = data[0], data[1] & features.STOP_READING
        if data[1] & features.TEN_BIT_ADDRESS:
            self.session.send_string("10-bit addressing not supported")
        elif mode == features.WRITE:
            self._write(address, bytes(decode_u14(data, at) & 0xFF for at in range(2, len(data) - 1, 2)))
        elif mode == features.STOP_READING:
            # With a single query, the firmware stops that one whatever its address is.
            kept = [query for query in self._queries if query[0] != address]
            self._queries = kept if len(self._queries) > 1 else []
        elif len(data) < 4:
            return False
        else:
            register = decode_u14(data, 2) if len(data) == 6 else None
            count = decode_u14(data, 4 if len(data) == 6 else 2) & 0xFF
            if mode == features.READ_ONCE:
                self._read(address, register, count)
            elif len(self._queries) >= self.MAX_QUERIES:
                self.session.send_string("too many queries")
            else:
                self._queries.append((address, register, count))
                self.session.sampling.keep()
        return True

    def _write(self, address: int, data: bytes) -> None:
        device = self.session.board.i2c_devices.get(address)
        if device is not None:
            device.write(data[: self.MAX_BYTES])

    def _read(self, address: int, register: int | None, count: int) -> None:
        device = self.session.board.i2c_devices.get(address)
        data = b""
        if device is not None:
            if register is not None:
                device.write(bytes((register & 0xFF,)))
            data = device.read(min(count, self.MAX_BYTES))
        self.session.send(features.i2c_reply(address, (register or 0) & 0xFF, data))

    def sample(self) -> bool:
        """Do the reads that are due at every sampling; whether there are any."""
        for query in self._queries:
            self._read(*query)
        return bool(self._queries)


@dataclass(slots=True)
class _Task:
    """Stored messages. due_ms: on the firmware's clock, 0: never. position: where it continues or is filled."""

    number: int
    messages: bytearray
    due_ms: int = 0
    position: int = 0


class VirtualScheduler:
    """FirmataScheduler.cpp: tasks whose bytes go through the same parser as the host's, between those."""

    def __init__(self, session: VirtualSession, feed_byte: Callable[[int], None]) -> None:
        self.session = session
        self._feed_byte = feed_byte
        self._tasks: dict[int, _Task] = {}
        self._running: _Task | None = None

    def reset(self) -> None:
        """Delete all tasks."""
        self._tasks.clear()

    def handle(self, data: bytes) -> bool:
        """Handle a scheduler sysex; one of the wrong length is silently ignored."""
        command, number, size = data[0] if data else -1, data[1] if len(data) > 1 else 0, len(data)
        if command == features.CREATE_TASK and size == 4:
            self._create(number, decode_u14(data, 2))
        elif command == features.DELETE_TASK and size == 2:
            self._tasks.pop(number, None)
        elif command == features.ADD_TO_TASK and size > 2:
            self._add(number, unpack(data[2:]))
        elif command == features.DELAY_TASK and size == 6:
            self._delay(_milliseconds(data[1:]))
        elif command == features.SCHEDULE_TASK and size == 7:
            self._schedule(number, _milliseconds(data[2:]))
        elif command == features.QUERY_ALL_TASKS:
            self.session.send(features.task_list(bytes(reversed(self._tasks))))
        elif command == features.QUERY_TASK and size == 2:
            self._report(number)
        elif command == features.RESET_TASKS:
            self.reset()
        else:
            self.session.complain(f"The scheduler was sent {data.hex(' ') or 'nothing'}, which it does not know.")
        return True

    def _create(self, number: int, length: int) -> None:
        if number in self._tasks:
            self._report(number, is_error=True)
        else:
            self._tasks[number] = _Task(number, bytearray(length))

    def _add(self, number: int, added: bytes) -> None:
        task = self._tasks.get(number)
        if task is None:
            self._report(number, is_error=True)
        elif task.position + len(added) > len(task.messages):
            self.session.complain(f"Task {number} has no room for {len(added)} bytes more.")
        else:
            task.messages[task.position : task.position + len(added)] = added
            task.position += len(added)

    def _schedule(self, number: int, delay_ms: int) -> None:
        task = self._tasks.get(number)
        if task is None:
            self._report(number, is_error=True)
            return
        task.position = 0
        task.due_ms = self.session.now_ms + delay_ms
        self._run_when_due(task)

    def _delay(self, delay_ms: int) -> None:
        if self._running is not None:
            self._running.due_ms = max(self._running.due_ms + delay_ms, self.session.now_ms)

    def _report(self, number: int, is_error: bool = False) -> None:
        task = self._tasks.get(number)
        known = None
        if task is not None:
            known = features.TaskReply(number, max(task.due_ms, 0), task.position, bytes(task.messages))
        self.session.send(features.task_reply(number, known, is_error))

    def _run_when_due(self, task: _Task) -> None:
        # The firmware runs a task once its clock has gone past the time.
        self.session.call_at_ms(task.due_ms + 1, self._run_due)

    def _run_due(self, _: Event) -> None:
        """Run the tasks that are due. A task that was rescheduled meanwhile has a later call of its own."""
        for task in reversed(list(self._tasks.values())):
            if 0 < task.due_ms < self.session.now_ms and self._tasks.get(task.number) is task:
                self._run(task)

    def _run(self, task: _Task) -> None:
        """Run a task to its end, which deletes it, or to where it delays or schedules itself."""
        due_ms = task.due_ms
        position = task.position
        self._running = task
        while position < len(task.messages) and self._tasks.get(task.number) is task:
            self._feed_byte(task.messages[position])
            position += 1
            if task.due_ms != due_ms:
                task.position = position if position < len(task.messages) else 0
                self._running = None
                self._run_when_due(task)
                return
        self._running = None
        if self._tasks.get(task.number) is task:
            del self._tasks[task.number]


def _milliseconds(packed: bytes) -> int:
    return int.from_bytes(unpack(packed), "little", signed=True)
