"""Whether a running service is well; none need run."""

from __future__ import annotations

from typing import Final

import urllib3
from pydantic import SecretStr

from wildfire_bench.doctor.check import Finding, check, fail, ok, skipped
from wildfire_bench.doctor.surroundings import Surroundings
from wildfire_bench.errors import SettingsError

__all__: list[str] = []

ANSWER_TIMEOUT_S: Final = 2.0
OK_STATUS: Final = 200
REFUSED_STATUS: Final = 401
LOG: Final = "look into the service's log, and at its status API"


@check("service.health", "whether the service answers, where one runs (guide, section 8)")
def health(surroundings: Surroundings) -> Finding:
    """Ask for /healthz and /readyz of the status API."""
    url = surroundings.service_url.rstrip("/")
    try:
        alive = _status(f"{url}/healthz")
        ready = _status(f"{url}/readyz", _token(surroundings)) if alive == OK_STATUS else None
    except urllib3.exceptions.HTTPError:
        return skipped(f"no service answers at {url}", "give --service URL where it runs elsewhere")
    if ready is None:
        return fail(f"{url}/healthz answers {alive}: that is not our service, or it is ill", LOG)
    if ready == REFUSED_STATUS:
        return skipped(
            f"{url} runs, and tells whether it is ready to those with its token only",
            "set WILDFIRE_SERVICE_TOKEN to the service's",
        )
    if ready != OK_STATUS:
        return fail(f"{url} runs and is not ready: /readyz answers {ready}", LOG)
    return ok(f"{url} runs and is ready")


def _token(surroundings: Surroundings) -> SecretStr | None:
    """The service's token; settings that are wrong are another check's to tell."""
    try:
        return surroundings.settings.service.token
    except SettingsError:
        return None


def _status(url: str, token: SecretStr | None = None) -> int:
    headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
    with urllib3.PoolManager(timeout=ANSWER_TIMEOUT_S, retries=False) as pool:
        answer = pool.request("GET", url, headers=headers, redirect=False, preload_content=False)
        answer.close()
        return answer.status
