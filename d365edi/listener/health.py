"""Whether the daemon is well, and its figures, for monitors.

    GET  /healthz/live            200 while the daemon makes progress, 503 when only a restart helps
    GET  /healthz/ready           200 while all its work is done, 503 when some is not: kinds of trouble, no names
    GET  /healthz                 the status of `live` with what `ready` says: "ok", "degraded" or "stuck"
    GET  /metrics                 figures as Prometheus reads them

Knows: HTTP. Does not know: what is the matter, which figures there are (it is handed functions).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from d365edi.listener.exchange import NOTHING, nothing

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format."""

Metrics = Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Condition:
    """What /healthz says. `live`: a restart would not help. `because`: the kinds of trouble, without names (anybody may ask)."""

    live: bool = True
    because: tuple[str, ...] = ()


def routes(condition: Callable[[], Condition], metrics: Metrics | None = None) -> list[Route]:
    """The routes of /healthz and /metrics. `metrics` gives Prometheus' text; without it /metrics answers 404."""

    async def health(request: Request) -> Response:
        return _health(condition(), request.scope["path"])

    async def figures(request: Request) -> Response:
        return Response(await metrics(), media_type=METRICS_TYPE) if metrics else nothing(request)

    healthz = (Route(place, health, methods=["GET"]) for place in ("/healthz", "/healthz/live", "/healthz/ready"))
    return [*healthz, Route("/metrics", figures, methods=["GET"])]


def health_app(known: Sequence[Route]) -> Starlette:
    """The application of a listener that has these routes alone."""
    return Starlette(routes=known, exception_handlers=NOTHING)


def _health(now: Condition, asked: str) -> Response:
    because = () if asked == "/healthz/live" else now.because
    word = "stuck" if not now.live else "degraded" if because else "ok"
    well = now.live and not (because and asked == "/healthz/ready")
    return JSONResponse(
        {"status": word, **({"because": list(because)} if because else {})}, status_code=200 if well else 503
    )
