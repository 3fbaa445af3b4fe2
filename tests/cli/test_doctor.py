import json

import pytest

from wildfire_bench.cli import main
from wildfire_bench.doctor import all_checks


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """A folder without a stack, and brokers that do not answer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WILDFIRE_BENCH_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("KAFKA_CONNECT_TIMEOUT_S", "0.5")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "hunter2secret")
    monkeypatch.setenv("S3_ENDPOINT", "127.0.0.1:1")
    monkeypatch.setenv("S3_ACCESS_KEY", "key")
    monkeypatch.setenv("S3_SECRET_KEY", "hunter3secret")


def test_all_well_ends_with_status_zero(nowhere, capsys):
    assert main(["doctor", "--only", "codecs"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("5 checks in ")


def test_a_warning_ends_with_status_one(nowhere, monkeypatch, capsys):
    monkeypatch.setenv("KAFKA_COMPRESION_TYPE", "gzip")
    assert main(["doctor", "--only", "settings.environment"]) == 1
    assert "did you mean KAFKA_COMPRESSION_TYPE?" in capsys.readouterr().out


def test_a_failure_ends_with_status_two_and_its_remedy(nowhere, capsys):
    assert main(["doctor", "--only", "brokers.reachable"]) == 2
    assert "> start one with `wildfire-bench stack up`" in capsys.readouterr().out


def test_settings_that_cannot_be_loaded_are_a_finding_among_others(nowhere, monkeypatch, capsys):
    monkeypatch.setenv("WILDFIRE_CHUNK_BYTES", "many")
    assert main(["doctor", "--only", "settings.valid", "--only", "codecs.all"]) == 2
    shown = capsys.readouterr().out
    assert ("WILDFIRE_CHUNK_BYTES" in shown, "predictive" in shown) == (True, True)


def test_everything_as_json_without_a_secret(nowhere, capsys):
    status = main(["doctor", "--json", "--service", "http://127.0.0.1:1"])
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert (status, document["worst"]) == (2, "fail")
    assert [each["name"] for each in document["checks"]] == list(all_checks())
    assert "secret" not in (printed.out + printed.err).replace("secret_key", "")


def test_what_does_not_exist_is_refused_in_one_line(nowhere, capsys):
    assert main(["doctor", "--only", "nothing"]) == 2
    assert "wildfire-bench doctor list" in capsys.readouterr().err


def test_list_names_every_check(capsys):
    assert main(["doctor", "list"]) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert shown == list(all_checks())


def test_list_as_json_says_what_each_looks_at(capsys):
    main(["doctor", "list", "--json"])
    assert all(each["looks_at"] for each in json.loads(capsys.readouterr().out))


@pytest.mark.integration
def test_a_stack_with_its_topics_has_nothing_that_fails(user, capsys):
    assert main(["doctor", "--only", "brokers", "--only", "topics", "--only", "groups"]) == 0
    assert "fail" not in capsys.readouterr().out
