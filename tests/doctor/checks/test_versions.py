from types import SimpleNamespace

import confluent_kafka
import pytest

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity, all_checks
from wildfire_bench.doctor.checks import versions
from wildfire_bench.settings import Settings


@pytest.mark.parametrize("name", ["versions.python", "versions.packages", "versions.client"])
def test_this_installation_is_fine(name):
    assert finding(name, Settings()).severity is Severity.OK


@pytest.mark.integration
def test_the_brokers_of_the_stack_are_new_enough(settings):
    assert finding("versions.brokers", settings).severity is Severity.OK


def test_a_python_that_is_not_supported_fails(monkeypatch):
    monkeypatch.setattr(versions, "PYTHONS", ((3, 98), (3, 99)))
    found = finding("versions.python", Settings())
    assert (found.severity, "3.98 to 3.99" in found.text) == (Severity.FAIL, True)


def test_a_package_that_is_missing_or_old_fails_with_both_versions(monkeypatch):
    monkeypatch.setattr(versions, "requires", lambda _: ["numpy>=99", "wildfire-no-such-thing>=1"])
    found = finding("versions.packages", Settings())
    assert found.severity is Severity.FAIL
    assert found.details[0] == "wildfire-no-such-thing is not installed"
    assert found.details[1].endswith(" is installed, >=99 is asked for")


def test_an_old_package_of_an_extra_is_a_warning(monkeypatch):
    monkeypatch.setattr(versions, "requires", lambda _: ['pandas>=99; extra == "bench"'])
    assert finding("versions.packages", Settings()).severity is Severity.WARN


def test_a_librdkafka_of_another_release_is_a_warning(monkeypatch):
    monkeypatch.setattr(confluent_kafka, "libversion", lambda: ("1.9.2", 0))
    found = finding("versions.client", Settings())
    assert (found.severity, "librdkafka 1.9.2" in found.text) == (Severity.WARN, True)


@pytest.mark.parametrize(
    ("config", "severity", "told"),
    [
        ({"1": {"process.roles": "broker"}}, Severity.FAIL, "broker 1: Kafka 2.8"),
        ({"1": {}}, Severity.FAIL, "broker 1: Kafka before 2.8"),
        ({}, Severity.SKIPPED, "DescribeConfigs"),
    ],
)
def test_old_brokers_fail_and_silent_ones_are_skipped(config, severity, told):
    kafka = SimpleNamespace(broker_configs=config)
    found = all_checks()["versions.brokers"].look(SimpleNamespace(kafka=kafka))
    assert (found.severity, told in " ".join((*found.details, found.remedy))) == (severity, True)
