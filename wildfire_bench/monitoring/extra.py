"""What this package needs beside the core, and the error that says so."""

from __future__ import annotations

from importlib.util import find_spec

from wildfire_bench.errors import ServiceNotInstalled

__all__ = ["require_api_extra"]

_NEEDED = ("fastapi", "prometheus_client", "pythonjsonlogger", "uvicorn")


def require_api_extra() -> None:
    """Check that the extra ``api`` is installed.

    Raises
    ------
    ServiceNotInstalled
        If not; names what is missing and how to install it.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        msg = (
            f"{', '.join(missing)} cannot be imported: metrics, status API and service need the "
            "extra `api` (pip install 'wildfire-bench[api]')"
        )
        raise ServiceNotInstalled(msg)
