"""Whether every codec is there and gives back what it was given."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from wildfire_bench.compression import choose_codec, codec_names, decoder, encoder
from wildfire_bench.compression.codec import Codec
from wildfire_bench.doctor.check import Finding, check, fail, ok, warn
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import DataType
from wildfire_bench.streaming.records.record_lanes import LANE_PLANS, lane_compression

__all__: list[str] = []

BLOCK: Final = bytes(range(256)) * 256
"""64 KiB that every codec shrinks."""
INSTALL_FAST: Final = "pip install 'wildfire-bench[fast]', or make environment"
FAST: Final = {"numba": "unwrap (LZW TIFFs)", "pcodec": "float"}


@check("codecs.zstandard", "whether zstandard can be imported and compresses (guide, section 8)")
def zstandard(_surroundings: Surroundings) -> Finding:
    """Compress and decompress a block, as the guide's first command hopes for."""
    if "zstd" not in codec_names():
        return fail(
            "zstandard cannot be imported: gzip takes its place when sending, and images sent with "
            "zstd go to the dead letters",
            "pip install zstandard, or make environment",
        )
    import zstandard as package

    size = len(_round_trip(encoder("zstd")))
    return ok(
        f"zstandard {package.__version__} with zstd {'.'.join(map(str, package.ZSTD_VERSION))}: "
        f"{len(BLOCK):,} bytes to {size:,} and back"
    )


@check("codecs.all", "whether every codec of this installation gives back what it was given")
def every(_surroundings: Surroundings) -> Finding:
    """Send a block through each."""
    names = codec_names()
    for name in names:
        _round_trip(encoder(name))
    return ok(f"{len(names)}: {', '.join(names)}")


@check("codecs.fast", "whether the extra `fast` is there")
def fast(_surroundings: Surroundings) -> Finding:
    """Say what is missing without it."""
    missing = [codec for package, codec in FAST.items() if _absent(package)]
    if missing:
        return warn(
            f"without it there is no codec {' and none '.join(missing)}: images that others send "
            "so go to the dead letters; predictive runs on NumPy, slower",
            INSTALL_FAST,
        )
    return ok(f"{' and '.join(FAST)} are there")


@check(
    "codecs.matrix",
    "whether each row of the compression matrix has a codec and a level that exist",
    needs=("settings.valid",),
)
def matrix(surroundings: Surroundings) -> Finding:
    """Make the encoder of each row, and the compression of each lane."""
    rows = []
    for data_type in DataType:
        try:
            rows.append(f"{data_type} {_row(data_type, surroundings)}")
        except SettingsError as error:
            remedy = f"set compression_matrix.{data_type}.codec to one that is there"
            return fail(f"compression_matrix.{data_type}: {error}", remedy)
    return ok(", ".join(rows))


def _row(data_type: DataType, surroundings: Surroundings) -> str:
    settings = surroundings.settings
    if data_type in LANE_PLANS:
        lane = lane_compression(data_type, settings)
        return lane.type if lane.level is None else f"{lane.type} {lane.level}"
    codec = choose_codec(data_type, settings)
    _round_trip(codec)
    return codec.name if codec.level is None else f"{codec.name} {codec.level}"


def _round_trip(codec: Codec) -> bytes:
    image = codec.for_image(BLOCK)
    payload = bytes(memoryview(image.encode(BLOCK, 0)))
    out = bytearray(len(BLOCK))
    decoder(image.name).decode_into(payload, memoryview(out))
    if out != BLOCK:
        msg = f"codec {codec.name} does not give back what it was given"
        raise SettingsError(msg)
    return payload


def _absent(package: str) -> bool:
    try:
        return find_spec(package) is None
    except ValueError:  # blocked: there is a None in its place
        return True
