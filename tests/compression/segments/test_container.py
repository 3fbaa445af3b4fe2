"""The container of the pixel-aware codecs."""

from __future__ import annotations

import pytest

from wildfire_bench.compression.segments.container import (
    MAX_OVERHEAD_BYTES,
    EncodedSegment,
    Kind,
    join_segments,
    segments,
)
from wildfire_bench.errors import CorruptPayload

BLOCK = memoryview(bytes(range(200)))


def test_segments_come_back_with_their_places():
    pieces = [
        EncodedSegment(Kind.ZSTD, 150, (b"ab", b"c")),
        EncodedSegment(Kind.VERBATIM, 50, (b"d",)),
    ]
    found = segments(join_segments(BLOCK, pieces), 200)
    assert [(s.kind, bytes(s.body), s.start, s.stop) for s in found] == [
        (Kind.ZSTD, b"abc", 0, 150),
        (Kind.VERBATIM, b"d", 150, 200),
    ]


def test_what_does_not_shrink_becomes_one_verbatim_segment():
    payload = join_segments(BLOCK, [EncodedSegment(Kind.ZSTD, 200, (bytes(199),))])
    assert [(s.kind, s.body) for s in segments(payload, 200)] == [(Kind.VERBATIM, BLOCK)]
    assert len(payload) == 200 + MAX_OVERHEAD_BYTES


def test_an_empty_block_has_no_segments():
    assert segments(join_segments(memoryview(b""), []), 0) == []


def test_another_size_than_announced_is_refused():
    with pytest.raises(CorruptPayload, match="states 200 bytes, 100 were announced"):
        segments(join_segments(BLOCK, []), 100)
