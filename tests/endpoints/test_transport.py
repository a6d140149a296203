"""The HTTP client below D365: whatever its library raises is one of two errors, and it never starves."""

from __future__ import annotations

import asyncio
import gzip
import inspect
import random
import ssl
import traceback
import tracemalloc
import zlib
from collections.abc import AsyncIterator
from typing import Any

import anyio
import httpx
import pytest

from d365edi.endpoints.transport import HttpTransport, Limits
from d365edi.errors import Refused, Unavailable, Unreachable

TOKEN = "Bearer eyJ0.secret"
NEVER_SENT = {"ConnectTimeout", "ConnectError", "PoolTimeout", "ProxyError"}
NEVER_RIGHT = {
    "UnsupportedProtocol",
    "LocalProtocolError",
    "InvalidURL",
    "TooManyRedirects",
    "CookieConflict",
    "StreamError",
    "StreamConsumed",
    "StreamClosed",
    "ResponseNotRead",
    "RequestNotRead",
}
OTHERS = [
    TimeoutError(),
    ConnectionResetError("reset"),
    ssl.SSLError("bad"),
    RuntimeError("closed"),
    anyio.EndOfStream(),
    KeyError("x"),
]


class Raising(httpx.AsyncBaseTransport):
    """A network that fails in one way, then works."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = error
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        error, self.error = self.error, None
        if error is not None:
            raise error
        return httpx.Response(200)

    async def aclose(self) -> None:
        self.closed += 1


def every_httpx_error() -> list[Exception]:
    """One of each exception that httpx has."""
    kinds = [kind for _, kind in inspect.getmembers(httpx, inspect.isclass) if issubclass(kind, Exception)]
    return [made(kind) for kind in kinds]


def made(kind: Any) -> Exception:
    """An exception of that kind, with the arguments that it needs."""
    names = inspect.signature(kind.__init__).parameters
    request = httpx.Request("GET", "https://h/")
    if "response" in names:
        error = kind("x", request=request, response=httpx.Response(500, request=request))
    else:
        error = kind("x") if "message" in names else kind()
    assert isinstance(error, Exception)
    return error


def wire(transport: httpx.AsyncBaseTransport | None = None, **limits: float) -> HttpTransport:
    return HttpTransport("d365", "D365 at https://h", Limits(**limits), transport=transport)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [*every_httpx_error(), *OTHERS], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_every_exception_of_the_library_is_unavailable_or_refused(error: Exception, method: str) -> None:
    name = type(error).__name__
    with pytest.raises((Unavailable, Refused)) as caught:
        await wire(Raising(error)).send(method, "https://h/")
    if name in NEVER_RIGHT:
        assert type(caught.value) is Refused
    else:
        unclear = method == "POST" and name not in NEVER_SENT
        assert (type(caught.value), getattr(caught.value, "unclear", None)) == (Unreachable, unclear)
    assert name in caught.value.message


def test_the_table_above_names_only_exceptions_that_exist() -> None:
    assert {type(error).__name__ for error in every_httpx_error()} >= NEVER_SENT | NEVER_RIGHT


@pytest.mark.parametrize("kind", [httpx.LocalProtocolError, lambda text: UnicodeEncodeError("ascii", text, 0, 1, "no")])
async def test_an_error_that_may_quote_a_header_is_not_quoted(kind: type[Exception]) -> None:
    with pytest.raises((Unavailable, Refused)) as caught:
        await wire(Raising(kind(f"Illegal header value b'{TOKEN}'"))).send("GET", "https://h/")
    assert "secret" not in "".join(traceback.format_exception(caught.value))


async def test_a_certificate_that_is_not_trusted_points_to_the_setting() -> None:
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate")
    with pytest.raises(Unavailable) as caught:
        await wire(Raising(error)).send("GET", "https://h/")
    assert caught.value.remedy == "check ca_file and the server's certificate"


async def test_a_starved_pool_is_replaced() -> None:
    network = Raising(httpx.PoolTimeout(""))
    one = wire(network)
    with pytest.raises(Unavailable):
        await one.send("GET", "https://h/")
    assert network.closed == 1
    assert ((await one.send("GET", "https://h/")).status_code, network.closed) == (200, 1)


async def test_closing_twice_is_fine_and_a_later_request_opens_anew() -> None:
    network = Raising(httpx.ReadTimeout(""))
    one = wire(network)
    await one.close()
    with pytest.raises(Unavailable):
        await one.send("GET", "https://h/")
    await one.close()
    await one.close()
    assert network.closed == 1
    assert (await one.send("GET", "https://h/")).status_code == 200


class Dripping(httpx.AsyncBaseTransport):
    """A server that sends a byte now and then, for ever; and counts who is being served."""

    def __init__(self, pause: float, count: int) -> None:
        self.pause, self.count = pause, count
        self.now = self.most = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        return httpx.Response(200, stream=Drip(self))


class Drip(httpx.AsyncByteStream):
    def __init__(self, server: Dripping) -> None:
        self.server = server

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.server.count):
            await anyio.sleep(self.server.pause)
            yield b"x"

    async def aclose(self) -> None:
        self.server.now -= 1


async def test_an_answer_that_drips_for_ever_ends_at_the_overall_deadline() -> None:
    with anyio.fail_after(2), pytest.raises(Unavailable) as caught:
        await wire(Dripping(0.01, 10_000), read=0.5, overall=0.1).send("POST", "https://h/")
    assert (caught.value.unclear, "TimeoutError" in caught.value.message) == (True, True)


async def test_no_more_requests_run_at_once_than_there_are_connections() -> None:
    server = Dripping(0.001, 3)
    one = wire(server, connections=4)
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(one.send, "GET", "https://h/")
    assert (server.most, server.now) == (4, 0)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that takes its time, over a real socket."""
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(0.004)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def test_cancelled_requests_lose_no_connection() -> None:
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        one = wire(connections=5)
        chance = random.Random(7)

        async def impatient() -> None:
            for _ in range(10):
                with anyio.move_on_after(chance.uniform(0.001, 0.03)):
                    await one.send("GET", url)

        async with anyio.create_task_group() as group:
            for _ in range(40):
                group.start_soon(impatient)
        with anyio.fail_after(5):
            assert {bytes((await one.send("GET", url)).content) for _ in range(10)} == {b"ok"}
        await one.close()
        server.close()


async def test_a_port_where_nobody_listens_is_unavailable_and_not_unclear() -> None:
    one = wire()
    with pytest.raises(Unavailable) as caught:
        await one.send("POST", "http://127.0.0.1:9/")
    await one.close()
    assert (caught.value.unclear, caught.value.remedy) == (False, "check host and network")


class Recording(httpx.AsyncBaseTransport):
    """Keeps requests; sets a cookie, and packs what it answers."""

    packed = gzip.compress(b"packed")
    encoding = "gzip"

    def __init__(self) -> None:
        self.requests = list[httpx.Request]()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        headers = {"Content-Encoding": self.encoding, "Set-Cookie": "affinity=aos7; Path=/"}
        return httpx.Response(200, headers=headers, content=self.packed)


async def test_an_answer_is_unpacked_and_its_cookie_is_not_kept() -> None:
    network = Recording()
    one = wire(network)
    answers = [
        await one.send("POST", "https://h/a", headers={"accept": "application/json"}, content=b"{}") for _ in range(2)
    ]
    assert [bytes(answer.content) for answer in answers] == [b"packed", b"packed"]
    first, second = network.requests
    assert [request.headers.get("cookie") for request in (first, second)] == [None, None]
    assert first.headers.get_list("accept") == ["application/json"]
    assert (first.headers["accept-encoding"], first.headers["content-length"]) == ("gzip, deflate", "2")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("packed", [True, False])
async def test_an_answer_is_read_up_to_the_limit_and_no_further(packed: bool, method: str) -> None:
    class Blanks(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            blanks = b" " * size
            headers = {"Content-Encoding": "gzip"} if packed else {}
            return httpx.Response(200, headers=headers, content=gzip.compress(blanks) if packed else blanks)

    one = wire(Blanks(), answer=4 << 20)
    size = 4 << 20
    assert len((await one.send(method, "https://h/")).content) == size
    size += 1
    with pytest.raises(Refused if method == "GET" else Unavailable, match="more than 4 MB") as caught:
        await one.send(method, "https://h/")
    assert getattr(caught.value, "unclear", False) == (method == "POST")


async def test_a_single_request_has_a_limit_of_its_own_and_may_change_nothing_whatever_its_method() -> None:
    one = wire(Recording(), answer=4)
    assert len((await one.send("GET", "https://h/", limit=6)).content) == 6
    with pytest.raises(Refused, match="was not read to its end"):
        await one.send("POST", "https://h/", safe=True)
    with pytest.raises(Unreachable) as caught:
        await wire(Raising(httpx.ReadError("x"))).send("POST", "https://h/", safe=True)
    assert not caught.value.unclear


async def test_a_bomb_of_blanks_takes_no_more_memory_than_the_limit() -> None:
    class Bomb(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Pieces())

    class Pieces(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            for start in range(0, len(bomb), 65536):
                yield bomb[start : start + 65536]

    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(300)) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="more than 64 MB"):
            await wire(Bomb()).send("GET", "https://h/")
        assert tracemalloc.get_traced_memory()[1] < 160 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("frame", [zlib.MAX_WBITS, -zlib.MAX_WBITS])
async def test_deflate_is_unpacked_with_and_without_its_frame(frame: int) -> None:
    network = Recording()
    packer = zlib.compressobj(wbits=frame)
    network.packed, network.encoding = packer.compress(b"packed" * 9) + packer.flush(), "deflate"
    assert bytes((await wire(network).send("GET", "https://h/")).content) == b"packed" * 9


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("br", b"x"), ("gzip", b"not packed"), ("gzip", gzip.compress(b"packed", mtime=0)[:-9]), ("deflate", b"\xff\xff")],
)
async def test_what_cannot_be_unpacked_is_no_answer(encoding: str, content: bytes) -> None:
    network = Recording()
    network.packed, network.encoding = content, encoding
    with pytest.raises(Unreachable, match="no answer from"):
        await wire(network).send("GET", "https://h/")


async def test_an_answer_that_says_go_elsewhere_is_given_back_as_it_is() -> None:
    class Elsewhere(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(302, headers={"Location": "https://evil.example/"})

    answer = await wire(Elsewhere()).send("GET", "https://h/")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://evil.example/")
