import pytest

from wildfire_bench.bench.workloads.workload import PROFILES, workload, workload_names
from wildfire_bench.errors import InvalidParameter

OWN = """purpose: mine
sizes: [1000000]
patterns: [{loop: closed, in_flight: 1}]
images: 2
rounds: 5
drivers: [json_none]
"""


@pytest.mark.parametrize("name", workload_names())
def test_every_workload_that_comes_along_can_be_read(name):
    assert workload(name).name == name


def test_the_profiles_are_workloads():
    assert set(PROFILES) <= set(workload_names())


def test_what_is_given_replaces_what_the_workload_says():
    changed = workload("quick", rounds=7, size_bytes=1_000_000, seed=3)
    assert (changed.rounds, changed.sizes, changed.seed) == (7, (1_000_000,), 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "fast"},
        {"name": "quick", "rounds": -1},
        {"name": "quick", "rounds": 201},
        {"name": "quick", "size_bytes": 400_000_001},
        {"name": "quick", "size_bytes": 10},
    ],
)
def test_what_cannot_be_measured_is_refused(wrong):
    with pytest.raises(InvalidParameter):
        workload(**wrong)


def test_a_file_of_ones_own_is_a_workload(tmp_path):
    (tmp_path / "own.yaml").write_text(OWN)
    assert workload(str(tmp_path / "own.yaml")).images == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("in_flight: 1", "per_s: 2"),
            "patterns.0: a closed loop has in_flight, an open",
        ),
        (("in_flight: 1", "in_flight: 0"), "patterns.0.in_flight: must be greater than"),
        (("sizes: [1000000]", "sizes: []"), "sizes: must have at least 1 item"),
        (("sizes: [1000000]", "sizes: [1000000, 1000000]"), "a size or pattern is there twice"),
        (("rounds: 5", "round: 5"), "round: there is no such key: did you mean rounds"),
        (
            ("in_flight: 1", "in_flite: 1"),
            "patterns.0.in_flite: .* did you mean in_flight. the keys are loop",
        ),
        (("rounds: 5", "rounds: five"), "rounds: must be a whole number, not 'five'"),
        (("loop: closed, in_flight: 1", "loop: open, per_s: 9}, {loop: open, per_s: 0"), "per_s"),
    ],
)
def test_a_mistake_in_a_file_is_named_in_one_line(tmp_path, change, said):
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace(*change))
    with pytest.raises(InvalidParameter, match=said) as refused:
        workload(str(path))
    assert "\n" not in str(refused.value)


def test_images_that_overlap_are_bounded_by_what_they_hold(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(
        OWN.replace("1000000", "300000000")
        .replace("images: 2", "images: 4")
        .replace("in_flight: 1", "in_flight: 2")
    )
    with pytest.raises(InvalidParameter, match="1,200,000,000 bytes to hold"):
        workload(str(path))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("smoke", "no statement about speed"),
        ("quick", "median and its interval"),
        ("full", "95th percentile"),
    ],
)
def test_every_profile_says_what_its_counts_can_carry(name, said):
    assert said in workload(name).supports
