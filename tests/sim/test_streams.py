from itertools import islice

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cellwright.sim import Streams

names = st.text(min_size=1, max_size=20)


def first_draws(seed: int, replication: int, name: str) -> list[float]:
    return list(Streams(seed, replication)[name].random(5))


@given(st.integers(0, 2**63), st.integers(0, 1000), names, names)
def test_a_source_draws_the_same_whatever_other_sources_do(seed: int, replication: int, name: str, other: str) -> None:
    alone = first_draws(seed, replication, name)
    streams = Streams(seed, replication)
    streams[other + "x"].random(3)
    assert list(islice((streams[name].random() for _ in range(5)), 5)) == alone


def test_seeds_replications_and_names_all_change_the_draws() -> None:
    draws = [first_draws(*key) for key in ((1, 0, "jam"), (2, 0, "jam"), (1, 1, "jam"), (1, 0, "jam "))]
    assert len({tuple(each) for each in draws}) == 4


def test_the_hash_is_stable_from_run_to_run() -> None:
    assert first_draws(1, 0, "jam")[0] == first_draws(1, 0, "jam")[0]
    np.testing.assert_allclose(first_draws(1, 0, "jam"), JAM_DRAWS_OF_SEED_1, rtol=1e-12)


# Written down once: another machine, Python or day must draw the same.
JAM_DRAWS_OF_SEED_1 = [
    0.6745943597771673,
    0.8286670519197117,
    0.07356157668433039,
    0.732399067680163,
    0.5906894138132294,
]


def test_lognormal_has_the_mean_and_spread_asked_for() -> None:
    streams = Streams(3, 0)
    draws = np.array([streams.lognormal("work", 20.0, 0.5) for _ in range(40_000)])
    assert abs(draws.mean() - 20) < 0.2
    assert abs(draws.std() / draws.mean() - 0.5) < 0.02
    assert draws.min() > 0
    assert streams.lognormal("nothing", 0.0, 0.5) == 0.0
