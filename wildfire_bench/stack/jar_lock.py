"""Write `jgo.lock.toml` anew: ``python -m wildfire_bench.stack.jar_lock``, after a version changed.

The lock is written by jgo's own class, in its own form.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

from wildfire_bench.stack.jars import LOCK_FILE

__all__ = ["KAFKA_VERSION", "write_lock"]

KAFKA_VERSION = "4.3.1"
"""The version of the official image that docker-compose.yml names."""
LOG4J_VERSION = "2.25.4"
"""The version that Kafka itself depends on."""


def write_lock(path: Path = LOCK_FILE) -> int:
    """Resolve the coordinates afresh and write their lock.

    Returns
    -------
    int
        Number of jars locked.
    """
    from jgo.env import LockFile
    from jgo.maven import MavenContext
    from jgo.parse import Coordinate

    # Raw: the logging binding's own version management would take Kafka's clients back to 3.9.
    roots = (
        Coordinate.parse(f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"),
        replace(
            Coordinate.parse(f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J_VERSION}"), raw=True
        ),
    )
    with tempfile.TemporaryDirectory() as scratch:
        context = MavenContext(repo_cache=Path(scratch))
        inputs, transitive = context.resolver.resolve(
            [context.create_dependency(replace(root, scope="runtime")) for root in roots]
        )
        needed = [dep for dep in transitive if dep.scope in {"compile", "runtime"}]
        lock = LockFile.from_resolved_dependencies(
            [*inputs, *needed], environment_name="wildfire-kafka"
        )
        lock.save(path)
    # The time of writing would make each writing a change.
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join(line for line in lines if not line.startswith("generated")), encoding="utf-8"
    )
    return len(lock.dependencies)


if __name__ == "__main__":
    write_lock()
