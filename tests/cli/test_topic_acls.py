import json

import pytest

from tests.secured import Secured
from wildfire_bench.cli import main
from wildfire_bench.errors import AccessDenied
from wildfire_bench.settings import Settings
from wildfire_bench.settings_environment import as_environment
from wildfire_bench.streaming.administration.topic_admin import ensure_topics
from wildfire_bench.streaming.connection import open_admin
from wildfire_bench.streaming.sending.limits import require_topics
from wildfire_bench.streaming.topics import topic_names, topic_specs


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Run ``wildfire-bench topics acls ...``; gives exit status, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "nobody:9092")

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(["topics", "acls", *arguments])
        return status, *capsys.readouterr()

    return run


def test_the_rights_of_a_role_are_printed_without_asking_a_broker(run):
    status, out, _ = run("producer", "--principal", "User:landsat")
    assert status == 0
    start = "kafka-acls.sh --bootstrap-server nobody:9092 --add --allow-principal User:landsat"
    assert all(line.startswith(start) for line in out.splitlines())
    assert "--topic wildfire-satellite-imagery-binary --operation Write" in out


def test_rights_are_printed_as_json(run):
    _, out, _ = run("consumer", "--group", "g", "--json")
    assert {"operation": "Read", "resource": "group", "name": "g", "pattern": "literal"} in (
        json.loads(out)
    )


def test_a_consumer_is_asked_for_its_group(run):
    status, _, errors = run("consumer")
    assert (status, errors.count("\n"), "--group" in errors) == (2, 1, True)


@pytest.mark.integration
def test_rights_are_granted_on_the_brokers(run, secured: Secured, monkeypatch, topic_prefix):
    settings = secured.as_super_user(Settings(topic_prefix=topic_prefix))
    ensure_topics(open_admin(settings), topic_specs(settings))
    late = secured.by_certificate(settings, "late")
    with pytest.raises(AccessDenied):
        require_topics(late, write=topic_names(settings).images)
    for variable, value in as_environment(settings).items():
        monkeypatch.setenv(variable, value)

    status, out, _ = run("producer", "--principal", "User:late", "--apply")

    assert (status, out.splitlines()[0][:23]) == (0, "User:late may Write on ")
    require_topics(late, write=topic_names(settings).images)


@pytest.mark.integration
def test_brokers_that_keep_no_acls_say_so(run, settings, monkeypatch):
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", settings.kafka.bootstrap_servers)
    status, _, errors = run("producer", "--apply")
    assert (status, "these brokers keep no ACLs" in errors) == (2, True)
