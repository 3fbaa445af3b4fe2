"""One check, made on given settings."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import Any

from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from wildfire_bench.doctor import Finding, Surroundings, examine
from wildfire_bench.settings import Settings, setting_keys
from wildfire_bench.settings_sources import DEFAULT, LoadedSettings
from wildfire_bench.streaming.administration.topic_admin import resource_config
from wildfire_bench.streaming.connection import open_admin

__all__ = ["alter", "finding", "loaded"]

DEADLINE_S = 30.0


def loaded(settings: Settings) -> LoadedSettings:
    """Settings as if by default."""
    return LoadedSettings(settings, MappingProxyType(dict.fromkeys(setting_keys(), DEFAULT)))


def finding(name: str, settings: Settings, **options: Any) -> Finding:
    """What a check finds; `options` are those of `Surroundings`."""
    results = examine(Surroundings(lambda: loaded(settings), **options), [name])
    return next(each.finding for each in results if each.check.name == name)


def alter(settings: Settings, kind: str, name: str, **values: str) -> None:
    """Set settings of a topic or a broker, and wait until it tells them; an underscore is a dot."""
    wanted = {key.replace("_", "."): value for key, value in values.items()}
    entries = [
        ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
        for key, value in wanted.items()
    ]
    resource = ConfigResource(ConfigResource.Type[kind], name, incremental_configs=entries)
    admin = open_admin(settings)  # without a name it would be gone before its answer comes
    admin.incremental_alter_configs([resource])[resource].result()
    deadline = time.monotonic() + DEADLINE_S
    while True:
        (found,) = resource_config(admin, [ConfigResource(ConfigResource.Type[kind], name)])
        seen = {key: found[key].value for key in wanted}
        if seen == wanted:
            return
        assert time.monotonic() < deadline, f"{name} still tells {seen}"
