"""What all applications share: requests of limited length, a JSON object each; answers that tell a stranger nothing.

Knows: HTTP. Does not know: what is asked or answered.
"""

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

BODY_LIMIT = 256 * 1024
"""Bytes. Business events carry identifiers, about a kilobyte; more than this is not one."""
CLOSE = {"connection": "close"}
"""The header of an answer after which no further request of that connection is read."""


async def body(request: Request) -> bytes | None:
    """The body; None as soon as it is longer than BODY_LIMIT, or where the caller is gone before its end."""
    held = bytearray()
    try:
        async for chunk in request.stream():
            held += chunk
            if len(held) > BODY_LIMIT:
                return None
    except ClientDisconnect:
        return None
    return bytes(held)


def json_object(received: bytes) -> dict[str, Any] | None:
    """The JSON object in a body, None where it is none."""
    try:
        value = json.loads(received)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def nothing(_: Request, __: Exception | None = None) -> Response:
    """Not found, whatever was asked for: an empty answer, and the end of the connection."""
    return Response(status_code=404, headers=CLOSE)


NOTHING = {404: nothing, 405: nothing}
"""Exception handlers of an application for everything that it does not serve."""
