from pathlib import Path

import pytest
import trustme

from tests.secured import write_keystore
from wildfire_bench.errors import InputError
from wildfire_bench.stack.kafka_node import plan_nodes
from wildfire_bench.stack.ports import LOOPBACK
from wildfire_bench.stack.security import BrokerSecurity


@pytest.fixture
def keystore(tmp_path: Path) -> Path:
    path = tmp_path / "broker.pem"
    write_keystore(path, trustme.CA().issue_cert(LOOPBACK))
    return path


def test_a_key_of_a_form_that_kafka_does_not_take_is_refused_with_the_command(tmp_path: Path):
    issued = trustme.CA().issue_cert(LOOPBACK)
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "broker.pem"))
    with pytest.raises(InputError, match="openssl pkcs8"):
        BrokerSecurity(tmp_path / "broker.pem", tmp_path / "ca.pem")


@pytest.mark.parametrize("password", ["", 'a"b', "a;b", "a\nuser_me=x", "a b", "$VARIABLE"])
def test_a_password_that_would_alter_the_brokers_configuration_is_refused_without_being_shown(
    keystore: Path, password: str
):
    with pytest.raises(InputError, match="account 'me'") as raised:
        BrokerSecurity(keystore, keystore, accounts={"me": password})
    assert password == "" or password not in str(raised.value)


def test_no_listener_of_a_secured_node_is_in_plain_text(keystore: Path, tmp_path: Path):
    security = BrokerSecurity(keystore, keystore)
    (node,) = plan_nodes(1, range(20_000, 20_010), tmp_path, security)
    protocols = node.environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    named = {each.partition("://")[0] for each in node.environment["KAFKA_LISTENERS"].split(",")}
    assert {each.partition(":")[0] for each in protocols} == named
    assert {each.partition(":")[2] for each in protocols} == {"SASL_SSL", "SSL"}


def test_passwords_show_in_no_repr(keystore: Path, tmp_path: Path):
    security = BrokerSecurity(keystore, keystore, accounts={"me": "marker"})
    node, *_ = plan_nodes(1, range(20_000, 20_010), tmp_path, security)
    assert "marker" in "".join(node.environment.values())
    assert "marker" not in f"{security!r}{node!r}"
    assert security.super_password not in f"{security!r}{node!r}"
