"""Bodies of requests: of limited length, a JSON object each.

Knows: HTTP bodies. Does not know: what is in them.
"""

import json
from typing import Any

from starlette.requests import Request

BODY_LIMIT = 256 * 1024
"""Bytes. Business events carry identifiers, about a kilobyte; more than this is not one."""


async def limited(request: Request) -> bytes | None:
    """The body, or None as soon as it is longer than BODY_LIMIT."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > BODY_LIMIT:
            return None
    return bytes(held)


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in it, None where it is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
