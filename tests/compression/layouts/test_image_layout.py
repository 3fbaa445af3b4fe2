"""Where pixels lie in a file, told by its tags or guessed."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compression.scenes import images, smooth, tiff
from wildfire_bench.compression.layouts.image_layout import find_layout
from wildfire_bench.compression.layouts.pixel_run import SampleKind

LAYOUTS = {
    "strips": {},
    "small strips": {"rowsperstrip": 5},
    "BigTIFF": {"bigtiff": True},
    "planar": {"planarconfig": "separate"},
    "tiles": {"tile": (32, 48)},
}


def pixels_in(image: bytes) -> bytes:
    return b"".join(image[run.offset_bytes : run.end_bytes] for run in find_layout(image).runs)


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<i2", ">f4", "<f8"])
@pytest.mark.parametrize("layout", [name for name in LAYOUTS if name != "tiles"])
def test_the_runs_of_a_tiff_are_its_pixels(layout, dtype):
    pixels = smooth(130, 90, 3, dtype)
    order = np.moveaxis(pixels, -1, 0) if layout == "planar" else pixels
    assert pixels_in(tiff(pixels, **LAYOUTS[layout])) == order.tobytes()


def test_rows_of_a_tiled_tiff_are_as_wide_as_a_tile():
    (run,) = find_layout(tiff(smooth(96, 96, 1, "<u2"), tile=(32, 48))).runs
    assert (run.width, run.size_bytes) == (48, 96 * 96 * 2)


def test_a_run_knows_what_its_samples_are():
    (run,) = find_layout(tiff(smooth(96, 96, 3, ">i2"))).runs
    assert (run.width, run.bands, run.sample_bytes) == (96, 3, 2)
    assert run.big_endian
    assert run.kind is SampleKind.SIGNED


def test_bands_of_a_planar_tiff_stand_alone():
    assert {
        r.bands for r in find_layout(tiff(smooth(99, 99, 3, "u1"), planarconfig="separate")).runs
    } == {1}


def test_a_compressed_tiff_has_no_runs():
    image = bytearray(tiff(smooth(96, 96, 1, "<u2")))
    entry = bytes(image).index(struct.pack("<HHI", 259, 3, 1))
    image[entry + 8] = 5  # LZW
    assert find_layout(bytes(image)).runs == ()


def test_strips_that_overlap_are_counted_once():
    image = bytearray(tiff(smooth(96, 96, 1, "<u2"), rowsperstrip=48))
    first = bytes(image).index(struct.pack("<HHI", 273, 4, 2)) + 8
    (table,) = struct.unpack_from("<I", image, first)
    image[table + 4 : table + 8] = image[table : table + 4]
    (run,) = find_layout(bytes(image)).runs
    assert run.size_bytes == 96 * 48 * 2


def netcdf(version: int, dtype: str, data: bytes, shape: tuple[int, int]) -> bytes:
    kind = {"i1": 1, "i2": 3, "i4": 4, "f4": 5, "f8": 6}[dtype]
    wide, begin_code = (">Q" if version == 5 else ">I"), (">I" if version == 1 else ">Q")

    def header(begin: int) -> bytes:
        def count(n: int) -> bytes:
            return struct.pack(wide, n)

        dims = b"".join(
            count(1) + name + b"\0\0\0" + count(n)
            for name, n in zip((b"y", b"x"), shape, strict=True)
        )
        attribute = (
            struct.pack(">I", 12)
            + count(1)
            + count(4)
            + b"unit"
            + struct.pack(">I", 2)
            + count(1)
            + b"K\0\0\0"
        )
        variable = count(1) + b"t\0\0\0" + count(2) + count(0) + count(1) + attribute
        variable += struct.pack(">I", kind) + count(len(data)) + struct.pack(begin_code, begin)
        return (
            b"CDF"
            + bytes([version])
            + count(0)
            + struct.pack(">I", 10)
            + count(2)
            + dims
            + struct.pack(">I", 0)
            + count(0)
            + struct.pack(">I", 11)
            + count(1)
            + variable
        )

    return header(len(header(0))) + data


@pytest.mark.parametrize("version", [1, 2, 5])
@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "f8"])
def test_the_run_of_a_netcdf_variable_is_its_data(version, dtype):
    field = smooth(100, 120, 1, ">" + dtype)
    image = netcdf(version, dtype, field.tobytes(), (100, 120))
    (run,) = find_layout(image).runs
    assert image[run.offset_bytes : run.end_bytes] == field.tobytes()
    assert (run.width, run.big_endian) == (120, True)


@pytest.mark.parametrize(
    ("dtype", "bands"), [("<u2", 1), ("<u2", 4), (">u2", 1), ("u1", 3), ("u1", 1)]
)
def test_raw_samples_are_guessed(dtype, bands):
    rng = np.random.default_rng(3)
    texture = rng.normal(0, 8, (400, 300, bands)).cumsum(0).cumsum(1) / 40 + 120
    (run,) = find_layout(texture.clip(0, 255).astype(dtype).tobytes()).runs
    assert (run.sample_bytes, run.bands, run.width) == (np.dtype(dtype).itemsize, bands, 300)


def test_random_bytes_have_no_runs():
    assert find_layout(np.random.default_rng(1).bytes(300_000)).runs == ()


@settings(deadline=None)
@given(image=images() | st.binary(max_size=400))
def test_any_bytes_have_a_layout_within_them(image):
    end = 0
    for run in find_layout(image).runs:
        assert end <= run.offset_bytes < run.end_bytes <= len(image)
        end = run.end_bytes


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_a_garbled_header_never_raises(data):
    image = bytearray(tiff(smooth(70, 70, 2, "<u2"), rowsperstrip=9)[:600])
    for _ in range(data.draw(st.integers(1, 6))):
        image[data.draw(st.integers(0, 300))] = data.draw(st.integers(0, 255))
    find_layout(bytes(image) + bytes(20_000))
