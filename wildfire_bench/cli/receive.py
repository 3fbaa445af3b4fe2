"""``wildfire-bench receive``: images from Kafka into a folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.cli.documents import image_document
from wildfire_bench.cli.interruption import stop_on_signals
from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.cli.progress import Progress
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.files.file_receiving import ReceivedFile, receive_files
from wildfire_bench.streaming.files.image_folder import ImageFolder
from wildfire_bench.streaming.image_consumer import SatelliteImageConsumer

__all__ = ["receive"]


def receive(
    *,
    out: Annotated[Path, typer.Option(help="Folder for the images; made when missing.")],
    group: Annotated[
        str, typer.Option(help="Consumer group: its members share the images.")
    ] = "wildfire-bench",
    max_images: Annotated[
        int | None, typer.Option("--max", min=1, help="End after so many images.")
    ] = None,
    idle_timeout: Annotated[
        float | None, typer.Option(min=0, help="End when none came for so many seconds.")
    ] = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Receive images into a folder.

    Each image is verified, written whole under its id with its metadata as JSON beside it, and
    acknowledged only once it is on the disk. The folder can be sent again as it is. When an image
    comes again with other metadata, the newest is beside it, and what was there is kept under
    another name. Without --max or --idle-timeout it goes on until Ctrl-C. With --json there is a
    line for each image.

    Example: wildfire-bench receive --out incoming/ --group burn-scars --idle-timeout 30
    """
    job = _Job(
        settings=load(config, bootstrap_servers).settings,
        folder=ImageFolder(out),
        group_id=group,
        max_images=max_images,
        idle_timeout_s=idle_timeout,
        as_json=as_json,
    )
    status = asyncio.run(_receive(job))
    if status:
        raise typer.Exit(status)


@dataclass(frozen=True, slots=True)
class _Job:
    settings: Settings
    folder: ImageFolder
    group_id: str
    max_images: int | None
    idle_timeout_s: float | None
    as_json: bool


async def _receive(job: _Job) -> int:
    progress = Progress("received", job.max_images)
    async with contextlib.AsyncExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        await stack.enter_async_context(progress.looking())
        images = SatelliteImageConsumer(
            group_id=job.group_id, acknowledge="manual", settings=job.settings
        )
        await stack.enter_async_context(images)
        received = receive_files(
            images,
            job.folder,
            max_images=job.max_images,
            idle_timeout_s=job.idle_timeout_s,
            stop=stop,
        )
        async with contextlib.aclosing(received):
            async for each in received:
                progress.add(each.image.identity.size_bytes)
                progress.clear()
                _print(each, job.as_json)
    progress.clear()
    print(f"{progress.images:,} received", file=sys.stderr)
    return stop.status


def _print(received: ReceivedFile, as_json: bool) -> None:
    image, stored = received.image, received.stored
    earlier = stored.earlier_metadata_path
    if as_json:
        document = {
            "path": str(stored.path),
            "metadata_path": str(stored.metadata_path),
            "earlier_metadata_path": None if earlier is None else str(earlier),
            "written": stored.written,
            "acknowledged": received.acknowledged,
            **image_document(image),
        }
        print(json.dumps(document), flush=True)
        return
    notes = [image.route.value, image.codec]
    if not stored.written:
        notes.append("was there already")
    if earlier is not None:
        notes.append(f"with other metadata: the earlier is in {earlier.name}")
    if not received.acknowledged:
        notes.append("not acknowledged: its partition went to another member")
    size = f"{image.identity.size_bytes:,} bytes"
    print(f"{stored.path}  {size}  {', '.join(notes)}", flush=True)
