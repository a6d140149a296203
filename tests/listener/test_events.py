"""Business events, health and metrics: who is admitted, what is answered."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from d365edi.listener import health
from d365edi.listener.events import events_app
from d365edi.listener.exchange import BODY_LIMIT
from d365edi.listener.health import Condition, Metrics

PATH, SECRET = "/events/2b1f", "s3cret-of-the-test"
WELL = Condition()
TEST_EVENT = {"BusinessEventId": "BusinessEventsTestEndpointContract", "ControlNumber": -9223372036854775808}


class Taken(list[dict[str, Any]]):
    """Collects the events that the listener hands on."""

    async def take(self, event: dict[str, Any]) -> None:
        self.append(event)


@asynccontextmanager
async def events_client(
    taken: Taken, *, path: str = PATH, secret: str = SECRET, now: Condition = WELL, metrics: Metrics | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    app = events_app(path, secret, taken.take, health.routes(lambda: now, metrics))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://events") as client:
        yield client


async def test_the_test_event_of_a_new_endpoint_is_answered_200_and_handed_on() -> None:
    taken = Taken()
    async with events_client(taken) as client:
        answer = await client.post(f"{PATH}?secret={SECRET}", json=TEST_EVENT)
    assert (answer.status_code, list(taken)) == (200, [TEST_EVENT])


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("POST", PATH),
        ("POST", f"{PATH}?secret="),
        ("POST", f"{PATH}?secret={SECRET}x"),
        ("POST", f"{PATH}?secret=%C3%A9"),
        ("POST", f"{PATH}/more?secret={SECRET}"),
        ("POST", f"/events/other?secret={SECRET}"),
        ("POST", f"/?secret={SECRET}"),
        ("POST", "/healthz"),
        ("GET", f"{PATH}?secret={SECRET}"),
        ("PUT", f"{PATH}?secret={SECRET}"),
        ("GET", "/"),
        ("GET", "/docs"),
    ],
)
async def test_everything_but_the_secret_address_is_the_same_empty_404(method: str, url: str) -> None:
    taken = Taken()
    async with events_client(taken) as client:
        answer = await client.request(method, url, content=json.dumps(TEST_EVENT) if method != "GET" else None)
    assert (answer.status_code, answer.content, list(taken)) == (404, b"", [])


@pytest.mark.parametrize(("path", "secret"), [("", ""), (PATH, ""), ("", SECRET)])
async def test_without_a_path_and_a_secret_no_event_is_taken(path: str, secret: str) -> None:
    taken = Taken()
    async with events_client(taken, path=path, secret=secret) as client:
        answer = await client.post(f"{path or '/'}?secret={secret}", json=TEST_EVENT)
    assert (answer.status_code, list(taken)) == (404, [])


@pytest.mark.parametrize("body", [b"", b"not json", b"[1, 2]", b'"text"', b"[" * 100_000, b"\xff\xfe"])
async def test_what_is_no_json_object_is_refused_in_words(body: bytes) -> None:
    taken = Taken()
    async with events_client(taken) as client:
        answer = await client.post(f"{PATH}?secret={SECRET}", content=body)
    assert (answer.status_code, answer.json(), list(taken)) == (400, {"error": "a business event is a JSON object"}, [])


@pytest.mark.parametrize(("length", "status"), [(BODY_LIMIT, 200), (BODY_LIMIT + 1, 413)])
async def test_a_body_is_taken_up_to_its_limit(length: int, status: int) -> None:
    body = b'{"a": "' + b"x" * (length - 9) + b'"}'
    async with events_client(Taken()) as client:
        answer = await client.post(f"{PATH}?secret={SECRET}", content=body)
    assert (len(body), answer.status_code) == (length, status)


DEGRADED = {"status": "degraded", "because": ["credentials", "held"]}
STUCK = {"status": "stuck", "because": ["stuck"]}


@pytest.mark.parametrize(
    ("now", "whole", "live", "ready"),
    [
        (Condition(), (200, {"status": "ok"}), (200, {"status": "ok"}), (200, {"status": "ok"})),
        (Condition(True, ("credentials", "held")), (200, DEGRADED), (200, {"status": "ok"}), (503, DEGRADED)),
        (Condition(False, ("stuck",)), (503, STUCK), (503, {"status": "stuck"}), (503, STUCK)),
    ],
)
async def test_healthz_says_apart_whether_a_restart_helps_and_whether_all_work_is_done(
    now: Condition, whole: object, live: object, ready: object
) -> None:
    async with events_client(Taken(), now=now) as client:
        answers = [await client.get(f"/healthz{what}") for what in ("", "/live", "/ready")]
        other = await client.get("/healthz/other")
    assert [(answer.status_code, answer.json()) for answer in answers] == [whole, live, ready]
    assert (other.status_code, other.content) == (404, b"")


async def test_metrics_are_what_prometheus_reads_and_404_where_there_are_none() -> None:
    async def figures() -> str:
        return "up 1\n"

    async with events_client(Taken()) as without, events_client(Taken(), metrics=figures) as client:
        none, answer = await without.get("/metrics"), await client.get("/metrics")
    assert (none.status_code, none.content) == (404, b"")
    assert (answer.text, answer.headers["content-type"]) == ("up 1\n", "text/plain; version=0.0.4; charset=utf-8")
