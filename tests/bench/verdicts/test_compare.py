from dataclasses import replace

import pytest

from tests.bench.made_up import made_up
from wildfire_bench.bench.verdicts.compare import compare
from wildfire_bench.bench.verdicts.quantities import SIZES
from wildfire_bench.errors import InvalidParameter


def slower(results, variant, factor):
    samples = tuple(
        replace(s, end_to_end_ms=s.end_to_end_ms * factor) if s.variant == variant else s
        for s in results.samples
    )
    return replace(results, samples=samples)


def outcome(pair, quantity, name):
    return next(c.outcome for c in pair.changes if (c.quantity, c.name) == (quantity, name))


@pytest.mark.parametrize(
    ("factor", "expected"), [(2.0, "worse"), (0.5, "better"), (1.05, "cannot tell")]
)
def test_a_time_changes_only_past_what_two_equal_runs_differ_by(factor, expected):
    pair = compare(made_up(), slower(made_up(), "json_none", factor))
    assert outcome(pair, "end_to_end_ms", "json_none") == expected


def test_a_run_against_itself_tells_no_change():
    pair = compare(made_up(), made_up())
    told = {change.quantity in SIZES: change.outcome for change in pair.changes}
    assert {change.outcome for change in pair.changes} == set(told.values())
    assert told == {True: "the same", False: "cannot tell"}


def test_a_percent_more_bytes_is_worse():
    results = made_up()
    blocks = tuple(replace(b, stored_bytes=int(b.stored_bytes * 1.01)) for b in results.blocks)
    pair = compare(results, replace(results, blocks=blocks))
    assert outcome(pair, "stored_mb", "binary_none") == "worse"


def test_one_round_of_a_time_cannot_tell():
    pair = compare(made_up(rounds=1), slower(made_up(rounds=1), "json_none", 3.0))
    assert outcome(pair, "end_to_end_ms", "json_none") == "cannot tell"


def test_a_verdict_that_flips_is_named():
    other = slower(made_up(), "binary_zstd_app", 30.0)
    flips = {claim.name for claim in compare(made_up(), other).claims if claim.flips}
    assert "latency_overview" in flips


@pytest.mark.parametrize("fact", [{"cpu": "Another"}, {"cores": 64}, {"system": "Darwin"}])
def test_runs_of_two_machines_are_refused(fact):
    other = replace(made_up(), environment=replace(made_up().environment, **fact))
    with pytest.raises(InvalidParameter, match="measure both on one"):
        compare(made_up(), other)


def test_runs_of_two_images_are_refused():
    other = replace(made_up(), scene=replace(made_up().scene, sha256="11" * 32))
    with pytest.raises(InvalidParameter, match="image"):
        compare(made_up(), other)


def test_other_software_is_named():
    other = replace(made_up(), environment=replace(made_up().environment, commit="fedcba"))
    assert compare(made_up(), other).differences == ("commit: 0123456789ab and fedcba",)
