"""Every way to log in, and every way that it fails: one sentence, soon, with the setting."""

from __future__ import annotations

import datetime
import json
import logging
import socket
import ssl
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from confluent_kafka.admin import AdminClient

from tests.secured import PASSWORDS, Secured
from wildfire_bench.errors import BrokerUnavailable, SettingsError
from wildfire_bench.settings import Settings
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.streaming.connection import LIBRDKAFKA_LOGGER, open_admin

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("secrets_kept")]

TIMEOUT_S = 3.0
SHORT_S = 1.0
"""For failures that nothing tells before the time is over."""
LONG_AGO = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def plain() -> Settings:
    return Settings()


def answers(settings: Settings) -> bool:
    admin: AdminClient = open_admin(settings)
    return bool(admin.list_topics(timeout=TIMEOUT_S).brokers)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_logs_in(secured: Secured, plain: Settings, mechanism: str) -> None:
    assert answers(secured.by_password(plain, "producer", sasl_mechanism=mechanism))


def test_a_certificate_logs_in(secured: Secured, plain: Settings) -> None:
    assert answers(secured.by_certificate(plain, "producer"))


def refusal(
    settings: Settings, capfd: pytest.CaptureFixture[str], timeout_s: float = TIMEOUT_S
) -> str:
    """What is told when no connection comes about: in time, in one line, and nowhere else."""
    kafka = settings.kafka.model_copy(update={"connect_timeout_s": timeout_s})
    started = time.monotonic()
    with pytest.raises(BrokerUnavailable) as raised:
        open_admin(settings.model_copy(update={"kafka": kafka}))
    assert time.monotonic() - started < 3 * TIMEOUT_S
    assert capfd.readouterr() == ("", "")
    message = str(raised.value)
    assert "\n" not in message
    assert "marker" not in message
    return message


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_a_wrong_password_is_told(
    secured: Secured, plain: Settings, capfd: pytest.CaptureFixture[str], mechanism: str
) -> None:
    wrong = {"sasl_mechanism": mechanism, "sasl_password": "marker-wrong"}
    message = refusal(secured.by_password(plain, "producer", **wrong), capfd)
    assert "authentication" in message.lower()
    assert "kafka.sasl_password" in message


def test_an_authority_that_did_not_sign_the_broker_is_told(
    secured: Secured, plain: Settings, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    other = secured.by_password(plain, "producer", ssl_ca_location=tmp_path / "other.pem")
    message = refusal(other, capfd)
    assert "its certificate: " in message
    assert "kafka.ssl_ca_location" in message


@pytest.fixture
def impostor() -> Iterator[Callable[[trustme.LeafCert], str]]:
    """A TLS server that shows a certificate and says no more; gives its address."""
    servers: list[socket.socket] = []

    def start(issued: trustme.LeafCert) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        server = socket.create_server((LOOPBACK, 0))
        servers.append(server)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # closed: the test is over
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        return f"{LOOPBACK}:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def test_a_certificate_that_has_expired_is_told(
    secured: Secured,
    plain: Settings,
    capfd: pytest.CaptureFixture[str],
    impostor: Callable[[trustme.LeafCert], str],
) -> None:
    issued = secured.authority.issue_cert(
        LOOPBACK, not_before=LONG_AGO, not_after=LONG_AGO + datetime.timedelta(days=1)
    )
    kafka = {"bootstrap_servers": impostor(issued)}
    message = refusal(secured.by_password(plain, "producer", **kafka), capfd)
    assert "its certificate: certificate has expired" in message


def test_a_certificate_of_another_host_is_told(
    secured: Secured,
    plain: Settings,
    capfd: pytest.CaptureFixture[str],
    impostor: Callable[[trustme.LeafCert], str],
) -> None:
    kafka = {"bootstrap_servers": impostor(secured.authority.issue_cert("elsewhere.example"))}
    message = refusal(secured.by_password(plain, "producer", **kafka), capfd)
    assert "not valid for '127.0.0.1'" in message
    assert "kafka.bootstrap_servers" in message


@pytest.mark.parametrize("protocol", ["PLAINTEXT", "SASL_PLAINTEXT"])
def test_plain_text_to_a_port_that_speaks_tls_is_told(
    secured: Secured, plain: Settings, capfd: pytest.CaptureFixture[str], protocol: str
) -> None:
    wrong = secured.by_password(plain, "producer", security_protocol=protocol)
    message = refusal(wrong, capfd, SHORT_S)
    assert "its port speaks TLS, and was spoken to in plain text" in message
    assert "KAFKA_SECURITY_PROTOCOL" in message


def test_tls_without_a_login_where_one_is_asked_for_is_told(
    secured: Secured, plain: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    wrong = secured.by_password(plain, "producer", security_protocol="SSL")
    message = refusal(wrong, capfd, SHORT_S)
    assert "to SASL_SSL, and log in" in message


def test_a_missing_client_certificate_is_told(
    secured: Secured, plain: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    nothing = {"ssl_certificate_location": None, "ssl_key_location": None}
    message = refusal(secured.by_certificate(plain, "producer", **nothing), capfd)
    assert "refused the client's certificate (certificate required)" in message
    assert "kafka.ssl_certificate_location" in message


def test_a_client_certificate_that_the_brokers_do_not_trust_is_told(
    secured: Secured, plain: Settings, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    issued = trustme.CA().issue_cert("other.example", common_name="producer")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "chain.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    foreign = {
        "ssl_certificate_location": tmp_path / "chain.pem",
        "ssl_key_location": tmp_path / "key.pem",
    }
    message = refusal(secured.by_certificate(plain, "producer", **foreign), capfd)
    assert "refused the client's certificate" in message


def test_a_failing_connection_is_not_logged_twenty_times_a_second(
    secured: Secured, plain: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = secured.by_password(
        plain, "producer", security_protocol="PLAINTEXT", connect_timeout_s=SHORT_S
    )
    with caplog.at_level(logging.DEBUG, LIBRDKAFKA_LOGGER), pytest.raises(BrokerUnavailable):
        open_admin(wrong)
    assert len(caplog.records) < 10


@pytest.mark.parametrize("name", ["ssl_ca_location", "ssl_key_location"])
def test_a_file_that_is_not_there_is_named_by_its_setting(
    secured: Secured, plain: Settings, tmp_path: Path, name: str
) -> None:
    settings = secured.by_certificate(plain, "producer", **{name: tmp_path / "nothing.pem"})
    with pytest.raises(SettingsError, match=rf"kafka\.{name} is .*nothing\.pem"):
        open_admin(settings)


def test_a_key_that_is_none_is_told_by_the_settings(
    secured: Secured, plain: Settings, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text("not a key")
    settings = secured.by_certificate(plain, "producer", ssl_key_location=tmp_path / "key.pem")
    with pytest.raises(SettingsError, match=r"ssl\.key\.location.*check kafka\.ssl_\*"):
        open_admin(settings)


# OAUTHBEARER: a token endpoint of the test's own, and a broker that takes unsigned tokens


class _TokenEndpoint(BaseHTTPRequestHandler):
    """Gives a token to who knows the secret, as OpenID Connect's client credentials flow does."""

    asked: list[dict[str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.asked.append({"authorization": self.headers["authorization"] or "", "body": body})
        now = int(time.time())
        claims = {"sub": "producer", "iat": now, "exp": now + 300, "scope": "kafka"}
        token = ".".join([_part({"alg": "none"}), _part(claims), ""])
        answer = json.dumps({"access_token": token, "token_type": "bearer", "expires_in": 300})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: object) -> None:
        pass


def _part(document: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.fixture
def token_endpoint() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Its URL, and what it was asked."""
    asked: list[dict[str, str]] = []
    handler = type("Endpoint", (_TokenEndpoint,), {"asked": asked})
    with ThreadingHTTPServer((LOOPBACK, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://{LOOPBACK}:{server.server_port}/token", asked
        server.shutdown()
        thread.join()


def with_tokens(secured: Secured, plain: Settings, url: str) -> Settings:
    return secured.by_password(
        plain,
        "producer",
        sasl_mechanism="OAUTHBEARER",
        sasl_username=None,
        sasl_password=None,
        sasl_oauth_token_endpoint_url=url,
        sasl_oauth_client_id="producer-client",
        sasl_oauth_client_secret="marker-client-secret",
        sasl_oauth_scope="kafka",
        connect_timeout_s=20,
    )


def test_a_token_that_the_endpoint_gives_logs_in(
    secured: Secured, plain: Settings, token_endpoint: tuple[str, list[dict[str, str]]]
) -> None:
    url, asked = token_endpoint
    assert answers(with_tokens(secured, plain, url))
    assert "grant_type=client_credentials" in asked[0]["body"]
    assert "scope=kafka" in asked[0]["body"]


def test_a_token_endpoint_that_does_not_answer_is_told(
    secured: Secured, plain: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    message = refusal(with_tokens(secured, plain, f"http://{LOOPBACK}:1/token"), capfd)
    assert "sasl_oauth_token_endpoint_url" in message


def test_passwords_of_accounts_show_in_no_repr(secured: Secured, plain: Settings) -> None:
    shown = f"{secured.stack!r} {secured.stack.kafka!r} {secured.by_password(plain, 'producer')!r}"
    assert not [each for each in PASSWORDS.values() if each in shown]


def test_brokers_log_no_password_and_their_configuration_is_readable_to_its_owner_alone(
    secured: Secured,
) -> None:
    (broker,) = secured.stack.brokers
    logs = [path.read_text(errors="replace") for path in broker.log_file.parent.glob("*.log")]
    assert any("SASL_SSL" in text for text in logs)
    assert [each for each in PASSWORDS.values() for text in logs if each in text] == []
    assert broker.data_dir.parent.stat().st_mode & 0o077 == 0
