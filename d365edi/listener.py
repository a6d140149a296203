"""Two listeners of the running daemon, one ASGI app each: HTTPS for business events and health, a Unix socket for verbs.

    POST <secret path>?secret=…   a business event: it says that something is new, never what; answered before the work begins
    GET  /healthz/live            200 while the daemon makes progress, 503 when only a restart helps
    GET  /healthz/ready           200 while all its work is done, 503 when some is not: kinds of trouble, no names
    GET  /healthz                 the status of `live` with what `ready` says: "ok", "degraded" or "stuck"
    POST /<verb>                  on the socket (mode 0600): release, reject, replay, tick, ping, status, check as JSON

D365 does not sign its events and knows only a URL (kept in a key vault), so the URL carries the secret. A wrong secret
and a wrong path get the same 404: an outsider learns nothing. D365 waits ten seconds and tries three times, so the
answer does not wait for the work; an event that is lost all the same costs the time until the flow's next run.

Knows: HTTP, TLS, sockets. Does not know: what a verb or an event does (it is handed functions), nor the journal.
"""

import contextlib
import hmac
import json
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from d365edi.errors import D365EdiError, SettingsError

BODY_LIMIT = 256 * 1024
"""Bytes. Business events carry identifiers, about a kilobyte; more than this is not one."""

SETTINGS_HEADER = "D365edi-Settings"

Event = dict[str, Any]
Arguments = dict[str, Any]
Verb = Callable[[Arguments], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Condition:
    """What /healthz says. `live`: a restart would not help. `because`: the kinds of trouble, without names (anybody may ask)."""

    live: bool = True
    because: tuple[str, ...] = ()


def events_app(
    path: str, secret: str, take: Callable[[Event], Awaitable[None]], condition: Callable[[], Condition]
) -> Starlette:
    """The HTTPS application. `take` is handed each business event and only starts work; `path` and `secret` are the settings'.

    An empty `path` takes no events and leaves only /healthz."""

    async def health(request: Request) -> Response:
        return _health(condition(), request.url.path)

    async def event(request: Request) -> Response:
        offered = request.query_params.get("secret", "")
        right_path = hmac.compare_digest(request.url.path.encode(), path.encode())
        right_secret = hmac.compare_digest(offered.encode(), secret.encode())
        if not (path and secret and right_path and right_secret):
            return Response(status_code=404)
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        payload = _object(body)
        if payload is None:
            return JSONResponse({"error": "a business event is a JSON object"}, status_code=400)
        await take(payload)
        return JSONResponse({"status": "taken"})

    return Starlette(
        routes=[
            *(Route(place, health, methods=["GET"]) for place in ("/healthz", "/healthz/live", "/healthz/ready")),
            Route("/{rest:path}", event, methods=["POST"]),
        ],
        exception_handlers={404: _nothing, 405: _nothing},
    )


def _health(now: Condition, asked: str) -> Response:
    because = () if asked == "/healthz/live" else now.because
    word = "stuck" if not now.live else "degraded" if because else "ok"
    well = now.live and not (because and asked == "/healthz/ready")
    return JSONResponse(
        {"status": word, **({"because": list(because)} if because else {})}, status_code=200 if well else 503
    )


def verbs_app(verbs: Mapping[str, Verb], settings: str = "") -> Starlette:
    """The socket's application: `POST /<verb>` with a JSON object of arguments, answered `{"answer": …}`.

    What a verb refuses comes back as `{"error": kind, "message": …, "remedy": …}` with status 409. Every answer names the
    digest of the `settings` that are in use, so that a command can say that the files were changed since."""
    headers = {SETTINGS_HEADER: settings}

    async def call(request: Request) -> Response:
        verb = verbs.get(request.path_params["verb"])
        body = await _body(request)
        arguments = _object(body or b"{}") if body is not None else None
        if verb is None or arguments is None:
            return JSONResponse({"error": "D365EdiError", "message": "no such verb"}, status_code=404)
        try:
            return JSONResponse({"answer": await verb(arguments)}, headers=headers)
        except D365EdiError as error:
            said = {"error": type(error).__name__, "message": str(error)}
            return JSONResponse(said, status_code=409, headers=headers)

    return Starlette(routes=[Route("/{verb}", call, methods=["POST"])])


class Decides(Protocol):
    """The part of the app that the socket reaches."""

    def flows(self) -> Sequence[Any]:
        """Every flow, each with a `name`."""

    async def release(self, what: str, actor: str, *, partner: str = "", id: str = "", many: bool = False) -> list[str]:
        """Release what is held."""

    async def reject(
        self, what: str, why: str, actor: str, *, partner: str = "", id: str = "", many: bool = False
    ) -> list[str]:
        """Close what is held."""

    async def replay(
        self,
        what: str,
        stage: str,
        *,
        go: bool,
        acks: bool,
        actor: str,
        partner: str = "",
        id: str = "",
        many: bool = False,
    ) -> list[str]:
        """The same message again."""

    async def reconcile(self, actor: str, *, go: bool, delivered: Sequence[str]) -> list[str]:
        """What waits to be sent against what partners have."""

    async def ping(self, name: str | None = None) -> dict[str, Any]:
        """Check endpoints: for each a list of dataclasses."""


Fire = Callable[[str], Awaitable[None]]


def verbs(app: Decides, fire: Fire, status: Callable[[], dict[str, Any]]) -> dict[str, Verb]:
    """What the socket takes. `fire` starts a flow and returns; what releases something fires the flow `due`."""

    async def release(a: Arguments) -> list[str]:
        said = await app.release(a["what"], a["actor"], **_selection(a))
        await fire("due")
        return said

    async def reject(a: Arguments) -> list[str]:
        return await app.reject(a["what"], a["why"], a["actor"], **_selection(a))

    async def replay(a: Arguments) -> list[str]:
        said = await app.replay(a["what"], a["stage"], go=a["go"], acks=a["acks"], actor=a["actor"], **_selection(a))
        await fire("due")
        return said

    async def reconcile(a: Arguments) -> list[str]:
        return await app.reconcile(a["actor"], go=a["go"], delivered=a["delivered"])

    async def tick(a: Arguments) -> list[str]:
        names = [flow.name for flow in app.flows() if a.get("flow") in (None, flow.name)]
        for name in names:
            await fire(name)
        return names

    async def ping(a: Arguments) -> dict[str, list[dict[str, Any]]]:
        return {name: [asdict(check) for check in checks] for name, checks in (await app.ping(a.get("name"))).items()}

    async def state(_: Arguments) -> dict[str, Any]:
        return status()

    decisions = {"release": release, "reject": reject, "replay": replay, "reconcile": reconcile}
    return {**decisions, "tick": tick, "ping": ping, "status": state}


def _selection(a: Arguments) -> dict[str, Any]:
    """What is named besides its name; callers of earlier versions name nothing else."""
    return {name: a[name] for name in ("partner", "id", "many") if a.get(name)}


async def _nothing(_: Request, __: Exception) -> Response:
    return Response(status_code=404)


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is longer than BODY_LIMIT."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > BODY_LIMIT:
            return None
    return bytes(held)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


# ---------------------------------------------------------------------------------------------------------- sockets
def bind_tcp(address: str) -> socket.socket:
    """A listening socket on `host:port` (`[::1]:port` for IPv6). SettingsError when the address is in use or not ours.

    Bound here, because uvicorn ends the process when a port is taken."""
    host, _, port = address.rpartition(":")
    opened = contextlib.ExitStack()
    try:
        if not 0 <= int(port) <= 65535:  # getaddrinfo would take 99999 for 34463
            raise ValueError(f"{port} is no port")
        with opened:
            found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
            family, kind, protocol, _, place = found[0]
            bound = opened.enter_context(socket.socket(family, kind, protocol))
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(place)
            bound.listen(128)
            opened.pop_all()
    except (OSError, ValueError) as error:
        remedy = "write host:port of this machine that nothing else uses, e.g. 0.0.0.0:8443"
        raise SettingsError(f"cannot listen on {address}: {error}", key="daemon.listen", remedy=remedy) from error
    return bound


def bind_unix(path: Path) -> socket.socket:
    """A listening Unix socket of mode 0600 at `path`, replacing one that a killed daemon left there.

    The caller holds the journal's lock, so nobody else can be listening there."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        bound.bind(str(path))
        path.chmod(0o600)  # before listen(): until then every connection is refused
        bound.listen(16)
    except OSError as error:
        bound.close()
        raise SettingsError(f"cannot open the socket {path}: {error}", key="daemon.socket") from error
    return bound


def tls_context(certificate: Path, key: str) -> ssl.SSLContext:
    """A server's context, TLS 1.2 and up. `key` is the PEM text (a secret): it is never written to a disk."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    memory = os.memfd_create("key", os.MFD_CLOEXEC)
    try:
        os.write(memory, key.encode())
        context.load_cert_chain(certificate, f"/proc/self/fd/{memory}", password=_no_password)
    except (OSError, ssl.SSLError) as error:
        message = f"certificate {certificate} and its key cannot be used: {error}"
        remedy = "give the full chain in PEM and the key that belongs to it, without a password"
        raise SettingsError(message, key="daemon.tls", remedy=remedy) from error
    finally:
        os.close(memory)
    return context


def _no_password() -> str:
    """Keep OpenSSL from asking at the terminal: an encrypted key is an error, not a prompt in a daemon."""
    return ""


# ----------------------------------------------------------------------------------------------------------- server
class _Server(uvicorn.Server):
    """uvicorn in our loop: signals stay the daemon's, and an idle listener sleeps instead of waking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.open = anyio.Event()
        self.stop = anyio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.open.set()

    async def main_loop(self) -> None:
        await self.stop.wait()


def _given(context: ssl.SSLContext, *_: object) -> ssl.SSLContext:
    return context


@dataclass(frozen=True, slots=True)
class Listener:
    """An ASGI app, the bound socket it is served on, and TLS where there is any."""

    app: Starlette
    bound: socket.socket
    tls: ssl.SSLContext | None = None


@contextlib.asynccontextmanager
async def serving(listener: Listener, *, grace: int = 5) -> AsyncIterator[None]:
    """Serve on a copy of the listener's socket; on leaving, requests in flight get `grace` seconds to finish.

    The caller keeps `bound`: while it stays open, callers who come between two servings wait instead of being refused.
    """
    config = uvicorn.Config(
        listener.app,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,  # it would need the tick that main_loop leaves out
        timeout_graceful_shutdown=grace,
        limit_concurrency=100,
        ssl_context_factory=partial(_given, listener.tls) if listener.tls else None,
    )
    server = _Server(config)

    async def serve() -> None:
        with anyio.CancelScope(shield=True):  # a cancelled daemon still closes its listeners in order, within `grace`
            await server.serve([listener.bound.dup()])

    async with anyio.create_task_group() as group:
        group.start_soon(serve)
        await server.open.wait()
        try:
            yield
        finally:
            server.stop.set()
