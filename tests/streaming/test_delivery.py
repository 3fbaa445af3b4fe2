"""What docs/architecture.md promises, on a real broker: nothing lost, nothing corrupt."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.streaming.conftest import picture, receive
from tests.streaming.raw_records import RawRecord, chunks_of, interleaved, put
from wildfire_bench import KafkaDataProducer, SatelliteImageConsumer
from wildfire_bench.errors import DeliveryFailed
from wildfire_bench.settings import Settings
from wildfire_bench.streaming.dead_letter_box import dead_letters, find_dead_letter, replay
from wildfire_bench.streaming.dead_letters import DeadLetter
from wildfire_bench.streaming.sending.image_lanes import ImageLanes
from wildfire_bench.streaming.topics import topic_names

pytestmark = pytest.mark.integration

MakeConsumer = Callable[..., SatelliteImageConsumer]
WAIT_S = 30.0


async def letters(settings: Settings, count: int) -> list[DeadLetter]:
    """Dead letters, once there are so many."""
    deadline = time.monotonic() + WAIT_S
    found: list[DeadLetter] = []
    while time.monotonic() < deadline:
        found = await asyncio.to_thread(lambda: list(dead_letters(settings)))
        if len(found) >= count:
            return found
    msg = f"{len(found)} dead letters after {WAIT_S} s, expected {count}: {found}"
    raise AssertionError(msg)


def with_limits(settings: Settings, **limits: object) -> Settings:
    """The same settings with other limits of receiving."""
    consumer = settings.kafka_consumer.model_copy(update=limits)
    return settings.model_copy(update={"kafka_consumer": consumer})


def chunk_topic(settings: Settings) -> str:
    return topic_names(settings).chunks


async def test_chunks_reordered_doubled_and_interleaved_make_the_images(
    topics: Settings, consumer: MakeConsumer
) -> None:
    images = [picture(300_000, seed) for seed in range(3)]
    one, two, three = [await chunks_of(topics, image, "same-source") for image in images]
    doubled = [record for record in one for _ in range(2)]
    put(topics, chunk_topic(topics), interleaved(doubled, two[::-1], three))
    async with consumer() as received:
        found = await receive(received, 3)
    assert sorted(bytes(image.data) for image in found) == sorted(images)


async def test_a_flipped_chunk_goes_to_the_dead_letters_and_a_good_copy_completes_the_image(
    topics: Settings, consumer: MakeConsumer
) -> None:
    image = picture(300_000)
    records = await chunks_of(topics, image)
    put(topics, chunk_topic(topics), [*records[:2], records[2].flipped_value(999), *records[3:]])
    async with consumer() as images:
        (letter,) = await letters(topics, 1)
        put(topics, chunk_topic(topics), [records[2]])
        (found,) = await receive(images)
    assert found.data == image
    assert letter.error in {"CorruptPayload", "DigestMismatch"}
    assert letter.image_id == found.image_id
    assert [place.offset for place in letter.places] == [2]


async def test_every_flipped_header_of_a_chunk_is_noticed(
    topics: Settings, consumer: MakeConsumer
) -> None:
    image, good = picture(100_000, 1), picture(100_000, 2)
    records = await chunks_of(topics, image)
    altered = [records[0].flipped_header(n, n) for n in range(len(records[0].headers))]
    put(topics, chunk_topic(topics), [*altered, *await chunks_of(topics, good)])
    async with consumer() as images:
        (found,) = await receive(images)
        assert found.data == good
        found_letters = await letters(topics, len(altered))
    assert {letter.error for letter in found_letters} <= {"CorruptEnvelope", "UnsupportedFormat"}


async def test_records_of_strangers_do_not_stop_the_consumer(
    topics: Settings, consumer: MakeConsumer
) -> None:
    names = topic_names(topics)
    stranger = RawRecord(b"k", b"garbage", (("h", b"v"),))
    for topic in names.images:
        put(topics, topic, [stranger, RawRecord(b"", b"", ())])
    image = picture(1000)
    async with KafkaDataProducer(settings=topics) as producer, consumer() as images:
        await producer.send_satellite_image(image)
        (found,) = await receive(images)
        assert found.data == image
        assert len(await letters(topics, 8)) == 8


async def test_an_incomplete_image_times_out_by_name_and_does_not_hold_up_others(
    topics: Settings, consumer: MakeConsumer
) -> None:
    lost, good = picture(300_000, 1), picture(300_000, 2)
    records = await chunks_of(topics, lost)
    put(topics, chunk_topic(topics), [*records[:1], *records[3:], *await chunks_of(topics, good)])
    settings = with_limits(topics, reassembly_timeout_s=1.0)
    async with consumer(settings=settings) as images:
        (found,) = await receive(images)
        assert found.data == good
        (letter,) = await letters(topics, 1)
    assert letter.error == "IncompleteImage"
    assert letter.missing == (1, 2)
    assert len(letter.places) == len(records) - 2


async def test_an_old_backlog_never_times_out_falsely(
    topics: Settings, consumer: MakeConsumer
) -> None:
    """Between its chunks less than the time-out passed, and much more before it is read."""
    image = picture(300_000)
    records = await chunks_of(topics, image)
    put(topics, chunk_topic(topics), records[:2])
    put(topics, chunk_topic(topics), records[2:])
    settings = with_limits(topics, reassembly_timeout_s=2.0)
    await asyncio.sleep(2.5)  # this is the backlog's age, not a wait for something
    async with consumer(settings=settings) as images:
        (found,) = await receive(images)
    assert found.data == image


async def test_past_the_spill_limit_the_oldest_incomplete_image_makes_room(
    topics: Settings, consumer: MakeConsumer
) -> None:
    pictures = [picture(300_000, seed) for seed in range(4)]
    records = [await chunks_of(topics, image) for image in pictures]
    incomplete = [record for image in records[:3] for record in image[1:]]
    put(topics, chunk_topic(topics), [*incomplete, *records[3]])
    settings = with_limits(topics, memory_bytes=300_000, spill_bytes=300_000)
    async with consumer(settings=settings) as images:
        (found,) = await receive(images)
        assert found.data == pictures[3]
        assert {letter.error for letter in await letters(topics, 1)} == {"ReassemblyOverflow"}


async def test_an_image_that_announces_more_than_allowed_is_refused_before_it_is_allocated(
    topics: Settings, consumer: MakeConsumer
) -> None:
    put(topics, chunk_topic(topics), (await chunks_of(topics, picture(300_000)))[:1])
    routing = topics.routing.model_copy(
        update={"max_image_bytes": 299_999, "direct_max_bytes": 1, "chunked_max_bytes": 2}
    )
    async with consumer(settings=topics.model_copy(update={"routing": routing})):
        (letter,) = await letters(topics, 1)
    assert letter.error == "ImageTooLarge"
    assert "max_image_bytes" in letter.reason


async def test_a_refused_image_goes_to_the_dead_letters_and_a_replay_delivers_it_again(
    topics: Settings, consumer: MakeConsumer
) -> None:
    image = picture(300_000)
    put(topics, chunk_topic(topics), await chunks_of(topics, image))
    async with consumer() as images:
        (found,) = await receive(images)
        await found.nack("clouds only")
        (letter,) = await letters(topics, 1)
        assert (letter.error, letter.reason) == ("Rejected", "clouds only")
        assert letter.place is not None
        same = await asyncio.to_thread(
            find_dead_letter, topics, letter.place.partition, letter.place.offset
        )
        assert same == letter
        replayed = await replay(letter, settings=topics)
        (again,) = await receive(images)
    assert again.data == image
    assert again.image_id == found.image_id
    assert again.places == replayed.places
    assert again.metadata == found.metadata


CONSUME = """
import asyncio, sys
from wildfire_bench import SatelliteImageConsumer, Settings
async def main(group, prefix, servers, stop_at):
    settings = Settings(topic_prefix=prefix, kafka_consumer={"session_timeout_s": 6})
    async with SatelliteImageConsumer(servers, group_id=group, settings=settings) as images:
        seen = 0
        async for image in images:
            print(image.image_id, len(image.data), image.redelivered, flush=True)
            seen += 1
            if seen == int(stop_at):
                await asyncio.sleep(3600)
asyncio.run(main(*sys.argv[1:]))
"""


async def consume_until_killed(settings: Settings, images: int) -> list[str]:
    """A consumer process that is killed while it holds its last image; ids of those before it."""
    command = [
        *(sys.executable, "-c", CONSUME, "killed", settings.topic_prefix),
        *(settings.kafka.bootstrap_servers, str(images)),
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    lines = [await asyncio.wait_for(process.stdout.readline(), WAIT_S) for _ in range(images)]
    process.send_signal(signal.SIGKILL)
    await process.wait()
    return [line.decode().split()[0] for line in lines]


async def test_a_consumer_killed_in_the_middle_of_chunks_loses_and_repeats_nothing(
    topics: Settings, consumer: MakeConsumer
) -> None:
    pictures = [picture(300_000, seed) for seed in range(4)]
    cut = [await chunks_of(topics, image, f"source-{n}") for n, image in enumerate(pictures)]
    put(topics, chunk_topic(topics), interleaved(*(records[:-1] for records in cut)))
    put(topics, chunk_topic(topics), [records[-1] for records in cut[:3]])
    before = await consume_until_killed(topics, 3)
    put(topics, chunk_topic(topics), [cut[3][-1]])
    quick = with_limits(topics, session_timeout_s=6.0)
    async with consumer(settings=quick, group_id="killed") as images:
        found = await receive(images, 2)
    assert {image.image_id for image in found} | set(before) == {
        dict(records[0].headers)["ce_subject"].decode() for records in cut
    }
    again = [image for image in found if image.image_id in before]
    assert [image.image_id for image in again] == before[-1:]
    assert again[0].redelivered


SEND = """
import asyncio, sys
from wildfire_bench import KafkaDataProducer, Settings
from wildfire_bench.settings import RoutingSettings
async def main(prefix, servers, path):
    routing = RoutingSettings(direct_max_bytes=1, chunk_bytes=65536)
    settings = Settings(topic_prefix=prefix, routing=routing)
    async with KafkaDataProducer(servers, settings=settings) as p:
        print("sending", flush=True)
        while True:
            await p.send_satellite_image(path, source_id="killed")
asyncio.run(main(*sys.argv[1:]))
"""


async def test_an_image_of_a_killed_producer_is_completed_by_its_resend(
    topics: Settings, consumer: MakeConsumer, tmp_path: Path
) -> None:
    path = tmp_path / "scene.tif"
    path.write_bytes(picture(40_000_000))
    command = [*(sys.executable, "-c", SEND, topics.topic_prefix), topics.kafka.bootstrap_servers]
    process = await asyncio.create_subprocess_exec(*command, str(path), stdout=subprocess.PIPE)
    assert process.stdout is not None
    await asyncio.wait_for(process.stdout.readline(), WAIT_S)
    await asyncio.sleep(0.05)  # somewhere in the middle; any moment will do
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    routing = topics.routing.model_copy(update={"direct_max_bytes": 1, "chunk_bytes": 65536})
    settings = topics.model_copy(update={"routing": routing})
    async with KafkaDataProducer(settings=settings) as producer, consumer() as images:
        await producer.send_satellite_image(path, source_id="killed")
        (found,) = await receive(images)
        assert found.data == path.read_bytes()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(images), 1.0)


async def test_a_slow_caller_pauses_fetching_and_loses_nothing(
    topics: Settings, producer: KafkaDataProducer, consumer: MakeConsumer
) -> None:
    sent = [await producer.send_satellite_image(picture(200_000, n)) for n in range(12)]
    async with consumer(settings=with_limits(topics, ready_bytes=300_000)) as images:
        await asyncio.sleep(1.0)  # the caller is slow
        found = await receive(images, len(sent))
    assert {image.image_id for image in found} == {receipt.image_id for receipt in sent}


async def test_unacknowledged_sends_fail_by_name_and_stop_names_them(
    topics: Settings, unused_tcp_port: int
) -> None:
    quick = topics.kafka_producer.model_copy(update={"delivery_timeout_s": 2.0})
    settings = topics.model_copy(update={"kafka_producer": quick})
    async with KafkaDataProducer(settings=settings) as producer:
        lost = topics.kafka.model_copy(update={"bootstrap_servers": f"127.0.0.1:{unused_tcp_port}"})
        assert producer._images is not None
        nowhere = settings.model_copy(update={"kafka": lost})
        producer._images._sender._lanes = ImageLanes(nowhere, {})
        with pytest.raises(DeliveryFailed, match="again") as failure:
            await producer.send_satellite_image(picture(1000), source_id="s")
        assert failure.value.safe_to_resend
        assert failure.value.image_id
        sending = asyncio.create_task(producer.send_satellite_image(picture(2000), source_id="s"))
        await asyncio.sleep(0.2)
        unsent = await producer.stop(timeout_s=0.1)
        with pytest.raises(DeliveryFailed):
            await sending
    assert len(unsent) == 1
