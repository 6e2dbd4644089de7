"""Every parameter that --set takes is listed with a value that --set takes back; a user's own devices too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwright import cells
from cellwright.hardware.device import UNSTATED_HAZARD, Device, Hazard
from cellwright.hardware.pins import Pin, contact_pin, output_pin, pwm_pin, stepper_pins
from cellwright.provenance import published
from cellwright.sequences import Settings, apply_overrides
from cellwright.sequences.parameter_list import A_FILE, list_parameters, unit_of


@dataclass(kw_only=True)
class Heater(Device):
    """A user's own device, with a unit that its names do not show."""

    units: ClassVar[dict[str, str]] = {"warmth": "°C"}

    pin: int = 3
    warmth: float = published(60.0, "the label")
    rest_s: float = 0.25
    limits: tuple[float, float] = (1.0, 2.5)
    spare: int | None = None

    def pins(self) -> dict[str, Pin]:
        return {"heater": output_pin(self.pin)}


class Recipe(Settings):
    glue_g_per_m: float = 2.5
    layers: int = 3


def own() -> dict[str, object]:
    return {"heater": Heater(), "recipe": Recipe(status="measured", source="a scale")}


@pytest.mark.parametrize("name", cells.names())
def test_what_is_listed_can_be_set_as_it_is(name: str) -> None:
    scenario = cells.load(name).scenario()
    listed = [each for each in list_parameters(scenario.parameters) if each.value not in (A_FILE, "")]
    assert len(listed) > 40
    again = cells.load(name).scenario([f"{each.name}={each.value}" for each in listed])
    for name_and_field in (each.name for each in listed):
        holder, _, field = name_and_field.partition(".")
        assert getattr(again.parameters[holder], field) == getattr(scenario.parameters[holder], field)


@pytest.mark.parametrize("name", cells.names())
def test_every_input_of_a_cell_is_listed_with_its_status(name: str) -> None:
    scenario = cells.load(name).scenario()
    listed = {each.name: each.status for each in list_parameters(scenario.parameters)}
    files = {each for each, status in listed.items() if "." not in each and status}
    for each, status in scenario.provenance(compared=True).items():
        assert listed.get(each, status) == status
        assert each in listed or each.partition(".")[0] in files, each


def test_a_users_own_devices_and_settings_are_listed() -> None:
    listed = {each.name: (each.value, each.unit, each.status, each.source) for each in list_parameters(own())}
    assert listed == {
        "heater.pin": ("3", "", "", ""),
        "heater.warmth": ("60", "°C", "published", "the label"),
        "heater.rest_s": ("0.25", "s", "assumed", ""),
        "heater.limits": ("1,2.5", "", "assumed", ""),
        "heater.spare": ("none", "", "", ""),
        "recipe": (A_FILE, "", "measured", "a scale"),
        "recipe.glue_g_per_m": ("2.5", "g/m", "measured", "a scale"),
        "recipe.layers": ("3", "", "measured", "a scale"),
    }


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_listed_so_that_it_comes_back(value: float) -> None:
    changed = apply_overrides(own(), [f"heater.rest_s={value!r}"])
    (shown,) = [each.value for each in list_parameters(changed) if each.name == "heater.rest_s"]
    assert apply_overrides(own(), [f"heater.rest_s={shown}"])["heater"].rest_s == value


@pytest.mark.parametrize(
    ("field", "unit"),
    {
        "pulse_s": "s", "push_mm_s": "mm/s", "expansion_ppm_per_c": "ppm/°C", "steps_per_mm": "steps/mm",
        "jams_per_1000_staples": "per 1000 staples", "tape_mm_at_5_m": "mm", "log_nok_per_m": "NOK/m", "celsius": "°C",
        "pin": "", "step": "", "s": "", "slats": "", "lift_mods": "MOD", "drift_g_per_s": "g/s", "max_rpm": "rpm",
    }.items(),
)  # fmt: skip
def test_the_unit_is_in_the_name(field: str, unit: str) -> None:
    assert unit_of(None, field) == unit


# ---- hazards ----


@pytest.mark.parametrize(
    ("pins", "found"),
    [
        ({"a": output_pin(3)}, (UNSTATED_HAZARD,)),
        ({"a": pwm_pin(3)}, (UNSTATED_HAZARD,)),
        (stepper_pins(3, 4), (UNSTATED_HAZARD,)),
        ({"a": contact_pin(3)}, ()),
        ({}, ()),
    ],
)
def test_a_device_that_drives_something_counts_as_a_hazard_until_its_class_says(
    pins: dict[str, Pin], found: tuple[Hazard, ...]
) -> None:
    heater = Heater()
    heater.pins = lambda: pins  # type: ignore[method-assign]
    assert heater.hazards() == found


@pytest.mark.parametrize("name", cells.names())
def test_every_device_of_our_cells_says_what_may_hurt(name: str) -> None:
    devices = [part for part in cells.load(name).cell.parameters().values() if isinstance(part, Device)]
    hazards = [hazard for device in devices for hazard in device.hazards()]
    assert UNSTATED_HAZARD not in hazards
    kinds = {"mechanical", "electrical", "thermal", "noise", "radiation", "substance", "ergonomic"}
    assert {hazard.kind for hazard in hazards} <= kinds
    assert not [hazard for hazard in hazards if (hazard.harm + hazard.protection).endswith(".")]
