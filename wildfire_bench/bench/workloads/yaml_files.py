"""Drivers and workloads as YAML files: those of the package by name, anyone's own by path."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from wildfire_bench.bench.data_files import data_file
from wildfire_bench.bench.workloads.yaml_faults import fault_in_words
from wildfire_bench.errors import InvalidParameter

__all__ = ["read_named", "shipped_names"]

MAX_FILE_BYTES: Final = 65_536
_SUFFIX: Final = ".yaml"
_T = TypeVar("_T")


def shipped_names(folder: str) -> tuple[str, ...]:
    """List the files of a folder of the package by their names, sorted."""
    return tuple(sorted(path.stem for path in data_file(folder).glob(f"*{_SUFFIX}")))


def read_named(kind: type[_T], folder: str, name: str) -> _T:
    """Read a file into its dataclass, which gets the file's name in its field ``name``.

    Parameters
    ----------
    kind
        Dataclass, whose fields are all that the file may hold.
    folder
        Of the package; ``drivers`` or ``workloads``.
    name
        As `shipped_names` has it, or the path of a YAML file.

    Raises
    ------
    InvalidParameter
        If there is no such file, or it is wrong; one line that names field and cause.
    """
    if not name.endswith((_SUFFIX, ".yml")):
        if name in shipped_names(folder):
            return _read(kind, data_file(folder) / f"{name}{_SUFFIX}")
        known = ", ".join(shipped_names(folder))
        msg = f"{folder.removesuffix('s')} {name!r} is unknown: choose {known}, or a YAML file"
        raise InvalidParameter(msg)
    return _read(kind, Path(name))


def _read(kind: type[_T], path: Path) -> _T:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        msg = f"{path} cannot be read ({error.strerror}): give the path of a YAML file"
        raise InvalidParameter(msg) from error
    if len(text) > MAX_FILE_BYTES:
        msg = f"{path} has more than {MAX_FILE_BYTES:,} bytes: give a shorter one"
        raise InvalidParameter(msg)
    try:
        found = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A date of no calendar and a number of 5,000 digits are ValueErrors.
        msg = f"{path} is no YAML: {' '.join(str(error).split())}"
        raise InvalidParameter(msg) from error
    if not isinstance(found, dict) or "name" in found:
        msg = f"{path} must hold keys with values, and no name: that is the file's own"
        raise InvalidParameter(msg)
    try:
        return TypeAdapter(kind).validate_python({**found, "name": path.stem})
    except ValidationError as error:
        msg = f"{path.name}: {fault_in_words(error, kind)}: put the file right"
        raise InvalidParameter(msg) from error


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, of which YAML would keep the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        counts = Counter(str(key.value) for key, _ in node.value)
        twice = next((key for key, count in counts.items() if count > 1), None)
        if twice is not None:
            msg = f"{twice} is there twice"
            raise yaml.constructor.ConstructorError(None, None, msg, node.start_mark)
        return super().construct_mapping(node, deep)
