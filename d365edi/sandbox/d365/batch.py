"""`$batch`: multipart in, multipart out (JSON where the tenant says so); a changeset is one transaction.

The outer status is 200 whatever happened inside; a malformed body is 400 as a whole. Operations outside changesets are
independent. Inside a batch an application's refusal comes as 500 with the same body that a single write gets with 400.

Knows: the multipart framing (RFC 2046, OData batch). Does not know: what the operations do.
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

from . import values
from .refusals import WRITE_EXCEPTION, Refusal, invalid
from .requests import HttpAnswer, Request, json_answer, refused
from .tenant import Tenant

MOST_OPERATIONS = 5000
Perform = Callable[[Request], HttpAnswer]
_BOUNDARY = re.compile(r'multipart/mixed\s*;.*?boundary="?([^";,]{1,70})"?', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Answer:
    answer: HttpAnswer
    content_id: str | None


@dataclass(frozen=True, slots=True)
class _Operation:
    request: Request
    content_id: str | None


def inside(refusal: Refusal) -> Refusal:
    """A refusal as it comes inside a batch: what the application refused has status 500 there."""
    inner = (refusal.body or {}).get("error", {}).get("innererror", {})
    if refusal.status == 400 and inner.get("type") == WRITE_EXCEPTION:
        return Refusal(500, refusal.body, refusal.headers)
    return refusal


def run(tenant: Tenant, request: Request, perform: Perform) -> HttpAnswer:
    """The answer to a batch; Refusal 400 when its framing is broken. `perform` raises Refusal for an operation that
    fails."""
    parts = [_part(raw, request) for raw in _split(request.headers.get("content-type", ""), request.body)]
    operations = sum(len(part) if isinstance(part, list) else 1 for part in parts)
    if not parts or operations > MOST_OPERATIONS:
        raise invalid(f"The batch has {operations} operations; there must be 1 to {MOST_OPERATIONS}.")
    answers = [
        _changeset(tenant, part, perform) if isinstance(part, list) else _single(part, perform) for part in parts
    ]
    return _in_json(answers) if tenant.json_batches else _in_multipart(answers)


def _single(operation: _Operation, perform: Perform) -> _Answer:
    try:
        return _Answer(perform(operation.request), operation.content_id)
    except Refusal as refusal:
        return _Answer(refused(refusal), operation.content_id)


def _changeset(tenant: Tenant, operations: list[_Operation], perform: Perform) -> _Answer | list[_Answer]:
    answers = []
    try:
        with tenant.store.changeset():
            for operation in operations:
                answers.append(_Answer(perform(operation.request), operation.content_id))
    except Refusal as refusal:
        failed = _Answer(refused(refusal), operation.content_id)
        return failed if tenant.failed_changeset == "single" else [failed]
    return answers


def _in_multipart(answers: list[_Answer | list[_Answer]]) -> HttpAnswer:
    boundary = f"batchresponse_{uuid.uuid4()}"
    body = _parts(boundary, [_nested(each) if isinstance(each, list) else _framed(each) for each in answers])
    return HttpAnswer(200, {"Content-Type": f"multipart/mixed; boundary={boundary}", "OData-Version": "4.0"}, body)


def _nested(answers: list[_Answer]) -> bytes:
    boundary = f"changesetresponse_{uuid.uuid4()}"
    inner = _parts(boundary, [_framed(answer) for answer in answers])
    return f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode() + inner + b"\r\n"


def _parts(boundary: str, parts: list[bytes]) -> bytes:
    return b"".join(f"--{boundary}\r\n".encode() + part for part in parts) + f"--{boundary}--\r\n".encode()


def _in_json(answers: list[_Answer | list[_Answer]]) -> HttpAnswer:
    """The last operation first: answers are matched by their id, never by their place."""
    flat = [one for each in answers for one in (each if isinstance(each, list) else [each])]
    responses = [
        {"id": one.content_id, "status": one.answer.status, "headers": one.answer.headers}
        | ({"body": values.loads(one.answer.body)} if one.answer.body else {})
        for one in reversed(flat)
    ]
    return json_answer(200, {"responses": responses})


def _framed(one: _Answer) -> bytes:
    answer, content_id = one.answer, one.content_id
    head = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        head.append(f"Content-ID: {content_id}")
    head += ["", f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    head += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*head, "", ""]).encode() + answer.body + b"\r\n"


def _split(content_type: str, body: bytes) -> list[bytes]:
    """The parts of a multipart body, each with its headers."""
    match = _BOUNDARY.match(content_type)
    if match is None:
        raise invalid("The content type must be multipart/mixed with a boundary.")
    mark = f"--{match[1]}".encode()
    sections = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(sections) < 2 or sections[-1].rstrip(b"\r\n \t") != b"--":
        raise invalid("The multipart body does not end with its boundary.")
    parts = sections[1:-1]
    if any(not part.lstrip(b" \t").startswith(b"\r\n") for part in parts):
        raise invalid("A part of the multipart body is malformed.")
    return [part.lstrip(b" \t")[2:] for part in parts]


def _headers(raw: bytes) -> tuple[dict[str, str], bytes]:
    head, blank, rest = (b"\r\n" + raw).partition(b"\r\n\r\n")
    if not blank:
        raise invalid("A part of the batch lacks the blank line after its headers.")
    headers = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise invalid(f"'{line}' is no header.")
        headers[name.strip(" ").lower()] = value.strip(" \t")
    return headers, rest


def _part(raw: bytes, outer: Request, inside: bool = False) -> _Operation | list[_Operation]:
    headers, rest = _headers(raw)
    kind = headers.get("content-type", "")
    if kind.lower().startswith("multipart/mixed") and not inside:
        return _operations(kind, rest, outer)
    if kind.lower() != "application/http" or headers.get("content-transfer-encoding", "").lower() != "binary":
        raise invalid("A part must be application/http with a binary transfer encoding.")
    line, _, message = rest.partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or words[2] != "HTTP/1.1":
        raise invalid(f"'{line.decode('latin-1')}' is no request line.")
    inner, body = _headers(message)
    return _Operation(_request(outer, words[0], words[1], inner, body), headers.get("content-id"))


def _operations(kind: str, rest: bytes, outer: Request) -> list[_Operation]:
    operations = []
    for raw in _split(kind, rest):
        operation = _part(raw, outer, inside=True)
        assert isinstance(operation, _Operation)
        if operation.request.method == "GET":
            raise invalid("A changeset must not hold a GET.")
        operations.append(operation)
    ids = [operation.content_id for operation in operations]
    if None in ids or len(set(ids)) != len(ids):
        raise invalid("Every operation of a changeset needs a Content-ID of its own.")
    return operations


def _request(outer: Request, method: str, url: str, headers: dict[str, str], body: bytes) -> Request:
    parts = urlsplit(url)
    root = urlsplit(outer.base)
    if parts.scheme and (parts.scheme, parts.netloc) != (root.scheme, root.netloc):
        raise invalid(f"The request URI '{url}' is not below the service root.")
    path = parts.path if parts.path.startswith("/") else f"/data/{parts.path}"
    return Request(method, path, parts.query, headers, body, outer.base)
