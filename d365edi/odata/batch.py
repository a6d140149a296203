"""`$batch` in multipart/mixed: several writes in one changeset, which is one transaction, and the answer taken apart
again.

The answer as a whole is 200 whatever happened inside, so every inner part is read; parts are matched by their
Content-ID (D365 puts it beside the part, other services inside the inner headers: both are read). A changeset that
failed comes back as one part, not nested, with the status of the first operation that failed. JSON `$batch` is not
used: nobody has seen it work there.

Knows: the body's form. Does not know: HTTP clients, entities, what a status means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from itertools import pairwise
from typing import Any

from d365edi.odata import canonical

LIMIT = 5_000
"""How many operations D365 takes in one batch."""

_LINE_FEED = 0x0A
_BLANK = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? (\d{3})[^\r\n]*(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class Operation:
    """One write: the method, the absolute address and the JSON body (its keys keep their order)."""

    method: str
    url: str
    body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One inner answer. `content_id` counts the operations from 1 (0 where the server did not say which); headers in
    lower case.
    """

    content_id: int
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def write(operations: Sequence[Operation], token: str) -> tuple[str, bytes]:
    """The Content-Type and the body of one batch with one changeset; operations get the Content-IDs 1, 2, ...

    `token` makes the boundaries and must be letters and digits. Raises ValueError for none or more than `LIMIT`
    operations.
    """
    if not 0 < len(operations) <= LIMIT:
        raise ValueError(f"a batch takes 1 to {LIMIT} operations, not {len(operations)}")
    if not token.isalnum():
        raise ValueError("the token of a batch must be letters and digits")
    pieces = [f"--batch_{token}\r\nContent-Type: multipart/mixed; boundary=changeset_{token}\r\n\r\n".encode()]
    pieces += [
        f"--changeset_{token}\r\n".encode() + _operation(operation, number)
        for number, operation in enumerate(operations, start=1)
    ]
    pieces.append(f"--changeset_{token}--\r\n\r\n--batch_{token}--\r\n".encode())
    return f"multipart/mixed; boundary=batch_{token}", b"".join(pieces)


def _operation(operation: Operation, number: int) -> bytes:
    if re.search(r"[\s\x00-\x1f]", operation.method + operation.url):
        raise ValueError(f"the address of operation {number} has a blank or a control character")
    body = b"" if operation.body is None else canonical.compact(operation.body)
    head = (
        "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {number}\r\n\r\n"
        f"{operation.method} {operation.url} HTTP/1.1\r\nOData-Version: 4.0\r\nOData-MaxVersion: 4.0\r\n"
        "Content-Type: application/json;odata.metadata=minimal;charset=utf-8\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"


def parse(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The inner answers in the order they stand. Raises ValueError when this is no multipart answer, or one that was
    cut off.
    """
    boundary = _boundary(content_type)
    if boundary is None:
        raise ValueError(f"no multipart answer but {content_type or 'one without a type'}")
    return tuple(_parts(boundary, body, depth=0))


def _parts(boundary: str, body: bytes, depth: int) -> Iterator[Part]:
    for headers, content in _split(boundary, body):
        inner = _boundary(headers.get("content-type", ""))
        if inner is not None and depth == 0:
            yield from _parts(inner, content, depth + 1)
        else:
            yield _answer(headers, content)


def _split(boundary: str, body: bytes) -> Iterator[tuple[dict[str, str], bytes]]:
    delimiter = re.compile(rb"--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    marks = [mark for mark in delimiter.finditer(body) if mark.start() == 0 or body[mark.start() - 1] == _LINE_FEED]
    if not marks or not marks[-1].group(1):
        raise ValueError("the answer to the batch was cut off")
    for here, after in pairwise(marks):
        content = body[here.end() : after.start()]
        content = content.removeprefix(b"\r").removeprefix(b"\n").removesuffix(b"\n").removesuffix(b"\r")
        yield _headers_and_rest(content)
        if after.group(1):
            return


def _answer(outer: Mapping[str, str], content: bytes) -> Part:
    status = _STATUS.match(content)
    if not status:
        raise ValueError("a part of the answer to the batch has no status")
    headers, body = _headers_and_rest(content[status.end() :])
    label = outer.get("content-id", headers.get("content-id", ""))
    return Part(int(label) if label.isascii() and label.isdigit() else 0, int(status.group(1)), headers, body)


def _headers_and_rest(content: bytes) -> tuple[dict[str, str], bytes]:
    if content[:1] in (b"\r", b"\n"):
        return {}, content.removeprefix(b"\r").removeprefix(b"\n")
    blank = _BLANK.search(content)
    head, rest = (content[: blank.start()], content[blank.end() :]) if blank else (content, b"")
    lines = (line.partition(":") for line in head.decode("latin-1").replace("\r\n", "\n").split("\n"))
    return {name.strip(" ").lower(): value.strip(" \t") for name, _, value in lines if name.strip(" ")}, rest


def _boundary(content_type: str) -> str | None:
    if not content_type[:10].lower().startswith("multipart/"):
        return None
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    return boundary if isinstance(boundary, str) and boundary else None
