import pytest

from wildfire_bench.errors import AccessDenied, InputError
from wildfire_bench.settings import KafkaSettings, Settings
from wildfire_bench.streaming.administration.acl import kafka_acls_commands
from wildfire_bench.streaming.administration.rights import (
    Right,
    Role,
    access_denied,
    rights_of,
)


def operations(role: Role, settings: Settings | None = None) -> set[tuple[str, str]]:
    """What a role may do, by the last words of what it may do it on."""
    rights = rights_of(role, settings or Settings(), "group")
    return {(right.operation, right.name.removeprefix("wildfire-")) for right in rights}


def test_a_producer_reads_nothing():
    assert {operation for operation, _ in operations(Role.PRODUCER)} == {"Write", "DescribeConfigs"}


def test_a_consumer_writes_dead_letters_alone():
    found = operations(Role.CONSUMER)
    assert {name for operation, name in found if operation == "Write"} == {"dead-letters"}
    assert {operation for operation, _ in found} == {"Read", "Write"}


def test_nobody_but_a_verifier_deletes_and_only_what_is_its_own():
    deleting = {
        (role, name)
        for role in Role
        for operation, name in operations(role)
        if operation == "Delete"
    }
    assert deleting == {(Role.VERIFIER, "verify-")}


def test_rights_are_on_topics_with_the_prefix_in_force():
    settings = Settings(topic_prefix="test-")
    rights = rights_of(Role.PRODUCER, settings)
    assert all(each.name.startswith("test-") for each in rights if each.resource == "topic")


def test_a_consumer_without_a_group_is_refused():
    with pytest.raises(InputError, match="--group"):
        rights_of(Role.CONSUMER, Settings())


def test_rights_are_written_as_one_call_of_kafkas_tool_for_each_resource():
    rights = [
        Right("Write", "topic", "t"),
        Right("DescribeConfigs", "topic", "t"),
        Right("Read", "group", "my group", "prefixed"),
        Right("DescribeConfigs", "cluster", "kafka-cluster"),
    ]
    start = "kafka-acls.sh --bootstrap-server b:9092 --add --allow-principal User:p"
    assert kafka_acls_commands(rights, "User:p", "b:9092") == (
        f"{start} --cluster --operation DescribeConfigs",
        f"{start} --group 'my group' --resource-pattern-type prefixed --operation Read",
        f"{start} --topic t --operation Write --operation DescribeConfigs",
    )


def test_a_denial_names_account_rights_and_remedy():
    kafka = KafkaSettings(sasl_username="me")
    error = access_denied(kafka, Right("Write", "topic", "t"), Right("Read", "group", "g"))
    assert isinstance(error, AccessDenied)
    assert isinstance(error, PermissionError)
    for part in ("denies me", "Write on topic t", "Read on group g", "topics acls"):
        assert part in str(error)
