"""The codec benchmark measures what it says, on real scenes."""

from __future__ import annotations

import pytest

from wildfire_bench.bench.codecs import measure_codecs
from wildfire_bench.compression import codec_names
from wildfire_bench.errors import InvalidParameter


@pytest.fixture(scope="module")
def measured():
    return measure_codecs(["landsat-8"], 3)


def test_every_codec_is_measured(measured):
    assert {m.codec for m in measured.measurements} == set(codec_names())


def test_the_warm_up_is_dropped(measured):
    assert {len(m.encode_s) for m in measured.measurements} == {3}


def test_predictive_takes_less_than_zstd(measured):
    assert measured.ratios("predictive", "zstd", 3)["landsat-8"]["size"] < 0.75


def test_two_threads_are_measured(measured):
    assert [(t.scene, t.codec) for t in measured.threads] == [("landsat-8", "predictive")]


def test_memory_is_measured(measured):
    assert all(m.peak_bytes < 2 * m.raw_bytes + 8_000_000 for m in measured.measurements)


def test_too_few_repetitions_are_refused():
    with pytest.raises(InvalidParameter, match="too few"):
        measure_codecs(["landsat-8"], 2)
