"""The jar cache: locked, checked at every use, safe to share."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from wildfire_bench.errors import StackNotInstalled
from wildfire_bench.stack.jar_lock import KAFKA_VERSION
from wildfire_bench.stack.jars import LOCK_FILE, ensure_jars, read_lock

SMALL_JAR = "jspecify-1.0.0.jar"


def test_every_jar_is_locked_by_its_sha256() -> None:
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in read_lock())


def test_every_jar_of_kafka_has_one_version() -> None:
    versions = {jar.version for jar in read_lock() if jar.group == "org.apache.kafka"}
    assert versions == {KAFKA_VERSION}


def test_lock_names_no_address() -> None:
    assert "://" not in LOCK_FILE.read_text(encoding="utf-8")


@pytest.fixture
def filled_cache(tmp_path: Path) -> Path:
    """A copy of the user's cache, without taking its space again."""
    folder = tmp_path / "cache" / "jars"
    folder.mkdir(parents=True)
    for jar in ensure_jars():
        try:
            os.link(jar, folder / jar.name)
        except OSError:
            shutil.copy(jar, folder / jar.name)
    return folder.parent


def _replace(jar: Path, content: bytes) -> None:
    jar.unlink()  # a hard link: writing into it would break the user's cache
    jar.write_bytes(content)


@pytest.mark.integration
def test_corrupted_cached_jar_is_refused(filled_cache: Path) -> None:
    jar = filled_cache / "jars" / SMALL_JAR
    content = bytearray(jar.read_bytes())
    content[len(content) // 2] ^= 1
    _replace(jar, bytes(content))

    with pytest.raises(StackNotInstalled, match=f"{SMALL_JAR} is not .* Delete that file"):
        ensure_jars(filled_cache)


@pytest.mark.integration
def test_cut_cached_jar_is_refused(filled_cache: Path) -> None:
    _replace(filled_cache / "jars" / SMALL_JAR, b"")

    with pytest.raises(StackNotInstalled, match="Delete that file"):
        ensure_jars(filled_cache)


@pytest.mark.integration
def test_two_processes_fetch_a_missing_jar_at_once(filled_cache: Path) -> None:
    (filled_cache / "jars" / SMALL_JAR).unlink()
    code = "from wildfire_bench.stack.jars import ensure_jars; print(len(ensure_jars()))"
    environment = {**os.environ, "WILDFIRE_BENCH_CACHE_DIR": str(filled_cache)}

    both = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    counts = [process.communicate(timeout=60)[0].strip() for process in both]

    assert counts == [str(len(read_lock())).encode()] * 2


@pytest.mark.integration
def test_fetching_leaves_nothing_but_jars(filled_cache: Path) -> None:
    (filled_cache / "jars" / SMALL_JAR).unlink()
    ensure_jars(filled_cache)
    assert {path.suffix for path in (filled_cache / "jars").iterdir()} == {".jar"}


def test_fetched_jar_with_another_hash_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = tmp_path / "repository" / "org/jspecify/jspecify/1.0.0"
    served.mkdir(parents=True)
    (served / SMALL_JAR).write_bytes(b"something else")
    monkeypatch.setattr("jgo.maven._core.DEFAULT_LOCAL_REPOS", [tmp_path / "repository"])
    small = next(jar for jar in read_lock() if jar.file_name == SMALL_JAR)
    monkeypatch.setattr("wildfire_bench.stack.jars.read_lock", lambda: (small,))

    with pytest.raises(StackNotInstalled, match=r"not .* as locked"):
        ensure_jars(tmp_path / "cache")

    assert not list((tmp_path / "cache").rglob("*.jar"))


def test_unreachable_repository_says_what_else_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jgo.maven._core.DEFAULT_REMOTE_REPOS", {"here": "http://127.0.0.1:9/"})
    small = next(jar for jar in read_lock() if jar.file_name == SMALL_JAR)
    monkeypatch.setattr("wildfire_bench.stack.jars.read_lock", lambda: (small,))

    with pytest.raises(StackNotInstalled, match=r"cannot be fetched: .*KAFKA_BOOTSTRAP_SERVERS"):
        ensure_jars(tmp_path)
