import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.doctor.examining import finding
from wildfire_bench.doctor import Severity
from wildfire_bench.settings import Settings


@pytest.fixture
def service():
    """Starts a server that answers by these statuses; gives its URL."""
    servers = []

    def start(healthz: int, readyz: int) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response({"/healthz": healthz, "/readyz": readyz}[self.path])
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
