"""The planned and running servers of an embedded stack, and what they are started by."""

from __future__ import annotations

import atexit
import tempfile
import time
from pathlib import Path

from confluent_kafka.admin import AdminClient

from wildfire_bench.errors import StackStartFailed, StackTimeout
from wildfire_bench.settings import KafkaSettings
from wildfire_bench.stack.failure import PORT_TAKEN, cause_and_remedy, lines_that_matter
from wildfire_bench.stack.jars import ensure_jars
from wildfire_bench.stack.java import java_executable
from wildfire_bench.stack.kafka_node import KafkaNode, listener_names, plan_nodes
from wildfire_bench.stack.ports import LOOPBACK, free_ports
from wildfire_bench.stack.readiness import STEP_S, wait_for_brokers, wait_for_s3
from wildfire_bench.stack.s3_server import S3_PORTS, S3Server, new_keys, plan_s3, weed_executable
from wildfire_bench.stack.security import BrokerSecurity, create_scram_accounts
from wildfire_bench.stack.supervision import STOP_GRACE_S, Command, Supervision
from wildfire_bench.streaming.connection import client_config

__all__ = ["EmbeddedServers", "PortTaken"]

SETUP_TIMEOUT_S = 60.0
"""How long formatting the storage may take; 1 s is usual."""


class EmbeddedServers:
    """The planned and running servers of one embedded stack.

    Start them with `start`; end them with `close`, or leave them running with `detach`.
    """

    def __init__(
        self,
        brokers: int,
        *,
        s3: bool,
        data_dir: Path | None,
        security: BrokerSecurity | None = None,
    ) -> None:
        # First what may be missing: nothing is left behind then.
        self.java = java_executable()
        self.jars = ensure_jars()
        self.weed = weed_executable() if s3 else None
        self.temporary = data_dir is None
        self.root = data_dir or Path(tempfile.mkdtemp(prefix="wildfire-stack-"))
        keys = new_keys()
        self.security = security
        per_node = len(listener_names(brokers, security))
        ports = free_ports(brokers * per_node + (len(S3_PORTS) if s3 else 0))
        self.nodes = plan_nodes(brokers, ports, self.root, security)
        self.s3: S3Server | None = (
            plan_s3(ports[brokers * per_node :], self.root, keys) if s3 else None
        )
        self._commands: dict[str, Command] = {}
        self.pids: dict[str, int] = {}
        for folder in (self.root / "logs", *([self.s3.data_dir] if self.s3 else [])):
            folder.mkdir(parents=True, exist_ok=True)
        # An earlier start's errors would be taken for this one's.
        for log in (self.root / "logs").glob("*.log*"):
            log.unlink()
        # Data that is thrown away needs no orderly stop.
        self.supervision = Supervision(
            self.root / "logs" / "supervisor.log",
            [*([self.root] if self.temporary else []), *(self.s3.socket_files if self.s3 else ())],
            0.0 if self.temporary else STOP_GRACE_S,
        )

    @property
    def bootstrap_servers(self) -> str:
        """Addresses of the brokers, comma-separated."""
        return ",".join(f"{LOOPBACK}:{node.client_port}" for node in self.nodes)

    @property
    def kafka(self) -> KafkaSettings:
        """How the owner reaches the brokers, with all rights where there are any."""
        servers = self.bootstrap_servers
        if self.security is None:
            return KafkaSettings(bootstrap_servers=servers)
        return self.security.super_user(servers)

    @property
    def certificate_servers(self) -> str | None:
        """Addresses where clients log in by certificate; None when nothing is secured."""
        ports = [node.certificate_port for node in self.nodes if node.certificate_port]
        return ",".join(f"{LOOPBACK}:{port}" for port in ports) or None

    def boot(self) -> None:
        """Format the storage, start every server and wait until all answer."""
        if self.s3 is not None and self.weed is not None:
            self._launch(self.s3.start_command(self.weed))
        for node in self.nodes:
            node.prepare_folders()
            self._launch(node.setup_command(self.java, self.jars))
        for node in self.nodes:
            self._finish_setup(node)
        for node in self.nodes:
            self._launch(node.start_command(self.java, self.jars))
        wait_for_brokers(self.kafka, len(self.nodes), self.check_running)
        if self.security is not None and self.security.accounts:
            create_scram_accounts(AdminClient(client_config(self.kafka)), self.security.accounts)
        if self.s3 is not None:
            wait_for_s3(f"{LOOPBACK}:{self.s3.port}", self.check_running)

    def start(self, name: str) -> int:
        """Start a stopped server again and wait until it answers."""
        self._launch(self._commands[name])
        if self.s3 is not None and name == self.s3.name:
            wait_for_s3(f"{LOOPBACK}:{self.s3.port}", lambda: self._check(name))
        else:
            port = next(node.client_port for node in self.nodes if node.name == name)
            one = self.kafka.model_copy(update={"bootstrap_servers": f"{LOOPBACK}:{port}"})
            wait_for_brokers(one, 1, lambda: self._check(name))
        return self.pids[name]

    def end(self, name: str, *, kill: bool) -> None:
        """End a server, and wait until it is gone."""
        self.supervision.end(name, grace_s=0.0 if kill else STOP_GRACE_S)
        self.pids.pop(name, None)

    def check_running(self) -> None:
        """Raise `StackStartFailed` if a server has ended."""
        for name in self.pids:
            self._check(name)

    def close(self) -> None:
        """End everything; temporary data goes with it."""
        atexit.unregister(self.close)
        self.supervision.close()

    def detach(self) -> None:
        """Leave everything running when this process ends."""
        atexit.unregister(self.close)
        self.supervision.detach()

    def abandon(self) -> None:
        """End everything after a failed start; of temporary data the logs stay, to be read."""
        atexit.unregister(self.close)
        kept = [path for path in self.root.iterdir() if path.name != "logs"]
        sockets = self.s3.socket_files if self.s3 else ()
        self.supervision.close(remove=[*(kept if self.temporary else []), *sockets])

    def _launch(self, command: Command) -> None:
        self._commands[command.name] = command
        self.pids[command.name] = self.supervision.start(command)

    def _finish_setup(self, node: KafkaNode) -> None:
        name = f"setup-{node.node_id}"
        deadline = time.monotonic() + SETUP_TIMEOUT_S
        while (status := self.supervision.exit_status(name)) is None:
            if time.monotonic() > deadline:
                log_file = self._commands[name].log_file
                msg = f"formatting the storage took over {SETUP_TIMEOUT_S:g} s: {log_file}"
                raise StackTimeout(msg)
            time.sleep(STEP_S)
        self.pids.pop(name)
        log_file = self._commands[name].log_file
        formatted_before = "is already formatted" in log_file.read_text(errors="replace")
        if status != 0 and not formatted_before:
            raise _start_failed(f"setting up broker-{node.node_id}", status, log_file)

    def _check(self, name: str) -> None:
        status = self.supervision.exit_status(name)
        if status is not None:
            self.pids.pop(name, None)
            raise _start_failed(name, status, self._commands[name].log_file)


class PortTaken(StackStartFailed):
    """Worth another attempt with other ports."""


def _start_failed(name: str, status: int, log_file: Path) -> StackStartFailed:
    cause, remedy = cause_and_remedy(log_file)
    lines = lines_that_matter(log_file)
    msg = f"{name} did not start (exit status {status}): {cause}; {remedy}. Its log, {log_file}:"
    kind = PortTaken if cause == PORT_TAKEN else StackStartFailed
    return kind(f"{msg}\n{lines}")
