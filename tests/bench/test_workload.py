import pytest

from wildfire_bench.bench.workload import PROFILES, workload
from wildfire_bench.errors import InvalidParameter


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_a_workload_as_it_is(profile):
    assert workload(profile) == PROFILES[profile]


def test_what_is_given_replaces_what_the_profile_says():
    assert workload("quick", rounds=7).rounds == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"profile": "fast"},
        {"profile": "quick", "rounds": -1},
        {"profile": "quick", "rounds": 201},
        {"profile": "quick", "size_bytes": 20_000_001},
        {"profile": "quick", "size_bytes": 10},
    ],
)
def test_what_cannot_be_measured_is_refused(wrong):
    with pytest.raises(InvalidParameter):
        workload(**wrong)


def test_one_round_claims_nothing_about_speed():
    assert "no statement about speed" in workload("smoke").supports
