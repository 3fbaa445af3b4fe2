"""An embedded stack that outlives the command which started it."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from wildfire_bench.errors import StackError, StackTimeout
from wildfire_bench.settings import KafkaSettings, S3Settings
from wildfire_bench.stack.embedded import start_embedded
from wildfire_bench.stack.embedded_servers import EmbeddedServers
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.stack.server import BrokerProcess, ServerProcess
from wildfire_bench.stack.stack import Stack, StackKind
from wildfire_bench.stack.state import (
    RecordedProcess,
    RecordedS3,
    RecordedStack,
    read_record,
    record_process,
    state_dir,
    state_lock,
    write_record,
)

__all__ = ["attach", "find_detached", "start_detached", "stop_detached"]

STOP_TIMEOUT_S = 40.0
"""How long the servers may take to end, those with data to keep included."""
STOP_STEP_S = 0.05

_log = logging.getLogger(__name__)


def start_detached(
    *, brokers: int = 1, s3: bool = True, data_dir: Path | None = None, folder: Path | None = None
) -> RecordedStack:
    """Start an embedded stack, record it and leave it running.

    Parameters
    ----------
    brokers, s3, data_dir
        As for `open_embedded`.
    folder
        Of the record; None for `state_dir`.

    Returns
    -------
    RecordedStack
        That which runs already, if one does.

    Raises
    ------
    StackError
        If it cannot be started, or what runs already is another kind than asked for.
    """
    folder = folder or state_dir()
    with state_lock(folder):
        record = read_record(folder)
        if record is not None and record.runs():
            _require_same(record, brokers, s3=s3, data_dir=data_dir)
            return record
        if record is not None:
            _end(record)
        servers = start_embedded(brokers=brokers, s3=s3, data_dir=data_dir)
        try:
            record = _record(servers)
            # First the record, then the release: a crash in between leaves a stale record,
            # never servers that nobody knows of.
            write_record(folder, record)
            servers.detach()
        except BaseException:
            servers.close()
            raise
        return record


def find_detached(
    *, brokers: int | None = None, s3: bool = False, folder: Path | None = None
) -> Stack | None:
    """Return the stack left running, if it runs and has what is needed.

    Its servers are not ended by `Stack.close`.

    Parameters
    ----------
    brokers
        How many it must have; None for any number.
    s3
        Whether it must have S3.
    folder
        Of the record; None for `state_dir`.
    """
    folder = folder or state_dir()
    record = read_record(folder)
    if record is None:
        return None
    if ended := record.ended():
        what = ", ".join(ended)
        _log.warning("of the stack in %s has ended %s: wildfire-bench stack down", folder, what)
        return None
    if not _fits(record, brokers or len(record.brokers), s3=s3):
        return None
    return attach(record)


def stop_detached(*, folder: Path | None = None) -> bool:
    """End the stack left running and remove its record.

    Only recorded processes are ended, and only those whose start time says that they are the
    recorded ones.

    Returns
    -------
    bool
        False when nothing ran.

    Raises
    ------
    StackTimeout
        If a process does not end even when killed.
    """
    folder = folder or state_dir()
    with state_lock(folder):
        record = read_record(folder)
        if record is None:
            return False
        ended = _end(record)
        write_record(folder, None)
        return ended


def attach(record: RecordedStack) -> Stack:
    """Present a recorded stack; closing it leaves it running."""
    s3_server = record.s3_server
    return Stack(
        StackKind.EMBEDDED,
        KafkaSettings(bootstrap_servers=record.bootstrap_servers),
        None
        if record.s3 is None
        else S3Settings.model_validate({**record.s3.model_dump(), "secure": False}),
        brokers=tuple(
            BrokerProcess(
                broker.node_id or 0,
                broker.port or 0,
                pid=broker.pid,
                log_file=broker.log_file,
                data_dir=broker.data_dir,
                gc_log_file=broker.gc_log_file,
            )
            for broker in record.brokers
        ),
        s3_server=None
        if s3_server is None
        else ServerProcess(
            s3_server.name,
            s3_server.port or 0,
            pid=s3_server.pid,
            log_file=s3_server.log_file,
            data_dir=s3_server.data_dir,
        ),
    )


def _fits(record: RecordedStack, brokers: int, *, s3: bool) -> bool:
    return len(record.brokers) == brokers and (record.s3 is not None or not s3)


def _require_same(record: RecordedStack, brokers: int, *, s3: bool, data_dir: Path | None) -> None:
    """Refuse to pass off a stack that runs for another one that was asked for."""
    kept_in = record.brokers[0].data_dir if record.brokers else None
    if len(record.brokers) != brokers or (record.s3 is not None) != s3:
        what = f"a stack of {len(record.brokers)} broker(s) {'with' if record.s3 else 'without'} S3"
    elif data_dir is not None and (
        kept_in is None or not kept_in.resolve().is_relative_to(data_dir.resolve())
    ):
        what = f"a stack that keeps its data in {kept_in or 'a folder of its own'}"
    else:
        return
    msg = f"{what} runs already: end it with `wildfire-bench stack down`, then start the other"
    raise StackError(msg)


def _record(servers: EmbeddedServers) -> RecordedStack:
    s3 = servers.s3
    return RecordedStack(
        supervisor=record_process("supervisor", servers.supervision.pid),
        brokers=tuple(
            record_process(
                node.name,
                servers.pids[node.name],
                port=node.client_port,
                node_id=node.node_id,
                log_file=node.log_file,
                gc_log_file=node.gc_log_file,
                data_dir=node.data_dir,
            )
            for node in servers.nodes
        ),
        s3_server=None
        if s3 is None
        else record_process(
            s3.name, servers.pids[s3.name], port=s3.port, log_file=s3.log_file, data_dir=s3.data_dir
        ),
        bootstrap_servers=servers.bootstrap_servers,
        s3=None
        if s3 is None
        else RecordedS3(
            endpoint=f"{LOOPBACK}:{s3.port}", access_key=s3.access_key, secret_key=s3.secret_key
        ),
    )


def _end(record: RecordedStack) -> bool:
    ran = any(process.runs() for process in record.processes)
    if record.supervisor.runs():
        record.supervisor.terminate()
        _wait_until_ended(record.processes, STOP_TIMEOUT_S)
    # Where the supervisor is gone, or hangs.
    for process in record.processes:
        process.kill()
    if still := _wait_until_ended(record.processes, STOP_TIMEOUT_S):
        msg = f"processes {', '.join(str(each.pid) for each in still)} do not end"
        raise StackTimeout(msg)
    return ran


def _wait_until_ended(
    processes: tuple[RecordedProcess, ...], timeout_s: float
) -> list[RecordedProcess]:
    deadline = time.monotonic() + timeout_s
    while still := [process for process in processes if process.runs()]:
        if time.monotonic() > deadline:
            break
        time.sleep(STOP_STEP_S)
    return still
