"""A real Kafka and S3 out of wheels and jars: no Docker, no Java, no root.

Everything ends with the process that opened it, in whichever way that ends; see
`wildfire_bench.stack.supervisor`.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from pathlib import Path

from wildfire_bench.errors import StackNotInstalled, StackStartFailed
from wildfire_bench.stack.embedded_servers import EmbeddedServers, PortTaken
from wildfire_bench.stack.embedded_stack import as_stack
from wildfire_bench.stack.security import BrokerSecurity
from wildfire_bench.stack.stack import Stack

__all__ = ["open_embedded", "start_embedded"]

START_ATTEMPTS = 3
"""Starts tried, each with other ports, before a taken port is an error."""
FREE_DISK_BYTES = 512 << 20
"""Disk that must be free before anything is started."""


def open_embedded(
    *,
    brokers: int = 1,
    s3: bool = True,
    data_dir: Path | None = None,
    security: BrokerSecurity | None = None,
) -> Stack:
    """Start an embedded stack that ends with this process.

    Parameters
    ----------
    brokers
        1, or 3 for a cluster.
    s3
        Whether to start S3 too.
    data_dir
        Where data and logs go; kept at the end. None for a temporary folder, removed at the end.
    security
        Accounts, TLS and ACLs; the stack's own settings are then those of the super user, and
        `Stack.certificate_servers` says where clients log in by certificate. None for a broker in
        plain text.

    Raises
    ------
    StackNotInstalled
        If a part of the ``embedded`` extra or a jar is missing or broken.
    StackStartFailed
        If a server ended before it was ready; names its log file and what to do.
    StackTimeout
        If one was not ready in time.
    """
    return as_stack(start_embedded(brokers=brokers, s3=s3, data_dir=data_dir, security=security))


def start_embedded(
    *, brokers: int, s3: bool, data_dir: Path | None, security: BrokerSecurity | None = None
) -> EmbeddedServers:
    """Start the servers; see `open_embedded`."""
    if sys.platform == "win32":
        msg = "the embedded stack runs on Linux and macOS: use `stack up --kind compose` here"
        raise StackNotInstalled(msg)
    if data_dir is not None:
        data_dir = data_dir.absolute()
        data_dir.mkdir(parents=True, exist_ok=True)
    _check_disk(data_dir or Path(tempfile.gettempdir()))
    attempt = 1
    while True:
        servers = EmbeddedServers(brokers, s3=s3, data_dir=data_dir, security=security)
        atexit.register(servers.close)
        try:
            servers.boot()
        except PortTaken:
            servers.abandon()
            if attempt == START_ATTEMPTS:
                raise
            attempt += 1
            if servers.temporary:
                shutil.rmtree(servers.root)
        except BaseException:
            servers.abandon()
            raise
        else:
            return servers


def _check_disk(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < FREE_DISK_BYTES:
        msg = (
            f"{folder} has {free:,} bytes free; an embedded stack needs {FREE_DISK_BYTES:,}: "
            "free space, or give a folder on another disk (data_dir, or TMPDIR)"
        )
        raise StackStartFailed(msg)
