"""``wildfire-bench dead-letters``: what could not be handed over, and why."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterable
from itertools import islice
from typing import Annotated, Any, Final

import typer

from wildfire_bench.cli.documents import place_document
from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.errors import InputError, RecordMissing
from wildfire_bench.settings import Settings
from wildfire_bench.streaming import dead_letter_box as box
from wildfire_bench.streaming.dead_letter_box import Replayed
from wildfire_bench.streaming.dead_letters import DeadLetter

__all__ = ["app"]

app = typer.Typer(
    help="List, show and replay what could not be handed over.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="Example: wildfire-bench dead-letters list",
)

FAILED_STATUS: Final = 2

_Place = Annotated[str, typer.Argument(metavar="PARTITION/OFFSET", help="As `list` shows it.")]
_Places = Annotated[
    list[str] | None, typer.Argument(metavar="PARTITION/OFFSET...", help="As `list` shows them.")
]


@app.command("list")
def list_(
    *,
    max_letters: Annotated[
        int | None, typer.Option("--max", min=1, help="Show so many of the oldest.")
    ] = None,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the dead letters, oldest first; with --json a line for each.

    Example: wildfire-bench dead-letters list --json
    """
    settings = load(config, bootstrap_servers).settings
    letter = None
    for letter in islice(box.dead_letters(settings), max_letters):
        if as_json:
            print(json.dumps(_document(letter)), flush=True)
        else:
            what = letter.image_id or f"{len(letter.places)} records"
            parts = (_at(letter), letter.time, letter.error, what, " ".join(letter.reason.split()))
            print(_printable("  ".join(parts)))
    if letter is None:
        print("no dead letters", file=sys.stderr)


@app.command()
def show(
    place: _Place,
    *,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show all that one dead letter says.

    Example: wildfire-bench dead-letters show 0/17
    """
    partition, offset = _parsed(place)
    settings = load(config, bootstrap_servers).settings
    document = _document(_found(settings, partition, offset))
    if as_json:
        print(json.dumps(document, indent=2))
        return
    for name, value in document.items():
        if name != "records":
            text = value if isinstance(value, str) else json.dumps(value)
            print(f"{name + ':':<12} {_printable(text)}")
    for record in document["records"]:
        where = f"{record['topic']}/{record['partition']}/{record['offset']}"
        print(f"{'record:':<12} {_printable(where)}")


@app.command()
def replay(
    places: _Places = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Replay every one.")] = False,
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the records of dead letters again, as new deliveries.

    Consumers take them up anew. Chunks that were missing stay missing: then send the image again.
    With --json there is a line for each. With --all those are replayed that were there at the
    start, and not what is refused anew meanwhile. One that cannot be replayed does not stop the
    others; the exit status is 2 then.

    Example: wildfire-bench dead-letters replay 0/17 0/18
    """
    if bool(places) == everything:
        msg = "give the dead letters to replay as PARTITION/OFFSET, or --all"
        raise InputError(msg)
    parsed = [_parsed(place) for place in places or ()]
    settings = load(config, bootstrap_servers).settings
    portions: Iterable[list[DeadLetter]] = (
        box.portions_of_dead_letters(settings)
        if everything
        else [[_found(settings, *place) for place in parsed]]
    )
    replayed = failed = 0
    for portion in portions:
        failed_now = asyncio.run(_replay(portion, settings, as_json=as_json))
        replayed, failed = replayed + len(portion) - failed_now, failed + failed_now
    told = f"{replayed:,} replayed"
    print(f"{told}, {failed:,} failed" if failed else told, file=sys.stderr)
    if failed:
        raise typer.Exit(FAILED_STATUS)


async def _replay(letters: list[DeadLetter], settings: Settings, *, as_json: bool) -> int:
    """Replay them; returns how many could not be."""
    failed = 0
    for letter in letters:
        try:
            replayed = await box.replay(letter, settings=settings)
        except (InputError, RecordMissing) as error:
            failed += 1
            print(f"wildfire-bench: {_at(letter)}: {_printable(str(error))}", file=sys.stderr)
        else:
            _print_replayed(replayed, as_json=as_json)
    return failed


def _print_replayed(replayed: Replayed, *, as_json: bool) -> None:
    at = _at(replayed.letter)
    if as_json:
        document = {
            "place": at,
            "image_id": replayed.letter.image_id,
            "records": [place_document(place) for place in replayed.places],
            "missing": list(replayed.missing),
        }
        print(json.dumps(document), flush=True)
        return
    missing = f"; {len(replayed.missing)} chunks are still missing" if replayed.missing else ""
    print(f"{at}  {len(replayed.places)} records sent again{missing}", flush=True)


def _parsed(place: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,9})/(\d{1,18})", place)
    if found is None:
        msg = f"{place!r} is no dead letter: write PARTITION/OFFSET, such as 0/17"
        raise InputError(msg)
    return int(found[1]), int(found[2])


def _found(settings: Settings, partition: int, offset: int) -> DeadLetter:
    try:
        return box.find_dead_letter(settings, partition, offset)
    except RecordMissing as error:
        msg = (
            f"there is no dead letter {partition}/{offset}: see `wildfire-bench dead-letters list`"
        )
        raise RecordMissing(msg) from error


def _document(letter: DeadLetter) -> dict[str, Any]:
    return {
        "place": _at(letter),
        "time": letter.time,
        "error": letter.error,
        "reason": letter.reason,
        "image_id": letter.image_id,
        "source_id": letter.source_id,
        "size_bytes": letter.size_bytes,
        "missing": list(letter.missing),
        "group_id": letter.group_id,
        "records": [place_document(place) for place in letter.places],
    }


def _at(letter: DeadLetter) -> str:
    return f"{letter.place.partition}/{letter.place.offset}" if letter.place else ""


def _printable(text: str) -> str:
    """What anybody may have written, without what would move a terminal's cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
