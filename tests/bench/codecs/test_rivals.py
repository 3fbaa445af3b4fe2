"""Rivals get the same pixels, give them back, and are named where they are missing."""

from __future__ import annotations

import pytest

from wildfire_bench.bench.codecs import rivals
from wildfire_bench.bench.codecs.contest import Contestant
from wildfire_bench.bench.codecs.measuring import measure_codecs
from wildfire_bench.bench.codecs.rivals import bands_of, rival_contestants, why_no_rivals
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.samples import sample

installed = pytest.mark.skipif(bool(why_no_rivals()), reason="imagecodecs is not installed")
LANDSAT = sample("landsat-8").data[:400_000]


def test_bands_are_taken_apart():
    assert [band.shape for band in bands_of(LANDSAT)] == [(45, 627)] * 7


def test_the_bands_of_a_picture_stay_together():
    (picture,) = bands_of(sample("blue-marble-rgb").data[:400_000])
    assert picture.shape[1:] == (5400, 3)


@pytest.mark.parametrize("scene", ["sentinel-2-ndvi", "blue-marble"])
def test_rivals_leave_out_floats_and_files_without_pixels(scene):
    assert bands_of(sample(scene).data[:400_000]) == []


@installed
def test_every_rival_gives_the_pixels_back():
    contestants = rival_contestants(LANDSAT)
    for contestant in contestants:
        contestant.run()
        contestant.run()
    measured = [contestant.result("landsat-8") for contestant in contestants]
    assert {(m.codec, m.level) for m in measured} >= {("jpeg-xl", 3), ("jpeg-ls", None)}
    assert all(m.encoded_bytes < m.raw_bytes == 45 * 627 * 14 for m in measured)


@installed
def test_rivals_are_measured_in_the_same_run():
    measured = measure_codecs(["landsat-8"], 3, max_bytes=400_000)
    assert measured.ratios(("predictive", 2), ("jpeg-xl", 3)).keys() == {"landsat-8"}


def test_missing_rivals_are_named_with_what_to_install(monkeypatch):
    monkeypatch.setattr(rivals, "find_spec", lambda _: None)
    measured = measure_codecs(["landsat-8"], 3, max_bytes=100_000)
    assert measured.rivals == ()
    assert "JPEG XL" in measured.rivals_skipped
    assert "wildfire-bench[rivals]" in measured.rivals_skipped


def test_a_codec_that_does_not_give_the_scene_back_is_an_error():
    lossy = Contestant("lossy", None, 3, lambda: [b"abc"], list, lambda *_: None, lambda _: False)
    with pytest.raises(BenchmarkError, match="lossy did not give the scene back"):
        lossy.run()


def test_slow_codecs_have_fewer_repetitions():
    slow = Contestant("slow", 1, 3, lambda: [b"abc"], list, lambda *_: None, lambda _: True, 3)
    for _ in range(8):
        slow.run()
    assert len(slow.result("hill").encode_s) == 3
