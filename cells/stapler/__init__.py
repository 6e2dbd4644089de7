"""The stapler: slats of acoustic panels stapled to felt."""

from cellwright.cells.stapler.cell import Stapler
from cellwright.cells.stapler.evidence import EVIDENCE
from cellwright.cells.stapler.layout import PanelLayout
from cellwright.cells.stapler.manual import ManualStapling
from cellwright.cells.stapler.plant import StaplerPlant, StaplerPlantParameters
from cellwright.sim import Study

STUDY = Study(
    cell=Stapler,
    plant=StaplerPlant,
    plant_parameters=StaplerPlantParameters(),
    manual=ManualStapling(),
    fault_rehearsal_overrides={"clearing": ("plant.jams_per_1000_staples=30",)},
    evidence=EVIDENCE,
)

__all__ = ["STUDY", "ManualStapling", "PanelLayout", "Stapler", "StaplerPlant", "StaplerPlantParameters"]
