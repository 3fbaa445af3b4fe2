"""The codec benchmark measures what it says, on real scenes."""

from __future__ import annotations

import pytest

from wildfire_bench.bench.codecs import measuring
from wildfire_bench.bench.codecs.measuring import measure_codecs
from wildfire_bench.compression import codec_names
from wildfire_bench.errors import InvalidParameter


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "_BLOCK_BYTES", 1_000_000)
        return measure_codecs(["landsat-8"], 3, with_rivals=False)


def test_every_codec_is_measured(measured):
    assert {m.codec for m in measured.measurements} == set(codec_names())


def test_the_warm_up_is_dropped(measured):
    assert {len(m.encode_s) for m in measured.measurements} == {3}


def test_predictive_takes_less_than_zstd(measured):
    assert measured.ratios(("predictive", 1), ("zstd", 3))["landsat-8"]["size"] < 0.75


def test_both_levels_of_predictive_are_measured(measured):
    assert [m.level for m in measured.measurements if m.codec == "predictive"] == [1, 2]


def test_two_threads_are_measured_at_both_levels(measured):
    assert [(t.codec, t.level, len(t.encode_gains)) for t in measured.threads] == [
        ("predictive", 1, 3),
        ("predictive", 2, 3),
    ]


def test_a_scene_of_fewer_than_four_blocks_is_too_small_for_two_threads():
    assert measure_codecs(["landsat-8"], 3, max_bytes=100_000, with_rivals=False).threads == ()


def test_rivals_left_out_are_said_to_be(measured):
    assert (measured.rivals, measured.rivals_skipped) == (
        (),
        "rivals were left out, as was asked for",
    )


def test_memory_is_measured(measured):
    assert all(m.peak_bytes < 2 * m.raw_bytes + 8_000_000 for m in measured.measurements)


def test_too_few_repetitions_are_refused():
    with pytest.raises(InvalidParameter, match="too few"):
        measure_codecs(["landsat-8"], 2)
