"""Header names and their (de)serialisation: the only place that knows the wire format.

The value of a Kafka record is payload only; its headers are the envelope. They follow the
CloudEvents Kafka protocol binding 1.0.2 in binary mode (``ce_*``, ``content-type``), plus our own
under ``wf_``. ``wf_envelope_digest`` covers all of these headers, so that an altered header is
noticed like an altered payload; headers of others (tracing, say) are left alone. The key repeats
the image id or the source id and is compared with them.
The full specification is docs/wire-format.md.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote, unquote

from wildfire_bench.errors import CorruptEnvelope, UnsupportedFormat
from wildfire_bench.streaming.envelope.digest import Digest
from wildfire_bench.streaming.envelope.header_reader import MAX_CHUNKS, HeaderReader
from wildfire_bench.streaming.envelope.image_id import check_image_id
from wildfire_bench.streaming.envelope.metadata import (
    MAX_METADATA_BYTES,
    decode_metadata,
    encode_metadata,
)
from wildfire_bench.streaming.model import Envelope, ImageIdentity, Kind

__all__ = [
    "FORMAT_VERSION",
    "MAX_CHUNKS",
    "RECORD_OVERHEAD_BYTES",
    "RESERVED_HEADERS",
    "Headers",
    "read_envelope",
    "record_bytes",
    "write_envelope",
]

Headers: TypeAlias = list[tuple[str, bytes]]

FORMAT_VERSION = 1
RECORD_OVERHEAD_BYTES = 74
"""What one bare record in a batch of its own adds to key, value and headers, at most."""
HEADER_OVERHEAD_BYTES = 10
"""Two varints of at most five bytes for each header."""
MAX_HEADER_BYTES = MAX_METADATA_BYTES
"""Longest value of any header."""
RESERVED_HEADERS = frozenset({"wf_encryption", "wf_encryption_key"})
"""Names kept for encryption; a record that has one is not readable by this version."""

_PAYLOAD_TYPES = {"zstd": "application/zstd", "gzip": "application/gzip"}
_ITEM_TYPE = "application/geo+json"
_JSON_TYPE = "application/json"
_EVENT_SUFFIX = {Kind.ITEM: "/item", Kind.JSON: "/json"}


def write_envelope(envelope: Envelope) -> Headers:
    """Headers of a record.

    Parameters
    ----------
    envelope
        What they are to say.

    Returns
    -------
    list of (str, bytes)
        In the order of docs/wire-format.md.

    Raises
    ------
    InvalidMetadata
        If the metadata is not JSON, or too large for a header.
    """
    identity, block = envelope.identity, envelope.block
    fields: list[tuple[str, str | bytes | int | None]] = [
        ("ce_specversion", "1.0"),
        ("ce_id", _event_id(envelope)),
        ("ce_source", quote(identity.source_id, safe="")),
        ("ce_type", envelope.kind.value),
        ("ce_subject", identity.image_id),
        ("ce_time", identity.acquired),
        ("ce_dataref", envelope.dataref),
        ("content-type", _content_type(envelope)),
        ("wf_version", FORMAT_VERSION),
        ("wf_codec", envelope.codec),
        ("wf_media_type", identity.media_type),
        ("wf_image_size", identity.size_bytes),
        ("wf_image_digest", identity.digest),
        ("wf_value_digest", envelope.value_digest),
        ("wf_replay", envelope.replay),
        ("wf_url", envelope.presigned_url),
        ("wf_url_expires", envelope.presigned_expires),
    ]
    if block is not None:
        fields += [
            ("wf_chunk_index", block.index),
            ("wf_chunk_count", block.count),
            ("wf_chunk_offset", block.offset_bytes),
            ("wf_chunk_size", block.size_bytes),
            ("wf_chunk_digest", block.digest),
        ]
    if envelope.metadata is not None:
        fields.append(("wf_metadata", encode_metadata(envelope.metadata)))
    headers = [(name, _to_bytes(value)) for name, value in fields if value is not None]
    headers.append(("wf_envelope_digest", _envelope_digest(headers).encode()))
    return headers


def read_envelope(
    headers: Iterable[tuple[str, bytes | str | None]] | None, key: bytes | None = None
) -> Envelope:
    """Read and check the headers of a record.

    Parameters
    ----------
    headers
        As the client gave them; names of others are passed over.
    key
        Key of the record, when the transport gave one.

    Raises
    ------
    CorruptEnvelope
        If a header is missing, malformed, doubled, or altered on the way, or the id is that of
        another image.
    UnsupportedFormat
        If the record is of a newer format version or uses reserved features.
    """
    found = _ours(headers or ())
    _check_version(found)
    _check_digest(found)
    read = HeaderReader(found)
    identity = ImageIdentity(
        image_id=read.text("ce_subject"),
        source_id=unquote(read.text("ce_source")),
        size_bytes=read.number("wf_image_size", at_least=1),
        digest=read.digest("wf_image_digest"),
        media_type=read.text("wf_media_type"),
        acquired=read.optional("ce_time"),
    )
    check_image_id(identity)
    _check_key(key, identity)
    kind = read.kind()
    metadata = found.get("wf_metadata")
    return Envelope(
        kind=kind,
        identity=identity,
        codec=read.text("wf_codec"),
        metadata=None if metadata is None else decode_metadata(metadata),
        block=read.block(identity) if kind is Kind.CHUNK else None,
        dataref=read.optional("ce_dataref"),
        value_digest=read.digest("wf_value_digest") if "wf_value_digest" in found else None,
        presigned_url=read.optional("wf_url"),
        presigned_expires=read.optional("wf_url_expires"),
        replay=read.optional("wf_replay"),
    )


def record_bytes(key: bytes, headers: Sequence[tuple[str, bytes]], value_bytes: int) -> int:
    """Upper bound of the size that a broker compares with ``max.message.bytes``.

    Parameters
    ----------
    key, headers
        Of the record.
    value_bytes
        Length of its value.

    Returns
    -------
    int
        Bytes of a batch that holds this record alone, uncompressed.
    """
    in_headers = sum(len(name) + len(value) + HEADER_OVERHEAD_BYTES for name, value in headers)
    return RECORD_OVERHEAD_BYTES + len(key) + in_headers + value_bytes


def _event_id(envelope: Envelope) -> str:
    """Unique per record and equal for a resend (CloudEvents: source + id is unique)."""
    event_id = envelope.identity.image_id
    if envelope.block is not None:
        event_id += f"/chunk/{envelope.block.index}/{envelope.block.count}"
    elif envelope.kind in _EVENT_SUFFIX:
        event_id += _EVENT_SUFFIX[envelope.kind]
    return event_id if envelope.replay is None else f"{event_id}/{envelope.replay}"


def _content_type(envelope: Envelope) -> str:
    """Media type of the value as it lies there, encoded."""
    if envelope.kind is Kind.ITEM:
        return _ITEM_TYPE
    if envelope.kind is Kind.JSON:
        return _JSON_TYPE
    if envelope.codec == "stored" and envelope.block is None:
        return envelope.identity.media_type
    return _PAYLOAD_TYPES.get(envelope.codec, "application/octet-stream")


def _to_bytes(value: str | bytes | int) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _envelope_digest(headers: Iterable[tuple[str, bytes]]) -> str:
    """Digest of the headers, sorted by name, each name and value with its length in front."""
    digest = Digest()
    for name, value in sorted(headers):
        for data in (name.encode(), value):
            digest.update(struct.pack("<I", len(data)))
            digest.update(data)
    return str(digest)


def _ours(headers: Iterable[tuple[str, bytes | str | None]]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, value in headers:
        if not (name.startswith(("ce_", "wf_")) or name == "content-type"):
            continue
        data = value.encode() if isinstance(value, str) else value
        if data is None or len(data) > MAX_HEADER_BYTES:
            length = "no value" if data is None else f"{len(data)} bytes"
            msg = f"header {name[:64]!r} has {length}; 1 to {MAX_HEADER_BYTES} bytes are allowed"
            raise CorruptEnvelope(msg)
        if name in found:
            msg = f"header {name[:64]!r} is there twice"
            raise CorruptEnvelope(msg)
        found[name] = data
    return found


def _check_version(found: Mapping[str, bytes]) -> None:
    version = found.get("wf_version")
    if version is None:
        msg = "header 'wf_version' is missing: the record was not written by wildfire-bench"
        raise CorruptEnvelope(msg)
    if version != b"%d" % FORMAT_VERSION:
        if not version.isdigit():
            msg = f"header 'wf_version' is {version[:16]!r}, not a number"
            raise CorruptEnvelope(msg)
        msg = f"record has wire format version {version[:16].decode()}; this version reads 1"
        raise UnsupportedFormat(msg)
    reserved = RESERVED_HEADERS.intersection(found)
    if reserved:
        msg = f"record is encrypted ({', '.join(sorted(reserved))}); this version cannot read it"
        raise UnsupportedFormat(msg)


def _check_digest(found: Mapping[str, bytes]) -> None:
    expected = found.get("wf_envelope_digest")
    if expected is None:
        msg = "header 'wf_envelope_digest' is missing"
        raise CorruptEnvelope(msg)
    covered = ((name, value) for name, value in found.items() if name != "wf_envelope_digest")
    if _envelope_digest(covered).encode() != expected:
        msg = "headers do not match 'wf_envelope_digest': they were altered on the way"
        raise CorruptEnvelope(msg)


def _check_key(key: bytes | None, identity: ImageIdentity) -> None:
    if key is not None and key not in {identity.image_id.encode(), identity.source_id.encode()}:
        msg = f"key {key[:64]!r} is neither the image id nor the source id of the headers"
        raise CorruptEnvelope(msg)
