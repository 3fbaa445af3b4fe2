"""Errors as label values: those that can happen, from zero on."""

from __future__ import annotations

from wildfire_bench.errors import (
    CorruptData,
    IncompleteImage,
    InputError,
    ObjectStoreError,
    ReassemblyOverflow,
    SettingsError,
    TransportError,
    UnsupportedFormat,
    WildfireBenchError,
)
from wildfire_bench.streaming.observation.snapshots import OTHER_ERROR

__all__ = ["LETTER_ERRORS", "REASSEMBLY_ERRORS", "SEND_ERRORS", "STORE_ERRORS"]


def _names(*roots: type[WildfireBenchError]) -> tuple[str, ...]:
    """These classes and all below them, sorted, then what errors of others are counted as."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        kind = waiting.pop()
        found.add(kind.__name__)
        waiting += kind.__subclasses__()
    return (*sorted(found), OTHER_ERROR)


REASSEMBLY_ERRORS = _names(IncompleteImage, ReassemblyOverflow, CorruptData)
"""Why an image in reassembly is given up."""
LETTER_ERRORS = (
    *_names(
        CorruptData,
        IncompleteImage,
        InputError,
        ObjectStoreError,
        ReassemblyOverflow,
        UnsupportedFormat,
    ),
    "Rejected",
)
"""Why something goes to the dead letters; ``Rejected`` is the caller's own refusal."""
SEND_ERRORS = _names(
    CorruptData, InputError, ObjectStoreError, SettingsError, TransportError, UnsupportedFormat
)
"""Why a send raises."""
STORE_ERRORS = _names(ObjectStoreError, CorruptData)
"""Why a transfer to or from S3 fails."""
