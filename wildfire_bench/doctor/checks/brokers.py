"""Whether the brokers answer, and how large a record they take."""

from __future__ import annotations

import time

from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped, warn
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.streaming.administration.broker_limits import (
    GUIDE_MESSAGE_MAX_BYTES,
    read_limits,
)
from wildfire_bench.streaming.sending.limits import REQUEST_OVERHEAD_BYTES

__all__: list[str] = []


@check("brokers.reachable", "whether a broker answers", needs=("settings.valid",))
def reachable(surroundings: Surroundings) -> Finding:
    """Connect, and list the brokers."""
    start = time.monotonic()
    cluster = surroundings.kafka.cluster
    took_ms = (time.monotonic() - start) * 1000
    where = surroundings.settings.kafka.bootstrap_servers
    return ok(f"{len(cluster.brokers)} at {where}, after {took_ms:.0f} ms")


@check(
    "brokers.limits",
    "how large a record the brokers take (guide, section 8)",
    needs=("brokers.reachable",),
)
def limits(surroundings: Surroundings) -> Finding:
    """Compare message, request and replication limits with what the topics ask for."""
    kafka = surroundings.kafka
    found = read_limits(kafka.admin, kafka.topics)
    if found.unread:
        reasons = "; ".join(found.unread.values())
        return skipped(f"could not be read: {reasons}", "grant DescribeConfigs")
    message, request = found.message_max_bytes or 0, found.socket_request_max_bytes or 0
    replica = found.replica_fetch_max_bytes or 0
    told = f"message {message:,}, request {request:,}, replica fetch {replica:,} bytes"
    above = {
        name: size
        for name, size in found.topics.items()
        if (size or 0) > request - REQUEST_OVERHEAD_BYTES
    }
    if above:
        return fail(
            f"socket.request.max.bytes is {request:,}: a record that fills "
            f"{len(above)} topic(s) hangs until its time-out, with other clients than ours",
            "set socket.request.max.bytes in server.properties (KAFKA_SOCKET_REQUEST_MAX_BYTES in "
            "docker-compose.yml) and restart, or lower max.message.bytes of the topics",
            *(f"{name}: max.message.bytes {size:,}" for name, size in above.items()),
        )
    if message < GUIDE_MESSAGE_MAX_BYTES:
        return warn(
            f"message.max.bytes is {message:,}, the guide's is {GUIDE_MESSAGE_MAX_BYTES:,}: topics "
            "without a limit of their own refuse large records",
            "wildfire-bench topics limits --raise",
        )
    if len(kafka.cluster.brokers) > 1 and replica < GUIDE_MESSAGE_MAX_BYTES:
        return warn(
            f"replica.fetch.max.bytes is {replica:,}: large records replicate one by one, slowly",
            "set replica.fetch.max.bytes in server.properties (KAFKA_REPLICA_FETCH_MAX_BYTES in "
            "docker-compose.yml) and restart; it is read-only while a broker runs",
        )
    return ok(told)
