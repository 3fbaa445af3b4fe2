"""An embedded broker that trusts nobody: TLS, accounts, ACLs that deny what they do not name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)
from pydantic import SecretStr

from wildfire_bench.errors import InputError
from wildfire_bench.settings import KafkaSettings

__all__ = ["CERTIFICATE_LISTENER", "SUPER_USER", "BrokerSecurity", "create_scram_accounts"]

SUPER_USER = "admin"
"""The account that no ACL holds back; brokers speak to each other by it."""
CERTIFICATE_LISTENER = "CERTIFICATE"
"""Listener where the client's certificate says who it is; the clients' other one asks for words."""

SCRAM_ITERATIONS = 4_096
"""Kafka's own minimum."""
ACCOUNTS_TIMEOUT_S = 30.0
_SCRAM = {
    "SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256,
    "SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512,
}
_LOGIN_MODULE = "org.apache.kafka.common.security"
_PLAIN = f"{_LOGIN_MODULE}.plain.PlainLoginModule"
_SCRAM_LOGIN = f"{_LOGIN_MODULE}.scram.ScramLoginModule"
_TOKEN_LOGIN = f"{_LOGIN_MODULE}.oauthbearer.OAuthBearerLoginModule"
_PKCS8 = "-----BEGIN PRIVATE KEY-----"
_UNFIT = frozenset("\"\\'\r\n;=$ ")
"""What ends or alters a word in Kafka's JAAS lines."""


@dataclass(frozen=True, slots=True)
class BrokerSecurity:
    """How an embedded broker is secured.

    Every listener speaks TLS. Clients log in with PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, or, at a
    port of its own, with a certificate whose common name is their account. What no ACL allows is
    denied to all but `SUPER_USER`.

    Parameters
    ----------
    keystore_file
        PEM with the private key (PKCS #8, not encrypted) and the certificates of the brokers. They
        must hold for 127.0.0.1, and for servers and clients both: brokers log in to each other.
    ca_file
        PEM authorities by which clients verify brokers, and brokers the clients.
    accounts
        Password by name.
    unsecured_tokens
        Whether OAUTHBEARER is offered, with tokens that nobody signed. Anyone is then who they
        claim to be: for trying the client's side only.

    Raises
    ------
    InputError
        If the key is of another form, or a name or password cannot stand in Kafka's configuration.
    """

    keystore_file: Path
    ca_file: Path
    accounts: Mapping[str, str] = field(default_factory=dict, repr=False)
    unsecured_tokens: bool = False
    super_password: str = field(default_factory=lambda: secrets.token_hex(20), repr=False)

    def __post_init__(self) -> None:
        if _PKCS8 not in self.keystore_file.read_text(encoding="ascii"):
            msg = (
                f"{self.keystore_file} has no line {_PKCS8!r}: Kafka takes PKCS #8 alone; convert "
                "the key with `openssl pkcs8 -topk8 -nocrypt`"
            )
            raise InputError(msg)
        for name, password in self._passwords().items():
            if not (name and password) or _UNFIT.intersection(name + password):
                msg = (
                    f"account {name!r}: name and password may not be empty, nor hold quotes, "
                    "backslashes, spaces, line breaks or any of ; = $"
                )
                raise InputError(msg)

    def environment(self, listeners: Sequence[str], client_listener: str) -> dict[str, str]:
        """Variables that secure a node, on top of those of its compose service.

        Parameters
        ----------
        listeners
            Names of all but `CERTIFICATE_LISTENER`.
        client_listener
            The one of them that clients log in at; brokers and controllers use the others.
        """
        protocols = [*(f"{name}:SASL_SSL" for name in listeners), f"{CERTIFICATE_LISTENER}:SSL"]
        properties = {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{SUPER_USER}",
            "listener.security.protocol.map": ",".join(protocols),
            "sasl.mechanism.inter.broker.protocol": "PLAIN",
            "sasl.mechanism.controller.protocol": "PLAIN",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.keystore_file),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.ca_file),
            f"listener.name.{CERTIFICATE_LISTENER}.ssl.client.auth": "required",
            # The account is the common name, not the whole subject.
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/,DEFAULT",
        }
        for name in listeners:
            mechanisms = {"PLAIN": self._plain_login()}
            if name == client_listener:
                mechanisms |= dict.fromkeys(_SCRAM, f"{_SCRAM_LOGIN} required;")
                if self.unsecured_tokens:
                    mechanisms["OAUTHBEARER"] = f"{_TOKEN_LOGIN} required;"
            prefix = f"listener.name.{name}"
            properties[f"{prefix}.sasl.enabled.mechanisms"] = ",".join(mechanisms)
            for mechanism, login in mechanisms.items():
                properties[f"{prefix}.{mechanism}.sasl.jaas.config"] = login
        return {_variable(name): value for name, value in properties.items()}

    def super_user(self, bootstrap_servers: str) -> KafkaSettings:
        """Connection settings of the account that may do everything."""
        return KafkaSettings(
            bootstrap_servers=bootstrap_servers,
            security_protocol="SASL_SSL",
            sasl_mechanism="PLAIN",
            sasl_username=SUPER_USER,
            sasl_password=SecretStr(self.super_password),
            ssl_ca_location=self.ca_file,
        )

    def _passwords(self) -> dict[str, str]:
        return {**self.accounts, SUPER_USER: self.super_password}

    def _plain_login(self) -> str:
        """Who may log in here by PLAIN, and as whom a broker itself does elsewhere."""
        own = {"username": SUPER_USER, "password": self.super_password}
        users = {f"user_{name}": password for name, password in self._passwords().items()}
        words = " ".join(f'{key}="{value}"' for key, value in {**own, **users}.items())
        return f"{_PLAIN} required {words};"


def create_scram_accounts(admin: AdminClient, accounts: Mapping[str, str]) -> None:
    """Give accounts their SCRAM credentials; the brokers keep those in their metadata log.

    Parameters
    ----------
    admin
        Of `SUPER_USER`.
    accounts
        Password by name.
    """
    for mechanism in _SCRAM.values():  # the brokers take a name once a request
        alterations: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(
                name, ScramCredentialInfo(mechanism, SCRAM_ITERATIONS), password.encode()
            )
            for name, password in accounts.items()
        ]
        answers = admin.alter_user_scram_credentials(
            alterations, request_timeout=ACCOUNTS_TIMEOUT_S
        )
        for answer in answers.values():
            answer.result()


def _variable(name: str) -> str:
    """The variable that the official image turns into a property of this name."""
    escaped = name.replace("_", "__").replace("-", "___").replace(".", "_")
    return f"KAFKA_{escaped.upper()}"
