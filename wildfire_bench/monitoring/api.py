"""The status API: reassembly, all sections, metrics, health; answers only, changes nothing."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Annotated, Any, Final, Protocol

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import SecretStr

from wildfire_bench.errors import WildfireBenchError
from wildfire_bench.monitoring.answers import (
    MAX_IMAGES_LISTED,
    Alive,
    ChunkManagerStatus,
    ImageState,
    Problem,
    Ready,
    ServiceStatus,
)
from wildfire_bench.monitoring.exporter import MetricsExporter
from wildfire_bench.streaming.receiving.assembly import ReassemblyState
from wildfire_bench.streaming.receiving.reassembly import ReassemblyStatus

__all__ = ["Reassembling", "create_api"]

_UNAUTHORISED: Final[dict[int | str, dict[str, Any]]] = {
    401: {"model": Problem, "description": "No bearer token, or not the right one."}
}
# At the top of the module, where FastAPI finds it: annotations are resolved by name.
_BEARER: Final = HTTPBearer(auto_error=False, description="The token of WILDFIRE_SERVICE_TOKEN.")
_NOT_RUNNING: Final[dict[int | str, dict[str, Any]]] = {
    503: {"model": Problem, "description": "The part that would know does not run."}
}


class Reassembling(Protocol):
    """Who puts images together: `SatelliteImageConsumer` or `ImageChunkManager`."""

    def status(self, max_images: int | None = None) -> ReassemblyStatus:
        """All images in reassembly; so many are listed."""

    def find(self, image_id: str) -> tuple[ReassemblyState, ...]:
        """One image; empty when it is not in reassembly."""


def create_api(
    images: Reassembling,
    exporter: MetricsExporter,
    *,
    ready: Callable[[], Awaitable[Mapping[str, bool]]],
    token: SecretStr | None = None,
) -> FastAPI:
    """Put the API together.

    Parameters
    ----------
    images
        Whose reassembly it tells of.
    exporter
        Metrics, and the sections of ``/api/status``.
    ready
        Checks by name, asked at each ``/readyz``; ready when all are true.
    token
        Asked for as a bearer token everywhere but at ``/healthz``; None asks nobody.

    Returns
    -------
    fastapi.FastAPI
        It has ``/openapi.json`` and no page that loads scripts from elsewhere.
    """
    app = FastAPI(
        title="Wildfire Bench",
        version=version("wildfire-bench"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.add_exception_handler(WildfireBenchError, _not_running)
    guarded: Sequence[Any] = [] if token is None else [Depends(_guard(token))]
    refusals = {} if token is None else _UNAUTHORISED
    _add_reassembly(app, images, guarded, refusals)
    _add_overview(app, exporter, guarded, refusals)
    _add_health(app, ready, guarded, refusals)
    return app


def _add_reassembly(
    app: FastAPI, images: Reassembling, guarded: Sequence[Any], refusals: dict[Any, Any]
) -> None:
    # Plain functions: FastAPI runs them in threads, since a long list takes its time.
    @app.get(
        "/api/chunk-manager/status",
        dependencies=guarded,
        responses=refusals | _NOT_RUNNING,
        tags=["reassembly"],
    )
    def chunk_manager_status() -> ChunkManagerStatus:
        """Images that are being put together: sums of all, and the first to come."""
        return ChunkManagerStatus.of(images.status(MAX_IMAGES_LISTED))

    @app.get(
        "/api/chunk-manager/reassembly/{image_id:path}",
        dependencies=guarded,
        responses=refusals
        | _NOT_RUNNING
        | {404: {"model": Problem, "description": "It is not being put together."}},
        tags=["reassembly"],
    )
    def reassembly(image_id: str) -> ImageState:
        """How far one image is: chunks here and missing, age, bytes, where its records lie."""
        states = images.find(image_id)
        if not states:
            detail = (
                "no such image is in reassembly: it is complete, was given up (see "
                "`wildfire-bench dead-letters list`), or none of its chunks came here"
            )
            raise HTTPException(404, detail)
        return ImageState.of_most_complete(states)


def _add_overview(
    app: FastAPI, exporter: MetricsExporter, guarded: Sequence[Any], refusals: dict[Any, Any]
) -> None:
    @app.get("/api/status", dependencies=guarded, responses=refusals, tags=["overview"])
    def status() -> ServiceStatus:
        """Every part that can be watched: sending, receiving, records, dead letters, S3."""
        return ServiceStatus.of(app.version, exporter.snapshots())

    text: dict[int | str, dict[str, Any]] = {
        200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
    }

    @app.get(
        "/metrics",
        dependencies=guarded,
        response_class=Response,
        responses=refusals | text,
        tags=["overview"],
    )
    def metrics() -> Response:
        """Metrics, in the text format of Prometheus."""
        return Response(exporter.exposition(), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    @app.get("/openapi.json", dependencies=guarded, include_in_schema=False)
    def description() -> JSONResponse:
        """What this API is, for programs."""
        return JSONResponse(app.openapi())


def _add_health(
    app: FastAPI,
    ready: Callable[[], Awaitable[Mapping[str, bool]]],
    guarded: Sequence[Any],
    refusals: dict[Any, Any],
) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> Alive:
        """Whether the process is alive; open to all, tells nothing else."""
        return Alive()

    @app.get(
        "/readyz",
        dependencies=guarded,
        response_model=Ready,
        responses=refusals | {503: {"model": Ready, "description": "Not ready: see the checks."}},
        tags=["health"],
    )
    async def readyz() -> JSONResponse:
        """Whether it is connected and takes work."""
        checks = dict(await ready())
        answer = Ready(ready=all(checks.values()), checks=checks)
        return JSONResponse(answer.model_dump(), 200 if answer.ready else 503)


def _guard(token: SecretStr) -> Callable[..., None]:
    """A dependency that lets only the holders of the token through."""
    expected = token.get_secret_value().encode()

    def check(
        given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None,
    ) -> None:
        offered = b"" if given is None else given.credentials.encode()
        if not hmac.compare_digest(offered, expected):
            detail = "a bearer token is needed: Authorization: Bearer ..."
            raise HTTPException(401, detail, {"WWW-Authenticate": "Bearer"})

    return check


def _not_running(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 503)
