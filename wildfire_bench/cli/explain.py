"""``wildfire-bench explain``: which codec a file gets, and why."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from wildfire_bench.cli.options import ConfigOption, JsonOption
from wildfire_bench.compression.explain import Alternative, Explanation
from wildfire_bench.compression.explain import explain as explain_image
from wildfire_bench.compression.matrix import choose_codec
from wildfire_bench.errors import InputError
from wildfire_bench.settings import DataType, Settings
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.streaming.json_fallback import JSON_CODEC

__all__ = ["explain"]


def explain(
    file: Annotated[Path, typer.Argument(help="An image of any format.", show_default=False)],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which codec a file gets, why, and how all compare.

    The choice is that of ``codec: auto``, by content. What the settings in force send, which need
    not be the same, is told beside it.

    Example: wildfire-bench explain scene.tif
    """
    settings = load_settings(config).settings
    try:
        image = file.read_bytes()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}"
        raise InputError(msg) from error
    explanation = explain_image(image)
    codec, level = _sent_as(image, settings)
    if as_json:
        said = {**dataclasses.asdict(explanation), "sent_as": {"codec": codec, "level": level}}
        print(json.dumps(said, indent=2))
        return
    _print(file, explanation, codec if level is None else f"{codec} {level}")


def _sent_as(image: bytes, settings: Settings) -> tuple[str, int | None]:
    """Codec and level that a producer with these settings gives the image."""
    if not settings.kafka_producer.enable_binary_serialization:
        return JSON_CODEC, None
    codec = choose_codec(DataType.SATELLITE_IMAGERY, settings).for_image(image)
    return codec.name, codec.level


def _print(file: Path, told: Explanation, sent_as: str) -> None:
    print(f"{file.name}: {told.size_bytes:,} bytes")
    print(f"pixels: {told.samples} (told by: {told.layout})")
    print(f"chosen: {told.codec}, because {told.reason}")
    print(f"sent as: {sent_as}, by the settings in force (compression_matrix.satellite_imagery)")
    print(f"all codecs on {told.measured_bytes:,} bytes of it, one thread:")
    print(f"{'codec':<14} {'bytes':>12} {'share':>7} {'encode MB/s':>12} {'decode MB/s':>12}")
    for each in sorted(told.alternatives, key=lambda each: each.encoded_bytes):
        name = each.codec if each.level is None else f"{each.codec}-{each.level}"
        share = each.encoded_bytes / told.measured_bytes
        print(f"{name:<14} {each.encoded_bytes:>12,} {share:>7.1%} {_speeds(each)}")


def _speeds(tried: Alternative) -> str:
    """Give both speeds; none where the bytes are only handed on, which takes no time."""
    if tried.used == "stored":
        return f"{'–':>12} {'–':>12}" + (" (stored)" if tried.codec != "stored" else "")
    return f"{tried.encode_mb_s:>12,.0f} {tried.decode_mb_s:>12,.0f}"
