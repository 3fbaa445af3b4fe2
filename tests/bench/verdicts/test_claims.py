import hashlib
import json
from dataclasses import asdict

import pytest
import yaml

from wildfire_bench.bench.data_files import data_file
from wildfire_bench.bench.results.bench_run import BenchRun
from wildfire_bench.bench.verdicts.claims import claims, read_claims
from wildfire_bench.bench.verdicts.judging import judge_all
from wildfire_bench.errors import BenchmarkError

ONE = """
- name: storage
  section: Overview
  words: 80% storage reduction
  how: log directories
  kind: reduction
  quantity: stored_mb
  unit: "%"
  low: 80
  high: 80
  comparisons:
    - {after: binary_zstd_app, before: json_none}
"""

# What the guide says and what holds it to that. Change it only with the register, knowingly.
REGISTER_SHA256 = "a7b9b872e1e4bef5bd6227fa1b365c8ff2c8dc32648ecd3e4d31749589607bd3"


def test_the_register_is_the_one_that_was_agreed_on():
    text = json.dumps([asdict(claim) for claim in claims()], sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == REGISTER_SHA256


@pytest.mark.parametrize("field", ["verdict", "measured", "sentence", "value"])
def test_the_register_has_no_room_for_an_outcome(field):
    (claim,) = yaml.safe_load(ONE)
    with pytest.raises(BenchmarkError, match=field):
        read_claims(yaml.safe_dump([{**claim, field: "holds"}]))


def test_results_have_no_room_for_a_verdict():
    assert not {"verdict", "verdicts", "claims", "findings"} & set(BenchRun.__slots__)


@pytest.mark.parametrize(
    "words",
    [
        "70-80% reduction in Kafka storage",
        "50-60% reduction in network traffic",
        "20-40% reduction in latency",
        "images up to 100MB",
        "previously limited to 10MB",
        "27MB (base64",
        "5.4MB (binary",
        "850ms",
        "120ms",
        "86% faster",
        "65% lower CPU",
        "80% storage reduction",
        "80% less network",
        "<100ms",
        "<10ms overhead",
        "78%",
        "5-minute timeout",
        "falls back to gzip",
    ],
)
def test_every_number_of_the_guide_is_in_the_register(words):
    assert any(words in claim.words for claim in claims())


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("low: 80", "low: 90"), "low <= high"),
        ((", before: json_none", ""), "before"),
        (("kind: reduction", "kind: promise"), "kind"),
        (("quantity: stored_mb", "quantity: joy"), "quantity"),
    ],
)
def test_a_claim_that_nothing_can_decide_is_refused(edit, said):
    with pytest.raises(BenchmarkError, match=said):
        read_claims(ONE.replace(*edit))


def test_two_claims_of_one_name_are_refused():
    with pytest.raises(BenchmarkError, match="storage"):
        read_claims(ONE + ONE)


def test_a_register_that_is_no_yaml_is_refused():
    with pytest.raises(BenchmarkError, match="YAML"):
        read_claims("- {")


def test_a_file_that_did_not_come_with_the_package_is_an_error():
    with pytest.raises(BenchmarkError, match="install wildfire-bench again"):
        data_file("promises.yaml")


def test_no_claim_is_unaccounted_for(reference):
    assert [finding.claim for finding in judge_all(reference)] == list(claims())


def test_only_the_lanes_are_not_measured_in_the_reference_run(reference):
    missing = {f.claim.name for f in judge_all(reference) if f.measured is None}
    assert missing <= {name for name in (c.name for c in claims()) if name.startswith("matrix_")}
