import json
import shutil
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from tests.bench.made_up import made_up
from wildfire_bench.bench.results.store import (
    append_run,
    find_run,
    newest_run,
    read_run,
    stored_runs,
)
from wildfire_bench.bench.workloads.workload import Pattern
from wildfire_bench.errors import BenchmarkError, InvalidParameter


@pytest.fixture
def kept(tmp_path):
    return append_run(made_up(), tmp_path)


def test_a_run_comes_back_as_it_was_kept(kept):
    assert read_run(kept) == made_up()


def test_failed_images_are_kept(tmp_path):
    results = made_up()
    lost = replace(results.samples[0], end_to_end_ms=None, identical=False, error="lost")
    results = replace(results, samples=(lost, *results.samples[1:]))
    assert read_run(append_run(results, tmp_path)).failures() == [lost]


def test_a_run_without_other_scenes_comes_back_too(tmp_path):
    results = replace(made_up(), scenes=(), checks=())
    assert read_run(append_run(results, tmp_path)) == results


def test_raw_samples_are_a_table_that_anyone_reads(kept):
    table = pq.read_table(kept.folder / "samples.parquet")
    assert "end_to_end_ms" in table.column_names


def test_the_manifest_names_machine_versions_seed_and_schema(kept):
    run = json.loads((kept.folder / "manifest.json").read_text())
    machine, work = run["run"]["environment"], run["run"]["workload"]
    assert {"cpu", "cores", "system", "packages", "commit"} <= machine.keys()
    assert (run["schema_version"], work["seed"]) == (3, 20251013)


def test_nothing_is_written_over(kept, tmp_path):
    with pytest.raises(BenchmarkError, match="never written over"):
        append_run(made_up(), tmp_path)


def test_an_edited_manifest_is_noticed(kept, tmp_path):
    manifest = kept.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"load_before": 0.1', '"load_before": 0.0'))
    with pytest.raises(BenchmarkError, match="was edited"):
        stored_runs(tmp_path)


def test_edited_samples_are_noticed(kept):
    path = kept.folder / "samples.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(1), path)
    with pytest.raises(BenchmarkError, match="not the file that the run left"):
        read_run(kept)


def test_a_manifest_of_another_schema_is_refused(kept, tmp_path):
    manifest = kept.folder / "manifest.json"
    edited = manifest.read_text().replace('"schema_version": 3', '"schema_version": 99')
    manifest.write_text(edited)
    with pytest.raises(BenchmarkError, match="99"):
        stored_runs(tmp_path)


def test_the_newest_run_is_one_with_rounds_enough(tmp_path):
    later = replace(made_up(rounds=1), started="2027-01-02T10:00:00+00:00")
    good = append_run(replace(made_up(), started="2027-01-01T10:00:00+00:00"), tmp_path)
    append_run(later, tmp_path)
    assert newest_run(tmp_path).id == good.id


def test_a_run_with_images_that_overlap_answers_no_claim(tmp_path):
    good = append_run(replace(made_up(), started="2027-01-01T10:00:00+00:00"), tmp_path)
    busy = replace(made_up().workload, patterns=(Pattern("closed", in_flight=4),))
    later = replace(made_up(), started="2027-01-02T10:00:00+00:00", workload=busy)
    append_run(later, tmp_path)
    assert newest_run(tmp_path).id == good.id


def test_runs_are_found_by_the_beginning_of_their_id(kept, tmp_path):
    assert find_run("20251013", tmp_path).id == kept.id


def test_an_unknown_run_is_refused_with_the_known_ones(kept, tmp_path):
    with pytest.raises(InvalidParameter, match=kept.id):
        find_run("2031", tmp_path)


def test_a_copy_of_the_reference_run_is_listed_once(tmp_path):
    reference = find_run("reference", tmp_path)
    shutil.copytree(reference.folder, tmp_path / reference.id)
    assert len(stored_runs(tmp_path)) == 1


def test_a_store_that_is_not_there_leaves_the_reference_run(tmp_path):
    assert [run.reference for run in stored_runs(tmp_path / "none")] == [True]
