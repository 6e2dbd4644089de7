"""The stapler: two belt axes carry a pneumatic stapler over a slatted acoustic panel."""

from __future__ import annotations

from cellwright.actuators import Lamp, Solenoid, Stepper
from cellwright.cells.stapler.layout import PanelLayout, StaplePosition
from cellwright.provenance import assumed, published, vendor
from cellwright.sensors import Button, Switch
from cellwright.sequences import Cell, home
from cellwright.sequences.supervision import Step

BELT = "GT2 belt, 20 teeth, 40 mm a revolution, 200-step motor at 1/8 step"
PRINTER_AXIS = "belt axes of printer class, MarlinFirmware/Marlin configuration"
HEAVY_HEAD = "less than a printer's 2000 mm/s², because a stapler is heavier than a print head"
OPERATOR_TIMEOUT_S = 4 * 3600
"""How long the cell waits for a person before it stops, every output safe."""


class Stapler(Cell):
    """Staples the slats of an acoustic panel to its felt, row by row."""

    unit = "panel"
    cycle_ends_with = "collected"
    resets_with = "start_button"

    bridge = Stepper(
        step=2,
        dir=5,
        home_pin=9,
        steps_per_mm=vendor(40, BELT),
        max_speed=published(300, PRINTER_AXIS),
        max_acceleration=assumed(1500, HEAVY_HEAD),
        homing_speed=published(80, PRINTER_AXIS),
        travel=(0, 2400),
    )
    carriage = Stepper(
        step=3,
        dir=6,
        home_pin=10,
        steps_per_mm=vendor(40, BELT),
        max_speed=published(300, PRINTER_AXIS),
        max_acceleration=assumed(1500, HEAVY_HEAD),
        homing_speed=published(80, PRINTER_AXIS),
        travel=(0, 600),
    )
    trigger = Solenoid(
        pin=4,
        pulse_s=assumed(0.06, "pneumatic stapler, 30 to 100 ms a shot"),
        rest_s=assumed(0.10, "valve and settling, 50 to 150 ms"),
        max_on_s=assumed(0.2, "coil of a small pneumatic valve"),
        max_duty=assumed(0.5, "coil of a small pneumatic valve"),
    )
    driver_back = Switch(pin=11)
    panel_in_place = Switch(pin=12)
    start_button = Button(pin=7)
    stop_button = Button(pin=8, stops_cell=True)
    lamp = Lamp(pin=13)
    layout = PanelLayout.standard()
    magazine_staples = 140

    states = ["waiting", "homing", "stapling", "refilling", "clearing", "presenting"]
    transitions = [
        # trigger        source        destination
        ["start", "waiting", "homing"],
        ["homed", "homing", "stapling"],
        ["row_stapled", "stapling", "stapling"],
        ["out_of_staples", "stapling", "refilling"],
        ["refilled", "refilling", "stapling"],
        ["jammed", "stapling", "clearing"],
        ["cleared", "clearing", "stapling"],
        ["stapled", "stapling", "presenting"],
        ["collected", "presenting", "waiting"],
    ]
    stop_triggers = {"out_of_staples": "magazine empty", "jammed": "stapler jammed"}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.left_in_magazine = self.magazine_staples
        self.to_staple: list[StaplePosition] = []  # staples the panel still needs; survives a stop and a reset
        self.panel_in_place.when_closed = self.to_staple.clear

    def problems(self) -> list[str]:
        """Staples that the axes cannot reach."""
        return [
            f"{self.name()}, stapling: {axis.name} {refusal}."
            for axis, places in ((self.bridge, self.layout.rows_mm), (self.carriage, self.layout.columns_mm))
            for place in (places[0], places[-1])
            if (refusal := axis.refusal(place))
        ]

    def waiting(self) -> Step:
        """Call for a panel; a person puts it in and presses start."""
        self.lamp.on()
        yield self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        yield self.panel_in_place.closed(within_s=60)
        self.lamp.off()
        return "start"

    def homing(self) -> Step:
        """Home both axes after power-up or a stop; plan the panel from the end nearest to the bridge."""
        for axis in (self.carriage, self.bridge):
            if not axis.is_homed:
                yield from home(axis)
        if not self.to_staple:
            far = self.bridge.position > self.layout.panel_length_mm / 2
            path = self.layout.path
            self.to_staple += path if far else path[::-1]  # pop() takes from the end
        return "homed"

    def stapling(self) -> Step:
        """Staple the rest of the next row: the bridge moves to it, then the carriage alone."""
        to_staple, carriage, trigger, driver_back = self.to_staple, self.carriage, self.trigger, self.driver_back
        row_mm, across_mm = to_staple[-1]
        if not self.left_in_magazine:
            return "out_of_staples"
        yield self.together(self.bridge.move_to(row_mm), carriage.move_to(across_mm))
        while True:
            fired = trigger.fire()
            place = to_staple.pop()  # before the shot ends: a stop in between must not repeat it
            self.left_in_magazine -= 1
            yield fired
            if not driver_back.is_closed:
                to_staple.append(place)
                self.left_in_magazine += 1
                return "jammed"
            if not to_staple:
                return "stapled"
            along_mm, across_mm = to_staple[-1]
            if along_mm != row_mm:
                return "row_stapled"
            if not self.left_in_magazine:
                return "out_of_staples"
            yield carriage.move_to(across_mm)

    def refilling(self) -> Step:
        """Call for staples; a person fills the magazine and presses start."""
        yield from self._call_a_person()
        self.left_in_magazine = self.magazine_staples
        return "refilled"

    def clearing(self) -> Step:
        """Call for help; a person clears the jam and presses start."""
        yield from self._call_a_person()
        yield self.driver_back.closed(within_s=60)
        return "cleared"

    def presenting(self) -> Step:
        """Move the bridge off the panel at the nearest end and let a person collect it."""
        lowest, highest = self.bridge.travel
        middle = self.layout.panel_length_mm / 2
        yield self.bridge.move_to(highest if self.bridge.position > middle else lowest)
        self.lamp.on()
        yield self.panel_in_place.open(within_s=OPERATOR_TIMEOUT_S)
        return "collected"

    def _call_a_person(self) -> Step:
        self.lamp.on()
        yield self.start_button.pressed(within_s=OPERATOR_TIMEOUT_S)
        self.lamp.off()
