"""Bytes to fewer bytes: codecs, their registry, and the matrix that picks one by data type.

Importing the package registers every codec that this installation has.
"""

from __future__ import annotations

from importlib.util import find_spec

from wildfire_bench.compression.codec import (
    Buffer,
    Codec,
    Decoder,
    ImageEncoder,
    codec_names,
    decoder,
    encoder,
    register,
)
from wildfire_bench.compression.gzip import GzipCodec
from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.compression.stored import StoredCodec

register("stored", StoredCodec.at_level, StoredCodec())
register("gzip", GzipCodec.at_level, GzipCodec())
try:
    from wildfire_bench.compression.predictive import PredictiveCodec
    from wildfire_bench.compression.zstd import ZstdCodec

    register("zstd", ZstdCodec.at_level, ZstdCodec())
    register("predictive", PredictiveCodec.at_level, PredictiveCodec())
    if find_spec("numba") is not None:  # importing it here would take a second
        from wildfire_bench.compression.unwrap import UnwrapCodec

        register("unwrap", UnwrapCodec.at_level, UnwrapCodec())
    from wildfire_bench.compression.floats import FloatCodec

    register("float", FloatCodec.at_level, FloatCodec())
except ModuleNotFoundError as missing:
    # The guide's graceful fallback: without zstandard, the matrix puts gzip in its place. Without
    # the extra `fast`, there is no codec for floats.
    if missing.name not in {"zstandard", "pcodec"}:
        raise

__all__ = [
    "Buffer",
    "Codec",
    "Decoder",
    "ImageEncoder",
    "choose_codec",
    "codec_names",
    "decoder",
    "encoder",
    "register",
]
