"""The simulator's ASGI applications: the API below /B2BAPIs/svc/, and the identity server; faults applied, requests logged.

Knows: HTTP, who is let in, in which form an answer leaves. Does not know: what a request does.
"""

import json
from abc import ABC, abstractmethod
from base64 import b64decode
from binascii import Error
from contextlib import AbstractContextManager
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..faults import HTML, Faults, PlannedFault
from ..striking import respond, strike
from . import administration, batches, documents, forms, resources
from .identity import TOKEN, Denied, Identity
from .refusals import Refusal, no_page, page
from .requests import ROOT, Request, address, parameters, plain
from .server import Answer, Routes, Server, encoded
from .users import User

ROUTES: Routes = {**resources.ROUTES, **documents.ROUTES, **batches.ROUTES, **administration.ROUTES}
HTML_TYPE = "text/html;charset=UTF-8"


class Backend(Protocol):
    """What the applications answer from: see `simulator.SterlingSimulator`."""

    server: Server
    identity: Identity
    faults: Faults

    def note(self, method: str, path: str, query: str, status: int, *, cookie: bool) -> None:
        """Write a request into the log."""

    def busy(self) -> AbstractContextManager[None]:
        """Count a request as under way."""


class _App(ABC):
    """An ASGI callable in front of which faults strike."""

    def __init__(self, simulator: Backend) -> None:
        self.simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or break off as a fault says (ConnectionResetError where there is no connection to break)."""
        http = HttpRequest(scope, receive)
        with self.simulator.busy():
            await self._answer(http, scope, receive, send)

    async def _answer(self, http: HttpRequest, scope: Scope, receive: Receive, send: Send) -> None:
        body = await http.body()
        path, query = _target(scope)
        fault = self.simulator.faults.take(http.method, path)
        if fault is not None and fault.kind == "revoke":
            self.simulator.identity.revoke()
        planned = fault if fault is not None and fault.kind == "answer" else None
        if planned is not None and not planned.after_work:
            response = _planned(planned)
        else:
            await strike(fault, scope, after_work=False)
            worked = self._worked(http, body)
            response = worked if planned is None else _planned(planned)
        self.simulator.note(http.method, path, query, response.status_code, cookie="cookie" in http.headers)
        response.set_cookie("LtpaToken2", "sandbox", secure=True, httponly=True)
        await strike(fault, scope, after_work=True)
        await respond(fault, response, scope, receive, send)

    @abstractmethod
    def _worked(self, http: HttpRequest, body: bytes) -> Response:
        """The response to a request that no fault has kept from being carried out."""


class MailboxApp(_App):
    """The ASGI callable of the API."""

    def _worked(self, http: HttpRequest, body: bytes) -> Response:
        path, query = _target(http.scope)
        headers = dict(http.headers.items())
        try:
            answer = self._routed(http.method, path, query, headers, body)
        except Refusal as refusal:
            answer = self._refused(refusal)
            if refusal.challenge:
                challenge = {"WWW-Authenticate": refusal.challenge}
                return Response(answer.body, answer.status, challenge, HTML_TYPE)
        if answer.type == "application/json" and "application/json" not in headers.get("accept", ""):
            return Response(forms.as_xml(answer.body), answer.status, media_type="application/xml")
        return Response(answer.body, answer.status, media_type=answer.type)

    def _routed(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        if not path.startswith(ROOT):
            no_page(path)
        user = self._admitted(headers.get("authorization", ""))
        if path == f"{ROOT}doc" and method == "GET":
            return administration.described(self.simulator.server, ROUTES)
        collection, id, action = address(path)
        kind = action or ("id" if id else "*")
        handler = ROUTES.get((method, collection, kind))
        if handler is None:
            if any(route[1:] == (collection, kind) for route in ROUTES):
                raise Refusal(405, "Method Not Allowed", page=True)
            no_page(path)
        request = Request(method, path, parameters(query), headers, body, user, collection, plain(id), id, action)
        return handler(self.simulator.server, request)

    def _admitted(self, authorization: str) -> User:
        """The user that a login stands for; 401 where there is none, 403 where it may not use the API."""
        scheme, _, given = authorization.partition(" ")
        users, bearer = self.simulator.server.users, self.simulator.server.switches.bearer
        user = None
        if bearer and scheme.lower() == "bearer":
            user = users.named.get(self.simulator.identity.user_of(given) or "")
        elif not bearer and scheme.lower() == "basic":
            user = users.login(*_pair(given))
        if user is None:
            raise Refusal(401, "Unauthorized", page=True, challenge="Bearer" if bearer else 'Basic realm="B2BAPIs"')
        if not user.api and not user.administrator:
            raise Refusal(403, f"user {user.name} has no permission APIUser", page=True)
        return user

    def _refused(self, refusal: Refusal) -> Answer:
        spelling = self.simulator.server.switches.spelling
        if refusal.page or spelling == "html":
            return Answer(refusal.status, page(refusal.status, refusal.text), HTML_TYPE)
        return Answer(refusal.status, encoded({"errorCode": refusal.status, spelling: refusal.text}))


class IdentityApp(_App):
    """The ASGI callable of the identity server."""

    def _worked(self, http: HttpRequest, body: bytes) -> Response:
        path, _ = _target(http.scope)
        if path != TOKEN or http.method != "POST":
            return Response(page(404, path), 404, media_type=HTML_TYPE)
        form = dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
        try:
            issued = self.simulator.identity.issue(form, http.headers.get("authorization", ""))
        except Denied as denied:
            return Response(json.dumps(denied.body), denied.status, media_type="application/json")
        headers = {"Cache-Control": "no-store"}
        return Response(json.dumps(issued), 200, headers, "application/json")


def _target(scope: Scope) -> tuple[str, str]:
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1").partition("?")[0]
    return path, scope["query_string"].decode("latin-1")


def _pair(text: str) -> tuple[str, str]:
    """Name and password of a Basic login."""
    try:
        name, _, password = b64decode(text, validate=True).decode().partition(":")
    except (Error, ValueError):
        return "", ""
    return name, password


def _planned(fault: PlannedFault) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if fault.body is not None:
        return Response(fault.body, fault.status, headers, "application/json")
    if fault.page or fault.status in (401, 403):
        return Response(fault.page or HTML, fault.status, headers, HTML_TYPE)
    said = {"errorCode": fault.status, "errorDescription": "Planned by the sandbox"}
    return Response(json.dumps(said), fault.status, headers, "application/json")
