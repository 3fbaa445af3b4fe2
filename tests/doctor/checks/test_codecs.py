import json
import subprocess
import sys

import pytest

from tests.doctor.examining import finding
from wildfire_bench.compression import codec
from wildfire_bench.compression.stored import StoredCodec
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import CodecChoice, DataType, Settings

WITHOUT = """
import json, sys
sys.modules.update(dict.fromkeys(("zstandard", "numba", "pcodec")))
from tests.doctor.examining import finding
from wildfire_bench.settings import Settings
import wildfire_bench.streaming.image_consumer, wildfire_bench.streaming.kafka_producer
found = [finding(name, Settings()) for name in ("codecs.zstandard", "codecs.fast", "codecs.all")]
print(json.dumps([(each.severity, each.remedy, each.text) for each in found]))
"""


@pytest.fixture(scope="module")
def without(request):
    """Severity and remedy of three checks where zstandard, numba and pcodec are missing."""
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        capture_output=True,
        text=True,
        check=True,
        cwd=request.config.rootpath,
    )
    return json.loads(run.stdout)


def test_without_zstandard_images_can_be_sent_and_received_with_gzip(without):
    """The script imports producer and consumer; the finding says that gzip takes over."""
    assert "gzip takes its place" in without[0][2]


def test_without_zstandard_it_fails_and_says_what_to_install(without):
    severity, remedy, _ = without[0]
    assert (severity, "pip install zstandard" in remedy) == ("fail", True)


def test_without_the_extra_fast_it_warns_and_says_what_to_install(without):
    severity, remedy, _ = without[1]
    assert (severity, "wildfire-bench[fast]" in remedy) == ("warn", True)


def test_the_codecs_that_remain_are_in_order(without):
    assert without[2][0] == "ok"


@pytest.mark.parametrize("name", ["codecs.zstandard", "codecs.all", "codecs.fast", "codecs.matrix"])
def test_all_is_well_where_everything_is_installed(name):
    assert finding(name, Settings()).severity is Severity.OK


def test_a_codec_that_gives_other_bytes_back_fails_by_name(monkeypatch):
    class Forgetful(StoredCodec):
        def decode_into(self, payload, out):
            out[:] = bytes(len(out))

    monkeypatch.setitem(codec._factories, "stored", lambda _level: Forgetful())
    monkeypatch.setitem(codec._decoders, "stored", Forgetful())
    found = finding("codecs.all", Settings())
    assert (found.severity, "stored" in found.text) == (Severity.FAIL, True)


@pytest.mark.parametrize(
    ("data_type", "choice"),
    [
        (DataType.SATELLITE_IMAGERY, CodecChoice(codec="lzma")),
        (DataType.IOT_SENSORS, CodecChoice(codec="predictive")),
    ],
)
def test_a_row_of_the_matrix_that_cannot_be_is_named(data_type, choice):
    found = finding("codecs.matrix", Settings(compression_matrix={data_type: choice}))
    assert (found.severity, f"compression_matrix.{data_type}" in found.text) == ("fail", True)
