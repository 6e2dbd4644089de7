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
    DEVICE_FAULTS,
    FULL_STEP,
    Fault,
    FaultInjector,
    FaultyLink,
    bounce,
    pin_of,
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
        if fault.kind not in DEVICE_FAULTS:
            return super().action_for(fault)
        device = self.devices[fault.device]
        pin = pin_of(device, DEVICE_FAULTS[fault.kind].role)
        assert pin is not None
        return partial(self._inject_pin_fault, fault, device, pin)

    def _restart(self, browned_out: bool) -> None:
        """Restart the chip; after a brown-out axes, without current meanwhile, are off by up to half a full step."""
        self.world.arduino.reset(ResetCause.BROWN_OUT if browned_out else ResetCause.BUTTON)
        if browned_out:
            for axis in self.world.axes:
                axis.slip(int(self.random.integers(-FULL_STEP // 2, FULL_STEP // 2 + 1)))

    def _inject_pin_fault(self, fault: Fault, device: Device, pin: int) -> None:
        match fault.kind:
            case "slips":
                self.env.process(self.slip_at_rest(self.world.axis(pin), round(fault.value or 0)))
            case "dead":
                self.world.disconnect(pin)
            case "silent":
                self.world.i2c_devices.pop(pin, None)
            case "stuck":
                self.world.encoder_at(pin).stick()
            case "bouncing":
                bounce(self.world.input(pin), (fault.value or 0) / 1000, self.random)
            case _:
                closed_is_low = getattr(device, "active_low", getattr(device, "home_active_low", True))
                self.world.input(pin).stick(fault.kind.endswith("closed") != closed_is_low)
