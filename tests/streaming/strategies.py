"""Hypothesis strategies for the values of the wire format."""

from __future__ import annotations

from hypothesis import strategies as st

from wildfire_bench.streaming.envelope.digest import digest_of
from wildfire_bench.streaming.envelope.image_id import image_id_of
from wildfire_bench.streaming.model import BlockPlace, Envelope, ImageIdentity, Kind

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
metadata = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=12), json_values)
names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=30)


@st.composite
def identities(draw: st.DrawFn) -> ImageIdentity:
    """Any identity that could be on the wire."""
    source_id = draw(names)
    digest = digest_of(draw(st.binary(max_size=8)))
    acquired = draw(st.none() | st.just("2025-10-13T10:00:00Z"))
    return ImageIdentity(
        image_id=image_id_of(source_id, acquired, digest),
        source_id=source_id,
        size_bytes=draw(st.integers(1, 4_000_000_000)),
        digest=digest,
        media_type=draw(st.sampled_from(["image/tiff", "image/jp2", "application/octet-stream"])),
        acquired=acquired,
    )


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    """Any envelope of an image or a chunk."""
    identity = draw(identities())
    kind = draw(st.sampled_from([Kind.IMAGE, Kind.CHUNK]))
    block = None
    if kind is Kind.CHUNK:
        count = draw(st.integers(1, 1000))
        offset = draw(st.integers(0, identity.size_bytes - 1))
        block = BlockPlace(
            index=draw(st.integers(0, count - 1)),
            count=count,
            offset_bytes=offset,
            size_bytes=draw(st.integers(1, identity.size_bytes - offset)),
            digest=digest_of(draw(st.binary(max_size=8))),
        )
    return Envelope(
        kind=kind,
        identity=identity,
        codec=draw(st.sampled_from(["stored", "gzip", "zstd"])),
        metadata=draw(st.none() | metadata),
        block=block,
        replay=draw(st.none() | names),
    )
