"""The listener for business events under attack: real sockets, real TLS, and a caller with the right secret who is answered."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from d365edi import log
from d365edi.listener import health
from d365edi.listener.admission import CONNECTIONS, Admission
from d365edi.listener.events import AT_ONCE, events_app
from d365edi.listener.exchange import BODY_LIMIT
from d365edi.listener.health import Condition
from d365edi.listener.pace import Pace
from d365edi.listener.server import HEAD_LIMIT, Listener, Times, serving
from d365edi.listener.sockets import bind_tcp, tls_context
from d365edi.recurring import Recurring
from tests.certificates import self_signed
from tests.running import no_descriptors, until

PATH = "/events/2b1f"
RIGHT = f"{PATH}?secret=s3cret-of-the-test"
EVENT = {"BusinessEventId": "SalesInvoicePostedBusinessEvent"}
ATTACKER, OTHER = "127.0.0.2", "127.0.0.3"


def head(line: str, fields: str = "X: y") -> bytes:
    return f"{line} HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n".encode()


@dataclass
class Scene:
    """A listener that is served, and what was taken there."""

    port: int
    listener: Listener
    trust: ssl.SSLContext | None
    taken: list[dict[str, Any]] = field(default_factory=list)

    async def post(self, url: str = RIGHT, address: str = "127.0.0.1", **how: Any) -> httpx.Response:
        """A request of its own connection, from an address of this machine."""
        transport = httpx.AsyncHTTPTransport(verify=self.trust or False, local_address=address)
        base = f"http{'s' if self.trust else ''}://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(transport=transport, base_url=base, timeout=10) as client:
            return await client.post(url, **(how or {"json": EVENT}))

    async def connect(self, address: str = ATTACKER) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection, with TLS where there is any."""
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.trust, local_addr=(address, 0))


@contextlib.asynccontextmanager
async def scene(folder: Path | None = None, *, pace: Pace | None = None, **listener: Any) -> AsyncIterator[Scene]:
    """A listener for events; with TLS where a `folder` is given."""
    taken: list[dict[str, Any]] = []

    async def take(event: dict[str, Any]) -> None:
        taken.append(event)

    trust = None
    if folder is not None:
        certificate, key = self_signed()
        (folder / "tls.crt").write_text(certificate)
        trust = ssl.create_default_context(cadata=certificate)
        listener["tls"] = tls_context(folder / "tls.crt", key)
    listener.setdefault("admission", Admission())
    known = listener["admission"].trust
    app = events_app(PATH, "s3cret-of-the-test", take, health.routes(Condition), pace, known)
    with bind_tcp("127.0.0.1:0") as bound:
        served = Listener(app, bound, **listener)
        async with serving(served):
            yield Scene(bound.getsockname()[1], served, trust, taken)


def unpaced() -> Admission:
    return Admission(Pace(1e6, 1e6))


def held(admitted: Admission) -> int:
    return len(admitted._open)


@pytest.mark.parametrize("addresses", [[ATTACKER], [ATTACKER, OTHER]])
async def test_idle_connections_lock_nobody_out(addresses: list[str], tmp_path: Path) -> None:
    """Twice as many as there are places, with TLS and silent from then on."""
    patient = Times(handshake=600, request=600)  # however long it takes here to open them all
    async with scene(tmp_path, admission=unpaced(), times=patient) as here, contextlib.AsyncExitStack() as idle:
        for n in range(2 * CONNECTIONS // 8):
            opened = await asyncio.gather(*(here.connect(addresses[n % len(addresses)]) for _ in range(8)))
            for _, writer in opened:
                idle.callback(writer.close)
        assert held(here.listener.admission) == CONNECTIONS
        assert (await here.post()).status_code == 200
    assert here.taken == [EVENT]


async def test_connections_that_begin_no_tls_lock_nobody_out_either(tmp_path: Path) -> None:
    async with scene(tmp_path, admission=unpaced()) as here:
        with contextlib.ExitStack() as idle:
            for _ in range(CONNECTIONS + 10):
                idle.enter_context(socket.create_connection(("127.0.0.1", here.port), source_address=(ATTACKER, 0)))
                await asyncio.sleep(0)
            assert (await here.post()).status_code == 200


async def test_an_address_in_a_hurry_takes_places_from_itself_and_others_are_served_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.setup()
    paced = Admission(Pace(5, 10), most=20)
    async with scene(admission=paced) as here, contextlib.AsyncExitStack() as idle:
        quiet = await here.connect(OTHER)
        for _ in range(60):
            idle.callback((await here.connect())[1].close)
        assert (await here.post()).status_code == 200
        quiet[1].write(head("GET /healthz"))
        assert b"200 OK" in await quiet[0].readline()
        quiet[1].close()
    said = [line for line in capsys.readouterr().err.splitlines() if "slowed" in line]
    assert len(said) == 1
    assert f"{ATTACKER} opens more than 5 connections a second and has to wait" in said[0]


async def test_an_event_of_an_address_in_a_hurry_is_taken_after_its_wait() -> None:
    async with scene(admission=Admission(Pace(20, 1))) as here:
        codes = [(await here.post()).status_code for _ in range(5)]
    assert (codes, len(here.taken)) == ([200] * 5, 5)


async def test_an_address_that_knew_the_secret_is_not_paced_for_a_while_and_others_are() -> None:
    """Ten minutes lie between two connections of one address here."""
    async with scene(admission=Admission(Pace(1 / 600, 1))) as here:
        codes = [(await here.post()).status_code for _ in range(50)]
        assert (codes, len(here.taken)) == ([200] * 50, 50)
        assert (await here.post(f"{PATH}?secret=guess", address=OTHER)).status_code == 404
        with pytest.raises(httpx.TransportError):
            await here.post(f"{PATH}?secret=guess", address=OTHER)
    assert len(here.taken) == 50


@pytest.mark.parametrize("sent", [b"", b"POST ", head(f"POST {RIGHT}", "Content-Length: 90") + b"{"])
async def test_who_sends_no_whole_request_in_time_is_closed(sent: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """However far he came; each byte for itself gives him no more time. Nothing of it is logged."""
    log.setup()
    async with scene(times=Times(request=0.3)) as here:
        reader, writer = await here.connect()
        with contextlib.suppress(ConnectionError):
            for byte in sent[:10]:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
            writer.write(sent[10:])
            async with asyncio.timeout(5):
                assert await reader.read() == b""
        await until(lambda: not held(here.listener.admission))
        writer.close()
    assert capsys.readouterr().err == ""


async def test_a_handshake_that_does_not_end_is_closed(tmp_path: Path) -> None:
    async with scene(tmp_path, times=Times(handshake=0.2)) as here:
        reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
        writer.write(b"\x16\x03\x01")
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
        await until(lambda: not held(here.listener.admission))


async def test_who_does_not_take_his_answers_is_closed() -> None:
    """Requests in a row whose answers fill every buffer: they wait for him for a while, not for ever."""
    async with scene(times=Times(answer=0.5), pace=Pace(1e6, 1e6)) as here:
        with socket.socket() as caller:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            caller.connect(("127.0.0.1", here.port))
            caller.setblocking(False)
            asked = head("GET /healthz") * 2000
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(8):
                    while True:
                        await asyncio.get_running_loop().sock_sendall(caller, asked)
            await until(lambda: not held(here.listener.admission))


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 4 * HEAD_LIMIT, b"400"),
        (head(f"POST {RIGHT}", f"Content-Length: {BODY_LIMIT + 1}") + b"x" * (BODY_LIMIT + 1), b"413"),
        (head(f"POST {RIGHT}", "Transfer-Encoding: chunked") + b"80000\r\n" + b"x" * 2 * BODY_LIMIT, b"413"),
        (b"GET /healthz HTTP/1.1\r\nHost: [\r\n\r\n", b"200"),
        (b"\x16\x03\x01 nonsense\r\n\r\n", b"400"),
        (head("GET /", "Connection: Upgrade\r\nUpgrade: websocket"), b"404"),
    ],
)
async def test_what_is_too_large_or_malformed_is_refused_without_a_line_in_the_log(
    request_: bytes, status: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    log.setup()
    async with scene() as here:
        reader, writer = await here.connect()
        for at in range(0, len(request_), 8192):
            writer.write(request_[at : at + 8192])
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        line = await reader.readline()
        writer.close()
        assert (await here.post()).status_code == 200
    assert (line.split(b" ")[1], capsys.readouterr().err) == (status, "")


async def test_a_request_that_does_not_end_does_not_keep_the_server_from_stopping(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.setup()
    async with scene(times=Times(goodbye=0.1)) as here:
        _, writer = await here.connect()
        writer.write(head(f"POST {RIGHT}", "Content-Length: 90") + b"{")
        await until(lambda: held(here.listener.admission))
        await asyncio.sleep(0.05)
    assert (held(here.listener.admission), capsys.readouterr().err) == (0, "")
    writer.close()


async def test_a_caller_who_is_gone_before_the_end_of_his_event_is_no_defect(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.setup()
    async with scene() as here:
        _, writer = await here.connect()
        writer.write(head(f"POST {RIGHT}", "Content-Length: 90") + b"{")
        await writer.drain()
        await until(lambda: held(here.listener.admission))
        writer.close()
        await until(lambda: not held(here.listener.admission))
        await asyncio.sleep(0.05)
    assert (here.taken, capsys.readouterr().err) == ([], "")


async def test_an_address_that_guesses_is_refused_and_its_event_with_the_right_secret_is_taken() -> None:
    async with scene(admission=unpaced()) as here:
        wrong = [await here.post(f"{PATH}?secret=guess{n}") for n in range(int(AT_ONCE) + 20)]
        right, other = await here.post(), await here.post(f"{PATH}?secret=guess", address=OTHER)
    codes = [answer.status_code for answer in wrong]
    assert codes[: int(AT_ONCE)] == [404] * int(AT_ONCE)
    assert set(codes[int(AT_ONCE) :]) <= {404, 429}
    assert codes.count(429) >= 10
    assert (right.status_code, other.status_code, here.taken) == (200, 404, [EVENT])


async def test_without_descriptors_callers_wait_it_is_said_once_and_ends_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.setup()
    loop, exhausted = asyncio.get_running_loop(), Recurring()
    async with scene(exhausted=exhausted, admission=Admission(retry=0.02, steady=0.2)) as here:
        with contextlib.closing(socket.socket()) as late:
            late.setblocking(False)
            with no_descriptors():
                await loop.sock_connect(late, ("127.0.0.1", here.port))
                await until(lambda: exhausted.failures > 3)
            late.send(head("GET /healthz"))
            assert b"200 OK" in await loop.sock_recv(late, 1000)
            await until(lambda: not exhausted.failures)
    said = [line.split("listener", 1)[1].split(maxsplit=1)[1] for line in capsys.readouterr().err.splitlines()]
    assert said[0] == "no connection can be accepted: Too many open files; callers wait"
    assert "connections are accepted again after" in said[1]
    assert len(said) == 2


async def test_without_descriptors_one_who_says_nothing_makes_room_for_one_who_does() -> None:
    loop = asyncio.get_running_loop()
    async with scene(admission=Admission(retry=0.02)) as here:
        _, idle = await here.connect()
        await until(lambda: held(here.listener.admission))
        with contextlib.closing(socket.socket()) as late:
            late.setblocking(False)
            with no_descriptors():
                await loop.sock_connect(late, ("127.0.0.1", here.port))
                late.send(head("GET /healthz"))
                assert b"200 OK" in await loop.sock_recv(late, 1000)
        idle.close()
