"""A connection to the object store: one client for MinIO, AWS S3 and SeaweedFS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Part
from minio.error import MinioException, S3Error

from wildfire_bench.errors import (
    ObjectMissing,
    ObjectStoreNotConfigured,
    ObjectStoreUnavailable,
    SettingsError,
)
from wildfire_bench.settings import S3Settings

__all__ = ["S3Client", "connect_s3", "object_store_errors", "store_time"]

CONNECT_TIMEOUT_S: Final = 10.0
RETRIES: Final = 3
"""Times that a request is repeated after a broken connection or an answer of 500 and above."""
BACKOFF_S: Final = 0.2
"""Pause before the second repetition; it doubles up to `MAX_BACKOFF_S`."""
MAX_BACKOFF_S: Final = 2.0

_MISSING: Final = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion"})
_REFUSED: Final = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


class S3Client(Minio):
    """minio-py with the steps of a multipart upload one by one.

    Its own `put_object` wants to pull an upload out of a file, and when that file fails it aborts
    while parts are still being sent, which may leave them behind. Here parts are pushed, and the
    caller aborts once none is under way. Safe to share between threads.
    """

    def begin_upload(self, bucket: str, key: str) -> str:
        """Begin a multipart upload and return its id."""
        return self._create_multipart_upload(bucket, key, {})

    def send_part(self, bucket: str, key: str, upload_id: str, number: int, part: bytes) -> str:
        """Upload a part (numbers begin at 1) and return its ETag. The store checks its hash."""
        return self._upload_part(bucket, key, part, None, upload_id, number)

    def complete_upload(
        self, bucket: str, key: str, upload_id: str, etags: Mapping[int, str]
    ) -> None:
        """Make the object out of its parts, by number."""
        parts = [Part(number, etags[number]) for number in sorted(etags)]
        self._complete_multipart_upload(bucket, key, upload_id, parts)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Throw away an upload and its parts; none of them may be under way."""
        self._abort_multipart_upload(bucket, key, upload_id)

    def close(self) -> None:
        """Close its connections."""
        self._http.clear()


class _CountingPool(urllib3.PoolManager):
    """Tells how often requests had to be repeated."""

    def __init__(self, repeated: Callable[[int], None], **options: Any) -> None:
        super().__init__(**options)
        self._repeated = repeated

    def urlopen(self, *args: Any, **kwargs: Any) -> urllib3.BaseHTTPResponse:
        try:
            response = super().urlopen(*args, **kwargs)
        except urllib3.exceptions.MaxRetryError:
            self._repeated(RETRIES)
            raise
        self._repeated(len(response.retries.history) if response.retries is not None else 0)
        return response


def _ignore(_times: int) -> None: ...


def connect_s3(
    settings: S3Settings, connections: int, *, repeated: Callable[[int], None] = _ignore
) -> S3Client:
    """Make a client; nothing is sent yet.

    Parameters
    ----------
    settings
        Where the store is. A URL as `endpoint` decides by its scheme whether TLS is used.
    connections
        How many are kept open.
    repeated
        Called, from any thread, with the number of times that a request had to be sent again.

    Raises
    ------
    ObjectStoreNotConfigured
        If the endpoint or the keys are missing.
    SettingsError
        If the endpoint is no ``host:port`` and no URL.
    """
    if not settings.endpoint or settings.access_key is None or settings.secret_key is None:
        raise ObjectStoreNotConfigured(_incomplete(settings))
    if "@" in settings.endpoint:
        raise _unusable_endpoint()
    host, secure = _host_of(settings.endpoint, settings.secure)
    pool = _CountingPool(
        repeated,
        maxsize=connections,
        timeout=urllib3.Timeout(
            connect=min(CONNECT_TIMEOUT_S, settings.timeout_s), read=settings.timeout_s
        ),
        retries=urllib3.Retry(
            total=RETRIES,
            backoff_factor=BACKOFF_S,
            backoff_max=MAX_BACKOFF_S,
            status_forcelist=(500, 502, 503, 504),
            respect_retry_after_header=False,  # a server must not choose how long we wait
        ),
        cert_reqs="CERT_REQUIRED",  # against the system's authorities, or SSL_CERT_FILE
    )
    try:
        return S3Client(
            host,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=secure,
            region=settings.region,
            http_client=pool,
        )
    except ValueError:
        raise _unusable_endpoint() from None


def store_time(settings: S3Settings) -> datetime | None:
    """Ask the store for its time, by an unsigned request: a signed one needs the right time.

    Parameters
    ----------
    settings
        Where the store is.

    Returns
    -------
    datetime or None
        The Date header of its answer, in whole seconds, whatever the status; None without one.
    """
    host, secure = _host_of(settings.endpoint or "", settings.secure)
    with urllib3.PoolManager(timeout=settings.timeout_s, retries=False) as pool:
        answer = pool.request("HEAD", f"{'https' if secure else 'http'}://{host}/", redirect=False)
    try:
        return parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None


@contextmanager
def object_store_errors(
    settings: S3Settings, bucket: str, key: str = "", action: str = "s3:GetObject"
) -> Iterator[None]:
    """Turn what the client raises into errors of our tree, without keys or signatures.

    Parameters
    ----------
    settings
        Of the store.
    bucket, key
        What it is asked about; without a key the bucket itself.
    action
        As policies name what is asked for: told when the store denies it.

    Raises
    ------
    ObjectMissing
        If the bucket or the object does not exist.
    ObjectStoreUnavailable
        If the store did not answer within its time and repetitions, or refused.
    """
    what = f"s3://{bucket}/{key}" if key else f"bucket {bucket}"
    try:
        yield
    except S3Error as error:
        if error.code in _MISSING:
            msg = f"{what} does not exist at {settings.endpoint} ({error.code})"
            raise ObjectMissing(msg) from None
        msg = f"object store {settings.endpoint} refused {what} with {error.code}"
        if error.code == "AccessDenied":
            msg = f"{msg}: allow {action} on bucket {bucket} to the owner of S3_ACCESS_KEY"
        elif error.code in _REFUSED:
            msg = f"{msg}: check S3_ACCESS_KEY and S3_SECRET_KEY"
        raise ObjectStoreUnavailable(msg) from None
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        msg = (
            f"object store {settings.endpoint} did not serve {what} within {settings.timeout_s:g} s"
            f" and {RETRIES} repetitions ({_cause_of(error)}): check S3_ENDPOINT, and that the "
            "server runs"
        )
        raise ObjectStoreUnavailable(msg) from None


def _host_of(endpoint: str, secure: bool) -> tuple[str, bool]:
    if "://" not in endpoint:
        return endpoint, secure
    url = urlsplit(endpoint)
    if url.scheme not in {"http", "https"} or url.path not in {"", "/"}:
        raise _unusable_endpoint()
    return url.netloc, url.scheme == "https"


def _incomplete(settings: S3Settings) -> str:
    """Name what is missing, and nothing that is there."""
    needed = {
        "S3_ENDPOINT": settings.endpoint,
        "S3_ACCESS_KEY": settings.access_key,
        "S3_SECRET_KEY": settings.secret_key,
    }
    *others, last = [name for name, value in needed.items() if not value]
    missing = f"{', '.join(others)} and {last}" if others else last
    what = (
        f"the object store at {settings.endpoint.rpartition('@')[2]} has no keys"
        if settings.endpoint
        else "no object store is configured"
    )
    return f"{what}: set {missing} (images above routing.chunked_max_bytes travel through it)"


def _unusable_endpoint() -> SettingsError:
    """Say what is wanted; what was found may hold a password."""
    return SettingsError(
        "S3_ENDPOINT cannot be used: give host:port, http://host:port or https://host:port, "
        "without a path or credentials"
    )


def _cause_of(error: BaseException) -> str:
    """Name the kind of the innermost cause; its text may hold a signed URL."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, BaseException) else error).__name__
