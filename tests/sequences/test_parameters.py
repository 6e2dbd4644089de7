"""Parameters by name, and settings from files."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import pytest
from pydantic import Field

from cellwright.actuators import Lamp, Stepper
from cellwright.errors import InputError
from cellwright.provenance import Figure, measured, vendor
from cellwright.sequences import Settings, apply_overrides, inputs_of


class Batch(Settings):
    length_mm: Annotated[float, Field(gt=0)]
    count: int = 3


@dataclasses.dataclass
class Habits:
    patience_s: float = 5.0

    def __post_init__(self):
        if self.patience_s < 0:
            raise ValueError("patience_s must be at least 0.")


def parameters():
    return {
        "bridge": Stepper(
            step=2,
            dir=5,
            home_pin=9,
            steps_per_mm=vendor(40, "belt"),
            max_speed=measured(300, "us"),
            max_acceleration=1500,
            travel=(0, 2400),
        ),
        "lamp": Lamp(pin=13),
        "batch": Batch(length_mm=10),
        "habits": Habits(),
    }


def test_a_value_is_replaced_and_counts_as_assumed():
    before = parameters()
    after = apply_overrides(before, ["bridge.max_speed=200", " lamp.active_low = true ", "batch.length_mm=12.5"])
    assert after["bridge"].max_speed == 200
    assert isinstance(after["bridge"].max_speed, Figure)
    assert (after["bridge"].max_speed.status, after["bridge"].max_speed.source) == ("assumed", "set by the user")
    assert after["lamp"].active_low is True
    assert after["batch"] == Batch(length_mm=12.5)
    assert after["bridge"].steps_per_mm.status == "vendor"
    assert (before["bridge"].max_speed, before["lamp"].active_low) == (300, False)


def test_the_last_override_counts():
    assert apply_overrides(parameters(), ["bridge.max_speed=200", "bridge.max_speed=100"])["bridge"].max_speed == 100


@pytest.mark.parametrize("text", ["0,600", "(0, 600)", "[0, 600]"])
def test_a_pair(text):
    assert apply_overrides(parameters(), [f"bridge.travel={text}"])["bridge"].travel == (0, 600)


def test_none_where_it_may_be():
    changed = apply_overrides(parameters(), ["bridge.enable=8"])
    assert changed["bridge"].enable == 8
    assert apply_overrides(changed, ["bridge.enable=none"])["bridge"].enable is None


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("brigde.max_speed=1", "there is no 'brigde'; did you mean 'bridge'?"),
        ("xyz.max_speed=1", "there is no 'xyz'; known are batch, bridge, habits, lamp."),
        ("bridge.max_sped=1", "bridge has no 'max_sped'; did you mean 'max_speed'?"),
        ("bridge.homed=true", "bridge has no 'homed'; "),
        ("bridge.max_speed=fast", "input should be a valid number"),
        ("bridge.max_speed=nan", "number"),
        ("bridge.max_speed=inf", "number"),
        ("bridge.travel=1,2,3", ""),
        ("bridge.travel=0,inf", "number"),
        ("bridge.step=2.5", "integer"),
        ("habits.patience_s=-1", "patience_s must be at least 0."),
        ("batch.length_mm=-1", "length_mm = '-1': input should be greater than 0."),
        ("batch.lenght_mm=1", "batch has no 'lenght_mm'; did you mean 'length_mm'?"),
        ("bridge.max_speed", "write it as device.parameter=value."),
        ("bridge.max_speed=", "write it as device.parameter=value."),
        ("bridge=other.toml", "name a parameter, as in bridge.step=value."),
    ],
)
def test_what_does_not_fit_is_refused(override, says):
    with pytest.raises(InputError) as refused:
        apply_overrides(parameters(), [override])
    sentence = str(refused.value)
    assert sentence.startswith(f"--set {override}: ")
    assert says in sentence
    assert "\n" not in sentence


def test_settings_are_replaced_whole(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('status = "measured"\nlength_mm = 77\n')
    batch = apply_overrides(parameters(), [f"batch={path}"])["batch"]
    assert (batch.length_mm, batch.count, batch.status) == (77, 3, "measured")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("length_mm = 4\nwidth_mm = 5\n", "{path}, line 2: 'width_mm' is not a setting here; "),
        ("# batch\n\nlength_mm = -4\n", "{path}, line 3: length_mm = -4: input should be greater than 0."),
        ('length_mm = 4\ncount = "x"\n', "{path}, line 2: count = 'x': input should be a valid integer"),
        ("count = 4\n", "{path}: length_mm is missing."),
        ("length_mm = \n", "{path} is not valid TOML: "),
        ('length_mm = 1\nstatus = "guess"\n', "{path}, line 2: status = 'guess': "),
    ],
)
def test_a_bad_file_is_refused_with_file_line_and_key(tmp_path, text, says):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError) as refused:
        Batch.read(path)
    assert str(refused.value).startswith(says.format(path=path))
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.toml cannot be read: No such file"):
        Batch.read(tmp_path / "nowhere.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary\.toml cannot be read"):
        Batch.read(tmp_path / "binary.toml")


def test_the_inputs_of_a_run_say_where_they_come_from():
    found = {name: (value, status) for name, value, status in inputs_of(parameters())}
    assert found["bridge.max_speed"] == (300, "measured")
    assert found["bridge.max_acceleration"] == (1500, "assumed")  # written as a whole number
    assert found["bridge.steps_per_mm"] == (40, "vendor")
    assert found["batch.length_mm"] == (10, "assumed")
    assert not {"bridge.step", "lamp.pin", "lamp.active_low", "batch.status", "batch.source"} & set(found)
