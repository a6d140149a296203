"""The HTTPS application: business events of D365, and what `health` adds.

    POST <secret path>?secret=…   a business event: it says that something is new, never what; answered before the work begins

D365 does not sign its events and knows only a URL (kept in a key vault), so the URL carries the secret. A wrong secret
and a wrong path get the same 404: an outsider learns nothing. D365 waits ten seconds and tries three times, so the
answer does not wait for the work; an event that is lost all the same costs the time until the flow's next run.

An address that asks for more than REQUESTS a second is answered 429 in everything else: an event with the right secret is
always taken.

Knows: HTTP. Does not know: what an event starts (it is handed a function).
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from d365edi.listener.exchange import CLOSE, NOTHING, body, json_object, nothing
from d365edi.listener.pace import Pace

REQUESTS, AT_ONCE = 10.0, 60.0
"""Requests a second of one address that are no event with the right secret, and how many at once after a quiet time."""

Event = dict[str, Any]
Take = Callable[[Event], Awaitable[None]]


def events_app(
    path: str,
    secret: str,
    take: Take,
    more: Sequence[Route] = (),
    pace: Pace | None = None,
    trust: Callable[[str], object] = bool,
) -> Starlette:
    """The application. `take` is handed each business event and only starts work; `path` and `secret` are the settings'; `trust`
    is told each address that knew the secret.

    An empty `path` takes no events and leaves only the routes in `more`."""

    def right(request: Request) -> bool:
        offered = request.query_params.get("secret", "")
        right_path = hmac.compare_digest(request.scope["path"].encode(), path.encode())
        right_secret = hmac.compare_digest(offered.encode(), secret.encode())
        return bool(path and secret and request.method == "POST" and right_path and right_secret)

    async def event(request: Request) -> Response:
        received = await body(request)
        if not right(request):
            return nothing(request)
        if request.client:
            trust(request.client.host)
        if received is None:
            return Response(status_code=413, headers=CLOSE)
        payload = json_object(received)
        if payload is None:
            return JSONResponse({"error": "a business event is a JSON object"}, status_code=400)
        await take(payload)
        return JSONResponse({"status": "taken"})

    return Starlette(
        routes=[*more, Route("/{rest:path}", event, methods=["POST"])],
        exception_handlers=NOTHING,
        middleware=[Middleware(_Paced, pace=pace or Pace(REQUESTS, AT_ONCE), right=right)],
    )


class _Paced:
    """Lets through what `right` says, and of everything else only so much of each address."""

    def __init__(self, app: ASGIApp, pace: Pace, right: Callable[[Request], bool]) -> None:
        self.app = app
        self.pace = pace
        self.right = right

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        address = request.client.host if request.client else ""
        if not self.right(request) and self.pace.wait(address):
            await Response(status_code=429, headers=CLOSE)(scope, receive, send)
        else:
            await self.app(scope, receive, send)
