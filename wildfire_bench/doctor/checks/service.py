"""Whether a running service is well; none need run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import urllib3

from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped
from wildfire_bench.doctor.surroundings import Surroundings

__all__: list[str] = []

ANSWER_TIMEOUT_S: Final = 2.0
OK_STATUS: Final = 200
UNAUTHORISED: Final = 401
LOG: Final = "look into the service's log, and at its status API"
SET_IT: Final = "set WILDFIRE_SERVICE_TOKEN to the service's"


@check(
    "service.health",
    "whether the service answers, where one runs (guide, section 8)",
    needs=("settings.valid",),
)
def health(surroundings: Surroundings) -> Finding:
    """Ask for /healthz and, with the token of the settings, for /readyz of the status API."""
    url, token = surroundings.service_url, surroundings.settings.service.token
    allowed = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
    try:
        alive = _status(f"{url}/healthz")
        ready = _status(f"{url}/readyz", allowed) if alive == OK_STATUS else None
    except urllib3.exceptions.HTTPError:
        return skipped(f"no service answers at {url}", "give --service URL where it runs elsewhere")
    if ready is None:
        return fail(f"{url}/healthz answers {alive}: that is not our service, or it is ill", LOG)
    if ready == UNAUTHORISED:
        whose = "asks for a token" if token is None else "has another token than the settings"
        return fail(f"{url} runs and {whose}: /readyz answers {ready}", SET_IT)
    if ready != OK_STATUS:
        return fail(f"{url} runs and is not ready: /readyz answers {ready}", LOG)
    return ok(f"{url} runs and is ready")


def _status(url: str, headers: Mapping[str, str] | None = None) -> int:
    with urllib3.PoolManager(timeout=ANSWER_TIMEOUT_S, retries=False) as pool:
        answer = pool.request("GET", url, headers=headers, redirect=False, preload_content=False)
        answer.close()
        return answer.status
