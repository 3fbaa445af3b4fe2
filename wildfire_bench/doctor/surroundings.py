"""What the checks look at: settings, brokers, object store, clock; each asked for once, late."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, SecretStr

from wildfire_bench.settings import Settings
from wildfire_bench.settings_sources import LoadedSettings

if TYPE_CHECKING:
    from wildfire_bench.doctor.kafka_view import KafkaView

__all__ = ["Surroundings"]

ANSWER_TIMEOUT_S: Final = 5.0
"""How long brokers and store may take to answer, where the settings would allow for more."""
MIN_SECRET_CHARS: Final = 3
"""Shorter ones are not hidden: they would put stars into every second word."""


class Surroundings:
    """A set-up as the checks see it.

    Parameters
    ----------
    load
        Gives the settings, or raises `SettingsError`; called once, by the first check that needs
        them.
    write
        Whether checks may write: an object under ``doctor/`` in the bucket and a topic of their
        own, both removed at once.
    clock
        Seconds since the epoch, as this machine counts.
    service_url
        Where the status API of a running service is looked for; None for where the settings have
        it listen.
    """

    def __init__(
        self,
        load: Callable[[], LoadedSettings],
        *,
        write: bool = False,
        clock: Callable[[], float] = time.time,
        service_url: str | None = None,
    ) -> None:
        self._load = load
        self.write = write
        self.clock = clock
        self._service_url = service_url

    @cached_property
    def loaded(self) -> LoadedSettings:
        """The settings, and where each came from."""
        return self._load()

    @cached_property
    def settings(self) -> Settings:
        """The settings, impatient: nobody waits a minute for a doctor."""
        found = self.loaded.settings
        kafka_s = min(found.kafka.connect_timeout_s, ANSWER_TIMEOUT_S)
        store_s = min(found.s3.timeout_s, ANSWER_TIMEOUT_S)
        return found.model_copy(
            update={
                "kafka": found.kafka.model_copy(update={"connect_timeout_s": kafka_s}),
                "s3": found.s3.model_copy(update={"timeout_s": store_s}),
            }
        )

    @cached_property
    def kafka(self) -> KafkaView:
        """The brokers; raises `BrokerUnavailable` where none answers."""
        from wildfire_bench.doctor.kafka_view import KafkaView

        return KafkaView(self.settings)

    @property
    def service_url(self) -> str:
        """Where the status API of a service is looked for, without a slash at its end."""
        if self._service_url is not None:
            return self._service_url.rstrip("/")
        service = self.settings.service
        return f"http://{_own_address(service.host)}:{service.port}"

    def without_secrets(self, text: str) -> str:
        """Put stars in the place of every secret of the settings."""
        if "loaded" not in self.__dict__:
            return text  # nothing of ours can be in it
        for secret in _secrets(self.loaded.settings):
            text = text.replace(secret, "***")
        return text


def _own_address(host: str) -> str:
    """Where this machine reaches what listens on `host`, as a URL has it."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return "127.0.0.1" if address.is_unspecified else host
    return "[::1]" if address.is_unspecified else f"[{host}]"


def _secrets(settings: BaseModel) -> Iterator[str]:
    for _, value in settings:
        if isinstance(value, BaseModel):
            yield from _secrets(value)
        elif isinstance(value, SecretStr) and len(value.get_secret_value()) >= MIN_SECRET_CHARS:
            yield value.get_secret_value()
