"""How a planned fault strikes an HTTP request, in either simulator.

Knows: ASGI. Does not know: what is answered.
"""

import asyncio
from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .faults import PlannedFault


async def strike(fault: PlannedFault | None, scope: Scope, *, after_work: bool) -> None:
    """Be silent, break the connection, or do what shall happen, where that is due now. ConnectionResetError: it is broken."""
    if fault is None or fault.after_work != after_work:
        return
    if fault.act is not None:
        query = scope["query_string"].decode("latin-1")
        fault.act(f"{scope['path']}?{query}")
    if fault.kind == "silence":
        await asyncio.sleep(fault.seconds)
    if fault.kind == "drop":
        await _break(scope)


async def respond(fault: PlannedFault | None, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Send an answer, or half of one. ConnectionResetError: the connection is broken then."""
    if fault is None or fault.kind != "half":
        await response(scope, receive, send)
        return
    headers: Mapping[str, str] = response.headers
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": raw})
    half = bytes(response.body)[: len(response.body) // 2]
    await send({"type": "http.response.body", "body": half, "more_body": True})
    await _break(scope, "sandbox.close")  # what was written still leaves


async def _break(scope: Scope, how: str = "sandbox.abort") -> None:
    scope.get(how, lambda: None)()
    await asyncio.sleep(0)
    raise ConnectionResetError("the sandbox broke this connection")
