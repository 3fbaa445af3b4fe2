import pytest

from wildfire_bench.bench.codecs.measuring import (
    CodecBenchmark,
    CodecMeasurement,
    ThreadMeasurement,
)
from wildfire_bench.errors import InputError
from wildfire_bench.report import codecs


def measurement(codec, level, encoded, speed, used=None):
    return CodecMeasurement(
        scene="hill",
        codec=codec,
        level=level,
        used=used or codec,
        raw_bytes=1000,
        encoded_bytes=encoded,
        look_s=0.0,
        encode_mb_s=speed,
        decode_mb_s=2 * speed,
        encode_s=(1e-6, 2e-6, 3e-6),
        decode_s=(1e-6,) * 3,
        peak_bytes=0,
    )


def benchmark(*measurements, threads=(), rivals=(), skipped=""):
    return CodecBenchmark(
        "cpu", "3.11", {}, "numba", 1.0, 3, measurements, threads, rivals, skipped
    )


MEASURED = benchmark(
    measurement("stored", None, 1000, 9000),
    measurement("zstd", 1, 800, 500),
    measurement("gzip", 6, 1000, 30, used="stored"),
    measurement("predictive", 1, 400, 1000),
    threads=(ThreadMeasurement("hill", "predictive", 1, 1.9, 1.8, (1.9,), (1.8,)),),
)


def test_the_plot_says_which_codec_leaves_the_least():
    assert codecs.plot_size_and_speed(MEASURED, "hill").alt == (
        "On hill, predictive-1 leaves the least, 40 % of the image, at 1000 MB a second."
    )


def test_a_scene_that_was_not_measured_is_refused():
    with pytest.raises(InputError, match="'sea' was not measured"):
        codecs.plot_size_and_speed(MEASURED, "sea")


def test_the_answer_compares_predictive_to_the_guide():
    assert "on hill 50.0 % of its size, at 2.0 times" in codecs.predictive_answer(MEASURED).text


def test_no_gain_is_said_to_be_none():
    equal = benchmark(measurement("zstd", 1, 800, 500), measurement("predictive", 1, 800, 500))
    assert codecs.predictive_answer(equal).text.startswith("On none")


def test_the_answer_tells_what_a_second_thread_brings():
    assert "1.90 times the encoding and 1.80 times" in codecs.threads_answer(MEASURED).text


def test_scenes_too_small_for_two_threads_are_said_to_be():
    assert codecs.threads_answer(benchmark()).text.startswith("No scene")


def test_the_table_names_codecs_that_gave_up():
    assert "hill, gzip-6 (gave up: stored)" in codecs.codec_table(MEASURED).text


def test_a_codec_that_gave_up_has_no_speed():
    row = next(row for row in codecs.codec_table(MEASURED).text.splitlines() if "gzip-6" in row)
    assert row.endswith("| 100.0 | – | –")


def test_a_scene_on_which_all_codecs_gave_up_is_a_sentence_and_no_plot():
    jpeg = benchmark(
        measurement("stored", None, 1000, 9000),
        measurement("zstd", 1, 1000, 9e5, used="stored"),
        measurement("predictive", 1, 1000, 9e5, used="stored"),
    )
    said = codecs.plot_size_and_speed(jpeg, "hill")
    assert said.text == "Scene hill: all codecs gave up: stored as it is."


DENSE = measurement("predictive", 2, 400, 800)
JPEG_XL = measurement("jpeg-xl", 3, 500, 40)


def test_the_dense_setting_is_compared_to_jpeg_xl():
    said = codecs.rivals_answer(benchmark(DENSE, rivals=(JPEG_XL,))).text
    assert "on hill 80.0 % of its size, at 20.0 times its encoding" in said


def test_rivals_that_are_missing_are_said_to_be():
    skipped = benchmark(DENSE, skipped="JPEG XL was skipped")
    assert codecs.rivals_answer(skipped).text == (
        "Not compared to other codecs: JPEG XL was skipped."
    )


def test_scenes_that_no_rival_can_code_are_said_to_be():
    assert codecs.rivals_answer(benchmark(DENSE)).text.startswith("None of these scenes")


def test_rivals_are_drawn_and_listed():
    both = benchmark(DENSE, rivals=(measurement("jpeg-xl", 3, 300, 40),))
    assert "jpeg-xl-3 leaves the least" in codecs.plot_size_and_speed(both, "hill").alt
    assert "hill, jpeg-xl-3" in codecs.codec_table(both).text


@pytest.mark.parametrize("rivals", [(), (JPEG_XL,)])
def test_the_colour_of_rivals_is_named_only_where_there_are_some(rivals):
    caption = codecs.plot_size_and_speed(benchmark(DENSE, rivals=rivals), "hill").caption
    assert ("grey: other people's codecs" in caption) == bool(rivals)
