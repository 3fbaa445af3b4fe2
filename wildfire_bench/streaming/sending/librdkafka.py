"""The part of librdkafka's C interface that sends without copying, as ctypes sees it.

The library is the one that confluent-kafka is linked with, reached through its extension module, so
that there is one librdkafka in a process. Names and layouts are those of ``rdkafka.h``, which
librdkafka keeps compatible (its SONAME is still ``librdkafka.so.1``).
"""

from __future__ import annotations

import ctypes
import functools
from ctypes import c_char_p, c_int, c_int32, c_int64, c_size_t, c_ssize_t, c_void_p
from typing import Any, Final, Protocol, cast

import confluent_kafka
from confluent_kafka import cimpl

__all__ = [
    "ERROR_CHARS",
    "Argument",
    "ArgumentKind",
    "EventKind",
    "Librdkafka",
    "Purge",
    "load_librdkafka",
]

ERROR_CHARS: Final = 512
"""Size of the buffers that errors are written to."""


class EventKind:
    """``RD_KAFKA_EVENT_*``."""

    DELIVERY: Final = 0x1
    LOG: Final = 0x4
    ERROR: Final = 0x8
    STATISTICS: Final = 0x40


class ArgumentKind:
    """``RD_KAFKA_VTYPE_*``: what an argument of ``rd_kafka_produceva`` is."""

    TOPIC: Final = 1
    VALUE: Final = 4
    KEY: Final = 5
    OPAQUE: Final = 6
    FLAGS: Final = 7
    HEADER: Final = 9


class Purge:
    """``RD_KAFKA_PURGE_F_*``."""

    QUEUE: Final = 0x1
    IN_FLIGHT: Final = 0x2


class _Memory(ctypes.Structure):
    _fields_ = (("start", c_void_p), ("size", c_size_t))


class _Header(ctypes.Structure):
    _fields_ = (("name", c_char_p), ("value", c_char_p), ("size", c_ssize_t))


class _Content(ctypes.Union):
    _fields_ = (
        ("text", c_char_p),
        ("number", c_int),
        ("memory", _Memory),
        ("header", _Header),
        ("pointer", c_void_p),
        ("padding", ctypes.c_char * 64),
    )


class Argument(ctypes.Structure):
    """``rd_kafka_vu_t``."""

    _fields_ = (("kind", c_int), ("content", _Content))


class _Message(ctypes.Structure):
    """``rd_kafka_message_t``."""

    _fields_ = (
        ("error", c_int),
        ("topic", c_void_p),
        ("partition", c_int32),
        ("value", c_void_p),
        ("value_size", c_size_t),
        ("key", c_void_p),
        ("key_size", c_size_t),
        ("offset", c_int64),
        ("opaque", c_void_p),
    )


_SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "rd_kafka_version": (c_int, []),
    "rd_kafka_name": (c_char_p, [c_void_p]),
    "rd_kafka_err2str": (c_char_p, [c_int]),
    "rd_kafka_conf_new": (c_void_p, []),
    "rd_kafka_conf_destroy": (None, [c_void_p]),
    "rd_kafka_conf_set": (c_int, [c_void_p, c_char_p, c_char_p, c_char_p, c_size_t]),
    "rd_kafka_conf_set_events": (None, [c_void_p, c_int]),
    "rd_kafka_new": (c_void_p, [c_int, c_void_p, c_char_p, c_size_t]),
    "rd_kafka_destroy": (None, [c_void_p]),
    "rd_kafka_set_log_queue": (c_int, [c_void_p, c_void_p]),
    "rd_kafka_queue_get_main": (c_void_p, [c_void_p]),
    "rd_kafka_queue_destroy": (None, [c_void_p]),
    "rd_kafka_queue_poll": (c_void_p, [c_void_p, c_int]),
    "rd_kafka_event_type": (c_int, [c_void_p]),
    "rd_kafka_event_destroy": (None, [c_void_p]),
    "rd_kafka_event_message_next": (ctypes.POINTER(_Message), [c_void_p]),
    "rd_kafka_event_error": (c_int, [c_void_p]),
    "rd_kafka_event_error_string": (c_char_p, [c_void_p]),
    "rd_kafka_event_stats": (c_char_p, [c_void_p]),
    "rd_kafka_event_log": (
        c_int,
        [c_void_p, ctypes.POINTER(c_char_p), ctypes.POINTER(c_char_p), ctypes.POINTER(c_int)],
    ),
    "rd_kafka_fatal_error": (c_int, [c_void_p, c_char_p, c_size_t]),
    "rd_kafka_produceva": (c_void_p, [c_void_p, ctypes.POINTER(Argument), c_size_t]),
    "rd_kafka_error_code": (c_int, [c_void_p]),
    "rd_kafka_error_string": (c_char_p, [c_void_p]),
    "rd_kafka_error_destroy": (None, [c_void_p]),
    "rd_kafka_flush": (c_int, [c_void_p, c_int]),
    "rd_kafka_purge": (c_int, [c_void_p, c_int]),
    "rd_kafka_metadata": (
        c_int,
        [c_void_p, c_int, c_void_p, ctypes.POINTER(c_void_p), c_int],
    ),
    "rd_kafka_metadata_destroy": (None, [c_void_p]),
}


class Librdkafka(Protocol):
    """The functions of `_SIGNATURES`; all of them let go of the GIL while they run."""

    def __getattr__(self, name: str) -> Any: ...


@functools.cache
def load_librdkafka() -> Librdkafka | None:
    """Find the functions.

    Returns
    -------
    Librdkafka or None
        None where the extension module does not lead to them (Windows looks for a function in one
        file alone), or to another version than confluent-kafka says that it uses.
    """
    try:
        library = ctypes.CDLL(cimpl.__file__)
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, AttributeError):
        return None
    if library.rd_kafka_version() != confluent_kafka.libversion()[1]:
        return None
    return cast("Librdkafka", library)
