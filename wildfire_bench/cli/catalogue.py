"""``wildfire-bench catalogue``: which images are kept, and one of them by its id."""

from __future__ import annotations

import asyncio
import json
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from wildfire_bench.cli.documents import identity_document, image_document, place_document
from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.streaming.catalogue import browse, fetch, find_entry
from wildfire_bench.streaming.files.whole_file import write_whole
from wildfire_bench.streaming.model import ObjectLocation
from wildfire_bench.streaming.stac.item import CatalogueEntry

__all__ = ["app"]

app = typer.Typer(
    help="List the images that are kept; fetch one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench catalogue list",
)


@app.command("list")
def list_(
    *,
    max_entries: Annotated[
        int | None, typer.Option("--max", min=1, help="Show so many at most.")
    ] = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the catalogue: where each image lies and what is known of it.

    With --json there is a line for each entry, its metadata included.

    Example: wildfire-bench catalogue list --json
    """
    settings = load(config, bootstrap_servers).settings
    for entry in islice(browse(settings), max_entries):
        if as_json:
            print(json.dumps(_document(entry)), flush=True)
        else:
            identity = entry.identity
            what = f"{identity.size_bytes:>13,} bytes  {identity.media_type}  {entry.codec}"
            print(f"{identity.image_id}  {entry.route:<9}  {what}  {identity.acquired or ''}")


@app.command("fetch")
def fetch_(
    image_id: Annotated[str, typer.Argument(metavar="IMAGE_ID", help="As `list` shows it.")],
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write the image to.")],
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch one image by its id, verify it and write it to a file.

    The topics that it lies in are not read through: the catalogue says where its records are.

    Example: wildfire-bench catalogue fetch landsat_nrt-20251013T100000-0f1e --out scene.tif
    """
    settings = load(config, bootstrap_servers).settings
    entry = find_entry(image_id, settings)
    image = asyncio.run(fetch(entry, settings=settings))
    write_whole(out, image.data)
    if as_json:
        print(json.dumps({"path": str(out), **image_document(image)}))
    else:
        size = f"{image.identity.size_bytes:,} bytes"
        print(f"{out}  {size}  {image.route.value}, {image.codec}")


def _document(entry: CatalogueEntry) -> dict[str, Any]:
    location = entry.location
    dataref: str | None = None
    records: list[dict[str, Any]] = []
    if isinstance(location, ObjectLocation):
        dataref = location.uri
    else:
        records = [place_document(place) for place in location]
    return {
        **identity_document(entry.identity),
        "route": entry.route.value,
        "codec": entry.codec,
        "dataref": dataref,
        "records": records,
        "metadata": dict(entry.metadata),
    }
