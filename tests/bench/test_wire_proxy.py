import socket
import socketserver
import threading
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import NewTopic

from wildfire_bench.bench.wire_proxy import BURST_S, WireProxy, broker_ports
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import open_admin

TIMEOUT_S = 20.0
ANSWER = b"y" * 3_000


class Answering(socketserver.BaseRequestHandler):
    """Reads 1,000 bytes, answers with 3,000."""

    def handle(self):
        missing = 1_000
        while missing and (piece := self.request.recv(missing)):
            missing -= len(piece)
        self.request.sendall(ANSWER)


@pytest.fixture
def server():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield listening.server_address[1]
        listening.shutdown()
        thread.join(TIMEOUT_S)


def test_every_byte_is_counted_by_direction_and_passed_on(server):
    with WireProxy([server], kafka=False) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.ports[server]), TIMEOUT_S) as client:
            client.sendall(b"x" * 1_000)
            received = b"".join(iter(lambda: client.recv(65_536), b""))
        assert received == ANSWER
        assert (proxy.traffic.to_server, proxy.traffic.from_server) == (1_000, 3_000)


def test_a_server_that_is_gone_closes_the_connection():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with (
        WireProxy([port], kafka=False) as proxy,
        socket.create_connection(("127.0.0.1", proxy.ports[port]), TIMEOUT_S) as client,
    ):
        assert client.recv(1) == b""


@pytest.mark.integration
def test_brokers_are_known_by_the_proxys_ports(stack):
    settings = stack.apply(Settings())
    ports = [broker.port for broker in stack.brokers]
    with WireProxy(ports, kafka=True) as proxy:
        kafka = settings.kafka.model_copy(update={"bootstrap_servers": proxy.addresses})
        admin = open_admin(settings.model_copy(update={"kafka": kafka}))
        told = {broker.port for broker in admin.list_topics(timeout=TIMEOUT_S).brokers.values()}
    assert told == set(proxy.ports.values())


def test_a_link_takes_the_time_that_its_rate_says(server):
    bytes_per_s = 20_000
    with WireProxy([server], kafka=False, bytes_per_s=bytes_per_s) as proxy:
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", proxy.ports[server]), TIMEOUT_S) as client:
            client.sendall(b"x" * 1_000)
            received = b"".join(iter(lambda: client.recv(65_536), b""))
        took_s = time.monotonic() - started
    assert received == ANSWER
    assert took_s >= (1_000 + len(ANSWER)) / bytes_per_s - 2 * BURST_S


@pytest.mark.integration
def test_records_go_past_the_proxy_and_come_back_as_they_were(stack):
    settings = stack.apply(Settings())
    value = bytes(range(256)) * 3_900
    admin = open_admin(settings)
    admin.create_topics([NewTopic("wire-proxy", 1)])["wire-proxy"].result(TIMEOUT_S)
    with WireProxy(broker_ports(settings), kafka=True, bytes_per_s=50e6) as proxy:
        servers = {"bootstrap.servers": proxy.addresses}
        producer = Producer({**servers, "message.max.bytes": 1_048_000})
        placed = []
        producer.produce("wire-proxy", value, on_delivery=lambda error, at: placed.append(at))
        assert producer.flush(TIMEOUT_S) == 0
        (place,) = placed
        consumer = Consumer({**servers, "group.id": "wire-proxy"})
        consumer.assign([TopicPartition("wire-proxy", place.partition(), place.offset())])
        (message,) = consumer.consume(1, TIMEOUT_S)
        consumer.close()
    admin.delete_topics(["wire-proxy"])["wire-proxy"].result(TIMEOUT_S)
    assert message.value() == value
    assert proxy.traffic.to_server > len(value)
    assert proxy.traffic.from_server > len(value)
