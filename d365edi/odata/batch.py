"""`$batch` in multipart/mixed: several writes in one changeset, which is one transaction, and the answer taken apart
again, whether it is multipart or JSON.

The answer as a whole is 200 whatever happened inside, so every inner part is read; parts are matched by their
Content-ID (D365 puts it beside the part, other services inside the inner headers: both are read). A changeset that
failed comes back as one part, not nested, with the status of the first operation that failed. A JSON `$batch` is not
sent: it is not known to work there. A JSON answer (`responses`, OData 4.01 section 19.4) is read, since some servers give one
whatever was accepted; what only failed because another operation did has the status 424 there.

Knows: the body's form. Does not know: HTTP clients, entities, what a status means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from itertools import pairwise
from typing import Any

from d365edi.odata import canonical

LIMIT = 5_000
"""How many operations D365 takes in one batch."""
ACCEPT = "multipart/mixed"
"""What an answer is asked for in."""
DEPENDENT = 424
"""The status of an operation that failed because another one of its changeset did."""

_CREATED = 201
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
class BatchPart:
    """One inner answer. `content_id` counts the operations from 1 (0 where the server did not say which); headers in
    lower case."""

    content_id: int
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def write(operations: Iterable[Operation], token: str) -> tuple[int, str, bytes]:
    """One batch with one changeset: how many operations it has, which get the Content-IDs 1, 2, ..., its Content-Type and body.

    `token` makes the boundaries and must be letters and digits. Raises ValueError for none or more than `LIMIT`
    operations."""
    if not token.isalnum():
        raise ValueError("the token of a batch must be letters and digits")
    pieces = [f"--batch_{token}\r\nContent-Type: multipart/mixed; boundary=changeset_{token}\r\n\r\n".encode()]
    pieces += [
        f"--changeset_{token}\r\n".encode() + _operation(operation, number)
        for number, operation in enumerate(operations, start=1)
    ]
    count = len(pieces) - 1
    if not 0 < count <= LIMIT:
        raise ValueError(f"a batch takes 1 to {LIMIT} operations, not {count}")
    pieces.append(f"--changeset_{token}--\r\n\r\n--batch_{token}--\r\n".encode())
    return count, f"multipart/mixed; boundary=batch_{token}", b"".join(pieces)


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


def parse(content_type: str, body: bytes | bytearray) -> Iterator[BatchPart]:
    """The inner answers in their order, one after the other: 5,000 of them are 25 MB. Raises ValueError, while they are
    gone through, when this is no answer to a batch, or one that was cut off."""
    boundary = _boundary(content_type)
    if boundary is not None:
        yield from _parts(boundary, _Slice(body, 0, len(body)), depth=0)
    elif content_type.partition(";")[0].strip(" ").lower() == "application/json":
        yield from _responses(body)
    else:
        raise ValueError(f"no multipart answer but {content_type or 'one without a type'}")


def created(part: BatchPart, fields: frozenset[str]) -> dict[str, Any] | None:
    """These fields of the row that was created; None where the part does not say that one was."""
    if part.status != _CREATED:
        return None
    try:
        row = canonical.loads_bounded(part.body)
    except (ValueError, RecursionError):
        return None
    return {name: row[name] for name in fields if name in row} if isinstance(row, dict) else None


def _responses(body: bytes | bytearray) -> Iterator[BatchPart]:
    """The parts of an answer in JSON. Raises ValueError."""
    try:
        content = canonical.loads_bounded(body)
    except (ValueError, RecursionError):
        raise ValueError("the answer to the batch was cut off") from None
    found = content.get("responses") if isinstance(content, dict) else None
    said = [each if isinstance(each, dict) else {} for each in found] if isinstance(found, list) else None
    if said is None:
        raise ValueError("the answer to the batch is JSON without responses")
    for part in said:
        status = part.get("status")
        if type(status) is not int:
            raise ValueError("a part of the answer to the batch has no status")
        headers, inner = part.get("headers"), part.get("body")
        known = {str(name).lower(): str(value) for name, value in headers.items()} if isinstance(headers, dict) else {}
        text = inner.encode() if isinstance(inner, str) else b"" if inner is None else canonical.compact(inner)
        yield BatchPart(_number(str(part.get("id", ""))), status, known, text)


@dataclass(frozen=True, slots=True)
class _Slice:
    """A part of the answer's bytes, which are not copied."""

    data: bytes | bytearray
    start: int
    end: int

    def trimmed(self) -> _Slice:
        """Without the line end that follows a delimiter and the one that precedes the next."""
        start, end = self._after_line_end(), self.end
        for sign in (b"\n", b"\r"):
            if end > start and self.data[end - 1 : end] == sign:
                end -= 1
        return _Slice(self.data, start, end)

    def headers_and_rest(self) -> tuple[dict[str, str], _Slice]:
        """Header fields up to a blank line, and what follows it."""
        if self.data[self.start : self.start + 1] in (b"\r", b"\n") and self.start < self.end:
            return {}, _Slice(self.data, self._after_line_end(), self.end)
        blank = _BLANK.search(self.data, self.start, self.end)
        stop, rest = blank.span() if blank else (self.end, self.end)
        head = self.data[self.start : stop].decode("latin-1").replace("\r\n", "\n")
        lines = (line.partition(":") for line in head.split("\n"))
        found = {name.strip(" ").lower(): value.strip(" \t") for name, _, value in lines if name.strip(" ")}
        return found, _Slice(self.data, rest, self.end)

    def _after_line_end(self) -> int:
        start = self.start
        for sign in (b"\r", b"\n"):
            if start < self.end and self.data[start : start + 1] == sign:
                start += 1
        return start


def _parts(boundary: str, body: _Slice, depth: int) -> Iterator[BatchPart]:
    for part in _split(boundary, body):
        headers, content = part.headers_and_rest()
        inner = _boundary(headers.get("content-type", ""))
        if inner is not None and depth == 0:
            yield from _parts(inner, content, depth + 1)
        else:
            yield _answer(headers, content)


def _split(boundary: str, body: _Slice) -> Iterator[_Slice]:
    delimiter = re.compile(rb"--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    marks = [
        (*mark.span(), mark.group(1) is not None)
        for mark in delimiter.finditer(body.data, body.start, body.end)
        if mark.start() == body.start or body.data[mark.start() - 1] == _LINE_FEED
    ]
    if not marks or not marks[-1][2]:
        raise ValueError("the answer to the batch was cut off")
    for (_, start, _), (end, _, last) in pairwise(marks):
        yield _Slice(body.data, start, end).trimmed()
        if last:
            return


def _answer(outer: Mapping[str, str], content: _Slice) -> BatchPart:
    status = _STATUS.match(content.data, content.start, content.end)
    if not status:
        raise ValueError("a part of the answer to the batch has no status")
    headers, body = _Slice(content.data, status.end(), content.end).headers_and_rest()
    label = outer.get("content-id", headers.get("content-id", ""))
    return BatchPart(_number(label), int(status.group(1)), headers, bytes(body.data[body.start : body.end]))


def _number(label: str) -> int:
    return int(label) if label.isascii() and label.isdigit() else 0


def _boundary(content_type: str) -> str | None:
    if not content_type[:10].lower().startswith("multipart/"):
        return None
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_param("boundary")
    return boundary if isinstance(boundary, str) and boundary else None
