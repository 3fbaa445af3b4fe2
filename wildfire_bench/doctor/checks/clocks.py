"""Whether this machine, the brokers and the object store agree on the time."""

from __future__ import annotations

import uuid
from typing import Final

from confluent_kafka import KafkaError, Message, Producer
from confluent_kafka.admin import NewTopic, OffsetSpec

from wildfire_bench.doctor.ages import age
from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped, warn
from wildfire_bench.doctor.kafka_view import ADMIN_TIMEOUT_S, KafkaView
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.errors import BrokerUnavailable
from wildfire_bench.streaming.connection import client_config
from wildfire_bench.streaming.object_store.s3_client import object_store_errors, store_time

__all__ = ["MAX_STORE_SKEW_S", "NOTED_SKEW_S"]

NOTED_SKEW_S: Final = 5.0
"""Clocks further apart than this are worth a word."""
MAX_STORE_SKEW_S: Final = 900.0
"""S3 refuses requests that were signed a quarter of an hour off (RequestTimeTooSkewed)."""
SET_CLOCK: Final = "timedatectl set-ntp true, on the machine whose clock is wrong"


@check("clocks.store", "this machine's clock against the object store's", needs=("s3.configured",))
def store(surroundings: Surroundings) -> Finding:
    """Compare with the Date header of an answer, which tells whole seconds."""
    s3 = surroundings.settings.s3
    with object_store_errors(s3, s3.bucket):
        theirs = store_time(s3)
    if theirs is None:
        return skipped("the store tells no time")
    skew_s = surroundings.clock() - theirs.timestamp()
    if abs(skew_s) >= MAX_STORE_SKEW_S:
        text = f"{_apart(skew_s, 'the store')}: past {age(MAX_STORE_SKEW_S)} it refuses signatures"
        return fail(text, SET_CLOCK)
    if abs(skew_s) > NOTED_SKEW_S:
        return warn(_apart(skew_s, "the store"), SET_CLOCK)
    return ok(f"{abs(skew_s):.1f} s apart; the store tells whole seconds")


@check(
    "clocks.records",
    "time stamps of the newest records against this machine's clock",
    needs=("brokers.reachable",),
)
def records(surroundings: Surroundings) -> Finding:
    """Look for records from the future: time-outs and retention run by their time stamps."""
    kafka = surroundings.kafka
    places = [(name, number) for name, topic in kafka.topics.items() for number in topic.partitions]
    newest = _newest_ms(kafka, places)
    if not newest:
        return ok("no record yet")
    place, newest_ms = max(newest.items(), key=lambda each: each[1])
    ahead_s = newest_ms / 1000 - surroundings.clock()
    if ahead_s > NOTED_SKEW_S:
        return warn(
            f"the newest record of {place} is {age(ahead_s)} ahead of this machine: the clock of "
            "a broker or a producer is wrong, or this one's",
            SET_CLOCK,
        )
    return ok(f"the newest of {len(newest)} partitions is {age(max(-ahead_s, 0))} old")


@check(
    "clocks.brokers",
    "this machine's clock against the brokers' (with --write)",
    needs=("brokers.reachable",),
    timeout_s=30.0,
)
def brokers(surroundings: Surroundings) -> Finding:
    """Have a broker stamp a record on a topic that is there for a moment."""
    if not surroundings.write:
        return skipped("nothing is written unasked", "wildfire-bench doctor --write")
    before_s = surroundings.clock()
    stamped_s = _stamp(surroundings)
    after_s = surroundings.clock()
    # Anywhere in between is in order.
    skew_s = before_s - stamped_s if stamped_s < before_s else min(after_s - stamped_s, 0.0)
    if abs(skew_s) > NOTED_SKEW_S:
        text = f"{_apart(skew_s, 'the broker')}: reassembly times out early or late by as much"
        return warn(text, SET_CLOCK)
    return ok(f"{abs(skew_s):.3f} s apart")


def _stamp(surroundings: Surroundings) -> float:
    """Seconds since the epoch by a broker's clock."""
    kafka = surroundings.kafka
    topic = f"{surroundings.settings.topic_prefix}wildfire-doctor-{uuid.uuid4().hex[:12]}"
    config = {"message.timestamp.type": "LogAppendTime", "retention.ms": "60000"}
    created = kafka.admin.create_topics(
        [NewTopic(topic, 1, 1, config=config)], request_timeout=ADMIN_TIMEOUT_S
    )
    created[topic].result()
    try:
        return _append(surroundings, topic)
    finally:
        kafka.admin.delete_topics([topic], request_timeout=ADMIN_TIMEOUT_S)[topic].result()


def _append(surroundings: Surroundings, topic: str) -> float:
    stamps: list[int] = []
    errors: list[str] = []

    def on_delivery(error: KafkaError | None, message: Message) -> None:
        if error is None:
            stamps.append(message.timestamp()[1])
        else:
            errors.append(error.str())

    config = {"acks": "all", "delivery.timeout.ms": int(ADMIN_TIMEOUT_S * 1000)}
    producer = Producer({**client_config(surroundings.settings.kafka), **config})
    producer.produce(topic, value=b"what time is it?", on_delivery=on_delivery)
    producer.flush(ADMIN_TIMEOUT_S)
    if not stamps:
        cause = f" ({errors[0]})" if errors else ""
        msg = f"no broker stamped a record on {topic}{cause}: look into the brokers' logs"
        raise BrokerUnavailable(msg)
    return stamps[0] / 1000


def _newest_ms(kafka: KafkaView, places: list[tuple[str, int]]) -> dict[str, int]:
    """Largest time stamp of each partition that holds records."""
    newest: OffsetSpec = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
    found = {
        f"{topic}/{number}": each.timestamp
        for (topic, number), each in kafka.offsets(places, newest).items()
    }
    return {place: stamp for place, stamp in found.items() if stamp >= 0}


def _apart(skew_s: float, other: str) -> str:
    return f"this machine is {age(abs(skew_s))} {'ahead of' if skew_s > 0 else 'behind'} {other}"
