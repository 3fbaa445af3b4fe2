"""One image or one block of it, to and from the payload of a Kafka record."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from wildfire_bench.compression.codec import Buffer, Codec, ImageEncoder, decoder
from wildfire_bench.errors import ImageTooLarge
from wildfire_bench.streaming.envelope.digest import check_digest, digest_of
from wildfire_bench.streaming.model import Envelope

__all__ = ["BinaryImageSerializer", "EncodedBlock", "decode_block", "encode_block"]


@dataclass(frozen=True, slots=True)
class EncodedBlock:
    """One block as it will travel."""

    payload: Buffer = field(repr=False)
    codec: str
    """Wire name of the codec that decodes it."""
    size_bytes: int
    """Decoded size."""
    digest: str
    """Of the decoded bytes."""
    encode_s: float


class BinaryImageSerializer:
    """Images to payloads and back, without JSON (guide, section 2).

    Safe to share between threads.

    Parameters
    ----------
    codec
        Encodes; decoding goes by the envelope's codec name.
    max_image_bytes
        Largest image that `deserialize` allocates memory for.
    """

    def __init__(self, codec: Codec, *, max_image_bytes: int) -> None:
        self.codec = codec
        self._max_image_bytes = max_image_bytes

    def serialize(self, image: Buffer) -> EncodedBlock:
        """Encode a whole image as one block; what decodes it is the block's `codec`."""
        return encode_block(self.codec.for_image(image), image, 0)

    def deserialize(self, envelope: Envelope, payload: Buffer) -> memoryview:
        """Decode and verify a whole image.

        Returns
        -------
        memoryview
            Read-only bytes of the image.

        Raises
        ------
        ImageTooLarge
            If the envelope announces more than `max_image_bytes`; nothing is allocated then.
        CorruptPayload, DigestMismatch
            If it is not the image that was sent.
        UnsupportedFormat
            If its codec or digest is not known here.
        """
        identity = envelope.identity
        if identity.size_bytes > self._max_image_bytes:
            msg = (
                f"image {identity.image_id} announces {identity.size_bytes:,} bytes; at most "
                f"{self._max_image_bytes:,} are accepted: raise routing.max_image_bytes"
            )
            raise ImageTooLarge(msg)
        out = np.empty(identity.size_bytes, np.uint8).data
        decode_block(envelope.codec, payload, out, identity.digest, f"image {identity.image_id}")
        return out.toreadonly()


def encode_block(encoder: ImageEncoder, block: Buffer, offset_bytes: int) -> EncodedBlock:
    """Encode and digest the bytes of an image that start at `offset_bytes`."""
    started = time.perf_counter()
    payload = encoder.encode(block, offset_bytes)
    elapsed = time.perf_counter() - started
    return EncodedBlock(
        payload=payload,
        codec=encoder.name,
        size_bytes=memoryview(block).nbytes,
        digest=digest_of(block),
        encode_s=elapsed,
    )


def decode_block(codec: str, payload: Buffer, out: memoryview, digest: str, what: str) -> None:
    """Decode one block into its place and verify it.

    Raises
    ------
    CorruptPayload, DigestMismatch
        If it is not what was sent.
    UnsupportedFormat
        If its codec or digest is not known here.
    """
    decoder(codec).decode_into(payload, out)
    check_digest(out, digest, what)
