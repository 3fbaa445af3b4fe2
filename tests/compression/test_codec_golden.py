"""Payloads written once by every codec stay readable for ever.

The files under ``tests/golden/codec`` are named ``<block>.<codec>[-<variant>]`` beside the
``<block>.raw`` they decode to. They are never written again to make a test pass: a new version of
a codec adds files.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from wildfire_bench.compression import codec_names, decoder

FOLDER = Path(__file__).parents[1] / "golden" / "codec"
PAYLOADS = sorted(path for path in FOLDER.iterdir() if path.suffix != ".raw")


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.name)
def test_a_payload_written_once_still_decodes(path):
    block = path.with_suffix(".raw").read_bytes()
    out = memoryview(bytearray(len(block)))
    decoder(path.suffix[1:].partition("-")[0]).decode_into(path.read_bytes(), out)
    assert out == block


def test_every_codec_has_a_golden_file():
    assert {path.suffix[1:].partition("-")[0] for path in PAYLOADS} == set(codec_names())
