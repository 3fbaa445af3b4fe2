"""The record of a stack that ``wildfire-bench stack up`` left running.

It lies in ``.stack/`` of the working directory or the nearest folder above that has one, readable
by its owner alone: it holds the keys of a throw-away S3 server that listens on loopback only.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from wildfire_bench.errors import StackError, StackNotInstalled

if TYPE_CHECKING:
    import psutil

__all__ = [
    "RecordedProcess",
    "RecordedS3",
    "RecordedStack",
    "read_record",
    "record_process",
    "state_dir",
    "state_lock",
    "write_record",
]

STATE_DIR_VARIABLE = "WILDFIRE_BENCH_STATE_DIR"
FOLDER = ".stack"
FILE = "stack.json"
START_TIME_TOLERANCE_S = 1.0
"""Start times are derived from the boot time, which the kernel rounds."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordedProcess(_Record):
    """A process that is ours for as long as its start time is the recorded one."""

    name: str
    pid: int
    started_at: float
    """Seconds since the epoch; tells it from a later process with the same id."""
    port: int | None = None
    node_id: int | None = None
    log_file: Path | None = None
    gc_log_file: Path | None = None
    data_dir: Path | None = None

    def runs(self) -> bool:
        """Whether the process runs, and is the recorded one."""
        return self._process() is not None

    def terminate(self) -> None:
        """Ask it to end, if it is still the recorded one."""
        if (process := self._process()) is not None:
            with contextlib.suppress(_psutil().NoSuchProcess):
                process.terminate()

    def kill(self) -> None:
        """End it at once, if it is still the recorded one."""
        if (process := self._process()) is not None:
            with contextlib.suppress(_psutil().NoSuchProcess):
                process.kill()

    def _process(self) -> psutil.Process | None:
        module = _psutil()
        try:
            process: psutil.Process = module.Process(self.pid)
            same = abs(process.create_time() - self.started_at) <= START_TIME_TOLERANCE_S
            ended = process.status() == module.STATUS_ZOMBIE
        except module.Error:
            return None
        return process if same and not ended else None


class RecordedS3(_Record):
    """How to reach the recorded S3 server."""

    endpoint: str
    access_key: str
    secret_key: str = Field(repr=False)


class RecordedStack(_Record):
    """A stack left running."""

    supervisor: RecordedProcess
    brokers: tuple[RecordedProcess, ...]
    s3_server: RecordedProcess | None
    bootstrap_servers: str
    s3: RecordedS3 | None

    @property
    def processes(self) -> tuple[RecordedProcess, ...]:
        """All of them, the supervisor last."""
        s3_server = () if self.s3_server is None else (self.s3_server,)
        return (*self.brokers, *s3_server, self.supervisor)

    def runs(self) -> bool:
        """Whether every process of it runs; False for a stale record."""
        return not self.ended()

    def ended(self) -> tuple[str, ...]:
        """Names of the processes that run no longer."""
        return tuple(process.name for process in self.processes if not process.runs())


def record_process(name: str, pid: int, **details: object) -> RecordedProcess:
    """Record a running process with its start time."""
    started_at = _psutil().Process(pid).create_time()
    return RecordedProcess.model_validate(
        {"name": name, "pid": pid, "started_at": started_at, **details}
    )


def state_dir() -> Path:
    """Return the folder of the record; it need not exist.

    ``WILDFIRE_BENCH_STATE_DIR``, else ``.stack`` here or in the nearest folder above, else here.
    """
    chosen = os.environ.get(STATE_DIR_VARIABLE)
    if chosen:
        return Path(chosen)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FOLDER / FILE).is_file():
            return folder / FOLDER
    return here / FOLDER


def read_record(folder: Path) -> RecordedStack | None:
    """Read the record; None when there is none.

    Raises
    ------
    StackError
        If it cannot be read or was written by another version.
    """
    path = folder / FILE
    try:
        # Someone else's record in a folder above, /tmp for instance, is not to be believed.
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None
        return RecordedStack.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, pydantic.ValidationError) as error:
        msg = f"{path} cannot be used ({type(error).__name__}): end its servers and delete it"
        raise StackError(msg) from error


def write_record(folder: Path, record: RecordedStack | None) -> None:
    """Write the record, whole or not at all; None removes it."""
    path = folder / FILE
    if record is None:
        path.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", opener=_owner_only, encoding="utf-8") as file:
        file.write(record.model_dump_json(indent=2))
    fresh.replace(path)


@contextlib.contextmanager
def state_lock(folder: Path) -> Iterator[None]:
    """Hold the folder against another ``stack up`` or ``stack down``.

    Raises
    ------
    StackError
        If another one is at it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"another `stack up` or `stack down` is at work in {folder}: wait for it"
            raise StackError(msg) from error
        yield


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _psutil() -> ModuleType:
    try:
        import psutil
    except ImportError as error:
        msg = "a stack left running needs psutil: pip install 'wildfire-bench[embedded]'"
        raise StackNotInstalled(msg) from error
    return psutil
