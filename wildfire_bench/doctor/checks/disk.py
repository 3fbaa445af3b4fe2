"""Whether there is room for the spill files of incomplete images."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from wildfire_bench.doctor.check import Finding, check, fail, ok, warn
from wildfire_bench.doctor.surroundings import Surroundings

__all__: list[str] = []


@check("disk.spill", "room for incomplete images that spill to files", needs=("settings.valid",))
def spill(surroundings: Surroundings) -> Finding:
    """Make a file there, which is gone at once, and compare free space with spill_bytes."""
    consumer = surroundings.settings.kafka_consumer
    folder = consumer.spill_dir or Path(tempfile.gettempdir())
    another = "set kafka_consumer.spill_dir (WILDFIRE_SPILL_DIR) to a folder that can be written"
    try:
        with tempfile.TemporaryFile(prefix="wildfire-bench-doctor-", dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        return fail(f"{folder}: {(error.strerror or 'cannot be used').lower()}", another)
    if free < consumer.spill_bytes:
        return warn(
            f"{folder} has {free:,} bytes free, kafka_consumer.spill_bytes is "
            f"{consumer.spill_bytes:,}: images go to the dead letters when it is full",
            f"{another}, or lower spill_bytes",
        )
    return ok(f"{folder} has {free:,} bytes free for {consumer.spill_bytes:,} of spill_bytes")
