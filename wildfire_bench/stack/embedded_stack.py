"""Embedded servers as the users of a stack see them."""

from __future__ import annotations

from wildfire_bench.settings import S3Settings
from wildfire_bench.stack.embedded_servers import EmbeddedServers
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.stack.s3_server import S3Server
from wildfire_bench.stack.server import BrokerProcess, ServerProcess
from wildfire_bench.stack.stack import Stack, StackKind

__all__ = ["as_stack"]


def as_stack(servers: EmbeddedServers) -> Stack:
    """Present running servers as a stack that owns them."""
    s3 = servers.s3
    return Stack(
        StackKind.EMBEDDED,
        servers.kafka,
        None if s3 is None else _s3_settings(s3),
        brokers=tuple(
            BrokerProcess(
                node.node_id,
                node.client_port,
                pid=servers.pids[node.name],
                log_file=node.log_file,
                data_dir=node.data_dir,
                gc_log_file=node.gc_log_file,
                control=servers,
            )
            for node in servers.nodes
        ),
        s3_server=None
        if s3 is None
        else ServerProcess(
            s3.name,
            s3.port,
            pid=servers.pids[s3.name],
            log_file=s3.log_file,
            data_dir=s3.data_dir,
            control=servers,
        ),
        certificate_servers=servers.certificate_servers,
        attached=False,
        on_close=servers.close,
    )


def _s3_settings(s3: S3Server) -> S3Settings:
    """How clients reach an embedded S3 server."""
    return S3Settings.model_validate(
        {
            "endpoint": f"{LOOPBACK}:{s3.port}",
            "access_key": s3.access_key,
            "secret_key": s3.secret_key,
            "secure": False,
        }
    )
