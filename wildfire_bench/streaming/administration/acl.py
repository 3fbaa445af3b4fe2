"""Rights as ACLs on the brokers: granted, revoked, and written out for Kafka's own tool."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from wildfire_bench.errors import AccessDenied, TransportError
from wildfire_bench.streaming.administration.rights import Right

__all__ = ["grant", "kafka_acls_commands", "revoke"]

REQUEST_TIMEOUT_S = 30.0
IN_FORCE_TIMEOUT_S = 30.0
"""How long an ACL may take until the brokers go by it."""
_POLL_INTERVAL_S = 0.05
ANY_HOST = "*"

_RESOURCES: Mapping[str, ResourceType] = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "cluster": ResourceType.BROKER,  # librdkafka's name of it
}
_OPERATIONS: Mapping[str, AclOperation] = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Delete": AclOperation.DELETE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "AlterConfigs": AclOperation.ALTER_CONFIGS,
}


def grant(admin: AdminClient, rights: Iterable[Right], principal: str) -> None:
    """Add an ACL for each right, and wait until the brokers go by it.

    Parameters
    ----------
    admin
        Of an account that may alter the cluster.
    rights
        From `wildfire_bench.streaming.administration.rights.rights_of`.
    principal
        Such as ``User:producer``.

    Raises
    ------
    AccessDenied
        If the account may not.
    TransportError
        If the brokers keep no ACLs, or refuse for another reason.
    """
    wanted = [_key(right, principal) for right in rights]
    bindings = [AclBinding(*key, AclPermissionType.ALLOW) for key in wanted]
    _settle(admin.create_acls(bindings, request_timeout=REQUEST_TIMEOUT_S))
    _wait(admin, principal, lambda found: found.issuperset(wanted))


def revoke(admin: AdminClient, rights: Iterable[Right], principal: str) -> None:
    """Remove the ACL of each right, and wait until the brokers go by it.

    Raises
    ------
    AccessDenied, TransportError
        As `grant`.
    """
    gone = [_key(right, principal) for right in rights]
    filters = [AclBindingFilter(*key, AclPermissionType.ALLOW) for key in gone]
    _settle(admin.delete_acls(filters, request_timeout=REQUEST_TIMEOUT_S))
    _wait(admin, principal, lambda found: found.isdisjoint(gone))


def kafka_acls_commands(
    rights: Sequence[Right], principal: str, bootstrap_servers: str
) -> tuple[str, ...]:
    """Write rights as calls of Kafka's ``kafka-acls.sh``, one for each resource."""
    commands = []
    by_resource = sorted(rights, key=_resource_of)
    for (resource, name, pattern), of_one in groupby(by_resource, _resource_of):
        words = ["kafka-acls.sh", "--bootstrap-server", bootstrap_servers, "--add"]
        words += ["--allow-principal", principal]
        words += ["--cluster"] if resource == "cluster" else [f"--{resource}", name]
        words += ["--resource-pattern-type", pattern] if pattern != "literal" else []
        for right in of_one:
            words += ["--operation", right.operation]
        commands.append(shlex.join(words))
    return tuple(commands)


def _resource_of(right: Right) -> tuple[str, str, str]:
    return right.resource, right.name, right.pattern


_Key = tuple[ResourceType, str, ResourcePatternType, str, str, AclOperation]


def _key(right: Right, principal: str) -> _Key:
    pattern = (
        ResourcePatternType.PREFIXED if right.pattern == "prefixed" else ResourcePatternType.LITERAL
    )
    return (
        _RESOURCES[right.resource],
        right.name,
        pattern,
        principal,
        ANY_HOST,
        _OPERATIONS[right.operation],
    )


def _settle(answers: Mapping[Any, Future[Any]]) -> None:
    for answer in answers.values():
        _result(answer)


def _result(answer: Future[Any]) -> Any:
    try:
        return answer.result()
    except KafkaException as error:
        reason: KafkaError = error.args[0]
    if reason.code() == KafkaError.CLUSTER_AUTHORIZATION_FAILED:
        msg = (
            "Kafka denies this account the right to see or change ACLs: do it as a super user, or "
            "with the rights Describe and Alter on the cluster"
        )
        raise AccessDenied(msg)
    if reason.code() == KafkaError.SECURITY_DISABLED:
        msg = (
            "these brokers keep no ACLs: set authorizer.class.name in their server.properties "
            "(docs/security.md has an example), and restart them"
        )
        raise TransportError(msg)
    msg = f"the brokers refuse to change ACLs ({reason.str()})"
    raise TransportError(msg)


def _wait(admin: AdminClient, principal: str, done: Callable[[set[_Key]], bool]) -> None:
    """Wait until a broker goes by what was changed; it learns it from the controller's log."""
    every = AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type]  # any
        ResourcePatternType.ANY,
        principal,
        None,  # type: ignore[arg-type]  # any
        AclOperation.ANY,
        AclPermissionType.ALLOW,
    )
    deadline = time.monotonic() + IN_FORCE_TIMEOUT_S
    while True:
        found = _result(admin.describe_acls(every, request_timeout=REQUEST_TIMEOUT_S))
        if done({_found_key(each) for each in found}):
            return
        if time.monotonic() > deadline:
            msg = f"ACLs of {principal} are not in force after {IN_FORCE_TIMEOUT_S:g} s"
            raise TransportError(msg)
        time.sleep(_POLL_INTERVAL_S)


def _found_key(found: Any) -> _Key:
    return (
        found.restype,
        found.name,
        found.resource_pattern_type,
        found.principal,
        found.host,
        found.operation,
    )
