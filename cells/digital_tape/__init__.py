"""The digital tape: logs pushed past a saw, with the next cut shown and beeped."""

from cellwright.cells.digital_tape.cell import DigitalTape
from cellwright.cells.digital_tape.evidence import EVIDENCE
from cellwright.cells.digital_tape.manual import ManualMeasuring, tape_plan
from cellwright.cells.digital_tape.plant import DigitalTapePlant, TapePlantParameters
from cellwright.sim import BestManual, Measure, Study

MEASURES = (
    Measure("cut_error_mm", "largest error of a piece", "mm"),
    Measure("wrong_cuts_percent", "chance of a wrong cut", "%"),
    Measure("wrong_cuts_nok", "cost of wrong cuts", "NOK"),
    Measure("wasted_m", "log wasted", "m", material=True),
)
STUDY = Study(
    cell=DigitalTape,
    plant=DigitalTapePlant,
    plant_parameters=TapePlantParameters(),
    manual=ManualMeasuring(),
    measures=MEASURES,
    evidence=EVIDENCE,
    prepare=tape_plan,
    best_manual=BestManual(
        "by hand, with the same cutting plan",
        ("manual.plans_by_list=0",),
        "the plan needs no machine: it can be printed, and followed with a tape measure",
    ),
    fault_rehearsal_overrides={
        "pausing": ("plant.pull_backs_per_1000_cuts=1000",),
        "rejecting": ("plant.wrong_per_1000_cuts=300",),
    },
)

__all__ = ["MEASURES", "STUDY", "DigitalTape", "DigitalTapePlant", "ManualMeasuring", "TapePlantParameters"]
