"""How values show themselves in a notebook: small static tables, nothing fetched, nothing run.

Each is at most `MAX_HTML_BYTES`, escapes every value, and begins with a line of text for viewers
that drop styles.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from wildfire_bench.streaming.model import ImageIdentity, Receipt, RecordPlace, SatelliteImage
    from wildfire_bench.streaming.receiving.assembly import ReassemblyState
    from wildfire_bench.streaming.receiving.reassembly import ReassemblyStatus

__all__ = ["MAX_HTML_BYTES", "image_html", "reassembly_html", "receipt_html"]

MAX_HTML_BYTES: Final = 10_000

_ROW_BUDGET_BYTES: Final = 8_500
_MAX_VALUE_CHARS: Final = 160
_MAX_KEY_CHARS: Final = 40
_MAX_TEXT_CHARS: Final = 60
_MAX_STRIP_CELLS: Final = 50
_STYLE: Final = (
    "<style>.wb-text{display:none}.wb-facts{border-collapse:collapse}"
    ".wb-facts th,.wb-facts td{text-align:left;vertical-align:top;padding:1px 10px 1px 0}"
    ".wb-facts th{font-weight:600;white-space:nowrap}"
    ".wb-facts td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}</style>"
)

_Row: TypeAlias = tuple[str, str, str]
"""Name and value, both still to be escaped, and HTML to follow the value."""


def receipt_html(receipt: Receipt) -> str:
    """Show what became of a sent image; no pre-signed URL is part of a receipt."""
    level = "" if receipt.level is None else f", level {receipt.level}"
    why = "" if receipt.codec_reason is None else f": {receipt.codec_reason}"
    encoded = f"{receipt.encoded_bytes:,} bytes, {receipt.ratio:.2f} raw bytes to one"
    rows = [
        ("Route", f"{receipt.route.value}: {receipt.reason}", ""),
        ("Codec", f"{receipt.codec}{level}{why}", ""),
        *_identity_rows(receipt.identity),
        ("Encoded", encoded, ""),
        ("On the wire", f"{receipt.wire_bytes:,} bytes", ""),
        ("Records", _places(receipt.places), ""),
        ("Catalogue entry", _places((receipt.item_place,) if receipt.item_place else ()), ""),
        ("Object", receipt.dataref or "none", ""),
        ("Seconds", _seconds(receipt.seconds), ""),
    ]
    return _table("Receipt", receipt.image_id, rows)


def image_html(image: SatelliteImage) -> str:
    """Show what is known of a received image; its pixels are not looked at."""
    again = " (may have been handed over before)" if image.redelivered else ""
    rows = [
        ("Route", f"{image.route.value}{again}", ""),
        ("Codec", image.codec, ""),
        *_identity_rows(image.identity),
        ("Records", _places(image.places), ""),
        ("Seconds", _seconds(image.seconds), ""),
        *(
            (_cut(str(key), _MAX_KEY_CHARS), _json(value), "")
            for key, value in image.metadata.items()
        ),
    ]
    return _table("Satellite image", image.image_id, rows)


def reassembly_html(status: ReassemblyStatus) -> str:
    """Show images in reassembly, each with a strip of its chunks: grey is here, red is missing."""
    held = f"{status.held_bytes:,} bytes in memory, {status.spilled_bytes:,} spilled to disk"
    rows = [
        ("Held", held, ""),
        ("Oldest", f"{status.oldest_age_s:.1f} s", ""),
        *(
            (_cut(each.image_id, _MAX_TEXT_CHARS), _progress(each), _strip(each))
            for each in status.images
        ),
    ]
    return _table("Reassembly", f"{status.in_flight:,} images", rows)


def _identity_rows(identity: ImageIdentity) -> list[_Row]:
    return [
        ("Image", identity.image_id, ""),
        ("Source", identity.source_id, ""),
        ("Acquired", identity.acquired or "unknown", ""),
        ("Raw", f"{identity.size_bytes:,} bytes, {identity.media_type}", ""),
        ("Digest", identity.digest, ""),
    ]


def _places(places: Sequence[RecordPlace]) -> str:
    """Where records lie; those of one image share topic and partition."""
    if not places:
        return "none"
    first, last = places[0], places[-1]
    where = f"{first.topic}, partition {first.partition}"
    if len(places) == 1:
        return f"{where}, offset {first.offset:,}"
    return f"{len(places):,} in {where}, offsets {first.offset:,} to {last.offset:,}"


def _seconds(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{stage} {value:.3f}" for stage, value in seconds.items()) or "not measured"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _progress(state: ReassemblyState) -> str:
    received = f"{state.received:,} of {state.chunks:,} chunks"
    where = ", spilled to disk" if state.spilled else ""
    return f"{received}, {state.received_bytes:,} of {state.size_bytes:,} bytes{where}"


def _strip(state: ReassemblyState) -> str:
    """Draw the chunks of an image; several share a cell where there are many."""
    cells = min(max(state.chunks, 1), _MAX_STRIP_CELLS)
    missing = sorted({index * cells // max(state.chunks, 1) for index in state.missing})
    path = "".join(f"M{cell} 0h1v1h-1z" for cell in missing if 0 <= cell < cells)
    label = f"{state.received} of {state.chunks} chunks are here"
    return (
        f'<br><svg role="img" aria-label="{label}" width="200" height="8" '
        f'viewBox="0 0 {cells} 1" preserveAspectRatio="none">'
        f'<path fill="#999" d="M0 0h{cells}v1h-{cells}z"/><path fill="#c22" d="{path}"/></svg>'
    )


def _table(kind: str, title: str, rows: Iterable[_Row]) -> str:
    """Put rows together until the budget is spent, and say how many were left out."""
    told, spent, left_out = [], 0, 0
    for name, value, more in rows:
        shown = escape(_cut(value, _MAX_VALUE_CHARS))
        row = f'<tr><th scope="row">{escape(name)}</th><td>{shown}{more}</td></tr>'
        spent += len(row.encode(errors="replace"))
        if left_out or spent > _ROW_BUDGET_BYTES:
            left_out += 1
        else:
            told.append(row)
    if left_out:
        told.append(f"<tr><td>and {left_out:,} more</td></tr>")
    heading = escape(f"{kind} {_cut(title, _MAX_TEXT_CHARS)}")
    body = "".join(told)
    return (
        f'<div>{_STYLE}<pre class="wb-text">{heading}</pre>'
        f'<table class="wb-facts">{body}</table></div>'
    )


def _cut(text: str, max_chars: int) -> str:
    clean = text.encode(errors="replace").decode()  # a lone surrogate cannot be written to a file
    return clean if len(clean) <= max_chars else f"{clean[: max_chars - 1]}…"
