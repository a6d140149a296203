"""A caller of the simulated Sterling, with plain httpx, and short forms of the requests that tests repeat."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from d365edi.sandbox.sterling import SterlingSimulator

BASE = "https://sterling.test/B2BAPIs/svc/"


@asynccontextmanager
async def calling(sterling: SterlingSimulator, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """A caller with the login of the settings, or other headers."""
    transport = httpx.ASGITransport(app=sterling.app)
    login = base64.b64encode(f"{sterling.USERNAME}:{sterling.PASSWORD}".encode()).decode()
    said = {"Accept": "application/json", "Authorization": f"Basic {login}", **headers}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=said) as client:
        yield client


async def upload(client: httpx.AsyncClient, data: bytes = b"ISA", **fields: Any) -> str:
    """Create a document; its id."""
    answer = await client.post("documents/", json={"payload": base64.b64encode(data).decode(), **fields})
    assert answer.status_code == 201, answer.text
    return httpx.URL(answer.json()["Location"]).path.rpartition("/")[2]


async def deliver(client: httpx.AsyncClient, path: str, name: str, data: bytes = b"ISA", **fields: Any) -> int:
    """Create a document and its message, with a count of 1; the message's id."""
    policy = fields or {"extractableCount": 1}
    body = {"documentId": await upload(client, data), "mailboxPath": path, "name": name, **policy}
    answer = await client.post("mailboxmessages/", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["Location"].rpartition("/")[2])


async def contents(client: httpx.AsyncClient, mailbox: int, **query: str) -> list[dict[str, Any]]:
    """A page of a mailbox, with details."""
    asked = {"parentMailboxId": str(mailbox), "detail": "true", "_range": "0-999", **query}
    answer = await client.get("mailboxcontents/", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json())


async def payload(client: httpx.AsyncClient, document: str) -> bytes:
    """The bytes of a document."""
    answer = await client.post(f"documents/{document}/actions/getpayload", json={})
    assert answer.status_code == 200, answer.text
    return base64.b64decode(answer.json()["response"])
