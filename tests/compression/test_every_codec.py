"""What holds for every registered codec: exactness, and nothing but our errors on bad payloads."""

from __future__ import annotations

import concurrent.futures
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wildfire_bench.compression import codec_names, decoder, encoder
from wildfire_bench.errors import CorruptPayload, SettingsError, UnsupportedFormat

NAMES = codec_names()
names = st.sampled_from(NAMES)
repetitive = st.builds(lambda unit, times: unit * times, st.binary(min_size=1), st.integers(1, 500))
blocks = st.binary(max_size=1 << 14) | repetitive


def decode(name: str, payload: bytes, size_bytes: int) -> bytes:
    out = bytearray(size_bytes)
    decoder(name).decode_into(payload, memoryview(out))
    return bytes(out)


@given(block=blocks, name=names)
def test_every_block_comes_back(block, name):
    assert decode(name, bytes(encoder(name).encode(block)), len(block)) == block


@given(image=blocks, name=names, data=st.data())
def test_blocks_of_an_image_come_back_wherever_it_is_cut(image, name, data):
    cut = data.draw(st.integers(0, len(image)))
    images = encoder(name).for_image(image)
    parts = [
        decode(images.name, bytes(images.encode(part, offset)), len(part))
        for part, offset in ((image[:cut], 0), (image[cut:], cut))
    ]
    assert b"".join(parts) == image


@settings(max_examples=300)
@given(block=blocks, name=names, data=st.data())
def test_a_changed_byte_is_our_error_or_other_bytes_for_the_digest_to_catch(block, name, data):
    payload = bytearray(encoder(name).encode(block))
    if not payload:
        return
    place = data.draw(st.integers(0, len(payload) - 1))
    payload[place] ^= data.draw(st.integers(1, 255))
    try:
        assert len(decode(name, bytes(payload), len(block))) == len(block)
    except CorruptPayload:
        pass


@settings(max_examples=200)
@given(garbage=st.binary(max_size=300), name=names, size=st.integers(0, 400))
def test_garbage_is_our_error_or_a_block(garbage, name, size):
    try:
        assert len(decode(name, garbage, size)) == size
    except CorruptPayload:
        pass


@given(block=blocks, name=names, data=st.data())
def test_a_shortened_payload_is_refused(block, name, data):
    payload = bytes(encoder(name).encode(block))
    if not payload:
        return
    cut = data.draw(st.integers(0, len(payload) - 1))
    with pytest.raises(CorruptPayload):
        decode(name, payload[:cut], len(block))


@given(block=blocks, name=names, tail=st.binary(min_size=1, max_size=40))
def test_bytes_after_the_payload_are_refused(block, name, tail):
    payload = bytes(encoder(name).encode(block))
    with pytest.raises(CorruptPayload):
        decode(name, payload + tail, len(block))


@given(block=blocks, name=names, wrong=st.integers(0, 1 << 16))
def test_a_payload_of_another_size_is_refused(block, name, wrong):
    payload = bytes(encoder(name).encode(block))
    if wrong == len(block):
        return
    with pytest.raises(CorruptPayload):
        decode(name, payload, wrong)


@pytest.mark.parametrize("name", NAMES)
def test_two_payloads_in_one_are_refused(name):
    payload = bytes(encoder(name).encode(b"fire" * 100))
    with pytest.raises(CorruptPayload):
        decode(name, payload + payload, 400)


@pytest.mark.parametrize("name", NAMES)
def test_a_bomb_is_refused_before_it_is_inflated(name):
    if name == "stored":
        pytest.skip("stored payloads cannot inflate")
    bomb = bytes(encoder(name).encode(bytes(64 << 20)))
    out = memoryview(bytearray(1000))
    tracemalloc.start()
    try:
        with pytest.raises(CorruptPayload):
            decoder(name).decode_into(bomb, out)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("name", NAMES)
def test_memory_views_of_any_item_type_are_taken(name):
    numbers = memoryview(bytes(range(240))).cast("H")
    assert decode(name, bytes(encoder(name).encode(numbers)), 240) == bytes(range(240))


@pytest.mark.parametrize("name", NAMES)
def test_equal_blocks_give_equal_payloads(name):
    block = random.Random(7).randbytes(5000) + bytes(5000)
    assert bytes(encoder(name).encode(block)) == bytes(encoder(name).encode(block))


@pytest.mark.parametrize("name", NAMES)
def test_one_encoder_serves_many_threads(name):
    shared = encoder(name)
    work = [random.Random(seed).randbytes(3000) * 20 for seed in range(24)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        back = pool.map(lambda b: decode(name, bytes(shared.encode(b)), len(b)), work)
        assert list(back) == work


def test_an_unknown_codec_cannot_encode():
    with pytest.raises(SettingsError, match="choose one of"):
        encoder("lzma")


def test_an_unknown_codec_cannot_be_decoded():
    with pytest.raises(UnsupportedFormat, match="upgrade"):
        decoder("lzma")
