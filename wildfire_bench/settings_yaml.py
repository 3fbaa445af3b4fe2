"""Reads ``streaming_config.yaml``: each setting with the line it stands on."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import setting_keys

__all__ = ["MAX_CONFIG_BYTES", "read_yaml", "unknown_key"]

MAX_CONFIG_BYTES = 1 << 20
"""Largest file that is read as settings."""


def read_yaml(path: Path) -> dict[str, tuple[str, Any]]:
    """Read a settings file in the guide's shape.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    dict
        Dotted key to its place (``streaming_config.yaml:12``) and value as YAML understands it.

    Raises
    ------
    SettingsError
        If the file cannot be read, is not YAML, says a thing twice or holds an unknown key. The
        message names the line, the key, and the nearest known one.
    """
    loader = _loader(path)
    try:
        root = loader.get_single_node()
        if root is None:
            return {}
        found: dict[str, tuple[str, Any]] = {}
        for key, node in _leaves(path, loader, root, ""):
            place = _place(path, node)
            if key not in setting_keys():
                raise SettingsError(unknown_key(key, place))
            found[key] = (place, loader.construct_object(node, deep=True))
        return found
    except SettingsError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A date of no calendar and a number of 5,000 digits are ValueErrors.
        msg = f"{path} is not valid YAML: {' '.join(str(error).split())}"
        raise SettingsError(msg) from None
    finally:
        loader.dispose()


def unknown_key(key: str, origin: str) -> str:
    """Say that a setting does not exist, and which one may have been meant.

    Parameters
    ----------
    key
        Dotted key as given.
    origin
        Where it was given.

    Returns
    -------
    str
    """
    known = list(setting_keys())
    section, _, name = key.rpartition(".")
    siblings = [each for each in known if each.rpartition(".")[0] == section]
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    if not close:  # the right name under the wrong section
        close = [each for each in known if each.rpartition(".")[2] == name][:1]
    if close:
        remedy = f"did you mean {close[0]}?"
    elif section and siblings:
        remedy = f"{section} has {', '.join(each.rpartition('.')[2] for each in siblings)}"
    else:
        sections = dict.fromkeys(each.partition(".")[0] for each in known)
        remedy = f"there are {', '.join(sections)}"
    return f"{key} ({origin}) is not a setting: {remedy}"


def _loader(path: Path) -> yaml.SafeLoader:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        msg = f"settings file {path} cannot be read ({error.strerror}): check the path"
        raise SettingsError(msg) from None
    if len(text) > MAX_CONFIG_BYTES:
        msg = (
            f"settings file {path} is larger than {MAX_CONFIG_BYTES:,} bytes: is it the right one?"
        )
        raise SettingsError(msg)
    try:
        return yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        msg = f"{path} is not valid YAML: {' '.join(str(error).split())}"
        raise SettingsError(msg) from None


def _leaves(
    path: Path, loader: yaml.SafeLoader, node: yaml.Node, prefix: str
) -> Iterator[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        if not prefix:
            msg = f"{_place(path, node)}: settings are sections with keys, such as kafka_producer:"
            raise SettingsError(msg)
        is_section = any(each.startswith(f"{prefix}.") for each in setting_keys())
        if not is_section:
            yield prefix, node
        elif loader.construct_object(node) is not None:  # all its keys are commented out: fine
            msg = f"{prefix} ({_place(path, node)}) is a section: give it keys with values"
            raise SettingsError(msg)
        return
    loader.flatten_mapping(node)  # YAML's own merge key, "<<"
    seen: set[str] = set()
    for key_node, value_node in node.value:
        name = str(loader.construct_object(key_node))
        key = f"{prefix}.{name}" if prefix else name
        if name in seen:
            msg = f"{key} ({_place(path, key_node)}) is set twice: remove one"
            raise SettingsError(msg)
        seen.add(name)
        if key in setting_keys():
            yield key, value_node
        else:
            yield from _leaves(path, loader, value_node, key)


def _place(path: Path, node: yaml.Node) -> str:
    return f"{path}:{node.start_mark.line + 1}"
