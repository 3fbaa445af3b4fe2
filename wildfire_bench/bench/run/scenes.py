"""The images of a run: one scene at every size of its workload, and one of every other kind."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from wildfire_bench.bench.measurements import Scene
from wildfire_bench.bench.storage_probe import StoringServer
from wildfire_bench.bench.workloads.drivers import Driver
from wildfire_bench.bench.workloads.workload import Workload
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.samples import Sample, sample
from wildfire_bench.samples.scenes import SCENES

__all__ = [
    "OTHER_SCENES",
    "described",
    "first_carried",
    "other_scene",
    "require_space",
    "scenes_of",
]

BASE64: Final = 4 / 3
"""Characters of base64 for a byte."""
OTHER_SCENES: Final = MappingProxyType(
    {
        "blue-marble-rgb": "8-bit RGB",
        "sentinel-2-ndvi": "32-bit float",
        "blue-marble": "compressed already (JPEG)",
    }
)
"""Scene and kind; the main one is of 16-bit bands."""


def scenes_of(work: Workload, drivers: Sequence[Driver]) -> tuple[Sample, ...]:
    """Make the scene at each size.

    Raises
    ------
    BenchmarkError
        If no driver carries one of the sizes; nothing was made then.
    """
    for size_bytes in work.sizes:
        if not any(driver.carries(size_bytes) for driver in drivers):
            msg = (
                f"no driver of this run carries an image of {size_bytes:,} bytes: choose another "
                "size, or a driver without max_image_bytes such as route_chunked"
            )
            raise BenchmarkError(msg)
    return tuple(sample(work.scene, size_bytes) for size_bytes in work.sizes)


def require_space(
    work: Workload,
    drivers: Sequence[Driver],
    scenes: Sequence[Sample],
    brokers: Sequence[StoringServer],
) -> None:
    """Refuse a run that might fill the disk: all it carries stays on the brokers until its end.

    Raises
    ------
    BenchmarkError
        If a broker of this machine has less free space than that, JSON counted as such.
    """
    blocks = len(work.patterns) * (work.rounds * work.images + work.warm_up)
    needed = round(
        sum(
            blocks * scene.size_bytes * (BASE64 if driver.form == "json" else 1)
            for driver in drivers
            for scene in scenes
            if driver.carries(scene.size_bytes)
        )
    )
    for broker in brokers:
        if broker.data_dir is None or not broker.data_dir.is_dir():
            continue
        free = shutil.disk_usage(broker.data_dir).free
        if free < needed:
            msg = (
                f"the run carries up to {needed:,} bytes, which stay on the brokers until its end, "
                f"and {broker.data_dir} has {free:,} free: fewer rounds or sizes, or more space"
            )
            raise BenchmarkError(msg)


def first_carried(
    drivers: Sequence[Driver], scenes: Sequence[Sample]
) -> list[tuple[Driver, Sample]]:
    """Give each driver the first scene that it carries; one that carries none is left out."""
    firsts = (
        (driver, next((each for each in scenes if driver.carries(each.size_bytes)), None))
        for driver in drivers
    )
    return [(driver, scene) for driver, scene in firsts if scene is not None]


def other_scene(name: str, work: Workload) -> Sample:
    """Make a scene: the whole file where it is one of its own, else at most the workload's size."""
    return sample(name, None if SCENES[name].verbatim else work.sizes[0])


def described(scene: Sample) -> Scene:
    """Give what is kept of a scene."""
    return Scene(scene.name, scene.source_id, scene.size_bytes, scene.sha256, scene.provenance)
