"""``wildfire-bench settings``: what is in force, and where each value came from."""

from __future__ import annotations

import json
from typing import Any

from wildfire_bench.cli.options import BootstrapOption, ConfigOption, JsonOption, load
from wildfire_bench.compression import choose_codec
from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import DataType, setting_keys
from wildfire_bench.settings_sources import LoadedSettings

__all__ = ["settings"]


def settings(
    config: ConfigOption = None,
    bootstrap_servers: BootstrapOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the settings in force and where each came from.

    Arguments win over the environment, the environment over the file, the file over the defaults;
    where none of them names brokers, those of a running stack are used. Secrets are shown as stars.
    A codec that does not exist is refused here already.

    Example: KAFKA_COMPRESSION_TYPE=gzip wildfire-bench settings
    """
    loaded = load(config, bootstrap_servers)
    _require_codecs(loaded)
    rows = _rows(loaded)
    if as_json:
        print(json.dumps({key: {"value": v, "origin": o} for key, v, o in rows}, indent=2))
        return
    shown = [(key, json.dumps(value), origin) for key, value, origin in rows]
    key_width = max(len(key) for key, _, _ in shown)
    value_width = max(len(value) for _, value, _ in shown)
    for key, value, origin in shown:
        print(f"{key:<{key_width}}  {value:<{value_width}}  {origin}")


def _require_codecs(loaded: LoadedSettings) -> None:
    """Refuse a row of the matrix here that would else fail at the first send."""
    for data_type in DataType:
        try:
            choose_codec(data_type, loaded.settings)
        except SettingsError as error:
            key = f"compression_matrix.{data_type}.codec"
            msg = f"{loaded.origins[key]}: {key}: {error}"
            raise SettingsError(msg) from None


def _rows(loaded: LoadedSettings) -> list[tuple[str, Any, str]]:
    values = loaded.settings.model_dump(mode="json")  # pydantic puts stars for secrets
    return [(key, _at(values, key), loaded.origins[key]) for key in setting_keys()]


def _at(values: Any, key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values
