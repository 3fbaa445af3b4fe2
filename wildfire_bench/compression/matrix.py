"""Which codec for which kind of data: the compression matrix of the guide, section 1."""

from __future__ import annotations

import logging
from functools import cache

from wildfire_bench.compression import gzip
from wildfire_bench.compression.codec import Codec, codec_names, encoder
from wildfire_bench.settings import DataType, Settings

__all__ = ["choose_codec"]

_log = logging.getLogger(__name__)


def choose_codec(data_type: DataType, settings: Settings) -> Codec:
    """Make the encoder for a kind of data.

    Parameters
    ----------
    data_type
        Row of the matrix.
    settings
        Its matrix; a ``kafka_producer.compression_type`` other than ``zstd`` replaces zstd in
        every row, so that ``KAFKA_COMPRESSION_TYPE=gzip`` rolls back at once (guide, section 9).
        ``auto`` chooses for each image by its content.

    Returns
    -------
    Codec
        The one asked for, or gzip when that is zstd and the ``zstandard`` package is missing,
        which is logged once.

    Raises
    ------
    SettingsError
        If the matrix names an unknown codec, or a level that the codec does not have.
    """
    row = settings.compression_matrix[data_type]
    if row.codec == "zstd":
        level = settings.kafka_producer.compression_level if row.level is None else row.level
        return _zstd_or_its_replacement(settings.kafka_producer.compression_type, level)
    if row.codec == "auto" and "zstd" in codec_names():
        from wildfire_bench.compression.auto import AutoCodec

        return AutoCodec.at_level(row.level)
    if row.codec == "auto":
        return _zstd_or_its_replacement("zstd", gzip.DEFAULT_LEVEL)
    return encoder("stored" if row.codec == "none" else row.codec, row.level)


def _zstd_or_its_replacement(compression_type: str, level: int) -> Codec:
    if compression_type == "none":
        return encoder("stored")
    if compression_type == "zstd":
        if "zstd" in codec_names():
            return encoder("zstd", level)
        _warn_that_zstd_is_missing()
    # zstd's levels reach beyond gzip's.
    return encoder("gzip", min(max(level, gzip.MIN_LEVEL), gzip.MAX_LEVEL))


@cache
def _warn_that_zstd_is_missing() -> None:
    _log.warning(
        "zstd is not available, gzip takes its place: install zstandard, or set "
        "KAFKA_COMPRESSION_TYPE=gzip to say that this is meant"
    )
