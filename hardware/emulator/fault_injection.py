"""Fault injection for real firmware: its emulated chip, and what is wired to its pins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from cellwright.hardware.device import Device
from cellwright.hardware.emulator.chip import ResetCause
from cellwright.hardware.emulator.world import PinWorld
from cellwright.hardware.fault_injection import (
    BOARD_FAULTS,
    FULL_STEP,
    DeviceFault,
    Fault,
    FaultInjector,
    FaultyLink,
    bounce,
    device_faults,
)


class PinFaultInjector(FaultInjector):
    """Injects faults into a cell on an emulated Arduino; see ``FaultInjector``."""

    def __init__(
        self, world: PinWorld, devices: Mapping[str, Device], random: np.random.Generator, link: FaultyLink
    ) -> None:
        super().__init__(world.env, None, devices, random, link)
        self.world = world

    def action_for(self, fault: Fault) -> Callable[[], None]:
        """The action that injects a fault."""
        if fault.kind in BOARD_FAULTS:
            return partial(self._restart, fault.kind == "brownout")
        if not fault.device:
            return super().action_for(fault)
        what = device_faults(self.devices[fault.device])[fault.kind]
        if what.kind == "unplugged":
            return partial(self._unplug, fault.device)
        return partial(self._inject_pin_fault, what, fault.value or 0)

    def _restart(self, browned_out: bool) -> None:
        """Restart the chip; after a brown-out axes, without current meanwhile, are off by up to half a full step."""
        self.world.arduino.reset(ResetCause.BROWN_OUT if browned_out else ResetCause.BUTTON)
        if browned_out:
            for axis in self.world.axes:
                axis.slip(int(self.random.integers(-FULL_STEP // 2, FULL_STEP // 2 + 1)))

    def _inject_pin_fault(self, fault: DeviceFault, value: float) -> None:
        match fault.kind:
            case "slips":
                self.env.process(self.slip_at_rest(self.world.axis(fault.pin), round(value)))
            case "dead":
                self.world.disconnect(fault.pin)
            case "silent":
                self.world.i2c_devices.pop(fault.pin, None)
            case "stuck":
                self.world.encoder_at(fault.pin).stick()
            case "bouncing":
                bounce(self.world.input(fault.pin), value / 1000, self.random)
            case _:
                self.world.input(fault.pin).stick(fault.stuck_level)
