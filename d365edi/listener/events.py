"""The HTTPS application: business events of D365, and what `health` adds.

    POST <secret path>?secret=…   a business event: it says that something is new, never what; answered before the work begins

D365 does not sign its events and knows only a URL (kept in a key vault), so the URL carries the secret. A wrong secret
and a wrong path get the same 404: an outsider learns nothing. D365 waits ten seconds and tries three times, so the
answer does not wait for the work; an event that is lost all the same costs the time until the flow's next run.

Knows: HTTP. Does not know: what an event starts (it is handed a function).
"""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from d365edi.listener import body

Event = dict[str, Any]
Take = Callable[[Event], Awaitable[None]]


def events_app(path: str, secret: str, take: Take, more: Sequence[Route] = ()) -> Starlette:
    """The application. `take` is handed each business event and only starts work; `path` and `secret` are the settings'.

    An empty `path` takes no events and leaves only the routes in `more`."""

    async def event(request: Request) -> Response:
        offered = request.query_params.get("secret", "")
        right_path = hmac.compare_digest(request.url.path.encode(), path.encode())
        right_secret = hmac.compare_digest(offered.encode(), secret.encode())
        if not (path and secret and right_path and right_secret):
            return Response(status_code=404)
        received = await body.limited(request)
        if received is None:
            return Response(status_code=413)
        payload = body.json_object(received)
        if payload is None:
            return JSONResponse({"error": "a business event is a JSON object"}, status_code=400)
        await take(payload)
        return JSONResponse({"status": "taken"})

    return Starlette(
        routes=[*more, Route("/{rest:path}", event, methods=["POST"])],
        exception_handlers={404: _nothing, 405: _nothing},
    )


async def _nothing(_: Request, __: Exception) -> Response:
    return Response(status_code=404)
