"""The jars of Apache Kafka: fetched once by Maven coordinates, checked by hash at every use.

`jgo.lock.toml` beside this file names each jar with its SHA-256. jgo fetches what the cache lacks,
from the repositories that its own configuration names; it is never asked for a JDK.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from wildfire_bench.errors import StackNotInstalled

__all__ = ["LOCK_FILE", "Jar", "cache_dir", "ensure_jars", "read_lock"]

LOCK_FILE = Path(__file__).with_name("jgo.lock.toml")
DOWNLOADS_AT_ONCE = 8
FETCH_TIMEOUT_S = 30
"""How long a repository may be silent during a download."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Name in the cache, on the class path and in the repository."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def coordinate(self) -> str:
        """Maven coordinate, ``group:artifact:version``."""
        return f"{self.group}:{self.artifact}:{self.version}"


def read_lock(path: Path = LOCK_FILE) -> tuple[Jar, ...]:
    """Read the locked jars, in class path order."""
    locked = tomllib.loads(path.read_text(encoding="utf-8"))["dependencies"]
    return tuple(
        Jar(entry["groupId"], entry["artifactId"], entry["version"], entry["sha256"])
        for entry in locked
    )


def cache_dir() -> Path:
    """Return the folder of the cache: ``WILDFIRE_BENCH_CACHE_DIR``, else the user's cache folder.

    Raises
    ------
    StackNotInstalled
        If the ``embedded`` extra is missing.
    """
    chosen = os.environ.get("WILDFIRE_BENCH_CACHE_DIR")
    if chosen:
        return Path(chosen)
    try:
        from platformdirs import user_cache_path
    except ImportError as error:
        msg = "an embedded stack needs more packages: pip install 'wildfire-bench[embedded]'"
        raise StackNotInstalled(msg) from error
    return user_cache_path("wildfire-bench")


def ensure_jars(cache: Path | None = None) -> tuple[Path, ...]:
    """Return the jars of the class path, fetching those that the cache lacks.

    Parameters
    ----------
    cache
        Folder of the cache; None for `cache_dir`. Several processes may share it: a jar appears in
        it whole and checked, or not at all.

    Raises
    ------
    StackNotInstalled
        If a jar cannot be fetched, or a cached or fetched one is not what the lock says.
    """
    jars_dir = (cache or cache_dir()) / "jars"
    jars_dir.mkdir(parents=True, exist_ok=True)
    jars = read_lock()
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        states = list(pool.map(lambda jar: _present(jars_dir / jar.file_name, jar), jars))
    missing = [jar for jar, present in zip(jars, states, strict=True) if not present]
    if missing:
        _fetch(missing, jars_dir)
    return tuple(jars_dir / jar.file_name for jar in jars)


def _present(path: Path, jar: Jar) -> bool:
    try:
        found = _sha256(path)
    except FileNotFoundError:
        return False
    if found != jar.sha256:
        msg = (
            f"{path} is not the {jar.coordinate} of the lock: its SHA-256 is {found}, not "
            f"{jar.sha256}. Delete that file; the next start fetches it again"
        )
        raise StackNotInstalled(msg)
    return True


def _fetch(jars: Sequence[Jar], jars_dir: Path) -> None:
    try:
        from jgo.config import GlobalSettings
        from jgo.maven import MavenContext
    except ImportError as error:
        msg = (
            "Kafka's jars are fetched by jgo, which is not installed: "
            "pip install 'wildfire-bench[embedded]'"
        )
        raise StackNotInstalled(msg) from error
    _log.info("fetching %d jars of Apache Kafka to %s", len(jars), jars_dir)
    # A folder of our own: the shared ~/.m2 may hold a jar that another process is writing.
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=jars_dir) as scratch:
        context = MavenContext(repo_cache=Path(scratch), timeout=FETCH_TIMEOUT_S)
        context.remote_repos.update(GlobalSettings.load().repositories)

        def fetch(jar: Jar) -> None:
            component = context.project(jar.group, jar.artifact).at_version(jar.version)
            try:
                fetched = component.artifact().resolve()
            # requests, urllib3 and jgo have no error in common.
            except Exception as error:
                msg = (
                    f"{jar.coordinate} cannot be fetched: {type(error).__name__}. Check the "
                    "network and run it again, or use `stack up --kind compose` or a Kafka of "
                    "your own (KAFKA_BOOTSTRAP_SERVERS)"
                )
                raise StackNotInstalled(msg) from error
            found = _sha256(fetched)
            if found != jar.sha256:
                msg = (
                    f"{jar.coordinate} came with SHA-256 {found}, not {jar.sha256} as locked: the "
                    "repository or the way to it is broken. Nothing was kept; try again, or check "
                    "the repositories in jgo's configuration"
                )
                raise StackNotInstalled(msg)
            fetched.replace(jars_dir / jar.file_name)

        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            list(pool.map(fetch, jars))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
