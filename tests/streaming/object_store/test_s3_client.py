import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pydantic import SecretStr

from wildfire_bench.errors import SettingsError
from wildfire_bench.settings import S3Settings
from wildfire_bench.streaming.object_store.s3_client import connect_s3


def settings_for(endpoint: str, **more: object) -> S3Settings:
    return S3Settings(endpoint=endpoint, access_key="key", secret_key=SecretStr("hidden"), **more)


def url_of(settings: S3Settings) -> str:
    client = connect_s3(settings, 1)
    try:
        return client.get_presigned_url("GET", "bucket", "key").partition("?")[0]
    finally:
        client.close()


@pytest.mark.parametrize(
    ("endpoint", "secure", "url"),
    [
        ("localhost:9000", True, "https://localhost:9000/bucket/key"),
        ("localhost:9000", False, "http://localhost:9000/bucket/key"),
        ("http://localhost:9000", True, "http://localhost:9000/bucket/key"),
        ("https://minio.example/", False, "https://minio.example/bucket/key"),
        ("s3.amazonaws.com", True, "https://bucket.s3.eu-west-1.amazonaws.com/key"),
    ],
)
def test_the_endpoint_is_a_host_or_a_url(endpoint, secure, url):
    assert url_of(settings_for(endpoint, secure=secure, region="eu-west-1")) == url


@pytest.mark.parametrize(
    "endpoint",
    ["ftp://host", "http://host/path", "http://user:hidden@host", "user:hidden@host"],
)
def test_an_endpoint_that_cannot_be_one_is_refused_without_showing_it(endpoint):
    with pytest.raises(SettingsError, match="S3_ENDPOINT") as error:
        connect_s3(settings_for(endpoint), 1)
    assert "hidden" not in str(error.value)


def test_a_client_shows_no_secret():
    client = connect_s3(settings_for("localhost:9000"), 1)
    client.close()
    assert "hidden" not in repr(client)


@contextlib.contextmanager
def store_that_answers(*statuses: int) -> Iterator[str]:
    """A store that gives these answers, one after the other; gives its URL."""
    left = list(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(left.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("answers", "repeated"), [((200,), 0), ((503, 500, 200), 2)])
def test_requests_that_had_to_be_repeated_are_counted(answers, repeated):
    times: list[int] = []
    with store_that_answers(*answers) as url:
        settings = settings_for(url, region="eu-west-1")
        client = connect_s3(settings, 1, repeated=times.append)
        assert client.bucket_exists("bucket")
        client.close()
    assert sum(times) == repeated
