"""A broker that denies what no ACL allows, and the accounts that tests log in to it by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme
from cryptography.hazmat.primitives import serialization

from wildfire_bench.settings import KafkaSettings, Settings
from wildfire_bench.stack.embedded import open_embedded
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.stack.security import BrokerSecurity
from wildfire_bench.stack.stack import Stack

__all__ = ["PASSWORDS", "Secured", "open_secured", "write_keystore"]

PASSWORDS = {
    name: f"marker-{name}-password" for name in ("producer", "consumer", "operator", "verifier")
}
"""No other text holds `marker`, so that one can look for it."""


@dataclass(frozen=True, slots=True)
class Secured:
    """A secured stack, and how to log in to it."""

    stack: Stack
    authority: trustme.CA
    folder: Path

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def as_super_user(self, settings: Settings) -> Settings:
        return self.stack.apply(settings)

    def by_password(self, settings: Settings, account: str, **changes: Any) -> Settings:
        """Log in as an account by SCRAM-SHA-512, unless `changes` say otherwise."""
        kafka = {
            "bootstrap_servers": self.stack.bootstrap_servers,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_username": account,
            "sasl_password": PASSWORDS.get(account),
            "ssl_ca_location": self.ca_file,
            **changes,
        }
        return settings.model_copy(update={"kafka": KafkaSettings(**kafka)})

    def by_certificate(self, settings: Settings, account: str, **changes: Any) -> Settings:
        """Log in with a certificate whose common name is the account."""
        issued = self.authority.issue_cert(f"{account}.example", common_name=account)
        chain, key = self.folder / f"{account}.pem", self.folder / f"{account}-key.pem"
        chain.write_bytes(issued.cert_chain_pems[0].bytes())
        key.write_bytes(issued.private_key_pem.bytes())
        kafka = {
            "bootstrap_servers": self.stack.certificate_servers,
            "security_protocol": "SSL",
            "ssl_ca_location": self.ca_file,
            "ssl_certificate_location": chain,
            "ssl_key_location": key,
            **changes,
        }
        return settings.model_copy(update={"kafka": KafkaSettings(**kafka)})


@contextmanager
def open_secured(folder: Path) -> Iterator[Secured]:
    """Start a secured broker without S3; its certificates are made for this call."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    keystore = folder / "broker.pem"
    write_keystore(keystore, authority.issue_cert(LOOPBACK, common_name="broker"))
    security = BrokerSecurity(
        keystore, folder / "ca.pem", accounts=PASSWORDS, unsecured_tokens=True
    )
    with open_embedded(s3=False, security=security) as stack:
        yield Secured(stack, authority, folder)


def write_keystore(path: Path, issued: trustme.LeafCert) -> None:
    """Key and certificates as Kafka takes them: PKCS #8, where trustme writes the older forms."""
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    pkcs8 = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(pkcs8 + b"".join(each.bytes() for each in issued.cert_chain_pems))
