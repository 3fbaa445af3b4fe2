"""Log lines: text for people, or a JSON object a line for programs.

JSON has the field names of the Elastic Common Schema (https://www.elastic.co/docs/reference/ecs),
which OpenTelemetry's conventions are merging with, and which says how a line of JSON looks. What a
line is about is under ``wildfire.``: ``wildfire.image_id``, ``wildfire.route``.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from importlib.metadata import version
from typing import Any, Final, TextIO

from pythonjsonlogger.json import JsonFormatter

from wildfire_bench.settings import LogSettings

__all__ = ["ECS_VERSION", "configure_logging"]

ECS_VERSION: Final = "9.1.0"
SERVICE_NAME: Final = "wildfire-bench"

_TEXT: Final = "%(asctime)s %(levelname)s: %(message)s"
_TIME: Final = "%Y-%m-%dT%H:%M:%S"
_ESCAPED: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
"""Control characters: a file's name must not begin a line of its own, nor move a cursor."""


def configure_logging(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Send log lines to a stream, in the form that is set; once more replaces it.

    Parameters
    ----------
    settings
        Form, and the least level of our own lines. Other libraries are heard from warnings on.
    stream
        None: standard error.
    """
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(_EcsFormatter() if settings.format == "json" else _TextFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("wildfire_bench").setLevel(settings.level)


class _TextFormatter(logging.Formatter):
    """One line each, but for the trace of an error."""

    default_time_format, default_msec_format = _TIME, "%s.%03dZ"
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - of logging
        """Put a line together."""
        record.message = record.message.translate(_ESCAPED)
        return super().formatMessage(record)


class _EcsFormatter(JsonFormatter):
    """One JSON object a line."""

    def __init__(self) -> None:
        super().__init__(
            "%(message)s",
            static_fields={
                "ecs.version": ECS_VERSION,
                "service.name": SERVICE_NAME,
                "service.version": version("wildfire-bench"),
                "process.pid": os.getpid(),
            },
        )
        self.converter = time.gmtime

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Put a line together; an exception goes under ``error.``."""
        log_data["@timestamp"] = f"{self.formatTime(record, _TIME)}.{int(record.msecs):03d}Z"
        log_data["log.level"] = record.levelname.lower()
        log_data["log.logger"] = record.name
        super().add_fields(log_data, record, message_dict)
        trace = log_data.pop("exc_info", None)
        if trace and record.exc_info and record.exc_info[0]:
            log_data["error.type"] = record.exc_info[0].__name__
            log_data["error.message"] = str(record.exc_info[1])
            log_data["error.stack_trace"] = trace
