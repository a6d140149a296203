"""The two listeners: who is admitted, what is answered, and that they open and close in order."""

from __future__ import annotations

import json
import socket
import ssl
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from d365edi.errors import Refused, SettingsError
from d365edi.listener import (
    BODY_LIMIT,
    Condition,
    Listener,
    bind_tcp,
    bind_unix,
    events_app,
    serving,
    tls_context,
    verbs_app,
)
from tests.certificates import self_signed

PATH, SECRET = "/events/2b1f", "s3cret-of-the-test"
WELL = Condition()
TEST_EVENT = {"BusinessEventId": "BusinessEventsTestEndpointContract", "ControlNumber": -9223372036854775808}


class Taken(list[dict[str, Any]]):
    """Collects the events that the listener hands on."""

    async def take(self, event: dict[str, Any]) -> None:
        self.append(event)


@asynccontextmanager
async def events_client(
    taken: Taken, *, path: str = PATH, secret: str = SECRET, now: Condition = WELL
) -> AsyncIterator[httpx.AsyncClient]:
    app = events_app(path, secret, taken.take, lambda: now)
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


async def test_the_socket_is_its_owners_alone_and_replaces_one_that_was_left(tmp_path: Path) -> None:
    place = tmp_path / "journal.sock"
    place.touch(0o666)
    bound = bind_unix(place)
    try:
        mode = place.stat().st_mode
        transport = httpx.AsyncHTTPTransport(uds=str(place))
        async with (
            serving(Listener(verbs_app({"echo": echo}), bound)),
            httpx.AsyncClient(transport=transport) as client,
        ):
            answer = await client.post("http://socket/echo", json={"a": 1})
    finally:
        bound.close()
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode), answer.json()) == (True, 0o600, {"answer": {"a": 1}})


def test_a_socket_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot open the socket"):
        bind_unix(tmp_path / "missing" / "journal.sock")


async def test_the_https_door_shows_its_certificate_and_serves(tmp_path: Path) -> None:
    certificate, key = self_signed()
    (tmp_path / "tls.crt").write_text(certificate)
    bound = bind_tcp("127.0.0.1:0")
    port = bound.getsockname()[1]
    taken = Taken()
    verify = ssl.create_default_context(cadata=certificate)
    tls = tls_context(tmp_path / "tls.crt", key)
    app = events_app(PATH, SECRET, taken.take, Condition)
    with bound:
        async with serving(Listener(app, bound, tls)), httpx.AsyncClient(verify=verify) as client:
            answer = await client.post(f"https://127.0.0.1:{port}{PATH}?secret={SECRET}", json=TEST_EVENT)
    assert (answer.status_code, sorted(answer.headers), list(taken)) == (
        200,
        ["content-length", "content-type"],
        [TEST_EVENT],
    )


async def test_a_request_in_flight_is_finished_when_the_door_closes() -> None:
    begun = anyio.Event()

    async def slow(arguments: dict[str, Any]) -> str:
        begun.set()
        await anyio.sleep(0.3)
        return "done"

    said: list[Any] = []

    async def ask(port: int) -> None:
        async with httpx.AsyncClient() as client:
            said.append((await client.post(f"http://127.0.0.1:{port}/slow", json={})).json())

    with bind_tcp("127.0.0.1:0") as bound:
        async with anyio.create_task_group() as group, serving(Listener(verbs_app({"slow": slow}), bound)):
            group.start_soon(ask, bound.getsockname()[1])
            await begun.wait()
    assert said == [{"answer": "done"}]


async def test_a_caller_between_two_servings_waits_and_is_served() -> None:
    """A reload closes and opens the listener; the socket stays bound, so D365 sees a slow answer and no refusal."""
    said: list[int] = []
    served = anyio.Event()

    async def ask(port: int) -> None:
        async with httpx.AsyncClient() as client:
            said.append((await client.post(f"http://127.0.0.1:{port}/echo", json={})).status_code)
        served.set()

    app = verbs_app({"echo": echo})
    with bind_tcp("127.0.0.1:0") as bound:
        async with anyio.create_task_group() as group:
            async with serving(Listener(app, bound)):
                pass
            group.start_soon(ask, bound.getsockname()[1])
            await anyio.sleep(0.1)
            async with serving(Listener(app, bound)):
                await served.wait()
    assert said == [200]


async def test_a_cancelled_door_lets_go_of_its_port() -> None:
    with bind_tcp("127.0.0.1:0") as bound:
        place = bound.getsockname()
        with anyio.move_on_after(0.1):
            async with serving(Listener(verbs_app({}), bound)):
                await anyio.sleep_forever()
    with socket.socket() as caller, pytest.raises(ConnectionRefusedError):
        caller.connect(place)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:99999", "127.0.0.1", "127.0.0.1:x", "203.0.113.7:0", "nowhere.invalid:1"]
)
def test_an_address_that_cannot_be_listened_on_is_a_sentence_that_names_the_key(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        bind_tcp(address)
    assert str(caught.value).startswith(f"[daemon.listen] cannot listen on {address}: ")


def test_a_taken_port_is_a_sentence() -> None:
    with bind_tcp("127.0.0.1:0") as bound, pytest.raises(SettingsError, match="nothing else uses"):
        bind_tcp(f"127.0.0.1:{bound.getsockname()[1]}")


def test_a_key_that_is_not_the_certificates_is_refused_and_never_shown(tmp_path: Path) -> None:
    certificate, _ = self_signed()
    _, other = self_signed()
    (tmp_path / "tls.crt").write_text(certificate)
    for key in (other, "no key at all", ""):
        with pytest.raises(SettingsError) as caught:
            tls_context(tmp_path / "tls.crt", key)
        assert str(caught.value).startswith("[daemon.tls] certificate")
        assert not key or key not in str(caught.value)


def test_an_encrypted_key_is_refused_instead_of_asking_a_terminal(tmp_path: Path) -> None:
    certificate, key = self_signed(password=b"asked-for")
    (tmp_path / "tls.crt").write_text(certificate)
    with pytest.raises(SettingsError, match="without a password"):
        tls_context(tmp_path / "tls.crt", key)
