import sys
import threading

import pytest
from confluent_kafka import KafkaError, KafkaException

from tests.doctor.examining import loaded
from wildfire_bench.doctor import Severity, Surroundings, all_checks, checks, examine, worst
from wildfire_bench.doctor.check import Check, Finding, fail, ok, skipped, warn
from wildfire_bench.errors import BrokerUnavailable, InputError
from wildfire_bench.settings import KafkaSettings, Settings


def surroundings(settings=None):
    return Surroundings(lambda: loaded(settings or Settings()))


def made(*several: Check, **options):
    found = examine(surroundings(), checks={each.name: each for each in several}, **options)
    return {each.check.name: each.finding for each in found}


def check(name: str, finding: Finding, needs: tuple[str, ...] = ()) -> Check:
    return Check(name, "nothing", lambda _: finding, needs)


def test_every_check_needs_only_what_exists_and_comes_before_it():
    known = list(all_checks())
    late = [
        (each.name, needed)
        for each in all_checks().values()
        for needed in each.needs
        if known.index(needed) > known.index(each.name)
    ]
    assert late == []


@pytest.mark.parametrize("each", all_checks().values(), ids=lambda each: each.name)
def test_every_check_says_what_it_looks_at_under_a_topic(each):
    topic, _, name = each.name.partition(".")
    assert (bool(topic), bool(name), each.looks_at[-1] != ".") == (True, True, True)


def test_a_module_that_is_put_there_is_found_by_itself(tmp_path, monkeypatch):
    (tmp_path / "added.py").write_text(
        "from wildfire_bench.doctor.check import check, ok\n"
        "@check('added.thing', 'something new')\n"
        "def thing(surroundings):\n    return ok('seen')\n"
    )
    registry = sys.modules["wildfire_bench.doctor.check"]._registered
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    try:
        assert "added.thing" in all_checks()
    finally:
        registry.pop("added.thing")
        sys.modules.pop("wildfire_bench.doctor.checks.added")


def test_a_module_that_cannot_be_imported_is_a_check_that_fails(tmp_path, monkeypatch):
    (tmp_path / "lacking.py").write_text("import wildfire_no_such_package")
    registry = sys.modules["wildfire_bench.doctor.check"]._registered
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(tmp_path)])
    try:
        broken = all_checks()["lacking.import"]
        found = made(broken, check("a.needs", ok("fine"), ("lacking.thing",)))
    finally:
        registry.pop("lacking.import")
    assert "wildfire_no_such_package" in found["lacking.import"].text
    assert found["a.needs"].severity is Severity.SKIPPED


@pytest.mark.parametrize("first", [fail("broken", "mend it"), skipped("not there")])
def test_what_needs_a_check_that_did_not_pass_is_skipped_with_its_name(first):
    found = made(check("a.first", first), check("a.second", ok("fine"), ("a.first",)))
    assert (found["a.second"].severity, "a.first" in found["a.second"].text) == ("skipped", True)


def test_what_needs_a_check_that_warned_is_made():
    first = check("a.first", warn("odd", "look"))
    found = made(first, check("a.second", ok("fine"), ("a.first",)))
    assert found["a.second"].severity is Severity.OK


def test_one_that_hangs_fails_in_its_time_and_the_next_is_made():
    release = threading.Event()
    hanging = Check("a.hangs", "nothing", lambda _: ok(str(release.wait(60))), timeout_s=0.05)
    found = made(hanging, check("a.next", ok("fine")))
    release.set()
    assert [each.severity for each in found.values()] == [Severity.FAIL, Severity.OK]
    assert "no result within" in found["a.hangs"].text


def test_past_the_time_for_all_the_rest_is_skipped():
    found = made(check("a.late", ok("fine")), total_timeout_s=0.0)
    assert found["a.late"] == skipped("the time for all checks was up")


def test_an_error_of_ours_is_a_finding_with_its_remedy():
    def look(_):
        msg = "no broker answered: start one"
        raise BrokerUnavailable(msg)

    assert made(Check("a.b", "it", look))["a.b"] == fail("no broker answered", "start one")


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        (KafkaError.GROUP_AUTHORIZATION_FAILED, Severity.SKIPPED),
        (KafkaError.COORDINATOR_NOT_AVAILABLE, Severity.FAIL),
    ],
)
def test_what_the_brokers_refuse_is_a_finding(code, severity):
    def look(_):
        raise KafkaException(KafkaError(code))

    assert made(Check("a.b", "it", look))["a.b"].severity is severity


def test_a_check_that_breaks_hides_no_other():
    broken = Check("a.breaks", "nothing", lambda _: 1 / 0)
    found = made(broken, check("a.next", ok("fine")))
    assert "ZeroDivisionError" in found["a.breaks"].text
    assert found["a.next"].severity is Severity.OK


def test_no_secret_of_the_settings_is_told():
    kafka = KafkaSettings(sasl_password="hunter2secret")

    def look(each):
        assert each.settings is not None
        return fail("hunter2secret was refused", "do not use hunter2secret", "hunter2secret")

    (result,) = examine(
        surroundings(Settings(kafka=kafka)), checks={"a.b": Check("a.b", "it", look)}
    )
    assert "hunter2secret" not in repr(result.finding)


def test_a_topic_stands_for_its_checks_and_what_they_need():
    several = [
        check("a.one", ok("")),
        check("b.two", ok(""), ("a.one",)),
        check("b.three", ok(""), ("b.two",)),
        check("c.four", ok("")),
    ]
    assert list(made(*several, only=["b.three"])) == ["a.one", "b.two", "b.three"]
    assert list(made(*several, only=["b", "c.four"])) == ["a.one", "b.two", "b.three", "c.four"]


def test_a_check_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match="wildfire-bench doctor list"):
        made(check("a.one", ok("")), only=["a.two"])


def test_the_gravest_finding_counts():
    several = [check("a.a", warn("", "")), check("a.b", ok("")), check("a.c", skipped(""))]
    assert worst(examine(surroundings(), checks={c.name: c for c in several})) is Severity.WARN
    assert worst([]) is Severity.OK
