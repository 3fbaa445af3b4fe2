import pytest

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.doctor.checks import object_store
from wildfire_bench.settings import S3Settings, Settings
from wildfire_bench.streaming.object_store.s3_client import connect_s3


@pytest.fixture
def bucket(settings):
    """A client, and settings whose bucket exists."""
    client = connect_s3(settings.s3, 1)
    client.make_bucket(settings.s3.bucket)
    yield client
    client.close()


def with_s3(settings, **values):
    return settings.model_copy(update={"s3": settings.s3.model_copy(update=values)})


def test_without_a_store_it_is_skipped_and_says_what_is_refused():
    found = finding("s3.configured", Settings())
    assert (found.severity, "above 100,000,000 bytes" in found.text) == ("skipped", True)


def test_a_store_without_keys_fails_with_what_to_set():
    found = finding("s3.configured", Settings(s3=S3Settings(endpoint="127.0.0.1:1")))
    assert (found.severity, "S3_ACCESS_KEY" in found.remedy) == (Severity.FAIL, True)


def test_a_store_that_does_not_answer_fails():
    s3 = S3Settings(endpoint="127.0.0.1:1", access_key="a", secret_key="b", secure=False)
    found = finding("s3.bucket", Settings(s3=s3))
    assert (found.severity, "check S3_ENDPOINT" in found.remedy) == (Severity.FAIL, True)


@pytest.mark.integration
def test_a_wrong_key_fails_and_is_not_told(settings, bucket):
    wrong = Settings.model_validate(
        settings.model_dump() | {"s3": settings.s3.model_dump() | {"secret_key": "hunter2secret"}}
    )
    found = finding("s3.bucket", wrong)
    assert (found.severity, "S3_SECRET_KEY" in found.remedy) == (Severity.FAIL, True)
    assert "hunter2secret" not in repr(found)


@pytest.mark.integration
def test_a_bucket_that_does_not_exist_is_a_warning(settings):
    found = finding("s3.bucket", settings)
    assert (found.severity, settings.s3.bucket in found.remedy) == (Severity.WARN, True)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["s3.configured", "s3.bucket", "s3.round_trip"])
def test_the_stack_is_fine_and_nothing_is_left_in_it(settings, bucket, name):
    assert finding(name, settings, write=True).severity is Severity.OK
    assert list(bucket.list_objects(settings.s3.bucket, recursive=True)) == []


@pytest.mark.integration
def test_nothing_is_written_unasked(settings, bucket):
    found = finding("s3.round_trip", settings)
    assert (found.severity, found.remedy) == ("skipped", "wildfire-bench doctor --write")


@pytest.mark.integration
def test_nothing_is_written_into_a_bucket_that_does_not_exist(settings):
    assert finding("s3.round_trip", settings, write=True).severity is Severity.SKIPPED


@pytest.mark.integration
def test_a_store_that_gives_other_bytes_back_fails_and_is_cleaned(settings, bucket, monkeypatch):
    monkeypatch.setattr(object_store, "_read", lambda *_: b"others")
    assert finding("s3.round_trip", settings, write=True).severity is Severity.FAIL
    assert list(bucket.list_objects(settings.s3.bucket, recursive=True)) == []
