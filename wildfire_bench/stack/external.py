"""Brokers, and S3, that somebody else runs: named in the environment or streaming_config.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from wildfire_bench.errors import BrokerUnavailable, StackError
from wildfire_bench.settings_sources import load_settings
from wildfire_bench.stack.server import BrokerProcess
from wildfire_bench.stack.stack import Stack, StackKind
from wildfire_bench.streaming.connection import open_admin

__all__ = ["BOOTSTRAP_VARIABLE", "open_external"]

BOOTSTRAP_VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
METADATA_TIMEOUT_S = 10.0


def open_external(environ: Mapping[str, str] | None = None) -> Stack:
    """Use brokers that run already; nothing is started, nothing is ended.

    Parameters
    ----------
    environ
        Where `load_settings` looks for addresses and credentials; None for the environment.

    Raises
    ------
    SettingsError
        If a setting cannot be used.
    StackError
        If no broker answers.
    """
    settings = load_settings(environ=environ).settings
    try:
        metadata = open_admin(settings).list_topics(timeout=METADATA_TIMEOUT_S)
    except BrokerUnavailable as error:
        msg = f"the external stack does not answer: {error}"
        raise StackError(msg) from error
    return Stack(
        StackKind.EXTERNAL,
        settings.kafka,
        settings.s3 if settings.s3.configured else None,
        brokers=tuple(
            BrokerProcess(broker.id, broker.port)
            for broker in sorted(metadata.brokers.values(), key=lambda each: each.id)
        ),
    )
