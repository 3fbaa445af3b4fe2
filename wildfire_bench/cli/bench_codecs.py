"""``wildfire-bench bench codecs``: sizes and speeds of all codecs, without Kafka."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Annotated

import typer

from wildfire_bench.cli.options import JsonOption

if TYPE_CHECKING:
    from wildfire_bench.bench.codecs.measuring import CodecBenchmark

__all__ = ["codecs"]

_BASELINES = (("zstd", 1), ("zstd", 3), ("jpeg-xl", 3))


def codecs(
    scene: Annotated[
        list[str] | None,
        typer.Option(help="A sample; may be given several times. All without it."),
    ] = None,
    repetitions: Annotated[int, typer.Option(min=3, help="Of each measurement.")] = 7,
    with_rivals: Annotated[
        bool, typer.Option("--rivals/--no-rivals", help="JPEG XL, JPEG-LS and others as well.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Measure sizes and speeds of all codecs, one thread, every byte checked.

    Example: wildfire-bench bench codecs --scene sentinel-2 --json
    """
    from wildfire_bench.bench.codecs.measuring import measure_codecs

    result = measure_codecs(
        scene,
        repetitions,
        with_rivals=with_rivals,
        progress=lambda line: typer.echo(f"measuring {line}", err=True),
    )
    if as_json:
        ratios = {
            f"predictive-{level} to {codec}-{other}": result.ratios(
                ("predictive", level), (codec, other)
            )
            for level in (1, 2)
            for codec, other in _BASELINES
        }
        print(json.dumps({**dataclasses.asdict(result), "ratios": ratios}, indent=2))
        return
    _print(result)


def _print(result: CodecBenchmark) -> None:
    print(f"pixel engine {result.pixel_engine}, ready after {result.engine_s:.1f} s")
    print(f"{'scene':<18} {'codec':<12} {'ratio':>6} {'encode MB/s':>12} {'decode MB/s':>12}")
    for m in (*result.measurements, *result.rivals):
        name = m.codec if m.level is None else f"{m.codec}-{m.level}"
        print(
            f"{m.scene:<18} {name:<12} {m.raw_bytes / m.encoded_bytes:>6.2f}"
            f" {m.encode_mb_s:>12,.0f} {m.decode_mb_s:>12,.0f}"
        )
    for t in result.threads:
        print(
            f"{t.scene}: two threads encode {t.encode_gain:.2f} and decode {t.decode_gain:.2f} "
            f"times as fast as one ({t.codec}-{t.level})"
        )
    if result.rivals_skipped:
        print(result.rivals_skipped)
