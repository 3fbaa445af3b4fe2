from dataclasses import replace

from tests.bench.made_up import made_up, without_brokers_cpu
from wildfire_bench.bench.machine_load import busy_during_note, busy_note
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.report import sentences


def test_headline_has_the_figures_of_before_and_after():
    said = sentences.headline_figures(made_up(), judge_all(made_up()))
    assert "storage 26.7 to 15.7 MB (−41 %)" in said[0]


def test_headline_of_one_round_states_bytes_alone():
    results = made_up()
    results = replace(results, workload=replace(results.workload, rounds=1))
    said = sentences.headline_figures(results, ())[0]
    assert [word in said for word in ("storage", "traffic", "latency", "CPU")] == [True] * 2 + [
        False
    ] * 2


def test_the_command_to_repeat_names_the_profile_that_ran():
    results = made_up()
    results = replace(results, workload=replace(results.workload, name="smoke"))
    assert "--profile smoke" in sentences.how_to_repeat(results).text


def test_headline_says_when_an_image_was_lost():
    results = made_up()
    lost = replace(results.samples[0], end_to_end_ms=None, identical=False, error="lost")
    results = replace(results, samples=(lost, *results.samples[1:]))
    assert "1 of 54 images did not arrive" in sentences.headline_figures(results, ())[-1]


def test_headline_warns_of_other_work_that_disturbed_its_times():
    note = busy_during_note((0.4, 0.5, 0.6))
    busy = replace(made_up(), notes=("The machine had a fan.", busy_note(9.0, 2), note))
    once = replace(busy, workload=replace(busy.workload, rounds=1))
    warned = [sentences.headline(run, ()).text.endswith(note) for run in (made_up(), busy, once)]
    assert warned == [False, True, False]  # sizes, all that one round is enough for, stay the same


def test_what_got_worse_names_the_price_of_zstd_against_plain_binary():
    assert "Against plain binary, latency is 1.4 times" in sentences.what_got_worse(made_up()).text


def test_what_got_better_is_not_among_what_got_worse():
    assert "base64 JSON" not in sentences.what_got_worse(made_up()).text


def test_the_path_behind_the_guides_time_is_named_only_where_it_is_near():
    results = made_up()
    slow = tuple(replace(each, milliseconds=9e3) for each in results.serialization)
    said = [
        sentences.serialization_answer(each).text
        for each in (results, replace(results, serialization=slow))
    ]
    assert ["those of JSON with gzip" in text for text in said] == [True, False]


def test_unknown_cpu_time_is_said_with_its_reason():
    assert "not known" in sentences.cpu_answer(without_brokers_cpu(made_up())).text


def test_limitations_hold_the_notes_of_the_run():
    assert "The machine had a fan." in sentences.limitations(made_up()).text


def test_what_comes_from_outside_is_escaped():
    assert "&lt;B02&gt; &amp; B03" in sentences.how_measured(made_up())._repr_html_()
