import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import ServiceSettings, Settings

TOKEN = "sixteen-characters-at-least"


@pytest.fixture
def service():
    """Starts a server that answers by these statuses; gives its URL."""
    servers = []

    def start(healthz: int, readyz: int, guarded: bool = False) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                allowed = self.headers["Authorization"] == f"Bearer {TOKEN}"
                closed = guarded and self.path == "/readyz" and not allowed
                status = {"/healthz": healthz, "/readyz": readyz}[self.path]
                self.send_response(401 if closed else status)
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


def test_a_service_with_a_token_is_asked_with_the_token_of_the_settings(service):
    settings = Settings(service=ServiceSettings(token=TOKEN))
    found = finding("service.health", settings, service_url=service(200, 200, guarded=True))
    assert (found.severity, found.text.endswith("is ready")) == (Severity.OK, True)


def test_a_service_whose_token_is_not_known_is_not_called_ill(service):
    found = finding("service.health", Settings(), service_url=service(200, 200, guarded=True))
    assert (found.severity, "WILDFIRE_SERVICE_TOKEN" in found.remedy) == (Severity.SKIPPED, True)
