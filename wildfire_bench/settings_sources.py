"""Where settings come from: arguments, then the environment, then YAML, then the defaults."""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import Settings, setting_keys
from wildfire_bench.settings_environment import CONFIG_VARIABLE, near_misses, read_environment
from wildfire_bench.settings_yaml import read_yaml, unknown_key

__all__ = ["ARGUMENT", "CONFIG_FILE", "DEFAULT", "LoadedSettings", "load_settings"]

CONFIG_FILE = "streaming_config.yaml"
"""Read from the working directory when no other file is named."""

DEFAULT = "default"
"""Origin of a value that no source gives."""
ARGUMENT = "argument"
"""Origin of a value given by the caller."""

_MATRIX = "compression_matrix."
_log = logging.getLogger(__name__)

_Found: TypeAlias = dict[str, tuple[str, Any]]
"""Dotted key to origin and raw value."""


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings in force, and where each came from."""

    settings: Settings
    origins: Mapping[str, str]
    """For every dotted key: ``default``, ``streaming_config.yaml:12``,
    ``environment KAFKA_COMPRESSION_TYPE`` or ``argument``."""
    warnings: tuple[str, ...] = ()
    """Environment variables that look like a slip of the pen; logged as well."""


def load_settings(
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> LoadedSettings:
    """Gather settings from all sources; for each key the first that has it wins.

    1. `overrides`
    2. the environment (`wildfire_bench.settings_environment.ENVIRONMENT_VARIABLES`)
    3. the YAML file
    4. the defaults of `Settings`

    Parameters
    ----------
    path
        The YAML file. None: the one that ``WILDFIRE_CONFIG`` names, else ``streaming_config.yaml``
        in the working directory if there is one.
    environ
        None: `os.environ`.
    overrides
        By dotted keys (``{"kafka.bootstrap_servers": ...}``) or nested; None as a value means
        that it is not given.

    Returns
    -------
    LoadedSettings

    Raises
    ------
    SettingsError
        If a named file is missing or is not YAML, a key is unknown, or a value is ill-typed or out
        of range. The one-line message names keys, origins and allowed values, and no secret.
    """
    environ = os.environ if environ is None else environ
    file = _config_file(path, environ)
    found: _Found = {} if file is None else read_yaml(file)
    _forget_levels_of_other_codecs(found)
    for key, (variable, value) in read_environment(environ).items():
        found[key] = (f"environment {variable}", value)
    found.update(_arguments(overrides or {}))
    warnings = near_misses(environ)
    for warning in warnings:
        _log.warning(warning)
    origins = {key: found[key][0] if key in found else DEFAULT for key in setting_keys()}
    return LoadedSettings(_validated(found), MappingProxyType(origins), warnings)


def _config_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    if path is not None:
        return path
    if named := environ.get(CONFIG_VARIABLE):
        return Path(named)
    usual = Path(CONFIG_FILE)
    return usual if usual.exists() else None


def _arguments(overrides: Mapping[str, Any]) -> _Found:
    found: _Found = {}
    for key, value in _flat(overrides, ""):
        if key not in setting_keys():
            raise SettingsError(unknown_key(key, ARGUMENT))
        if value is not None:
            found[key] = (ARGUMENT, value)
    _forget_levels_of_other_codecs(found)
    return found


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            yield from _flat(dict(value), f"{key}.")
        elif isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def _forget_levels_of_other_codecs(found: _Found) -> None:
    """Keep a row that names a codec alone from inheriting the level of another codec."""
    for key in [each for each in found if each.startswith(_MATRIX) and each.endswith(".codec")]:
        found.setdefault(f"{key.removesuffix('codec')}level", (found[key][0], None))


def _validated(found: _Found) -> Settings:
    wrong = [_yes_or_no(key, *found[key]) for key in found if _is_misplaced_bool(key, found)]
    if wrong:
        raise SettingsError("; ".join(wrong))
    nested: dict[str, Any] = {}
    for key, (_, value) in found.items():
        *sections, name = key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = value
    rows = nested.get("compression_matrix", {})
    for data_type, default in Settings().compression_matrix.items():
        if data_type in rows:
            rows[data_type] = {**default.model_dump(), **rows[data_type]}
    try:
        return Settings.model_validate(nested)
    except ValidationError as error:
        problems = dict.fromkeys(_problem(each, found) for each in error.errors())
    # Raised out here: an exception with the inputs as its context could show a secret.
    raise SettingsError("; ".join(problems))


def _is_misplaced_bool(key: str, found: _Found) -> bool:
    # pydantic would take YAML's `true` (and `yes`, `on`) for the number 1.
    return isinstance(found[key][1], bool) and setting_keys()[key].annotation is not bool


def _yes_or_no(key: str, origin: str, value: bool) -> str:
    return f"{key} ({origin}) is {value}, which it cannot be: quote the value if it is a word"


def _problem(error: ErrorDetails, found: _Found) -> str:
    parts = [str(part) for part in error["loc"] if part != "[key]"]
    key = ".".join(parts)
    message = error["msg"].removeprefix("Value error, ")
    if key not in found:  # a whole section: its own message names the keys
        givers = [f"{each} ({origin})" for each, (origin, _) in found.items() if _of(each, key)]
        return f"{key or 'settings'}: {message}; given {', '.join(givers)}"
    origin, value = found[key]
    message = message[:1].lower() + message[1:]
    return f"{key} ({origin}) {_shown(key, value)}: {message}{_did_you_mean(error, value)}"


def _of(key: str, section: str) -> bool:
    return not section or key.startswith(f"{section}.")


def _shown(key: str, value: object) -> str:
    secret = "SecretStr" in str(setting_keys()[key].annotation)
    return "cannot be used" if secret else f"is {value!r}"


def _did_you_mean(error: ErrorDetails, value: object) -> str:
    expected = str(error.get("ctx", {}).get("expected", ""))
    allowed = [each for each in expected.split("'") if each.strip(", ") not in {"", "or"}]
    close = difflib.get_close_matches(str(value).lower(), [each.lower() for each in allowed], n=1)
    match = next((each for each in allowed if close and each.lower() == close[0]), None)
    return f"; did you mean {match!r}?" if match else ""
