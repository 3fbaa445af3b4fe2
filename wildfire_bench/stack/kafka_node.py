"""One embedded Kafka node: compose environment in, server.properties and a command line out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wildfire_bench.stack.compose_file import broker_services, service_environment
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.stack.security import CERTIFICATE_LISTENER, BrokerSecurity
from wildfire_bench.stack.supervision import Command

__all__ = ["KafkaNode", "listener_names", "plan_nodes", "server_environment"]

CLIENT_LISTENER = "PLAINTEXT_HOST"
"""The listener of docker-compose.yml that clients on this host use."""
LOG_CONFIG = Path(__file__).with_name("log4j2.yaml")
_INHERITED = ("HOME", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True, slots=True)
class KafkaNode:
    """Where one node listens and keeps its files, and how it is configured.

    `environment` is that of its compose service, with listeners, ports and folders replaced.
    """

    node_id: int
    environment: Mapping[str, str] = field(repr=False)  # may hold the accounts' passwords
    client_port: int
    certificate_port: int | None
    """Where clients log in by certificate; None on a node that is not secured."""
    folder: Path
    log_file: Path
    gc_log_file: Path

    @property
    def name(self) -> str:
        """Name of its process."""
        return f"broker-{self.node_id}"

    @property
    def data_dir(self) -> Path:
        """Where its topics lie."""
        return self.folder / "data"

    @property
    def properties_file(self) -> Path:
        """The server.properties that the wrapper class writes."""
        return self._configs("final") / "server.properties"

    def prepare_folders(self) -> None:
        """Make its folders, with the default files that the official image has."""
        for kind in ("default", "mounted", "final"):
            self._configs(kind).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)  # server.properties may hold passwords
        (self.folder / "tmp").mkdir(exist_ok=True)
        (self._configs("default") / "server.properties").touch()
        for log_config in ("log4j2.yaml", "tools-log4j2.yaml"):
            shutil.copyfile(LOG_CONFIG, self._configs("default") / log_config)

    def setup_command(self, java: Path, jars: Sequence[Path]) -> Command:
        """Write server.properties from the environment and format the storage.

        Done by the class that does it in the official image, `kafka.docker.KafkaDockerWrapper`.
        """
        return self._command(
            f"setup-{self.node_id}",
            java,
            jars,
            configs="default",
            # It lives for a second: the quick compiler alone halves its CPU time.
            options=["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"],
            main=[
                "kafka.docker.KafkaDockerWrapper",
                "setup",
                f"--default-configs-dir={self._configs('default')}",
                f"--mounted-configs-dir={self._configs('mounted')}",
                f"--final-configs-dir={self._configs('final')}",
            ],
        )

    def start_command(self, java: Path, jars: Sequence[Path]) -> Command:
        """Run the node, with the Java options of its compose service and a log of collections."""
        options = [
            *self.environment.get("KAFKA_HEAP_OPTS", "").split(),
            *self.environment.get("KAFKA_JVM_PERFORMANCE_OPTS", "").split(),
            f"-Xlog:gc*:file={self.gc_log_file}:time,uptime,level,tags",
            "-XX:+ExitOnOutOfMemoryError",
        ]
        main = ["kafka.Kafka", str(self.properties_file)]
        return self._command(self.name, java, jars, configs="final", options=options, main=main)

    def _configs(self, kind: str) -> Path:
        return self.folder / "config" / kind

    def _command(
        self,
        name: str,
        java: Path,
        jars: Sequence[Path],
        *,
        configs: str,
        options: Sequence[str],
        main: Sequence[str],
    ) -> Command:
        return Command(
            name=name,
            argv=(
                str(java),
                *options,
                # Otherwise each JVM leaves files in the system's temporary folder when killed.
                "-XX:-UsePerfData",
                f"-Djava.io.tmpdir={self.folder / 'tmp'}",
                f"-Dlog4j2.configurationFile={self._configs(configs) / 'log4j2.yaml'}",
                "-cp",
                os.pathsep.join(map(str, jars)),
                *main,
            ),
            env=server_environment(self.environment),
            log_file=self.log_file.with_name(f"{name}.log"),
            work_dir=self.folder,
        )


def listener_names(brokers: int, security: BrokerSecurity | None = None) -> tuple[str, ...]:
    """Name the listeners of each node, as docker-compose.yml does; each needs a port."""
    environment = service_environment(broker_services(brokers)[0], {})
    names = tuple(entry.partition("://")[0] for entry in environment["KAFKA_LISTENERS"].split(","))
    return names if security is None else (*names, CERTIFICATE_LISTENER)


def plan_nodes(
    brokers: int, ports: Sequence[int], root: Path, security: BrokerSecurity | None = None
) -> tuple[KafkaNode, ...]:
    """Plan a single node or a cluster of three.

    Parameters
    ----------
    brokers
        1 or 3.
    ports
        One for each listener of each node.
    root
        Folder of the stack.
    security
        None for listeners in plain text, without accounts.
    """
    names = listener_names(brokers, security)
    services = broker_services(brokers)
    by_service = {
        service: dict(zip(names, ports[index * len(names) :], strict=False))
        for index, service in enumerate(services)
    }
    return tuple(_plan_node(service, by_service, root, security) for service in services)


def server_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Environment of a server process: `environment` and what any process needs, no more.

    The caller's own ``KAFKA_*`` and ``JAVA_*`` variables would change how a server is configured.
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, **environment}


def _plan_node(
    service: str,
    by_service: Mapping[str, Mapping[str, int]],
    root: Path,
    security: BrokerSecurity | None,
) -> KafkaNode:
    environment = service_environment(service, {})
    ports = by_service[service]
    node_id = int(environment["KAFKA_NODE_ID"])
    folder = root / f"broker-{node_id}"
    advertised = [
        entry.partition("://")[0] for entry in environment["KAFKA_ADVERTISED_LISTENERS"].split(",")
    ]
    if security is not None:
        named = [name for name in ports if name != CERTIFICATE_LISTENER]
        environment |= security.environment(named, CLIENT_LISTENER)
        advertised.append(CERTIFICATE_LISTENER)
    environment |= {
        "KAFKA_LISTENERS": _listeners(ports),
        "KAFKA_ADVERTISED_LISTENERS": _listeners({name: ports[name] for name in advertised}),
        "KAFKA_CONTROLLER_QUORUM_VOTERS": _voters(environment, by_service),
        "KAFKA_LOG_DIRS": str(folder / "data"),
    }
    return KafkaNode(
        node_id=node_id,
        environment=environment,
        client_port=ports[CLIENT_LISTENER],
        certificate_port=ports.get(CERTIFICATE_LISTENER),
        folder=folder,
        log_file=root / "logs" / f"broker-{node_id}.log",
        gc_log_file=root / "logs" / f"broker-{node_id}.gc.log",
    )


def _listeners(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{LOOPBACK}:{port}" for name, port in ports.items())


def _voters(environment: Mapping[str, str], by_service: Mapping[str, Mapping[str, int]]) -> str:
    controller = environment["KAFKA_CONTROLLER_LISTENER_NAMES"]
    voters = []
    for voter in environment["KAFKA_CONTROLLER_QUORUM_VOTERS"].split(","):
        voter_id, _, address = voter.partition("@")
        service = address.rpartition(":")[0]
        voters.append(f"{voter_id}@{LOOPBACK}:{by_service[service][controller]}")
    return ",".join(voters)
