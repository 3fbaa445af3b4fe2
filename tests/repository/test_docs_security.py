"""docs/security.md says what the code does."""

from __future__ import annotations

import re

import pytest
import trustme

from tests.repository.documents import code_blocks, document, table
from tests.secured import write_keystore
from wildfire_bench.settings import Settings
from wildfire_bench.stack.security import BrokerSecurity
from wildfire_bench.streaming.administration.rights import Right, Role, rights_of

RIGHTS = table("docs/security.md", "Rights on the brokers")


def told(role: Role) -> set[tuple[str, str]]:
    """Operation and kind of resource, for each right of the table."""
    found = set()
    for _, operations, on in (row for row in RIGHTS if row[0] == role):
        kinds = re.findall("topic|group|cluster|dead-letters", on)
        found |= {
            (operation, "topic" if kind == "dead-letters" else kind)
            for operation in operations.split(", ")
            for kind in kinds
        }
    return found


@pytest.mark.parametrize("role", Role)
def test_the_rights_of_a_role_are_those_that_are_granted(role: Role) -> None:
    rights: tuple[Right, ...] = rights_of(role, Settings(), "g")
    assert told(role) == {(right.operation, right.resource) for right in rights}


def test_the_example_of_secure_brokers_is_what_the_tests_run_against(tmp_path) -> None:
    authority = trustme.CA()
    write_keystore(tmp_path / "broker.pem", authority.issue_cert("127.0.0.1"))
    security = BrokerSecurity(tmp_path / "broker.pem", tmp_path / "ca.pem")
    in_force = security.environment(["CLIENT", "CONTROLLER"], "CLIENT")
    (text,) = code_blocks(document("docs/security.md"), "properties")
    example = dict(line.split("=", 1) for line in text.splitlines())

    own = {"listeners", "ssl.keystore.location", "ssl.truststore.location"}
    protocols = example.pop("listener.security.protocol.map").split(",")
    assert {name: example[name] for name in example.keys() - own} == {
        name: in_force[f"KAFKA_{name.upper().replace('.', '_')}"] for name in example.keys() - own
    }
    assert set(protocols) == set(in_force["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
