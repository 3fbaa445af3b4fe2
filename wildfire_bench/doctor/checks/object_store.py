"""Whether the object store answers, lets us in and keeps what it is given."""

from __future__ import annotations

import io
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped, warn
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.streaming.object_store.s3_client import (
    S3Client,
    connect_s3,
    object_store_errors,
)

__all__ = ["PROBE_PREFIX"]

PROBE_PREFIX: Final = "doctor/"
"""Where the object of `s3.round_trip` lies for a moment."""
PROBE_BYTES: Final = 1024


@check(
    "s3.configured", "whether images above the chunked route can travel", needs=("settings.valid",)
)
def configured(surroundings: Surroundings) -> Finding:
    """Say what is refused without a store; keys that are missing are an error."""
    settings = surroundings.settings
    if not settings.s3.configured:
        limit = settings.routing.chunked_max_bytes
        return skipped(
            f"no object store is configured: images above {limit:,} bytes are refused",
            "set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY",
        )
    connect_s3(settings.s3, 1).close()  # raises for missing keys and an unusable endpoint
    return ok(f"{(settings.s3.endpoint or '').rpartition('@')[2]}, bucket {settings.s3.bucket}")


@check(
    "s3.bucket",
    "whether the store answers, accepts the keys and has the bucket",
    needs=("s3.configured",),
)
def bucket(surroundings: Surroundings) -> Finding:
    """Ask for the bucket."""
    s3 = surroundings.settings.s3
    with _client(surroundings) as client, object_store_errors(s3, s3.bucket):
        start = time.monotonic()
        there = client.bucket_exists(s3.bucket)
        took_ms = (time.monotonic() - start) * 1000
    if not there:
        return warn(
            f"bucket {s3.bucket} does not exist: the first upload makes it, where the keys may",
            f"make it (aws s3 mb s3://{s3.bucket}), or set S3_BUCKET to one that exists",
        )
    return ok(f"bucket {s3.bucket}, after {took_ms:.0f} ms")


@check(
    "s3.round_trip",
    "whether an object can be put, read and removed (with --write)",
    needs=("s3.bucket",),
)
def round_trip(surroundings: Surroundings) -> Finding:
    """Put a kilobyte of noise under `PROBE_PREFIX`, read it back, and remove it in any case."""
    if not surroundings.write:
        return skipped("nothing is written unasked", "wildfire-bench doctor --write")
    s3 = surroundings.settings.s3
    key, payload = f"{PROBE_PREFIX}{uuid.uuid4().hex}", os.urandom(PROBE_BYTES)
    with _client(surroundings) as client, object_store_errors(s3, s3.bucket, key):
        if not client.bucket_exists(s3.bucket):
            return skipped(f"bucket {s3.bucket} does not exist")
        start = time.monotonic()
        client.put_object(s3.bucket, key, io.BytesIO(payload), len(payload))
        try:
            found = _read(client, s3.bucket, key)
        finally:
            client.remove_object(s3.bucket, key)
        took_ms = (time.monotonic() - start) * 1000
    if found != payload:
        text = f"{len(payload):,} bytes were put, {len(found):,} others came back"
        return fail(text, "look into the store's log: it does not keep what it is given")
    return ok(f"{len(payload):,} bytes put, read and removed in {took_ms:.0f} ms")


@contextmanager
def _client(surroundings: Surroundings) -> Iterator[S3Client]:
    client = connect_s3(surroundings.settings.s3, 1)
    try:
        yield client
    finally:
        client.close()


def _read(client: S3Client, name: str, key: str) -> bytes:
    answer = client.get_object(name, key)
    try:
        return answer.read(PROBE_BYTES + 1)
    finally:
        answer.close()
