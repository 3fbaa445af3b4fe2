import logging
import time

import pytest
from pydantic import SecretStr

from wildfire_bench.errors import BrokerUnavailable
from wildfire_bench.settings import KafkaSettings, Settings
from wildfire_bench.streaming.connection import LIBRDKAFKA_LOGGER, client_config, open_admin

NOBODY = "127.0.0.1:1"


def test_plain_connection_has_no_security_keys():
    config = client_config(KafkaSettings(bootstrap_servers="kafka:9092"))
    assert sorted(config) == ["bootstrap.servers", "client.id", "logger", "security.protocol"]


def test_every_security_setting_reaches_librdkafka():
    config = client_config(
        KafkaSettings(
            security_protocol="SASL_SSL",
            sasl_mechanism="SCRAM-SHA-512",
            sasl_username="me",
            sasl_password="word",
            ssl_ca_location="/ca.pem",
            ssl_certificate_location="/cert.pem",
            ssl_key_location="/key.pem",
            ssl_key_password="key word",
        )
    )
    del config["logger"]
    assert config == {
        "bootstrap.servers": "localhost:9092",
        "client.id": "wildfire-bench",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "me",
        "sasl.password": "word",
        "ssl.ca.location": "/ca.pem",
        "ssl.certificate.location": "/cert.pem",
        "ssl.key.location": "/key.pem",
        "ssl.key.password": "key word",
    }


def test_a_token_is_fetched_by_librdkafka_itself():
    config = client_config(
        KafkaSettings(
            security_protocol="SASL_SSL",
            sasl_mechanism="OAUTHBEARER",
            sasl_oauth_token_endpoint_url="https://login.example/token",
            sasl_oauth_client_id="me",
            sasl_oauth_client_secret="hush",
            sasl_oauth_scope="kafka",
        )
    )
    assert {name: value for name, value in config.items() if "oauth" in name} == {
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": "https://login.example/token",
        "sasl.oauthbearer.client.id": "me",
        "sasl.oauthbearer.client.secret": "hush",
        "sasl.oauthbearer.scope": "kafka",
    }


@pytest.fixture
def unreachable() -> Settings:
    return Settings(kafka=KafkaSettings(bootstrap_servers=NOBODY, connect_timeout_s=0.6))


def test_unreachable_broker_is_one_sentence_with_address_cause_and_remedy(unreachable):
    with pytest.raises(BrokerUnavailable) as caught:
        open_admin(unreachable)
    message = str(caught.value)
    assert "\n" not in message
    for part in (NOBODY, "0.6 s", "Connection refused", "stack up", "KAFKA_BOOTSTRAP_SERVERS"):
        assert part in message


def test_unreachable_broker_is_told_within_the_time_set(unreachable):
    start = time.monotonic()
    with pytest.raises(BrokerUnavailable):
        open_admin(unreachable)
    assert time.monotonic() - start < 5


def test_unreachable_broker_prints_nothing(unreachable, capfd):
    with pytest.raises(BrokerUnavailable):
        open_admin(unreachable)
    assert capfd.readouterr() == ("", "")


def test_one_and_the_same_failure_is_logged_once(caplog):
    logger = client_config(KafkaSettings())["logger"]
    with caplog.at_level(logging.ERROR, logger=LIBRDKAFKA_LOGGER):
        for waited_ms in (1, 2, 3):
            logger.error("host: Connection refused (after %dms in state CONNECT)", waited_ms)
    assert len(caplog.records) == 1


@pytest.mark.integration
def test_refused_credentials_are_told_before_the_time_is_out(settings):
    kafka = settings.kafka.model_copy(
        update={
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_username": "me",
            "sasl_password": SecretStr("hush"),
            "connect_timeout_s": 20,
        }
    )
    with pytest.raises(BrokerUnavailable, match=r"refused the connection .*security_protocol"):
        open_admin(settings.model_copy(update={"kafka": kafka}))


@pytest.mark.integration
def test_a_broker_without_tls_is_told_with_the_setting(settings):
    kafka = settings.kafka.model_copy(update={"security_protocol": "SSL", "connect_timeout_s": 1})
    with pytest.raises(BrokerUnavailable, match=r"SSL.*check kafka\.security_protocol"):
        open_admin(settings.model_copy(update={"kafka": kafka}))
