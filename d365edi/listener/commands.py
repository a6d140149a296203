"""The command sockets of the running daemon, one JSON object a request.

    POST /<verb>                  on the socket of mode 0600: release, reject, replay, reconcile, tick, ping, status, check
                                  on the one for readers: what they may see, and for some of them release and reject

Who asks is known by the kernel's word (`peer`), and acts under that name.

Knows: HTTP, groups. Does not know: what a verb does (it is handed functions), nor the journal.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from d365edi.errors import D365EdiError
from d365edi.flows.named import Selection
from d365edi.listener.exchange import body, json_object
from d365edi.listener.peer import Peer, person, trusted
from d365edi.listener.protocol import SETTINGS_HEADER

Arguments = dict[str, Any]
Verb = Callable[[Arguments], Awaitable[Any]]


def verbs_app(
    verbs: Mapping[str, Verb], settings: str = "", restricted: Mapping[str, Collection[int]] | None = None
) -> Starlette:
    """A socket's application: `POST /<verb>` with a JSON object of arguments, answered `{"answer": …}`.

    What a verb refuses comes back as `{"error": kind, "message": …, "remedy": …}` with status 409. Every answer names the
    digest of the `settings` that are in use, so that a command can say that the files were changed since. A `restricted` verb is
    for the members of its groups (by their numbers), root and the daemon's own user."""
    headers = {SETTINGS_HEADER: settings}

    async def call(request: Request) -> Response:
        name = request.path_params["verb"]
        received = await body(request)
        arguments = json_object(received or b"{}") if received is not None else None
        if name not in verbs or arguments is None:
            return JSONResponse({"error": "D365EdiError", "message": "no such verb"}, status_code=404)
        peer: Peer | None = getattr(request.state, "peer", None)
        try:
            if peer is not None and "actor" in arguments:
                arguments["actor"] = await anyio.to_thread.run_sync(person, peer.uid, str(arguments["actor"]))
            if why := refusal(name, peer, restricted or {}):
                raise D365EdiError(
                    why, remedy="an administrator adds you to the group of `daemon.decide_group`, or does it"
                )
            return JSONResponse({"answer": await verbs[name](arguments)}, headers=headers)
        except D365EdiError as error:
            said = {"error": type(error).__name__, "message": str(error)}
            return JSONResponse(said, status_code=409, headers=headers)

    return Starlette(routes=[Route("/{verb}", call, methods=["POST"])])


def refusal(name: str, peer: Peer | None, restricted: Mapping[str, Collection[int]]) -> str:
    """Why the peer may not call the verb; "" where it may."""
    if name not in restricted or (peer and (trusted(peer.uid) or peer.groups.intersection(restricted[name]))):
        return ""
    return f"you may look, and not {name}"


class Decides(Protocol):
    """The part of the app that the socket reaches."""

    def flows(self) -> Sequence[Any]:
        """Every flow, each with a `name`."""

    async def release(self, what: str | Selection, actor: str) -> list[str]:
        """Release what is held."""

    async def reject(self, what: str | Selection, why: str, actor: str) -> list[str]:
        """Close what is held."""

    async def replay(self, what: str | Selection, stage: str, *, go: bool, acks: bool, actor: str) -> list[str]:
        """The same message again."""

    async def reconcile(self, actor: str, *, go: bool, delivered: Sequence[str]) -> list[str]:
        """What waits to be sent against what partners have."""

    async def ping(self, name: str | None = None) -> dict[str, Any]:
        """Check endpoints: for each a list of dataclasses."""


Fire = Callable[[str], Awaitable[None]]


def verbs(app: Decides, fire: Fire, status: Callable[[], dict[str, Any]]) -> dict[str, Verb]:
    """What the socket takes. `fire` starts a flow and returns; what releases something fires the flow `due`."""

    async def release(a: Arguments) -> list[str]:
        said = await app.release(_selection(a), a["actor"])
        await fire("due")
        return said

    async def reject(a: Arguments) -> list[str]:
        return await app.reject(_selection(a), a["why"], a["actor"])

    async def replay(a: Arguments) -> list[str]:
        said = await app.replay(_selection(a), a["stage"], go=a["go"], acks=a["acks"], actor=a["actor"])
        await fire("due")
        return said

    async def reconcile(a: Arguments) -> list[str]:
        return await app.reconcile(a["actor"], go=a["go"], delivered=a["delivered"])

    async def tick(a: Arguments) -> list[str]:
        flows = (*(flow.name for flow in app.flows()), "picked up")
        names = [name for name in flows if a.get("flow") in (None, name)]
        for name in names:
            await fire(name)
        return names

    async def ping(a: Arguments) -> dict[str, list[dict[str, Any]]]:
        return {name: [asdict(check) for check in checks] for name, checks in (await app.ping(a.get("name"))).items()}

    async def state(_: Arguments) -> dict[str, Any]:
        return status()

    decisions = {"release": release, "reject": reject, "replay": replay, "reconcile": reconcile}
    return {**decisions, "tick": tick, "ping": ping, "status": state}


def _selection(a: Arguments) -> Selection:
    """What is named. Callers of earlier versions know a name only."""
    return Selection(a["what"], **{name: a[name] for name in ("partner", "id", "many") if a.get(name)})
