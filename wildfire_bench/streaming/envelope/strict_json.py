"""JSON as a sender of this library writes it, and nothing else that parsers let through."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, Final, NoReturn

from typing_extensions import Buffer

from wildfire_bench.errors import CorruptEnvelope

__all__ = ["parse_json_object"]

_ESCAPED_SURROGATE: Final = b"\\u"


def parse_json_object(encoded: Buffer, max_bytes: int, what: str) -> dict[str, Any]:
    """Parse one JSON object (RFC 8259) in UTF-8.

    Parameters
    ----------
    encoded
        The JSON text.
    max_bytes
        Largest text that is looked at.
    what
        What it is, for the message.

    Raises
    ------
    CorruptEnvelope
        If it is too large, not UTF-8, not one JSON object, nested too deeply for the parser, or
        holds what other parsers read otherwise or not at all: a key that stands twice, NaN, an
        infinity, a lone surrogate, an integer of thousands of digits.
    """
    raw = bytes(encoded)
    if len(raw) > max_bytes:
        msg = f"{what} is {len(raw):,} bytes where {max_bytes:,} are allowed"
        raise CorruptEnvelope(msg)
    try:
        parsed = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        if _ESCAPED_SURROGATE in raw:
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        msg = f"{what} is nested too deeply to be parsed"
        raise CorruptEnvelope(msg) from None
    except ValueError as error:  # UnicodeError and JSONDecodeError are too
        msg = f"{what} is not strict JSON: {error}"
        raise CorruptEnvelope(msg) from error
    if not isinstance(parsed, dict):
        msg = f"{what} is a JSON {type(parsed).__name__}, not an object"
        raise CorruptEnvelope(msg)
    return parsed


def _object_without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    parsed = dict(pairs)
    if len(parsed) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        ((twice, _),) = counts.most_common(1)
        msg = f"the key {twice!r:.80} stands twice"
        raise ValueError(msg)
    return parsed


def _refuse_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        msg = f"{text:.40} is too large for a float"
        raise ValueError(msg)
    return number
