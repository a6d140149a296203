"""The command socket's application: what is answered and refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from d365edi.errors import Refused
from d365edi.listener.commands import verbs_app
from d365edi.listener.exchange import BODY_LIMIT


async def echo(arguments: dict[str, Any]) -> Any:
    return arguments


async def refuse(_: dict[str, Any]) -> Any:
    raise Refused("nothing is held under 4711", remedy="see d365edi status")


@pytest.mark.parametrize(
    ("url", "content", "status", "said"),
    [
        ("/echo", b'{"what": "4711"}', 200, {"answer": {"what": "4711"}}),
        ("/echo", b"", 200, {"answer": {}}),
        ("/refuse", b"{}", 409, {"error": "Refused", "message": "nothing is held under 4711; see d365edi status"}),
        ("/other", b"{}", 404, {"error": "D365EdiError", "message": "no such verb"}),
        ("/echo", b"no", 404, {"error": "D365EdiError", "message": "no such verb"}),
        ("/echo", b"x" * (BODY_LIMIT + 1), 404, {"error": "D365EdiError", "message": "no such verb"}),
    ],
)
async def test_a_verb_is_answered_in_json_and_refused_in_words(
    url: str, content: bytes, status: int, said: dict[str, Any]
) -> None:
    app = verbs_app({"echo": echo, "refuse": refuse})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://socket") as client:
        answer = await client.post(url, content=content)
    assert (answer.status_code, answer.json()) == (status, said)
