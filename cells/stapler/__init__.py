"""The stapler: slats of acoustic panels stapled to felt."""

from cellwright.cells.stapler.cell import Stapler
from cellwright.cells.stapler.evidence import EVIDENCE
from cellwright.cells.stapler.layout import PanelLayout
from cellwright.cells.stapler.manual import ManualStapling
from cellwright.cells.stapler.plant import StaplerPlant, StaplerPlantParameters
from cellwright.sim import BestManual, Study

STUDY = Study(
    cell=Stapler,
    plant=StaplerPlant,
    plant_parameters=StaplerPlantParameters(),
    manual=ManualStapling(),
    fault_rehearsal_overrides={"clearing": ("plant.jams_per_1000_staples=30",)},
    evidence=EVIDENCE,
    best_manual=BestManual(
        "by hand, with a pneumatic stapler",
        ("manual.staple_mods=7",),
        "the cell's own stapler in a person's hand: a trigger is pressed (M3 P2 M1 M1) where a hand stapler is "
        "squeezed (M3 P2 A4 M1); nobody has timed it",
    ),
)

__all__ = ["STUDY", "ManualStapling", "PanelLayout", "Stapler", "StaplerPlant", "StaplerPlantParameters"]
