"""One OData operation, whether it came alone or inside a batch: request in, answer out, the same code for both.

Knows: methods, headers and statuses of the service. Does not know: sockets, tokens, multipart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import address as addresses
from . import query, values, writes
from .catalog import load
from .refusals import Refusal, no_such_path, not_allowed
from .store import Record
from .tenant import Tenant

ROOT = "/data/"


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is still percent-encoded and starts with /data/; `base` is `https://host/data/`; header names are in
    lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, headers and body as they go out."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> HttpAnswer:
    """An answer with an OData JSON body."""
    content = {"Content-Type": "application/json; odata.metadata=minimal", "OData-Version": "4.0", **(headers or {})}
    return HttpAnswer(status, content, values.dumps(body).encode())


_GERMAN = {
    "The query specified in the URI is not valid.": "Die im URI angegebene Abfrage ist ungültig.",
    "Could not find a property named": "Keine Eigenschaft gefunden mit Namen",
    "on type": "im Typ",
    "The record already exists": "Der Datensatz ist bereits vorhanden",
    "An error has occurred.": "Fehler.",
}


def in_german(answer: HttpAnswer) -> HttpAnswer:
    """A refusal as a user reads it whose language is German."""
    text = answer.body.decode()
    for english, german in _GERMAN.items():
        text = text.replace(english, german)
    return HttpAnswer(answer.status, answer.headers, text.encode())


def refused(refusal: Refusal) -> HttpAnswer:
    """The answer to a refused request."""
    if refusal.body is None:
        return HttpAnswer(refusal.status, refusal.headers)
    return json_answer(refusal.status, refusal.body, refusal.headers)


def perform(tenant: Tenant, request: Request) -> HttpAnswer:
    """Do what the request asks; raises Refusal where the service refuses it."""
    found = query.options(request.query)
    scope = query.CompanyScope(
        frozenset(company.casefold() for company in tenant.companies),
        tenant.default_company,
        query.is_cross_company(found),
    )
    address = addresses.parse(request.path.removeprefix(ROOT), load(), slash_keys=tenant.slash_keys)
    if address.set.name in tenant.hidden:
        raise no_such_path(request.path)
    match request.method:
        case "GET" if address.count:
            rows = query.select(tenant.store, address.set, found, scope)
            return HttpAnswer(200, {"Content-Type": "text/plain", "OData-Version": "4.0"}, str(len(rows)).encode())
        case "GET" if address.key is None:
            content = query.read(tenant.store, address.set, found, scope, base=request.base, page=tenant.page)
            if tenant.relative_links and query.NEXT in content:
                content[query.NEXT] = content[query.NEXT].removeprefix(request.base)
            return json_answer(200, content)
        case "GET":
            return _one(200, addresses.find(tenant.store, address, scope), found, request.base)
        case "POST" if address.key is None and not address.count:
            _demand_json(request)
            record = writes.insert(tenant, address.set, request.body, scope)
            return _one(201, record, {}, request.base)
        case "PATCH" if address.key is not None:
            _demand_json(request)
            record = addresses.find(tenant.store, address, scope)
            writes.update(tenant, record, request.body, request.headers.get("if-match"))
            return HttpAnswer(204, {"OData-Version": "4.0"})
        case "DELETE" if address.key is not None:
            writes.delete(tenant, addresses.find(tenant.store, address, scope), request.headers.get("if-match"))
            return HttpAnswer(204, {"OData-Version": "4.0"})
    raise not_allowed(request.method)


def _one(status: int, record: Record, found: dict[str, str], base: str) -> HttpAnswer:
    headers = {"ETag": record.etag}
    if status == 201:
        key = ",".join(
            f"{name}='{value}'" if isinstance(value, str) else f"{name}={value}"
            for name, value in ((name, record.values[name]) for name in record.set.keys)
        )
        headers["Location"] = f"{base}{record.set.name}({key})"
    return json_answer(status, query.single(record, found, base), headers)


def _demand_json(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip(" ").lower() != "application/json":
        raise Refusal(415, {"Message": "The request entity's media type is not supported for this resource."})
