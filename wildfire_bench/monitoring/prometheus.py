"""Asking a Prometheus what it has seen: its range queries, bounded, as plain numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

from wildfire_bench.errors import InvalidParameter, MetricsUnavailable

__all__ = ["MAX_ANSWER_BYTES", "MAX_POINTS", "Line", "query_range"]

MAX_ANSWER_BYTES: Final = 16 << 20
MAX_POINTS: Final = 5_000
"""Of one line; Prometheus itself refuses more than 11,000."""
TIMEOUT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Line:
    """One time series of an answer."""

    labels: Mapping[str, str]
    times_s: tuple[float, ...]
    """Since the epoch."""
    values: tuple[float, ...]
    """NaN where the question has no answer, as a share of nothing."""


def query_range(
    url: str, expression: str, *, start_s: float, end_s: float, step_s: float
) -> tuple[Line, ...]:
    """Evaluate an expression over a stretch of time.

    Parameters
    ----------
    url
        Of the Prometheus: ``http://127.0.0.1:9090``.
    expression
        In PromQL.
    start_s, end_s
        Seconds since the epoch.
    step_s
        Seconds between two points.

    Returns
    -------
    tuple of Line
        Empty if no series matches.

    Raises
    ------
    InvalidParameter
        If the address, or the stretch with its step, is no sensible one.
    MetricsUnavailable
        If no Prometheus answers there, or it refuses the question.

    References
    ----------
    Prometheus, HTTP API, "Range queries".
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        msg = f"{url!r} is no address of a Prometheus: give one such as http://127.0.0.1:9090"
        raise InvalidParameter(msg)
    if not (step_s > 0 and 0 <= end_s - start_s <= MAX_POINTS * step_s):
        msg = (
            f"{end_s - start_s:,.0f} s in steps of {step_s:g} s: choose a step above 0 s and at "
            f"most {MAX_POINTS:,} steps"
        )
        raise InvalidParameter(msg)
    asked = urlencode({"query": expression, "start": start_s, "end": end_s, "step": step_s})
    answer = _answer(f"{url.rstrip('/')}/api/v1/query_range?{asked}", url)
    try:
        return tuple(_line(each) for each in answer["data"]["result"])
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{url} gave an answer that is not Prometheus's ({error}): is it one?"
        raise MetricsUnavailable(msg) from error


def _answer(address: str, url: str) -> dict[str, Any]:
    try:
        with urlopen(address, timeout=TIMEOUT_S) as response:  # noqa: S310 - http or https only
            text = response.read(MAX_ANSWER_BYTES + 1)
    except HTTPError as error:
        said = error.read(500).decode(errors="replace")
        msg = f"{url} refused the question ({error.code}): {said}"
        raise MetricsUnavailable(msg) from error
    except (URLError, HTTPException, OSError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        why = (isinstance(cause, OSError) and cause.strerror) or cause
        msg = (
            f"no Prometheus answers at {url} ({why}): start it with `docker compose --profile "
            "monitoring up -d`, or name another one by -p prometheus_url=http://HOST:9090"
        )
        raise MetricsUnavailable(msg) from error
    if len(text) > MAX_ANSWER_BYTES:
        msg = f"{url} answers with more than {MAX_ANSWER_BYTES:,} bytes: ask for a longer step"
        raise MetricsUnavailable(msg)
    try:
        answer = json.loads(text)
    except ValueError as error:
        msg = f"{url} gave an answer that is no JSON: is it a Prometheus?"
        raise MetricsUnavailable(msg) from error
    if not isinstance(answer, dict):
        msg = f"{url} gave an answer that is not Prometheus's: is it one?"
        raise MetricsUnavailable(msg)
    return answer


def _line(found: dict[str, Any]) -> Line:
    times_s, values = zip(
        *((float(at), float(value)) for at, value in found["values"]), strict=True
    )
    return Line(dict(found["metric"]), times_s, values)
