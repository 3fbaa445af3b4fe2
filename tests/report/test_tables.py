import re
from dataclasses import replace

from tests.bench.made_up import made_up, without_brokers_cpu
from wildfire_bench.bench.verdicts.claims import claims
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.report.tables import measured_table, scenes_table, verdict_table


def test_every_claim_stands_in_the_table_word_for_word():
    shown = verdict_table(judge_all(made_up())).text
    assert all(claim.words in shown for claim in claims())


def test_a_verdict_is_a_word_and_no_mere_colour():
    assert "does not hold</span>" in verdict_table(judge_all(made_up()))._repr_html_()


def test_a_command_in_a_sentence_is_set_as_code_and_plain_in_text():
    shown = verdict_table(judge_all(made_up()))
    assert "<code>wildfire-bench bench matrix</code>" in shown.markup
    assert "run of wildfire-bench bench matrix decides" in shown.text


def test_a_figure_and_its_count_are_not_broken_apart():
    shown = verdict_table(judge_all(made_up())).markup
    assert re.search(r'<span class="figure">\[[^<]+ to [^<]+\],</span> ', shown)
    assert '<span class="figure">n = 1</span>' in shown


def test_every_variant_has_its_row():
    shown = measured_table(made_up()).text
    assert all(variant.label in shown for variant in made_up().variants)


def test_what_was_not_measured_is_a_dash_and_no_zero():
    assert "| – |" in measured_table(without_brokers_cpu(made_up())).text


def test_other_kinds_of_pixels_are_listed_as_shares_of_their_image():
    assert "8-bit RGB (8-bit RGB) | 134 | 45 | 40 | 30" in scenes_table(made_up()).text


def test_a_run_without_other_scenes_has_no_such_table():
    assert scenes_table(replace(made_up(), scenes=())) is None
