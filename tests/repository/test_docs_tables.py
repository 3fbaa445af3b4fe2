"""Tables of the documents say what the code says."""

from __future__ import annotations

import importlib

import pytest

from tests.repository.documents import table
from wildfire_bench.compression import codec_names
from wildfire_bench.settings import Settings, TopicProfileName, setting_keys
from wildfire_bench.settings_environment import ENVIRONMENT_VARIABLES
from wildfire_bench.streaming.topics import TopicSpec, topic_specs

LIMITS = table("docs/architecture.md", "Limits")


def default_of(key: str) -> str:
    value = Settings().model_dump(mode="json")
    for part in key.split("."):
        value = value[part]
    if isinstance(value, bool):
        value = str(value).lower()
    return {None: "not set", "": "empty"}.get(value, f"`{value}`")


def variables_of(key: str) -> str:
    return ", ".join(f"`{name}`" for name, of in ENVIRONMENT_VARIABLES.items() if of == key)


def compression(spec: TopicSpec) -> str:
    level = spec.config.get("compression.zstd.level", "")
    return f"{spec.config['compression.type']} {level}".strip()


def test_every_setting_has_its_variables_and_its_default():
    keys = [key for key in setting_keys() if not key.startswith("compression_matrix.")]
    told = [row[:3] for row in table("docs/operations.md", "Settings")]
    assert told == [[f"`{key}`", variables_of(key), default_of(key)] for key in keys]


@pytest.mark.parametrize("profile", TopicProfileName)
def test_every_topic_is_as_it_is_made(profile):
    specs = topic_specs(Settings(topic_profile=profile))
    told = [
        [name, partitions, limit, how.split(" / ")[-1 if profile == "guide" else 0]]
        for name, partitions, limit, how, _ in table("docs/operations.md", "Topics")
    ]
    assert told == [
        [f"`{spec.name}`", str(spec.partitions), str(spec.max_message_bytes), compression(spec)]
        for spec in specs
    ]


@pytest.mark.parametrize("row", LIMITS, ids=lambda row: row[0].strip("`"))
def test_a_limit_has_its_value(row):
    module, _, name = row[0].strip("`").rpartition(".")
    assert getattr(importlib.import_module(f"wildfire_bench.{module}"), name) == int(row[1])


def test_every_codec_is_described():
    told = {row[0].strip("`") for row in table("docs/architecture.md", "Compression")}
    assert told == {*codec_names(), "auto"}
