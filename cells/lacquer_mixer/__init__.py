"""The lacquer mixer: components dosed by mass into a can on a scale, and stirred."""

from cellwright.cells.lacquer_mixer.cell import LacquerMixer
from cellwright.cells.lacquer_mixer.certificate import certificate_texts
from cellwright.cells.lacquer_mixer.evidence import EVIDENCE
from cellwright.cells.lacquer_mixer.manual import ManualMixing
from cellwright.cells.lacquer_mixer.plant import LacquerMixerPlant, MixerPlantParameters
from cellwright.sim import BestManual, Measure, Study

MEASURES = (
    Measure("dose_error_g", "largest error of a component", "g"),
    Measure("beyond_order_g", "lacquer shipped beyond the order", "g", material=True),
    Measure("beyond_order_nok", "lacquer shipped beyond the order, at its price", "NOK"),
)
STUDY = Study(
    cell=LacquerMixer,
    plant=LacquerMixerPlant,
    plant_parameters=MixerPlantParameters(),
    manual=ManualMixing(),
    measures=MEASURES,
    certificates=certificate_texts,
    evidence=EVIDENCE,
    best_manual=BestManual(
        "by hand, weighed out to the order",
        ("manual.whole_cans=0",),
        "each component is poured to a mark on a shop scale already, and the mark can be the order's; the firm's own "
        "attempt did not succeed, and why is not known",
    ),
    fault_rehearsal_overrides={
        "mending": ("plant.blocks_per_1000_cans=300",),
        "pausing": ("plant.lifts_per_1000_cans=300",),
        "refusing": ("plant.jumps_per_1000_cans=300",),
        "recalling": ("plant.drifts_per_1000_cans=300", "plant.drift_g_per_s=0.07"),
    },
)

__all__ = [
    "MEASURES",
    "STUDY",
    "LacquerMixer",
    "LacquerMixerPlant",
    "ManualMixing",
    "MixerPlantParameters",
]
