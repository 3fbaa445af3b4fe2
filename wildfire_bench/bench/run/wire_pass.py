"""The untimed pass: one more image by each driver, its bytes counted by a proxy on the way.

librdkafka counts what a producer sends. A proxy counts for all clients alike: producer, consumer,
and both sides of the object store. Where both count, they must agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from wildfire_bench.bench.measurements import WireCount
from wildfire_bench.bench.run.block import BlockRunner
from wildfire_bench.bench.run.reading import ANSWER_TIMEOUT_S
from wildfire_bench.bench.wire_proxy import LOOPBACK, Traffic, WireProxy, broker_ports
from wildfire_bench.bench.workloads.drivers import Driver
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.samples import Sample as SampleFile
from wildfire_bench.settings import S3Settings, Settings

__all__ = ["count_wire"]


def count_wire(blocks: BlockRunner, driver: Driver, scene: SampleFile) -> WireCount:
    """Carry one image past proxies and count its bytes; nothing is timed.

    Raises
    ------
    BenchmarkError
        If the image does not arrive, or the brokers cannot be reached through a proxy: they are
        elsewhere, or speak TLS.
    """
    settings = blocks.settings_of(driver)
    with (
        _proxies(settings, with_store=driver.needs_store) as sides,
        blocks.opened(driver, sides.producer_settings, sides.consumer_settings),
    ):
        client_before = blocks.producer.call("wire_bytes", ANSWER_TIMEOUT_S)
        before = sides.counts()
        blocks.carry_one(scene)
        client_after = blocks.producer.call("wire_bytes", ANSWER_TIMEOUT_S)
        after = sides.counts()
    sent, received, store_sent, store_received = (
        now - then for now, then in zip(after, before, strict=True)
    )
    return WireCount(
        driver.name,
        scene.size_bytes,
        client_after - client_before,
        sent,
        received,
        store_sent,
        store_received,
    )


@dataclass(frozen=True, slots=True)
class _Sides:
    """Proxies of the producer and of the consumer, and the settings that lead past them."""

    producer_settings: Settings
    consumer_settings: Settings
    producer: Traffic
    consumer: Traffic
    producer_store: Traffic
    consumer_store: Traffic

    def counts(self) -> tuple[int, int, int, int]:
        return (
            self.producer.to_server,
            self.consumer.from_server,
            self.producer_store.to_server,
            self.consumer_store.from_server,
        )


@contextmanager
def _proxies(settings: Settings, *, with_store: bool) -> Iterator[_Sides]:
    ports = broker_ports(settings)
    with ExitStack() as open_ones:
        ends = []
        for _ in ("producer", "consumer"):
            kafka = open_ones.enter_context(WireProxy(ports, kafka=True))
            store: WireProxy | None = None
            if with_store:
                store = open_ones.enter_context(WireProxy([_store_port(settings.s3)], kafka=False))
            ends.append((_led_past(settings, kafka, store), kafka.traffic, store))
        (one, sent, one_store), (other, received, other_store) = ends
        yield _Sides(
            one,
            other,
            sent,
            received,
            Traffic() if one_store is None else one_store.traffic,
            Traffic() if other_store is None else other_store.traffic,
        )


def _led_past(settings: Settings, kafka: WireProxy, store: WireProxy | None) -> Settings:
    brokers = settings.kafka.model_copy(update={"bootstrap_servers": kafka.addresses})
    update: dict[str, object] = {"kafka": brokers}
    if store is not None:
        update["s3"] = settings.s3.model_copy(update={"endpoint": store.addresses})
    return settings.model_copy(update=update)


def _store_port(s3: S3Settings) -> int:
    endpoint = s3.endpoint or ""
    url = urlsplit(endpoint if "://" in endpoint else f"//{endpoint}")
    if s3.secure or url.hostname not in LOOPBACK or url.port is None:
        msg = f"the object store at {url.hostname} is elsewhere or speaks TLS"
        raise BenchmarkError(msg)
    return url.port
