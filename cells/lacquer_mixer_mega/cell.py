"""The lacquer mixer with eight lines, for an Arduino Mega."""

from __future__ import annotations

from pathlib import Path

from cellwright.cells.lacquer_mixer import LacquerMixer
from cellwright.cells.lacquer_mixer.equipment import peristaltic, pinch_valve
from cellwright.cells.lacquer_mixer.orders import Orders
from cellwright.cells.lacquer_mixer.recipes import Drums

CELL_FOLDER = Path(__file__).parent


class LacquerMixerOnMega(LacquerMixer):
    """Mixes tinted lacquer to order, by mass, of up to eight components; on pins that only a Mega has."""

    arduino = "mega"

    pump_4 = peristaltic(step=22, dir=23)
    valve_4 = pinch_valve(24)
    pump_5 = peristaltic(step=25, dir=26)
    valve_5 = pinch_valve(27)
    pump_6 = peristaltic(step=28, dir=29)
    valve_6 = pinch_valve(30)
    pump_7 = peristaltic(step=31, dir=32)
    valve_7 = pinch_valve(33)
    pump_8 = peristaltic(step=34, dir=35)
    valve_8 = pinch_valve(36)
    orders = Orders.read(CELL_FOLDER / "orders.csv")
    drums = Drums.read(CELL_FOLDER / "drums.toml")
