"""The append-only store of runs: raw samples in Parquet, everything else in a manifest.

A run is a folder of its own, named for its time and commit. Nothing in it is ever changed: the
manifest holds the SHA-256 of the Parquet files and of itself, so that an edit is noticed. Neither
verdicts nor medians are kept; they are computed from the samples each time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from wildfire_bench.bench.data_files import data_file
from wildfire_bench.bench.results.bench_run import SCHEMA_VERSION, BenchRun
from wildfire_bench.bench.results.older_runs import READABLE, TABLES, up_to_date
from wildfire_bench.bench.workloads.drivers import AFTER, BEFORE
from wildfire_bench.bench.workloads.workload import Pattern
from wildfire_bench.errors import BenchmarkError, InvalidParameter

__all__ = [
    "MIN_ROUNDS",
    "STORE",
    "StoredRun",
    "append_run",
    "find_run",
    "newest_run",
    "read_run",
    "stored_runs",
]

STORE: Final = Path("build/results")
"""Where runs are kept unless another folder is named."""
MIN_ROUNDS: Final = 5
"""Rounds that an interval of a time needs."""
MAX_MANIFEST_BYTES = 1 << 20
MAX_TABLE_BYTES = 64 << 20
ONE_BY_ONE: Final = "closed-1"
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run in a store, as far as its manifest tells."""

    id: str
    folder: Path
    started: str
    """RFC 3339, UTC."""
    workload: str
    """Name of it; of the comparison of before and after that of the profile."""
    drivers: tuple[str, ...]
    pattern: str
    """The first of its workload, by which claims go: `Pattern.name`."""
    rounds: int
    machine: str
    commit: str | None
    reference: bool
    """Whether it came with the package."""


def append_run(results: BenchRun, store: Path = STORE) -> StoredRun:
    """Keep a run.

    Raises
    ------
    BenchmarkError
        If the store holds it already: nothing is written over.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    document = _ADAPTER.dump_python(results, mode="json")
    moment = results.started.replace("-", "").replace(":", "").removesuffix("+0000")
    run_id = f"{moment}-{results.environment.commit or 'unversioned'}"
    folder = store / run_id
    if folder.exists():
        msg = f"{folder} exists already: a stored run is never written over"
        raise BenchmarkError(msg)
    store.mkdir(parents=True, exist_ok=True)
    partial = store / f".{run_id}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    digests = {}
    for name in TABLES:
        path = partial / f"{name}.parquet"
        pq.write_table(pa.Table.from_pylist(document.pop(name)), path, compression="zstd")
        digests[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = {"schema_version": SCHEMA_VERSION, "id": run_id, "files": digests, "run": document}
    manifest["sha256"] = _digest(manifest)
    (partial / _MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    partial.replace(folder)
    return _describe(folder, _manifest(folder), reference=False)


def stored_runs(store: Path = STORE) -> tuple[StoredRun, ...]:
    """List the runs of a store and those that came with the package, newest first.

    Raises
    ------
    BenchmarkError
        If a manifest cannot be read, or was edited.
    """
    runs = [
        _describe(path.parent, _manifest(path.parent), reference=reference)
        for folder, reference in ((store, False), (data_file("results"), True))
        for path in sorted(folder.glob(f"[!.]*/{_MANIFEST}"))
    ]
    once = {run.id: run for run in runs}  # the package's own, where a store holds a copy of it
    return tuple(sorted(once.values(), key=lambda run: run.started, reverse=True))


def newest_run(
    store: Path = STORE, needed: frozenset[str] = frozenset({BEFORE, AFTER})
) -> StoredRun:
    """Find the newest run with rounds enough for intervals of times; the newest if none has.

    Parameters
    ----------
    store
        Where to look, besides the package's own runs.
    needed
        Drivers that it must have; by default those that most claims are about. Its images must
        have gone one by one: a latency of several in flight is no answer to a claim.

    Raises
    ------
    BenchmarkError
        As `stored_runs`, or if there is none.
    """
    runs = [
        run
        for run in stored_runs(store)
        if needed <= set(run.drivers) and run.pattern == ONE_BY_ONE
    ]
    if not runs:
        msg = f"no results of {', '.join(sorted(needed))} in {store}: measure with `bench run`"
        raise BenchmarkError(msg)
    return next((run for run in runs if run.rounds >= MIN_ROUNDS), runs[0])


def find_run(name: str, store: Path = STORE) -> StoredRun:
    """Find a run by its id, the beginning of it, ``newest`` or ``reference``.

    Raises
    ------
    InvalidParameter
        If none fits, or several do.
    """
    runs = stored_runs(store)
    if name == "newest" and runs:
        return newest_run(store)
    if name == "reference":
        ours = [run for run in runs if run.reference and {BEFORE, AFTER} <= set(run.drivers)]
        found: Sequence[StoredRun] = ours[:1]
    else:
        exact = [run for run in runs if run.id == name]
        found = exact or [run for run in runs if run.id.startswith(name)]
    if len(found) != 1:
        known = ", ".join(run.id for run in (found or runs)[:8]) or "none"
        msg = f"{len(found)} stored runs fit {name!r}: there are {known}"
        raise InvalidParameter(msg)
    return found[0]


def read_run(run: StoredRun) -> BenchRun:
    """Read a run back, every sample.

    Raises
    ------
    BenchmarkError
        If a file is missing, damaged or edited.
    """
    import pyarrow.parquet as pq

    manifest = _manifest(run.folder)
    document = dict(manifest["run"])
    for name in READABLE[document["schema_version"]]:
        path = run.folder / f"{name}.parquet"
        if path.stat().st_size > MAX_TABLE_BYTES:
            msg = f"{path} has more than {MAX_TABLE_BYTES:,} bytes: it is no table of samples"
            raise BenchmarkError(msg)
        if hashlib.sha256(path.read_bytes()).hexdigest() != manifest["files"].get(path.name):
            msg = f"{path} is not the file that the run left: measure again, stored runs stay"
            raise BenchmarkError(msg)
        document[name] = pq.read_table(path).to_pylist()
    try:
        return _ADAPTER.validate_python(up_to_date(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        msg = f"{run.folder} is not a run of this version ({where}: {first['msg']})"
        raise BenchmarkError(msg) from error


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            msg = f"{path} has more than {MAX_MANIFEST_BYTES:,} bytes: it is no manifest"
            raise BenchmarkError(msg)
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version, claimed = manifest["schema_version"], manifest.pop("sha256")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{path} is no manifest of a run ({error}): remove its folder, or restore it"
        raise BenchmarkError(msg) from error
    if version not in READABLE:
        known = ", ".join(map(str, READABLE))
        msg = f"{path} has schema version {version}, this program reads {known}"
        raise BenchmarkError(msg)
    if _digest(manifest) != claimed:
        msg = f"{path} was edited after the run: measure again, stored runs stay as they are"
        raise BenchmarkError(msg)
    return manifest


def _digest(manifest: dict[str, Any]) -> str:
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _describe(folder: Path, manifest: dict[str, Any], *, reference: bool) -> StoredRun:
    run = manifest["run"]
    machine = run["environment"]
    work = run["workload"]
    return StoredRun(
        id=manifest["id"],
        folder=folder,
        started=run["started"],
        workload=work.get("name") or work["profile"],
        drivers=tuple(driver["name"] for driver in run["variants"]),
        pattern=Pattern(**work["patterns"][0]).name if "patterns" in work else ONE_BY_ONE,
        rounds=run["workload"]["rounds"],
        machine=f"{machine['cores']} cores of {machine['cpu']}, {machine['system']}",
        commit=machine["commit"],
        reference=reference,
    )


_ADAPTER = TypeAdapter(BenchRun)
