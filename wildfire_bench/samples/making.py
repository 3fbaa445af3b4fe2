"""Samples: made once, kept in the user's cache folder, checked by hash at every use."""

from __future__ import annotations

import copy
import hashlib
import json
import mmap
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from wildfire_bench.errors import InvalidParameter, SampleUnavailable
from wildfire_bench.samples.mosaic import Mosaic
from wildfire_bench.samples.scenes import SCENES, Scene
from wildfire_bench.samples.tiff import TiffLayout, rows_that_fit, write_tiff

__all__ = ["MAX_SAMPLE_BYTES", "Sample", "sample", "sample_names"]

MAX_SAMPLE_BYTES: Final = 4_000_000_000
"""Largest sample: the largest image that the default settings accept, and below classic TIFF's end.
"""

_RECIPE: Final = 1
"""Raised whenever the same request shall give other bytes, so that old files are left alone."""
_DEFAULT_LAYOUT: Final = TiffLayout()


@dataclass(frozen=True, slots=True)
class Sample:
    """A real scene in a file."""

    name: str
    path: Path
    size_bytes: int
    sha256: str
    source_id: str
    metadata: dict[str, Any] = field(repr=False)
    """What is known about the scene, in the form that `send_satellite_image` takes."""
    provenance: str = field(repr=False)
    licence: str = field(repr=False)

    @property
    def data(self) -> memoryview:
        """The file, mapped into memory and read-only; each call maps it anew."""
        with self.path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def sample_names() -> tuple[str, ...]:
    """Names of all samples, sorted."""
    return tuple(sorted(SCENES))


def sample(
    name: str,
    size_bytes: int | None = None,
    *,
    exact: bool = False,
    layout: TiffLayout = _DEFAULT_LAYOUT,
    cache_dir: Path | None = None,
) -> Sample:
    """Get a scene as a file of a wanted size.

    Parameters
    ----------
    name
        One of `sample_names`.
    size_bytes
        Largest size of the file: as many rows of pixels as fit. Past the scene's own height it is
        a mosaic, and its provenance says so. None for the whole scene.
    exact
        Fill the file up to exactly `size_bytes` with zero bytes behind the last row, as TIFF
        allows; less than a row of pixels.
    layout
        Layout of the TIFF. With compression the size bounds the file before it is compressed.
    cache_dir
        Where to keep the file; None for the user's cache folder.

    Raises
    ------
    InvalidParameter
        If the name is unknown, or the size or layout cannot be had.
    SampleUnavailable
        If a package of the extra ``[samples]`` is not installed or has other files than expected.
    """
    scene = SCENES.get(name)
    if scene is None:
        msg = f"sample {name!r} is unknown: choose one of {', '.join(sample_names())}"
        raise InvalidParameter(msg)
    _check_request(scene, size_bytes, exact, layout)
    if scene.verbatim:
        (path,) = scene.source_paths()
        return _sample(scene, path, scene.files[0].sha256, scene.provenance)
    folder = cache_dir or _user_cache_dir()
    recipe = json.dumps([_RECIPE, name, size_bytes, exact, asdict(layout)])
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    path = folder / f"{name}-{'whole' if size_bytes is None else size_bytes}-{key}.tif"
    return _intact(scene, path) or _make(scene, path, size_bytes, exact, layout)


def _check_request(scene: Scene, size_bytes: int | None, exact: bool, layout: TiffLayout) -> None:
    if scene.verbatim and (size_bytes is not None or exact or layout != _DEFAULT_LAYOUT):
        msg = f"sample {scene.name!r} is a file as it is: it has no other size or layout"
        raise InvalidParameter(msg)
    if exact and (size_bytes is None or layout.compression):
        msg = "exact needs a size_bytes and no compression"
        raise InvalidParameter(msg)
    if size_bytes is not None and not 0 < size_bytes <= MAX_SAMPLE_BYTES:
        msg = f"size_bytes is {size_bytes:,}: choose 1 to {MAX_SAMPLE_BYTES:,}"
        raise InvalidParameter(msg)


def _user_cache_dir() -> Path:
    try:
        from platformdirs import user_cache_path
    except ModuleNotFoundError:
        msg = "samples need platformdirs: pip install 'wildfire-bench[samples]'"
        raise SampleUnavailable(msg) from None
    return user_cache_path("wildfire-bench") / "samples"


def _record_of(path: Path) -> Path:
    return path.with_suffix(".json")


def _intact(scene: Scene, path: Path) -> Sample | None:
    """Find the sample if it was made before and is still what was made."""
    try:
        record = json.loads(_record_of(path).read_text("utf-8"))
        found = _sample(scene, path, _sha256(path), record["provenance"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return found if found.sha256 == record.get("sha256") else None


def _make(
    scene: Scene, path: Path, size_bytes: int | None, exact: bool, layout: TiffLayout
) -> Sample:
    """Make the sample beside its place, then move it there in one step.

    Two processes may do so at a time: both make the same bytes, and the last one wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".making-", dir=path.parent))
    try:
        made = folder / path.name
        provenance = _write(scene, made, size_bytes, exact, layout)
        digest = _sha256(made)
        facts = {
            "name": scene.name,
            "sha256": digest,
            "size_bytes": made.stat().st_size,
            "provenance": provenance,
            "licence": scene.licence,
        }
        _record_of(made).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
        made.replace(path)
        _record_of(made).replace(_record_of(path))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _sample(scene, path, digest, provenance)


def _write(
    scene: Scene, path: Path, size_bytes: int | None, exact: bool, layout: TiffLayout
) -> str:
    mosaic = Mosaic(scene, scene.pixels())
    if size_bytes is None:
        rows = mosaic.source.shape[0]
    else:
        rows = rows_that_fit(mosaic, size_bytes, layout, path.with_suffix(".blank"))
    write_tiff(mosaic, rows, layout, path)
    provenance = f"{scene.provenance}; {mosaic.describe(rows)}"
    if not exact or size_bytes is None:
        return provenance
    missing = size_bytes - path.stat().st_size
    with path.open("ab") as file:
        file.write(bytes(missing))
    return f"{provenance}; {missing:,} zero bytes behind the last row"


def _sample(scene: Scene, path: Path, sha256: str, provenance: str) -> Sample:
    return Sample(
        name=scene.name,
        path=path,
        size_bytes=path.stat().st_size,
        sha256=sha256,
        source_id=scene.source_id,
        metadata=copy.deepcopy(scene.metadata),  # the caller's to extend
        provenance=provenance,
        licence=scene.licence,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
