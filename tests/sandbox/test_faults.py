"""Faults strike what they were planned for, as often as planned, and nothing else; over ASGI and over a real TLS port."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import anyio
import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from d365edi.sandbox import serve, tls
from d365edi.sandbox.d365 import CLIENT_ID, CLIENT_SECRET, TENANT, Simulator, events
from d365edi.sandbox.faults import Faults

from .conftest import CROSS, ORDER, ask_token, create_order, token

HEADERS = "/data/SalesOrderHeadersV4"


@pytest.mark.parametrize("status", [401, 403, 429, 500, 502, 503])
async def test_a_planned_status_is_answered_once_and_nothing_is_done(
    simulator: Simulator, caller: httpx.AsyncClient, status: int
) -> None:
    simulator.faults.answer(status, method="POST", path=HEADERS)
    answers = [await caller.post(HEADERS, params=CROSS, json=ORDER) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status, 201]
    assert len(simulator.state.rows("SalesOrderHeadersV4")) == 1


@pytest.mark.parametrize(
    ("planned", "sent"),
    [
        (None, None),
        (3, "3"),
        (datetime(2026, 1, 5, 9, 15, 30, tzinfo=UTC), "Mon, 05 Jan 2026 09:15:30 GMT"),
    ],
)
async def test_retry_after_is_seconds_a_date_or_absent(
    simulator: Simulator, caller: httpx.AsyncClient, planned: float | datetime | None, sent: str | None
) -> None:
    simulator.faults.answer(429, retry_after=planned)
    answer = await caller.get("/data/CustomersV3")
    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, sent)


async def test_an_html_page_can_stand_where_json_was_expected(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    simulator.faults.answer(503, html=True)
    answer = await caller.get("/data/CustomersV3")
    assert (answer.headers["content-type"].partition(";")[0], "<html>" in answer.text) == ("text/html", True)


async def test_a_fault_waits_for_its_method_and_path_and_strikes_its_number_of_times(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.faults.answer(500, method="GET", path="/data/Sales*", times=2)
    paths = ["/data/CustomersV3", HEADERS, "/data/SalesOrderLinesV3", HEADERS]
    assert [(await caller.get(path)).status_code for path in paths] == [200, 500, 500, 200]
    assert simulator.faults.waiting == []


async def test_the_token_endpoint_can_fail_too(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    simulator.faults.answer(429, path="*/oauth2/*", retry_after=1)
    assert [(await ask_token(caller)).status_code for _ in range(2)] == [429, 200]


async def test_a_token_can_be_taken_back_in_the_middle(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    simulator.faults.revoke(method="POST", path=HEADERS)
    before = await caller.get("/data/CustomersV3")
    struck = await caller.post(HEADERS, params=CROSS, json=ORDER)
    caller.headers["Authorization"] = f"Bearer {await token(caller)}"
    after = await caller.post(HEADERS, params=CROSS, json=ORDER)
    assert [answer.status_code for answer in (before, struck, after)] == [200, 401, 201]


@pytest.mark.parametrize(("after_work", "rows"), [(True, 1), (False, 0)])
async def test_a_connection_breaks_after_the_work_or_before_it(
    simulator: Simulator, caller: httpx.AsyncClient, after_work: bool, rows: int
) -> None:
    simulator.faults.drop(method="POST", after_work=after_work)
    with pytest.raises(ConnectionResetError):
        await caller.post(HEADERS, params=CROSS, json=ORDER)
    assert len(simulator.state.rows("SalesOrderHeadersV4")) == rows


@pytest.mark.parametrize(("after_work", "rows"), [(True, 1), (False, 0)])
async def test_silence_outlasts_a_caller_with_the_work_done_or_not(
    simulator: Simulator, caller: httpx.AsyncClient, after_work: bool, rows: int
) -> None:
    simulator.faults.silence(60, method="POST", after_work=after_work)
    with pytest.raises(TimeoutError), anyio.fail_after(0.05):
        await caller.post(HEADERS, params=CROSS, json=ORDER)
    assert len(simulator.state.rows("SalesOrderHeadersV4")) == rows


async def test_a_status_is_answered_after_the_work_with_a_body_of_its_own(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    simulator.faults.answer(400, method="POST", body=b'{"said":1}', after_work=True)
    answer = await caller.post(HEADERS, params=CROSS, json=ORDER)
    assert (answer.status_code, answer.json()) == (400, {"said": 1})
    assert len(simulator.state.rows("SalesOrderHeadersV4")) == 1


def test_a_fault_by_chance_strikes_so_large_a_share() -> None:
    faults = Faults()
    faults.drop(times=10**6, chance=0.05)
    struck = sum(faults.take("GET", "/data/CustomersV3") is not None for _ in range(2000))
    assert 60 < struck < 140


async def test_something_happens_just_before_a_request_is_looked_at(
    simulator: Simulator, caller: httpx.AsyncClient
) -> None:
    seen: list[tuple[str, int]] = []
    simulator.faults.happen(lambda path: seen.append((path, len(simulator.state.rows("SalesOrderHeadersV4")))))
    await caller.post(HEADERS, params=CROSS, json=ORDER)
    assert seen == [(f"{HEADERS}?cross-company=true", 0)]


async def test_the_log_counts_requests_by_set_and_method(simulator: Simulator, caller: httpx.AsyncClient) -> None:
    simulator.log.clear()
    await create_order(caller)
    await caller.get(f"{HEADERS}(dataAreaId='usmf',SalesOrderNumber='SO-000001')")
    await ask_token(caller)
    assert [(seen.method, seen.set, seen.status) for seen in simulator.log] == [
        ("POST", "SalesOrderHeadersV4", 201),
        ("GET", "SalesOrderHeadersV4", 404),
        ("POST", "token", 200),
    ]
    assert simulator.count("POST", "SalesOrderHeadersV4") == 1


@pytest.fixture
async def wire(simulator: Simulator, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The same simulator on a TLS port, trusted through its authority's file."""
    identity = tls.create(tmp_path)
    async with serve.serve(simulator.app, identity) as port:
        context = ssl.create_default_context(cafile=identity.authority)
        async with httpx.AsyncClient(base_url=f"https://127.0.0.1:{port}", verify=context, trust_env=False) as client:
            form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
            form["scope"] = f"https://127.0.0.1:{port}/.default"
            issued = await client.post(f"/{TENANT}/oauth2/v2.0/token", data=form)
            client.headers["Authorization"] = f"Bearer {issued.json()['access_token']}"
            yield client


async def test_over_a_port_a_drop_breaks_the_connection_after_the_work_and_the_next_request_is_served(
    simulator: Simulator, wire: httpx.AsyncClient
) -> None:
    simulator.faults.drop(method="POST")
    with pytest.raises(httpx.RemoteProtocolError):
        await wire.post(HEADERS, params=CROSS, json=ORDER)
    found = await wire.get(f"{HEADERS}/$count", params=CROSS)
    assert found.text == "1"


async def test_over_a_port_half_of_a_body_comes_with_the_work_done(
    simulator: Simulator, wire: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.faults.half(method="POST")
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
        await wire.post(HEADERS, params=CROSS, json=ORDER)
    assert len(simulator.state.rows("SalesOrderHeadersV4")) == 1
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_over_a_port_silence_runs_into_the_clients_own_timeout(
    simulator: Simulator, wire: httpx.AsyncClient
) -> None:
    simulator.faults.silence(60, method="POST")
    with pytest.raises(httpx.ReadTimeout):
        await wire.post(HEADERS, params=CROSS, json=ORDER, timeout=0.1)
    assert len(simulator.state.rows("SalesOrderHeadersV4")) == 1


async def test_answers_do_not_wait_for_the_clients_delayed_acknowledgment(tmp_path: Path) -> None:
    delays = list[bool]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        connection = scope["sandbox.abort"].__self__.get_extra_info("socket")
        delays.append(not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        await Response("served")(scope, receive, send)

    identity = tls.create(tmp_path)
    async with serve.serve(app, identity) as port:
        context = ssl.create_default_context(cafile=identity.authority)
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            await client.get(f"https://127.0.0.1:{port}/")
    assert delays == [False]


async def test_a_certificate_of_another_authority_is_not_trusted(simulator: Simulator, tmp_path: Path) -> None:
    async with serve.serve(simulator.app, tls.create(tmp_path / "a")) as port:
        context = ssl.create_default_context(cafile=tls.create(tmp_path / "b").authority)
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            with pytest.raises(httpx.ConnectError):
                await client.get(f"https://localhost:{port}/data/CustomersV3")


class Receiver:
    """Takes business events and answers as set, one status after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        self.bodies.append(message.get("body", b""))
        await Response(status_code=self.statuses.pop(0))(scope, receive, send)


@pytest.mark.parametrize(
    ("statuses", "taken", "tries"),
    [((204,), True, 1), ((500, 200), True, 2), ((500, 503, 404), False, 3), ((404, 500, 202), True, 3)],
)
async def test_an_event_is_tried_three_times_and_then_lost(
    tmp_path: Path, statuses: tuple[int, ...], taken: bool, tries: int
) -> None:
    receiver = Receiver(*statuses)
    identity = tls.create(tmp_path)
    async with serve.serve(receiver, identity) as port:
        url = f"https://127.0.0.1:{port}/events?secret=x"
        outcome = await events.send(url, events.test_event(), wait=0.01, ca_file=str(identity.authority))
    assert (outcome, len(receiver.bodies)) == (taken, tries)
    assert b'"ControlNumber": -9223372036854775808' in receiver.bodies[0]


async def test_an_event_for_nobody_is_lost_without_a_word() -> None:
    async with asyncio.timeout(5):
        assert await events.send("http://127.0.0.1:9/events", events.test_event(), wait=0.01) is False
