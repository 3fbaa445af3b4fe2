"""Settings of the connection to the brokers: where they are, and who asks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, model_validator

from wildfire_bench.settings_base import FrozenSettings, PositiveFloat

__all__ = ["KafkaSettings"]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PASSWORD = ("sasl_username", "sasl_password")
_NEEDED = {
    "PLAIN": _PASSWORD,
    "SCRAM-SHA-256": _PASSWORD,
    "SCRAM-SHA-512": _PASSWORD,
    "OAUTHBEARER": (
        "sasl_oauth_token_endpoint_url",
        "sasl_oauth_client_id",
        "sasl_oauth_client_secret",
    ),
}
"""What each mechanism cannot do without."""


class KafkaSettings(FrozenSettings):
    """How to reach and authenticate to the brokers."""

    bootstrap_servers: str = "localhost:9092"
    client_id: str = "wildfire-bench"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = None
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_oauth_token_endpoint_url: str | None = None
    """Where OAUTHBEARER fetches its tokens, by client id and secret (OpenID Connect)."""
    sasl_oauth_client_id: str | None = None
    sasl_oauth_client_secret: SecretStr | None = None
    sasl_oauth_scope: str | None = None
    ssl_ca_location: Path | None = None
    ssl_certificate_location: Path | None = None
    ssl_key_location: Path | None = None
    ssl_key_password: SecretStr | None = None
    connect_timeout_s: PositiveFloat = 10.0
    """How long to wait for the first answer of a broker."""

    @model_validator(mode="after")
    def _nothing_is_missing(self) -> KafkaSettings:
        missing = ", ".join(name for name in self._needed() if getattr(self, name) is None)
        if missing:
            what = self.sasl_mechanism or self.security_protocol
            msg = f"{what} needs {missing}: set it, or choose another kafka.security_protocol"
            raise ValueError(msg)
        endpoint = urlsplit(self.sasl_oauth_token_endpoint_url or "https:")
        if endpoint.scheme != "https" and endpoint.hostname not in _LOOPBACK:
            msg = "sasl_oauth_token_endpoint_url must be https, as the client secret travels to it"
            raise ValueError(msg)
        return self

    def _needed(self) -> tuple[str, ...]:
        pair = ("ssl_certificate_location", "ssl_key_location")
        certificate = pair if any(getattr(self, name) for name in pair) else ()
        if not self.security_protocol.startswith("SASL_"):
            return certificate
        return ("sasl_mechanism", *_NEEDED.get(self.sasl_mechanism or "", ()), *certificate)
