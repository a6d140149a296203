"""The simulator's ASGI application: Entra's token endpoint and the OData service, with faults applied and requests
logged.

    POST /<tenant>/oauth2/v2.0/token        GET /<tenant>/v2.0/.well-known/openid-configuration
    GET POST PATCH DELETE /data/<Set>...    POST /data/$batch

Knows: HTTP and who is admitted. Does not know: entities.
"""

import json
from collections.abc import Callable, Mapping
from typing import Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..faults import Faults, PlannedFault
from ..striking import respond, strike
from . import batch, dimensions, metadata
from .catalog import NAMESPACE
from .entra import Denied, Entra
from .refusals import Refusal, no_such_path, not_allowed
from .requests import ROOT, HttpAnswer, Request, in_german, json_answer, perform, refused
from .tenant import Tenant
from .throttle import Throttle

_TOKEN = "/oauth2/v2.0/token"  # noqa: S105 (a path)
_DISCOVERY = "/v2.0/.well-known/openid-configuration"


class Backend(Protocol):
    """What the application answers from: see `simulator.Simulator`."""

    state: Tenant
    entra: Entra
    faults: Faults
    audience: str | None
    throttle: Throttle | None

    def note(self, method: str, path: str, status: int, *, inside: bool = False) -> None:
        """Write a request into the log."""

    def flush(self) -> None:
        """Write down what changed."""


class HttpApp:
    """The ASGI callable of one simulator."""

    def __init__(self, simulator: Backend) -> None:
        self.simulator = simulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request, or break off as a fault says (ConnectionResetError where there is no connection
        to break)."""
        request = await _read(HttpRequest(scope, receive))
        simulator = self.simulator
        begun = set[str]()
        fault = simulator.faults.take(request.method, request.path)
        if fault is not None and fault.kind == "revoke":
            simulator.entra.revoke()
        if fault is None and request.path.startswith(ROOT):
            fault = self._throttled()
        if fault is not None and fault.kind == "answer" and not fault.after_work:
            answer = _planned(fault)
        else:
            await strike(fault, scope, after_work=False)
            before = set(simulator.state.at_work)
            answer = self._route(request)
            begun = simulator.state.at_work.keys() - before
            simulator.flush()
            answer = _planned(fault) if fault is not None and fault.kind == "answer" else answer
        simulator.note(request.method, request.path, answer.status)
        try:
            await strike(fault, scope, after_work=True)
            await respond(fault, Response(answer.body, answer.status, answer.headers), scope, receive, send)
        finally:
            for journal in begun:
                del simulator.state.at_work[journal]

    def _throttled(self) -> PlannedFault | None:
        throttle = self.simulator.throttle
        wait = throttle.take() if throttle else 0
        if throttle is None or not wait:
            return None
        said = None if throttle.retry_after is None else str(wait)
        return PlannedFault("answer", "*", "*", 1, status=429, retry_after=said)

    def _route(self, request: Request) -> HttpAnswer:
        if request.path.startswith(ROOT):
            answer = self._admitted(request.headers) or self._guarded(lambda: self._data(request))
            german = self.simulator.state.language == "de" and answer.status >= 400
            return in_german(answer) if german else answer
        if request.path.endswith(_TOKEN) and request.method == "POST":
            return self._issue(request)
        if request.path.endswith(_DISCOVERY) and request.method == "GET":
            base = f"https://{request.headers['host']}{request.path.removesuffix(_DISCOVERY)}"
            ends = {"token_endpoint": f"{base}{_TOKEN}", "authorization_endpoint": f"{base}/oauth2/v2.0/authorize"}
            return json_answer(200, {"issuer": f"{base}/v2.0", **ends})
        return refused(no_such_path(request.path))

    def _issue(self, request: Request) -> HttpAnswer:
        tenant = request.path.removeprefix("/").removesuffix(_TOKEN)
        form = dict(parse_qsl(request.body.decode("latin-1"), keep_blank_values=True))
        try:
            return json_answer(
                200, self.simulator.entra.issue(tenant, form, f"https://{request.headers['host']}{request.path}")
            )
        except Denied as denied:
            return json_answer(denied.status, denied.body)

    def _data(self, request: Request) -> HttpAnswer:
        if request.path == f"{ROOT}$metadata" and request.method == "GET":
            return HttpAnswer(200, {"Content-Type": "application/xml"}, metadata.write(self.simulator.state))
        if request.path == f"{ROOT}DimensionSets/{NAMESPACE}.getSetDisplayValue" and request.method == "POST":
            given = json.loads(request.body)
            text = dimensions.built(self.simulator.state, given["_attributeNames"], given["_attributeValues"])
            return json_answer(200, {"value": text})
        if request.path != f"{ROOT}$batch":
            return perform(self.simulator.state, request)
        if request.method != "POST":
            raise not_allowed(request.method)
        return batch.run(self.simulator.state, request, self._inside)

    def _inside(self, request: Request) -> HttpAnswer:
        fault = self.simulator.faults.take(request.method, request.path, inner=True)
        status = 0
        try:
            if fault is not None:
                planned = _planned(fault)
                raise Refusal(
                    planned.status, {"error": {"code": "", "message": "Struck inside the batch."}}, planned.headers
                )
            answer = perform(self.simulator.state, request)
            status = answer.status
        except Refusal as refusal:
            inner = batch.inside(refusal)
            status = inner.status
            raise inner from None
        finally:
            self.simulator.note(request.method, request.path, status, inside=True)
        return answer

    @staticmethod
    def _guarded(work: Callable[[], HttpAnswer]) -> HttpAnswer:
        try:
            return work()
        except Refusal as refusal:
            return refused(refusal)

    def _admitted(self, headers: Mapping[str, str]) -> HttpAnswer | None:
        """None for a caller with a good token whose application is registered; else the 401 or 403 it gets."""
        entra = self.simulator.entra
        scheme, _, token = headers.get("authorization", "").partition(" ")
        found = (
            entra.valid(token, self.simulator.audience or f"https://{headers['host']}") if scheme == "Bearer" else None
        )
        if found is None:
            return HttpAnswer(
                401, {"WWW-Authenticate": f'Bearer authorization_uri="https://login.windows.net/{entra.tenant}"'}
            )
        if not self.simulator.state.rows("SysAADClients", AADClientId=found.client_id):
            return HttpAnswer(403, {"Content-Type": "text/plain"}, b"Forbidden")
        return None


async def _read(http: HttpRequest) -> Request:
    path = http.scope.get("raw_path", http.scope["path"].encode()).decode("latin-1").partition("?")[0]
    headers = dict(http.headers.items())
    query = http.scope["query_string"].decode("latin-1")
    return Request(http.method, path, query, headers, await http.body(), f"https://{headers['host']}{ROOT}")


def _planned(fault: PlannedFault) -> HttpAnswer:
    headers = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
    if fault.page:
        return HttpAnswer(fault.status, {"Content-Type": "text/html", **headers}, fault.page)
    if fault.body is not None:
        return HttpAnswer(fault.status, {"Content-Type": "application/json", **headers}, fault.body)
    if fault.status == 401:
        return HttpAnswer(401, headers)
    words = {
        429: "This request could not be processed at this time due to system experiencing high resource utilization."
    }
    return json_answer(fault.status, {"Message": words.get(fault.status, "An error has occurred.")}, headers)
