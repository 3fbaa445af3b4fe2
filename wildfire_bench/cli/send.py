"""``wildfire-bench send``: image files, folders and globs into Kafka."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from wildfire_bench.cli.documents import receipt_document
from wildfire_bench.cli.interruption import stop_on_signals
from wildfire_bench.cli.options import (
    BootstrapOption,
    ConfigOption,
    JsonOption,
    SettleOption,
    WatchOption,
    load,
)
from wildfire_bench.cli.progress import Progress
from wildfire_bench.errors import InputError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.files.file_selection import files_in, parse_metadata, select_files
from wildfire_bench.streaming.files.file_sending import FileOutcome, FileStatus, send_files
from wildfire_bench.streaming.files.file_watch import SETTLE_S, watch_folder
from wildfire_bench.streaming.files.sent_journal import SentJournal
from wildfire_bench.streaming.kafka_producer import KafkaDataProducer
from wildfire_bench.streaming.sending.image_source import require_source_id

__all__ = ["send"]

FAILED_STATUS = 2
MAX_NAMED = 20
"""Files named one by one that were not sent; with --json all are."""


FilesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="FILE...", help="Files, folders or globs.")
]
SourceOption = Annotated[str, typer.Option(help="Who took the images; a part of each image's id.")]
MetadataOption = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|JSON",
        help="Metadata of every image: a JSON object, or a file with one.",
        show_default=False,
    ),
]
IdleOption = Annotated[
    float | None,
    typer.Option(min=0, help="Watch no longer when nothing came for so many seconds."),
]
ResumeOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Note here what was acknowledged, and leave out what this file has already.",
        show_default=False,
    ),
]


def send(
    files: FilesArgument = None,
    *,
    source_id: SourceOption = "unknown",
    metadata: MetadataOption = None,
    watch: WatchOption = None,
    settle: SettleOption = SETTLE_S,
    idle_timeout: IdleOption = None,
    resume: ResumeOption = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send image files into Kafka.

    A folder stands for the images below it, told by their content; a file that is named, or matched
    by a glob, is sent whatever it is, and so is what comes into a watched folder. JSON beside an
    image (scene.tif.json, else scene.json) is its metadata and goes before --metadata. An image
    whose metadata changed since it was sent, in this run or one before with the same --resume, is
    sent again: those who have it get it with what is said now. With --json there is a line for each
    file. Ctrl-C ends after the images on their way, and says how many were not sent. The exit
    status is 2 when a file could not be sent.

    Example: wildfire-bench send scenes/ --source-id landsat_nrt --resume sent.jsonl
    """
    if bool(files) == bool(watch):
        msg = "give either files to send or --watch with a folder"
        raise InputError(msg)
    if watch is not None:
        next(files_in(watch), None)  # refused here rather than once a producer runs
    require_source_id(source_id)  # once, rather than for each file
    selection = select_files(files or ())
    job = _Job(
        settings=load(config, bootstrap_servers).settings,
        source_id=source_id,
        metadata=parse_metadata(metadata) if metadata else {},
        selected=selection.files,
        watched=watch,
        settle_s=settle,
        idle_timeout_s=idle_timeout,
        journal_path=resume,
        as_json=as_json,
    )
    _tell_passed_over(len(selection.passed_over))
    status = asyncio.run(_send(job))
    if status:
        raise typer.Exit(status)


def _tell_passed_over(count: int) -> None:
    if count:
        files = "1 file that is no image" if count == 1 else f"{count:,} files that are no images"
        them = "it" if count == 1 else "them"
        print(f"passed over {files}: name {them} to send {them} anyway", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class _Job:
    settings: Settings
    source_id: str
    metadata: dict[str, Any]
    selected: tuple[Path, ...]
    watched: Path | None
    settle_s: float
    idle_timeout_s: float | None
    journal_path: Path | None
    as_json: bool

    def paths(self) -> Sequence[Path] | AsyncIterator[Path]:
        if self.watched is None:
            return self.selected
        return watch_folder(
            self.watched, settle_s=self.settle_s, idle_timeout_s=self.idle_timeout_s
        )


async def _send(job: _Job) -> int:
    counts: Counter[FileStatus] = Counter()
    not_sent: list[Path] = []
    progress = _progress(job.selected) if job.watched is None else Progress("sent")
    async with contextlib.AsyncExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        await stack.enter_async_context(progress.looking())
        journal = stack.enter_context(SentJournal(job.journal_path)) if job.journal_path else None
        producer = await stack.enter_async_context(KafkaDataProducer(settings=job.settings))
        outcomes = send_files(
            producer,
            job.paths(),
            source_id=job.source_id,
            metadata=job.metadata,
            journal=journal,
            stop=stop,
        )
        async with contextlib.aclosing(outcomes):
            async for outcome in outcomes:
                counts[outcome.status] += 1
                if outcome.status is FileStatus.NOT_SENT:
                    not_sent.append(outcome.path)
                else:
                    progress.add(outcome.size_bytes)
                progress.clear()
                _print(outcome, job.as_json)
    progress.clear()
    _summarise(counts, not_sent)
    return FAILED_STATUS if counts[FileStatus.FAILED] else stop.status


def _progress(paths: Sequence[Path]) -> Progress:
    sizes = (path.stat().st_size for path in paths if path.exists())
    return Progress("sent", len(paths), sum(sizes))


def _print(outcome: FileOutcome, as_json: bool) -> None:
    receipt = outcome.receipt
    if as_json:
        document: dict[str, Any] = {"path": str(outcome.path), "status": outcome.status.value}
        if receipt is not None:
            document |= receipt_document(receipt)
        if outcome.error is not None:
            document |= {"error": type(outcome.error).__name__, "reason": str(outcome.error)}
        print(json.dumps(document), flush=True)
    elif receipt is not None:
        sizes = f"{receipt.raw_bytes:,} -> {receipt.encoded_bytes:,} bytes"
        how = f"{receipt.route.value}, {receipt.codec}, {receipt.seconds['total']:.2f} s"
        if outcome.status is FileStatus.SENT_AGAIN:
            how += ", again with other metadata"
        print(f"{outcome.path}  {receipt.image_id}  {sizes}  {how}", flush=True)
    if outcome.error is not None:
        reason = " ".join(str(outcome.error).split())
        print(f"wildfire-bench: {outcome.path}: {reason}", file=sys.stderr, flush=True)


def _summarise(counts: Counter[FileStatus], not_sent: Sequence[Path]) -> None:
    for path in not_sent[:MAX_NAMED]:
        print(f"not sent: {path}", file=sys.stderr)
    if len(not_sent) > MAX_NAMED:
        print(f"not sent: {len(not_sent) - MAX_NAMED:,} more", file=sys.stderr)
    told = {
        FileStatus.SENT_AGAIN: "sent again with other metadata",
        FileStatus.ALREADY_SENT: "sent before",
        FileStatus.FAILED: "failed",
        FileStatus.NOT_SENT: "not sent",
    }
    parts = [f"{counts[FileStatus.SENT]:,} sent"]
    parts += [f"{counts[status]:,} {words}" for status, words in told.items() if counts[status]]
    print(", ".join(parts), file=sys.stderr)
