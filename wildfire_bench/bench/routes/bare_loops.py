"""The least that carries an image: rivals of the library's chunked route, in a few lines each.

`RawMessage` sends a whole image as it is in one record and hands over what comes out of `poll`.
`EncodedChunks` does the same work on the bytes as the library (same chunks, same codec, same
threads, overlapped in the same way) and nothing else: no identity, no headers beyond three numbers,
no digests, no catalogue, no offsets, no limits. What the library costs is the difference to it.
"""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from wildfire_bench.compression.codec import Codec, decoder
from wildfire_bench.errors import BenchmarkError
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.connection import client_config
from wildfire_bench.streaming.receiving.consumer_config import reading_config
from wildfire_bench.streaming.routing import chunk_places
from wildfire_bench.streaming.sending.lane_client import MAX_RECORD_BYTES

__all__ = ["BareConsumer", "BareProducer"]

_PLACE = struct.Struct("<QQQ")
_POLL_S = 0.01


class BareProducer:
    """Sends images to one topic.

    Parameters
    ----------
    settings
        Brokers; chunk size and threads of the library's own run.
    topic
        Where to.
    codec
        None sends each image raw in one record; otherwise chunks are encoded with it.
    """

    def __init__(self, settings: Settings, topic: str, codec: Codec | None) -> None:
        self._topic, self._codec = topic, codec
        self._chunk_bytes = settings.routing.chunk_bytes
        workers = settings.kafka_producer.encode_workers
        self._ahead = workers + 1
        self._pool = ThreadPoolExecutor(workers)
        queue_bytes = settings.kafka_producer.max_in_flight_bytes + MAX_RECORD_BYTES
        self._client = Producer(
            {
                **client_config(settings.kafka),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 0,
                "message.max.bytes": MAX_RECORD_BYTES,
                "queue.buffering.max.kbytes": queue_bytes // 1024,
            }
        )
        self._failures: list[str] = []

    def send(self, image: bytes, name: str) -> None:
        """Send one image and wait until it is acknowledged."""
        if self._codec is None:
            self._produce(image, name, _PLACE.pack(0, len(image), 1))
        else:
            self._send_chunks(image, name, self._codec)
        left = self._client.flush(60)
        if left or self._failures:
            msg = f"bare loop: {left} records left, failures: {self._failures[:3]}"
            raise BenchmarkError(msg)

    def close(self) -> None:
        """End its threads."""
        self._pool.shutdown()

    def _send_chunks(self, image: bytes, name: str, codec: Codec) -> None:
        view = memoryview(image)
        encoder = codec.for_image(view)
        places = deque(chunk_places(len(image), self._chunk_bytes))
        count = len(places)
        working: deque[tuple[int, int, Future[Any]]] = deque()
        while places or working:
            while places and len(working) < self._ahead:
                offset, size = places.popleft()
                part = view[offset : offset + size]
                working.append((offset, size, self._pool.submit(encoder.encode, part, offset)))
            offset, size, encoding = working.popleft()
            self._produce(encoding.result(), name, _PLACE.pack(offset, size, count))
            self._client.poll(0)

    def _produce(self, value: Any, name: str, place: bytes) -> None:
        payload: Any = value if isinstance(value, bytes) else np.frombuffer(value, np.uint8)
        headers: list[tuple[str, str | bytes | None]] = [("place", place)]
        while True:
            try:
                self._client.produce(
                    self._topic,
                    value=payload,
                    key=name.encode(),
                    headers=headers,
                    on_delivery=self._delivered,
                )
                return
            except BufferError:
                self._client.poll(_POLL_S)

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._failures.append(error.str())


class BareConsumer:
    """Receives what `BareProducer` sends, from the end of the topic on, in a thread of its own.

    Parameters
    ----------
    settings, topic, codec
        As the producer's.
    image_bytes
        Size of every image.
    arrived
        Called with the name and the bytes of each image.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        codec: Codec | None,
        image_bytes: int,
        arrived: Callable[[str, memoryview], None],
    ) -> None:
        self._codec_name = None if codec is None else codec.name
        self._image_bytes, self._arrived = image_bytes, arrived
        self._pool = ThreadPoolExecutor(settings.kafka_consumer.decode_workers)
        self._client = Consumer(
            {
                **reading_config(settings),
                "group.id": f"{settings.topic_prefix}bare",
            }
        )
        found = self._client.list_topics(topic, timeout=30).topics[topic]
        self._client.assign([self._end_of(topic, number) for number in found.partitions])
        self._images: dict[str, tuple[memoryview, list[int]]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        self._stopping.set()
        self._thread.join()
        self._pool.shutdown()
        self._client.close()

    def _end_of(self, topic: str, number: int) -> TopicPartition:
        _, end = self._client.get_watermark_offsets(TopicPartition(topic, number), timeout=30)
        return TopicPartition(topic, number, end)

    def _run(self) -> None:
        while not self._stopping.is_set():
            message = self._client.poll(_POLL_S)
            if message is None or message.error() is not None:
                continue
            name = (message.key() or b"").decode()
            headers: Any = message.headers()
            offset, size, count = _PLACE.unpack(dict(headers)["place"])
            value = message.value() or b""
            if self._codec_name is None:
                self._arrived(name, memoryview(value))
                continue
            if name not in self._images:
                self._images[name] = (np.empty(self._image_bytes, np.uint8).data, [count])
            self._pool.submit(self._decode, name, offset, size, value)

    def _decode(self, name: str, offset: int, size: int, value: bytes) -> None:
        image, left = self._images[name]
        decoder(self._codec_name or "").decode_into(value, image[offset : offset + size])
        with self._lock:
            left[0] -= 1
            last = left[0] == 0
        if last:
            del self._images[name]
            self._arrived(name, image)
