"""Without numba and pcodec, the extra ``fast``, the same formats are read and written."""

from __future__ import annotations

import subprocess
import sys

import pytest

WITHOUT_FAST = """
import sys
sys.modules["numba"] = sys.modules["pcodec"] = None
from pathlib import Path
from wildfire_bench.compression import codec_names, decoder, encoder
from wildfire_bench.compression.pixel_loops import engine
folder = Path("tests/golden/codec")
for payload in sorted(folder.glob("*.predictive")):
    image = payload.with_suffix(".raw").read_bytes()
    out = bytearray(len(image))
    decoder("predictive").decode_into(payload.read_bytes(), memoryview(out))
    assert out == image, payload
print(engine().name, *codec_names())
"""


@pytest.fixture(scope="module")
def run(request):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_FAST],
        capture_output=True,
        text=True,
        check=True,
        cwd=request.config.rootpath,
    )


def test_numpy_reads_every_golden_payload(run):
    assert run.stdout.split() == ["numpy", "gzip", "predictive", "stored", "zstd"]


def test_one_warning_says_what_to_install(run):
    assert run.stderr.count("install wildfire-bench[fast]") == 1
