import pytest

from cellwright.errors import DescriptionError
from cellwright.sim import Element, Streams, modapts
from cellwright.sim.people.elements import with_observed


def test_modapts_codes_add_up() -> None:
    assert modapts("M4 G1 W5*6") == 4 + 1 + 30
    assert modapts("M4").status == "assumed"


@pytest.mark.parametrize("codes", ["M", "4", "M4,G1", "m4", "M4*x"])
def test_what_is_no_code_is_refused(codes: str) -> None:
    with pytest.raises(DescriptionError, match="is no MODAPTS code"):
        modapts(codes)


def test_observed_times_are_drawn_from_what_was_observed() -> None:
    observed = (10.0, 11.0, 30.0)
    element = Element("lay slats", 17.0, observed_s=observed)
    drawn = {element.draw(Streams(seed, 0)) for seed in range(60)}
    assert drawn == set(observed)


def test_every_replication_draws_from_all_times() -> None:
    """How far a study may be off is in the interval of a comparison; replications do not differ by it."""
    element = Element("staple", 0.0, observed_s=(10.0, 20.0))
    for replication in range(40):
        streams = Streams(1, replication)
        assert sum(element.draw(streams) for _ in range(200)) / 200 == pytest.approx(15, abs=1.5)


def test_a_time_that_was_taken_once_keeps_the_assumed_spread() -> None:
    once = Element("refill", 17.0, 0.1, observed_s=(17.0,))
    assert len({once.draw(Streams(1, replication)) for replication in range(5)}) == 5


def test_a_slower_person_takes_longer_in_each_draw() -> None:
    for element in (Element("staple", 15.0, 0.1), Element("staple", 15.0, observed_s=(10.0, 20.0))):
        slower = element.scaled(1.2)
        assert slower.draw(Streams(1, 0)) == pytest.approx(1.2 * element.draw(Streams(1, 0)))
        assert slower.mean_s == pytest.approx(18)


def test_a_stopwatch_replaces_elements_of_the_same_name_and_keeps_their_stop_cause() -> None:
    predetermined = [Element("refill", 10.0, stop_cause="magazine empty"), Element("lift off", 5.0)]
    mixed = with_observed(predetermined, [Element("refill", 12.0, observed_s=(12.0,)), Element("other", 1.0)])
    assert [(each.name, each.mean_s, each.stop_cause) for each in mixed] == [
        ("refill", 12.0, "magazine empty"),
        ("lift off", 5.0, ""),
    ]
