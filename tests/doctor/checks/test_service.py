"""Whether a service is well: asked of a server that answers as the service does."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.doctor.examining import finding, loaded
from wildfire_bench.doctor import Severity, Surroundings
from wildfire_bench.settings import Settings

TOKEN = "a-token-that-nobody-guesses"


def settings(**service: object) -> Settings:
    return Settings.model_validate({"service": service})


@pytest.fixture
def service():
    """Starts a server that answers by these statuses, or 401 without its token; gives its URL."""
    servers = []

    def start(healthz: int, readyz: int, token: str | None = None) -> str:
        expected = None if token is None else f"Bearer {token}"

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                allowed = self.path == "/healthz" or self.headers["Authorization"] == expected
                answers = {"/healthz": healthz, "/readyz": readyz}
                self.send_response(answers[self.path] if allowed else 401)
                self.end_headers()

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("healthz", "readyz", "severity", "told"),
    [
        (200, 200, Severity.OK, "ready"),
        (200, 503, Severity.FAIL, "/readyz answers 503"),
        (404, 200, Severity.FAIL, "/healthz answers 404"),
    ],
)
def test_a_service_is_well_or_says_where_not(service, healthz, readyz, severity, told):
    found = finding("service.health", Settings(), service_url=service(healthz, readyz))
    assert (found.severity, told in found.text) == (severity, True)


def test_no_service_is_no_fault():
    found = finding("service.health", Settings(), service_url="http://127.0.0.1:1")
    assert found.severity is Severity.SKIPPED


def test_a_service_that_asks_for_a_token_is_given_that_of_the_settings(service):
    found = finding(
        "service.health", settings(token=TOKEN), service_url=service(200, 200, token=TOKEN)
    )
    assert (found.severity, found.text.endswith("is ready")) == (Severity.OK, True)


@pytest.mark.parametrize(
    ("ours", "told"),
    [({}, "asks for a token"), ({"token": TOKEN[::-1]}, "has another token than the settings")],
)
def test_a_service_that_refuses_us_is_told_with_the_setting_that_mends_it(service, ours, told):
    url = service(200, 200, token=TOKEN)
    found = finding("service.health", settings(**ours), service_url=url)
    assert (found.severity, told in found.text) == (Severity.FAIL, True)
    assert "WILDFIRE_SERVICE_TOKEN" in found.remedy


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_service_is_looked_for_where_the_settings_have_it_listen(service, host):
    port = int(service(200, 200).rpartition(":")[2])
    found = finding("service.health", settings(host=host, port=port))
    assert found.text == f"http://127.0.0.1:{port} runs and is ready"


@pytest.mark.parametrize(
    ("host", "told"), [("::", "[::1]"), ("::1", "[::1]"), ("fires.example", "fires.example")]
)
def test_an_address_is_written_as_a_url_has_it(host, told):
    around = Surroundings(lambda: loaded(settings(host=host)))
    assert around.service_url == f"http://{told}:8003"
