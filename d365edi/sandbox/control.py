"""Commands for a running sandbox, at the port of its D365: `POST /sandbox/<command>`, JSON in and out. All else is D365's.

Knows: HTTP. Does not know: what a command does.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .d365 import values

ROOT = "/sandbox/"
Command = Callable[..., Awaitable[Any]]


class Impossible(Exception):
    """A command that cannot be followed, with the reason as a sentence."""


class Control:
    """The ASGI application in front of `app`. An answer is `{"answer": ...}`, or status 409 and `{"error": sentence}`."""

    def __init__(self, commands: Mapping[str, Command], app: ASGIApp) -> None:
        self._commands = commands
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Follow one command, or hand the request on."""
        if not scope["path"].startswith(ROOT):
            await self._app(scope, receive, send)
            return
        status, body = await self._answer(Request(scope, receive))
        text = values.dumps(body)
        await Response(text, status, media_type="application/json")(scope, receive, send)

    async def _answer(self, request: Request) -> tuple[int, dict[str, Any]]:
        command = self._commands.get(request.url.path.removeprefix(ROOT))
        if command is None or request.method != "POST":
            return 404, {"error": "the sandbox has no such command"}
        try:
            return 200, {"answer": await command(**json.loads(await request.body()))}
        except Impossible as reason:
            return 409, {"error": str(reason)}
        except (ValueError, TypeError) as error:
            return 400, {"error": f"the sandbox does not understand the command: {error}"}
