"""Sockets and servers: they open and close in order, and say what is wrong with an address or a certificate."""

from __future__ import annotations

import socket
import ssl
import stat
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from d365edi.errors import SettingsError
from d365edi.listener.commands import verbs_app
from d365edi.listener.events import events_app
from d365edi.listener.server import Listener, serving
from d365edi.listener.sockets import bind_tcp, bind_unix, tls_context
from tests.certificates import self_signed

PATH, SECRET = "/events/2b1f", "s3cret-of-the-test"
TEST_EVENT = {"BusinessEventId": "BusinessEventsTestEndpointContract"}


async def echo(arguments: dict[str, Any]) -> Any:
    return arguments


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
    taken: list[dict[str, Any]] = []

    async def take(event: dict[str, Any]) -> None:
        taken.append(event)

    verify = ssl.create_default_context(cadata=certificate)
    tls = tls_context(tmp_path / "tls.crt", key)
    app = events_app(PATH, SECRET, take)
    with bound:
        async with serving(Listener(app, bound, tls)), httpx.AsyncClient(verify=verify) as client:
            answer = await client.post(f"https://127.0.0.1:{port}{PATH}?secret={SECRET}", json=TEST_EVENT)
    assert (answer.status_code, sorted(answer.headers), taken) == (
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
